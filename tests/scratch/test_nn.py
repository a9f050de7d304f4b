"""Every layer against torch, forward and backward, in float64 over a grid of its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as TF
from tests.pairwise import pairwise
from tests.scratch.twins import assert_twins, close, give, randomise

from paribus.scratch import ScratchError, ShapeError, Tensor, nn, no_grad

RNG = np.random.default_rng(0)


def double(layer: Any, *sizes: Any, **settings: Any) -> Any:
    made = layer(*sizes, dtype=np.float64, rng=0, **settings)
    randomise(made)
    return made


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4), (4,)])
@pytest.mark.parametrize("bias", [True, False])
def test_affine(shape: tuple[int, ...], bias: bool) -> None:
    ours, theirs = double(nn.Affine, 4, 3, bias=bias), torch.nn.Linear(4, 3, bias, dtype=torch.float64)
    pairs = [(ours.weight, theirs.weight, True)] + ([(ours.bias, theirs.bias, False)] if bias else [])
    for p, q, flip in pairs:
        give(q, p, flip)
    assert_twins(ours, theirs, [RNG.normal(size=shape)], pairs)


def convolution_twins(ours: Any, theirs: Any, shape: tuple[int, ...]) -> None:
    pairs = [(ours.weight, theirs.weight, False)] + ([(ours.bias, theirs.bias, False)] if ours.bias is not None else [])
    for p, q, _ in pairs:
        give(q, p)
    assert_twins(ours, theirs, [RNG.normal(size=shape)], pairs)


GRID = pairwise([1, 2], [1, 2, 3], [0, 1, 2], [1, 2], [1, 2, 4])


@pytest.mark.parametrize(("axes", "stride", "padding", "dilation", "groups"), GRID)
def test_convolution(axes: int, stride: int, padding: int, dilation: int, groups: int) -> None:
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "bias": stride != 2}
    ours = double([nn.Conv1d, nn.Conv2d][axes - 1], 4, 8, 3, **settings)
    theirs = [torch.nn.Conv1d, torch.nn.Conv2d][axes - 1](4, 8, 3, dtype=torch.float64, **settings)
    convolution_twins(ours, theirs, (2, 4, 9, 8)[: axes + 2])


def test_convolution_unequal_sides() -> None:
    settings: dict[str, Any] = {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 3)}
    ours = double(nn.Conv2d, 3, 5, (2, 3), **settings)
    theirs = torch.nn.Conv2d(3, 5, (2, 3), dtype=torch.float64, **settings)
    convolution_twins(ours, theirs, (2, 3, 8, 9))


@pytest.mark.parametrize(("axes", "stride", "padding", "dilation", "groups"), GRID)
def test_transposed_convolution(axes: int, stride: int, padding: int, dilation: int, groups: int) -> None:
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "bias": stride != 2}
    settings["output_padding"] = max(stride, dilation) - 1
    ours = double([nn.ConvTranspose1d, nn.ConvTranspose2d][axes - 1], 4, 8, 3, **settings)
    kind = [torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d][axes - 1]
    convolution_twins(ours, kind(4, 8, 3, dtype=torch.float64, **settings), (2, 4, 5, 4)[: axes + 2])


def test_convolution_by_hand() -> None:
    x = Tensor(np.array([[3, 4, 5], [2, 1, -3], [4, -2, 0]], float)[None, None], requires_grad=True)
    f = Tensor(np.array([[2, 0], [-3, 1]], float)[None, None], requires_grad=True)
    nn.convolution(x, f).mean().backward()
    np.testing.assert_array_equal(f.grad[0, 0], [[2.5, 1.75], [1.25, -1]])
    np.testing.assert_array_equal(x.grad[0, 0], [[0.5, 0.5, 0], [-0.25, 0, 0.25], [-0.75, -0.5, 0.25]])


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, None, 0), (3, 1, 1), (3, 2, 1), (2, 3, 0)])
def test_pooling(kernel: int, stride: int | None, padding: int) -> None:
    x = [RNG.normal(size=(2, 3, 7, 8))]
    assert_twins(nn.MaxPool(kernel, stride, padding), torch.nn.MaxPool2d(kernel, stride, padding), x, [])
    assert_twins(nn.AveragePool(kernel, stride, padding), torch.nn.AvgPool2d(kernel, stride, padding), x, [])
    x = [RNG.normal(size=(2, 3, 9))]
    assert_twins(nn.MaxPool(kernel, stride, padding, 2), torch.nn.MaxPool1d(kernel, stride, padding, 2), x, [])
    assert_twins(nn.AveragePool(kernel, stride, padding), torch.nn.AvgPool1d(kernel, stride, padding), x, [])


def test_of_equal_pixels_the_first_wins() -> None:
    x = [np.round(RNG.normal(size=(2, 3, 6, 6)))]
    assert_twins(nn.MaxPool(3, 2, 1), torch.nn.MaxPool2d(3, 2, 1), x, [])


def test_global_pooling() -> None:
    x = [RNG.normal(size=(2, 3, 4, 5))]
    assert_twins(nn.GlobalAverage(), lambda t: t.mean(dim=(2, 3)), x, [])
    assert_twins(nn.GlobalMax(), lambda t: t.amax(dim=(2, 3)), x, [])


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (4, 3, 5, 2)])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(shape: tuple[int, ...], training: bool) -> None:
    ours = nn.BatchNorm(3, eps=1e-3, momentum=0.3, dtype=np.float64).train(training)
    randomise(ours)
    ours.running_mean += 0.4
    kind = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d}[len(shape)]
    theirs = kind(3, eps=1e-3, momentum=0.3, dtype=torch.float64).train(training)
    theirs.running_mean += 0.4
    pairs = [(ours.gain, theirs.weight, False), (ours.bias, theirs.bias, False)]
    for p, q, _ in pairs:
        give(q, p)
    assert_twins(ours, theirs, [RNG.normal(size=shape) * 2 + 1], pairs)
    close(ours.running_mean, theirs.running_mean)
    close(ours.running_var, theirs.running_var)


def test_layer_norm() -> None:
    ours, theirs = nn.LayerNorm(4, dtype=np.float64), torch.nn.LayerNorm(4, dtype=torch.float64)
    randomise(ours)
    pairs = [(ours.gain, theirs.weight, False), (ours.bias, theirs.bias, False)]
    for p, q, _ in pairs:
        give(q, p)
    assert_twins(ours, theirs, [RNG.normal(size=(2, 3, 4))], pairs)


def test_embedding() -> None:
    ours, theirs = double(nn.Embedding, 7, 3), torch.nn.Embedding(7, 3, dtype=torch.float64)
    give(theirs.weight, ours.weight)
    words = np.array([[0, 6, 6], [2, 0, 6]])
    assert_twins(lambda: ours(words), lambda: theirs(torch.tensor(words)), [], [(ours.weight, theirs.weight, False)])
    with pytest.raises(ShapeError, match=r"0 … 6"):
        ours(np.array([7]))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent(kind: str) -> None:
    ours = double(getattr(nn, kind), 3, 4)
    theirs = getattr(torch.nn, kind)(3, 4, batch_first=True, dtype=torch.float64)
    torch.nn.init.zeros_(theirs.bias_hh_l0)
    pairs = [
        (ours.weight, theirs.weight_ih_l0, True),
        (ours.recurrent, theirs.weight_hh_l0, True),
        (ours.bias, theirs.bias_ih_l0, False),
    ] + ([(ours.recurrent_bias, theirs.bias_hh_l0, False)] if kind == "GRU" else [])
    for p, q, flip in pairs:
        give(q, p, flip)
    x = RNG.normal(size=(2, 6, 3))
    assert_twins(ours, lambda t: theirs(t)[0], [x], pairs)
    first, state = ours.run(Tensor(x[:, :4]))
    np.testing.assert_allclose(ours(Tensor(x[:, 4:]), state).data, ours(Tensor(x)).data[:, 4:], atol=1e-12)
    assert first.shape == (2, 4, 4)


@pytest.mark.parametrize("masked", [True, False])
def test_attention(masked: bool) -> None:
    ours = double(nn.Attention, 8, heads=2)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64)
    maps = [ours.query, ours.key, ours.value]
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.tensor(np.concatenate([m.weight.data.T for m in maps])))
        theirs.in_proj_bias.copy_(torch.tensor(np.concatenate([m.bias.data for m in maps])))
    give(theirs.out_proj.weight, ours.out.weight, True)
    give(theirs.out_proj.bias, ours.out.bias)
    pairs = [(ours.out.weight, theirs.out_proj.weight, True), (ours.out.bias, theirs.out_proj.bias, False)]
    mask = nn.causal(5) if masked else None
    hidden = None if mask is None else torch.tensor(~mask)
    x = [RNG.normal(size=(3, 5, 8))]
    assert_twins(lambda a: ours(a, mask=mask), lambda t: theirs(t, t, t, attn_mask=hidden)[0], x, pairs)
    x.append(RNG.normal(size=(3, 7, 8)))
    assert_twins(ours, lambda t, c: theirs(t, c, c)[0], x, pairs)


ACTIVATIONS = {
    "relu": (nn.relu, torch.relu),
    "tanh": (nn.tanh, torch.tanh),
    "sigmoid": (nn.sigmoid, torch.sigmoid),
    "softplus": (nn.softplus, TF.softplus),
    "leaky relu": (nn.leaky_relu, TF.leaky_relu),
    "elu": (nn.elu, TF.elu),
    "silu": (nn.silu, TF.silu),
    "gelu": (nn.gelu, TF.gelu),
    "gelu tanh": (nn.gelu_tanh, lambda t: TF.gelu(t, approximate="tanh")),
    "softmax": (nn.softmax, lambda t: TF.softmax(t, -1)),
    "log softmax": (nn.log_softmax, lambda t: TF.log_softmax(t, -1)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    ours, theirs = ACTIVATIONS[name]
    assert_twins(ours, theirs, [RNG.normal(size=(3, 4)) * 3], [])
    with no_grad():
        extreme = ours(Tensor([-800.0, 0.0, 800.0])).data
    assert np.isfinite(extreme).all()


LABELS = np.array([0, 3, 1])
BITS = np.array([[1.0, 0, 0, 1], [0, 1, 0.5, 0], [1, 1, 1, 0]])
T = torch.tensor
LOSSES = {
    "mse": (lambda x: nn.mse(x, BITS), lambda t: TF.mse_loss(t, T(BITS))),
    "mae": (lambda x: nn.mae(x, BITS), lambda t: TF.l1_loss(t, T(BITS))),
    "huber": (lambda x: nn.huber(x, BITS, 0.7), lambda t: TF.huber_loss(t, T(BITS), delta=0.7)),
    "cross-entropy": (lambda x: nn.cross_entropy(x, LABELS), lambda t: TF.cross_entropy(t, T(LABELS))),
    "cross-entropy, soft": (lambda x: nn.cross_entropy(x, BITS), lambda t: TF.cross_entropy(t, T(BITS))),
    "nll": (lambda x: nn.nll(x, LABELS), lambda t: TF.nll_loss(t, T(LABELS))),
    "bce": (lambda x: nn.bce(x.sigmoid(), BITS), lambda t: TF.binary_cross_entropy(t.sigmoid(), T(BITS))),
    "bce logits": (
        lambda x: nn.bce_with_logits(x, BITS),
        lambda t: TF.binary_cross_entropy_with_logits(t, T(BITS)),
    ),
    "hinge": (lambda x: nn.hinge(x, LABELS), lambda t: TF.multi_margin_loss(t, T(LABELS)) * 4),  # torch divides by C
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    ours, theirs = LOSSES[name]
    assert_twins(ours, theirs, [RNG.normal(size=(3, 4)) * 2], [])


def test_extreme_logits_stay_finite() -> None:
    z = Tensor([[1e4, -1e4]], requires_grad=True)
    nn.cross_entropy(z, np.array([1])).backward()
    np.testing.assert_array_equal(z.grad, [[1.0, -1.0]])
    assert nn.bce_with_logits(Tensor([[1e4, -1e4]]), [[0.0, 1.0]]).item() == 1e4


def test_bce_of_certainty_is_cut_off() -> None:
    for dtype in (np.float32, np.float64):
        assert np.isfinite(nn.bce(Tensor(np.array([0.0, 1.0], dtype)), [1.0, 0.0]).item())


def test_losses_refuse_to_broadcast() -> None:
    with pytest.raises(ShapeError, match=r"(?s)mse.*\(5, 1\) and \(5,\)"):
        nn.mse(Tensor(np.ones((5, 1))), np.ones(5))


def test_dropout_keeps_the_mean() -> None:
    layer, x = nn.Dropout(0.3, rng=0), Tensor(np.ones(200_000))
    y = layer(x).data
    assert y.mean() == pytest.approx(1, abs=4 * np.sqrt(0.3 / 0.7 / len(y)))  # four standard errors
    assert set(np.round(np.unique(y), 6)) == {0.0, 1.428571}
    assert layer.eval()(x) is x


@pytest.mark.parametrize("scheme", ["xavier", "he", "lecun"])
def test_initialisers_have_the_variance_they_claim(scheme: str) -> None:
    fan_in, fan_out = 300, 500
    w = getattr(nn.initial, scheme)(np.random.default_rng(0), (fan_in, fan_out), fan_in, fan_out)
    claimed = {"xavier": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / (3 * fan_in)}[scheme]
    assert w.var() == pytest.approx(claimed, rel=0.02)


def test_shape_errors_name_the_layers() -> None:
    net = nn.Sequential(nn.Affine(4, 3), nn.relu, nn.Sequential(nn.Affine(5, 2)))
    with pytest.raises(ShapeError) as caught:
        net(np.ones((7, 4), np.float32))
    message = str(caught.value)
    assert "affine" in message
    assert "(7, 3)" in message
    assert "(5, 2)" in message
    assert "Sequential of 3 → Sequential of 1 → Affine(5 → 2)" in message


def test_same_net_sequential_and_as_a_graph() -> None:
    first, second, skip = nn.Affine(4, 6, rng=0), nn.Affine(6, 3, rng=1), nn.Affine(4, 3, rng=2)
    sequence = nn.Residual(first, nn.tanh, second, shortcut=skip)
    graph = nn.Graph("x", a=(first, "x"), h=(nn.tanh, "a"), b=(second, "h"), s=(skip, "x"), y=(nn.add, "b", "s"))
    x = Tensor(RNG.normal(size=(5, 4)))
    np.testing.assert_array_equal(sequence(x).data, graph(x).data)
    with pytest.raises(ScratchError, match="nowhere"):
        nn.Graph("x", a=(first, "nowhere"))


def test_state_goes_out_and_in() -> None:
    nets = [nn.Sequential(nn.Affine(3, 4, rng=i), nn.BatchNorm(4), nn.Affine(4, 2, rng=i)) for i in range(2)]
    x = Tensor(RNG.normal(size=(5, 3)).astype(np.float32))
    nets[0](x)
    nets[1].load(nets[0].state())
    np.testing.assert_array_equal(nets[0].eval()(x).data, nets[1].eval()(x).data)
    assert list(nets[0].state())[:2] == ["layers.0.weight", "layers.0.bias"]
    with pytest.raises(ScratchError, match="other"):
        nets[0].load({**nets[1].state(), "other": np.ones(1)})


def test_shared_parameters_appear_once() -> None:
    layer = nn.Affine(3, 3)
    assert len(nn.Sequential(layer, layer).parameters()) == 2


def test_zero_initialised_tanh_net_has_no_hidden_gradients() -> None:
    net = nn.Sequential(nn.Affine(5, 4), nn.tanh, nn.Affine(4, 4), nn.tanh, nn.Affine(4, 3))
    nn.initialise(net, nn.initial.zeros)
    nn.cross_entropy(net(RNG.normal(size=(6, 5)).astype(np.float32)), np.array([0, 1, 2, 0, 0, 1])).backward()
    gradients = {path: np.abs(p.grad).max() for path, p in net.named_parameters().items()}
    assert all(size == 0 for path, size in gradients.items() if path != "layers.4.bias")
    assert gradients["layers.4.bias"] > 0


def test_one_initialised_units_stay_identical() -> None:
    net = nn.Sequential(nn.Affine(5, 4), nn.tanh, nn.Affine(4, 1))
    nn.initialise(net, nn.initial.ones)
    for _ in range(5):
        nn.mse(net(RNG.normal(size=(6, 5)).astype(np.float32)), np.ones((6, 1))).backward()
        for p in net.parameters():
            p.data = p.data - np.float32(0.1) * p.grad
            p.grad = None
    columns = net.parameters()[0].data
    np.testing.assert_array_equal(columns, columns[:, :1].repeat(4, axis=1))


def test_pooling_survives_infinities() -> None:
    x = Tensor(np.array([[[[np.inf, np.inf], [-np.inf, 1.0]]]], np.float32), requires_grad=True)
    y = nn.MaxPool(2)(x)
    y.backward(seed=np.ones((1, 1, 1, 1)))
    assert y.item() == np.inf
    np.testing.assert_array_equal(x.grad[0, 0], [[1, 0], [0, 0]])


def test_what_is_frozen_is_not_trained_but_saved() -> None:
    net = nn.Sequential(nn.Affine(3, 2))
    net.layers[0].weight.requires_grad = False
    assert len(net.parameters()) == 1
    assert len(net.state()) == 2
