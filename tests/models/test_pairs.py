"""Networks that read one sequence and write another: what may look at what, and how attention that chooses learns."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from paribus.errors import RecipeError
from paribus.models.attention import Attention, sinusoidal, turned
from paribus.models.encoder_decoder import EncoderDecoder, mirrored, selected
from paribus.models.transformer import CausalTransformer, Transformer
from paribus.tasks.policy import surrogate

V, S, T = 9, 7, 5
MODELS = [
    lambda: EncoderDecoder((S,), V, V, width=8, embedding=6),
    lambda: EncoderDecoder(
        (S,), V, V, width=8, embedding=6, cell="lstm", depth=2, attention="multiplicative", tie=True
    ),
    lambda: EncoderDecoder((S,), V, V, width=8, embedding=6, cell="rnn", attention="none"),
    *(
        lambda positions=positions, norm=norm: Transformer(
            (S,), V, (T,), V, width=8, heads=2, positions=positions, norm=norm, tie=positions == "learned"
        )
        for positions in ("sinusoidal", "learned", "rotary", "none")
        for norm in ("pre", "post")
    ),
]


def pair(batch: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "source": torch.randint(1, V, (batch, S), generator=generator),
        "before": torch.randint(1, V, (batch, T), generator=generator),
    }


@pytest.fixture(params=range(len(MODELS)))
def model(request):
    torch.manual_seed(request.param)
    return MODELS[request.param]().eval()


def test_T21_nothing_is_seen_of_what_is_to_be_written(model):
    """Logits up to place t do not change with the tokens behind it, and those behind do."""
    inputs = pair()
    changed = {**inputs, "before": inputs["before"].clone()}
    changed["before"][:, 3] = (changed["before"][:, 3] % (V - 1)) + 1
    before, after = model(inputs), model(changed)
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert (before[:, 3:] - after[:, 3:]).abs().max() > 1e-4


def test_T21_what_a_sequence_is_filled_up_with_changes_nothing(model):
    inputs = pair()
    inputs["source"] = inputs["source"][:, : S - 2]
    longer = {**inputs, "source": F.pad(inputs["source"], (0, 2))}
    torch.testing.assert_close(model(inputs), model(longer), atol=1e-5, rtol=1e-4)
    looks = model.attend(longer)
    if looks is not None:
        assert not looks[..., S - 2 :].any()
        torch.testing.assert_close(looks.sum(-1), torch.ones(3, T))


def test_the_last_logits_alone_are_those_of_all(model):
    inputs = pair()
    memory = model.read(inputs["source"])
    torch.testing.assert_close(model.say(memory, inputs["before"], last=True), model(inputs)[:, -1:])


def test_sequences_are_turned_round_where_they_are():
    known = torch.tensor([[True, True, True, False], [True, False, False, False]])
    assert mirrored(known).tolist() == [[2, 1, 0, 3], [0, 1, 2, 3]]


def test_a_causal_transformer_looks_back_only():
    torch.manual_seed(0)
    model = CausalTransformer((6,), V, V, width=8, heads=2).eval()
    x = torch.randint(V, (2, 6))
    other = x.clone()
    other[:, 4] = (other[:, 4] + 1) % V
    torch.testing.assert_close(model(x)[:, :4], model(other)[:, :4])
    assert (model(x)[:, 4:] - model(other)[:, 4:]).abs().max() > 1e-4


def test_T21_turned_products_depend_on_the_distance_alone():
    q, k = torch.randn(8, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
    products = turned(q.expand(9, 8)) @ turned(k.expand(9, 8)).T
    for distance in range(-4, 5):
        line = products.diagonal(distance)
        torch.testing.assert_close(line, line[:1].expand_as(line), atol=1e-6, rtol=1e-6)  # angles are float32
    torch.testing.assert_close(products.diagonal(), (q @ k).expand(9), atol=1e-6, rtol=1e-6)


def test_sines_are_those_of_the_formula():
    table = sinusoidal(50, 6)
    for place, k in ((0, 0), (7, 1), (49, 2)):
        angle = torch.tensor(place / 10_000 ** (k / 3))
        torch.testing.assert_close(table[place, k], angle.sin(), atol=1e-5, rtol=0.0)
        torch.testing.assert_close(table[place, 3 + k], angle.cos(), atol=1e-5, rtol=0.0)


def test_attention_is_that_of_torch():
    """Against torch.nn.MultiheadAttention with the same weights; and its weights against the values it mixes."""
    torch.manual_seed(0)
    ours, theirs = Attention(8, 2), torch.nn.MultiheadAttention(8, 2, batch_first=True)
    layers = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data = torch.cat([layer.weight for layer in layers]).data
    theirs.in_proj_bias.data = torch.cat([layer.bias for layer in layers]).data
    theirs.out_proj.load_state_dict(ours.mix.state_dict())
    x, memory, known = torch.randn(2, 4, 8), torch.randn(2, 5, 8), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    said, weights = theirs(x, memory, memory, key_padding_mask=~known, average_attn_weights=False)
    torch.testing.assert_close(ours(x, memory, mask=known[:, None, None]), said)
    torch.testing.assert_close(ours.weights(x, memory, known[:, None, None]), weights)


SCORES = torch.tensor([[0.3, -0.6, 1.1], [0.2, 0.1, -torch.inf]])


@pytest.mark.parametrize("how", ["hard", "straight_through", "gumbel", "reinforce"])
@pytest.mark.parametrize("training", [True, False])
def test_attention_that_is_not_soft_looks_at_one_place(how, training):
    weights, _ = selected(SCORES, how, training=training)
    assert sorted(weights[0].tolist()) == [0, 0, 1]
    assert weights[1, 2] == 0
    if how in ("hard", "straight_through") or not training:
        assert weights.argmax(1).tolist() == [2, 0]


def gradient(how: str) -> torch.Tensor:
    torch.manual_seed(1)
    scores = SCORES.clone().requires_grad_()
    weights, _ = selected(scores, how, training=True)
    (weights * torch.tensor([1.0, 2.0, 5.0])).sum().backward()
    return scores.grad


def test_T21_by_arg_max_scores_get_no_gradient_at_all():
    assert (gradient("hard") == 0).all()
    torch.testing.assert_close(gradient("straight_through"), gradient("soft"))
    assert (gradient("gumbel")[0] != 0).all()


def test_T21_drawn_attention_learns_along_the_gradient_of_the_expected_loss():
    """Σ π(place)·∇(surrogate + loss at the place) = ∇ Σ π(place)·loss(place), enumerated place by place."""
    losses = torch.tensor([0.2, 1.5, 0.7])
    scores = SCORES[:1].clone().requires_grad_()
    (scores.softmax(1)[0] @ losses).backward()
    found = torch.zeros(3)
    for place in range(3):
        own = SCORES[:1].clone().requires_grad_()
        chances = own.softmax(1)[0]
        surrogate(chances[place].log(), -(losses[place] - 0.4)).backward()
        found += float(chances[place].detach()) * own.grad[0]
    torch.testing.assert_close(found, scores.grad[0])


def test_drawn_places_follow_their_chances():
    torch.manual_seed(0)
    weights, logs = selected(SCORES[:1].expand(4000, 3), "reinforce", training=True)
    chances = SCORES[0].softmax(0)
    sd = (chances * (1 - chances) / 4000).sqrt()
    assert ((weights.mean(0) - chances).abs() < 4 * sd).all()
    torch.testing.assert_close(logs.exp(), (weights * chances).sum(1))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Transformer((S,), V, (T,), V, width=9, heads=2), "heads share the width"),
        (lambda: Transformer((S,), V, (T,), V, width=6, heads=2, positions="rotary"), "turns pairs"),
        (lambda: Transformer((3, 8, 8), V, (T,), 0), "reads one sequence of tokens"),
        (lambda: EncoderDecoder((S,), 4, V), "have one vocabulary"),
        (lambda: CausalTransformer((2, 6), V, 0), "reads tokens"),
    ],
)
def test_what_does_not_fit_is_refused(make, says):
    with pytest.raises(RecipeError, match=says):
        make()


def test_one_tensor_in_place_of_two_is_refused(model):
    with pytest.raises(RecipeError, match="needs two tensors, source and before"):
        model(torch.ones(1, S, dtype=torch.int64))


def test_sequences_beyond_the_learned_places_are_refused():
    model = Transformer((S,), V, (T,), V, width=8, heads=2, positions="learned")
    with pytest.raises(RecipeError, match="positions=learned knows 7 places"):
        model.read(torch.ones(1, 8, dtype=torch.int64))
