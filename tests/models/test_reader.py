"""The network that reads: columns or places, and attention that is a mean of what it looks at."""

from __future__ import annotations

import pytest
import torch

from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.pretrained import load_weights
from paribus.models.reader import Places, TextReader
from paribus.models.start import Start
from paribus.models.weights import pack

INFO = DataInfo((1, 32, 64), tuple("0123456789A"), {"train": 4}, (), (100.0,), (50.0,))


@pytest.mark.parametrize(("slots", "answers"), [(0, 32), (8, 8)])
def test_answers_for_columns_or_places(slots, answers):
    net = TextReader((1, 48, 128), 37, slots)
    out = net(torch.rand(2, 1, 48, 128))
    assert out.shape == (2, answers, 37)
    out.square().sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_a_column_sees_what_is_near_it_and_not_what_is_far():
    net = TextReader((1, 32, 256), 5, context=1).eval()
    one = torch.rand(1, 1, 32, 256)
    other = one.clone()
    other[..., :20] = 0
    with torch.no_grad():
        apart = (net(one) - net(other)).abs().sum(2)[0]
    assert float(apart[:5].min()) > 0
    assert float(apart[20:].max()) == 0


def test_a_place_that_asks_nothing_sees_the_mean():
    places = Places(3, 10, 4)
    torch.nn.init.zeros_(places.questions)
    vectors = torch.rand(2, 10, 4)
    torch.testing.assert_close(places(vectors), vectors.mean(1, keepdim=True).expand(-1, 3, -1))


def test_pictures_that_are_too_small_are_refused():
    with pytest.raises(RecipeError, match="16×16"):
        TextReader((1, 8, 128), 5)


@pytest.mark.parametrize(("before", "after", "new"), [(0, 8, {"output", "places"}), (8, 0, set()), (8, 8, set())])
def test_either_way_of_reading_starts_from_either(tmp_path, before, after, new):
    """So that both can be arms of one study with the same model.weights."""
    source, net = TextReader((1, 32, 64), 12, before), TextReader((1, 32, 64), 12, after)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(source.state_dict()))
    drawn = {name: value.clone() for name, value in net.state_dict().items()}
    loaded = load_weights(net, Start(weights=str(path)), INFO, {})
    assert {name.partition(".")[0] for name in loaded.new} == new
    for name, value in net.state_dict().items():
        anew = name.partition(".")[0] in new
        torch.testing.assert_close(value, drawn[name] if anew else source.state_dict()[name])
