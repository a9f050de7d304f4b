"""Episodes: a few classes, as many of each, a function of seed and epoch alone."""

from __future__ import annotations

import pytest
import torch

from paribus.chance import Seeds
from paribus.data.deliver.episodes import Episodes
from paribus.errors import DataError, RecipeError

LABELS = torch.arange(12).repeat(8)  # 96 examples


def test_every_batch_has_as_many_of_each_of_its_classes_and_none_twice():
    episodes = Episodes.of(LABELS, 20, 4)
    places, times = episodes.order(Seeds(0), 0)
    batches = places.tensor_split(-(-len(LABELS) // 20))
    assert len(batches) == episodes.batches == 5
    for batch, number in zip(batches, times.tensor_split(5), strict=True):
        assert len(batch.unique()) == 20
        assert sorted(LABELS[batch].bincount(minlength=12).tolist()) == [0] * 7 + [4] * 5
        assert len(number.unique()) == 1


def test_it_repeats_with_the_seed_and_changes_with_the_epoch():
    episodes = Episodes.of(LABELS, 20, 4)
    assert torch.equal(episodes.order(Seeds(1), 2)[0], episodes.order(Seeds(1), 2)[0])
    assert not torch.equal(episodes.order(Seeds(1), 2)[0], episodes.order(Seeds(1), 3)[0])
    assert not torch.equal(episodes.order(Seeds(1), 2)[0], episodes.order(Seeds(2), 2)[0])


def test_classes_and_examples_are_drawn_alike_often():
    episodes = Episodes.of(LABELS, 20, 4)
    drawn = torch.cat([episodes.order(Seeds(0), epoch)[0] for epoch in range(200)])
    counts = LABELS[drawn].bincount().double()  # 1,000 episodes, each class in 5/12 of them
    assert (counts / 4).sub(1000 * 5 / 12).abs().max() < 5 * (1000 * 5 / 12 * 7 / 12) ** 0.5


def test_small_classes_are_left_out():
    labels = torch.cat([LABELS, torch.tensor([12, 12])])
    places, _ = Episodes.of(labels, 20, 4).order(Seeds(0), 0)
    assert not (labels[places] == 12).any()


def test_what_cannot_be_filled_is_refused():
    with pytest.raises(DataError, match="13 classes of at least 4"):
        Episodes.of(LABELS, 52, 4)
    with pytest.raises(RecipeError, match="as many examples") as refused:
        Episodes.of(LABELS, 21, 4)
    assert refused.value.hint == "set training.batch_size=24: 6 classes"
    with pytest.raises(DataError, match="2 classes of at least 2") as refused:
        Episodes.of(torch.arange(12), 4, 2)
    assert refused.value.hint.endswith("or add examples of each class")  # no batch size would do
