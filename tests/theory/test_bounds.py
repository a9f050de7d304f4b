"""Lipschitz bounds: power iteration against singular values, slopes below bounds, gradients between Jacobians."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.scratch import Tensor, nn, optim
from paribus.scratch.nn import functional as F
from paribus.theory import bounds


def randomised(net: nn.Module, seed: int = 0) -> nn.Module:
    """Weights, gains and statistics away from their defaults."""
    rng = np.random.default_rng(seed)
    for p in net.parameters():
        p.data = rng.normal(size=p.shape) / math.sqrt(max(1, p.shape[0]))
    for _, module in net.modules():
        if isinstance(module, nn.BatchNorm):
            module.running_var = rng.uniform(0.3, 2.0, size=module.running_var.shape)
    return net


@pytest.mark.parametrize("seed", range(20))
def test_H11_power_iteration_finds_the_largest_singular_value(seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=rng.integers(1, 40, size=2))
    found = bounds.spectral_norm(A, tolerance=1e-9)
    # the estimate's error is at most half the residual, here 5e-10
    assert found.value == pytest.approx(np.linalg.norm(A, 2), rel=1e-9)
    assert found.value <= np.linalg.norm(A, 2) * (1 + 1e-12)
    assert np.linalg.norm(A @ found.vector) == pytest.approx(found.value, rel=1e-9)


def test_H11_upper_is_above_and_close_at_the_tolerance_of_the_bounds():
    for seed in range(20):
        A = np.random.default_rng(seed).normal(size=(30, 20))
        exact = np.linalg.norm(A, 2)
        assert exact * (1 - 1e-12) <= bounds.spectral_norm(A).upper <= exact * (1 + 1e-4)


def test_the_zero_map_and_ties_have_norms_too():
    assert bounds.spectral_norm(np.zeros((3, 4))).value == 0
    assert bounds.spectral_norm(-3 * np.eye(5)).value == pytest.approx(3)


GEOMETRIES = [
    # channels in, out, kernel, size, stride, padding, dilation, groups
    (1, 1, (3,), (12,), 1, 1, 1, 1),
    (2, 3, (3,), (11,), 2, 0, 1, 1),
    (4, 4, (2,), (9,), 1, 2, 2, 2),
    (1, 2, (3, 3), (7, 7), 1, 1, 1, 1),
    (2, 2, (3, 2), (6, 7), 2, 1, 1, 1),
    (4, 4, (3, 3), (6, 6), 1, 1, 1, 4),
    (2, 4, (2, 2), (7, 7), (2, 1), (0, 1), (1, 2), 2),
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_H11_convolutions_have_the_norm_of_their_dense_matrix(geometry):
    inputs, outputs, kernel, size, *rest, groups = geometry
    weight = np.random.default_rng(1).normal(size=(outputs, inputs // groups, *kernel))
    shape = (1, inputs, *size)
    matrix = bounds.dense_matrix(lambda x: F.convolution(Tensor(x), weight, None, *rest, groups).data, shape)
    theirs = [torch.nn.functional.conv1d, torch.nn.functional.conv2d][len(kernel) - 1]
    units = torch.eye(int(np.prod(shape)), dtype=torch.float64).reshape(-1, *shape[1:])
    columns = theirs(units, torch.from_numpy(weight), None, *rest, groups).flatten(1)
    np.testing.assert_allclose(matrix, columns.T.numpy(), atol=1e-12)  # torch lays out the same matrix
    exact = np.linalg.norm(matrix, 2)
    found = bounds.convolution(weight, size, *rest, groups).constant
    assert exact * (1 - 1e-9) <= found <= exact * (1 + 1e-4)


def test_H11_a_convolution_on_a_circle_has_the_norm_of_its_transfer_function():
    """Without borders sinusoids are singular vectors: ‖K‖ = max |K̂(ω)|; with borders of zeros it is less."""
    kernel = np.array([0.5, -1.0, 0.25])
    circle = max(abs(np.sum(kernel * np.exp(-1j * w * np.arange(3)))) for w in np.linspace(0, math.pi, 10_001))
    constants = [bounds.convolution(kernel[None, None], (n,), padding=1).constant for n in (8, 32, 128)]
    assert constants == sorted(constants)
    assert constants[-1] <= circle * (1 + 1e-4)
    assert constants[-1] == pytest.approx(circle, rel=1e-2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_softmax_is_at_most_one_half_and_reaches_it(temperature):
    constant = bounds.softmax(temperature).constant
    rng = np.random.default_rng(0)
    norms = []
    for x in [*rng.normal(size=(200, 5)) * 3, np.array([9.0, 9.0, -99, -99, -99])]:
        p = np.exp(x / temperature - (x / temperature).max())
        p /= p.sum()
        norms.append(np.linalg.norm((np.diag(p) - np.outer(p, p)) / temperature, 2))
    assert max(norms) <= constant * (1 + 1e-12)
    assert norms[-1] == pytest.approx(constant, rel=1e-6)  # two classes that share all probability


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (3, 2), (2, 3)])
def test_max_pooling_reaches_its_constant_only_where_windows_share_pixels(kernel, stride):
    constant = bounds.max_pooling((kernel,), (stride,)).constant
    pool = nn.MaxPool(kernel, stride)
    rng = np.random.default_rng(0)
    slopes = []
    for _ in range(300):
        x = rng.normal(size=(1, 1, 12))
        v = np.zeros_like(x)
        v[..., int(np.argmax(x))] = 1.0  # the largest pixel is seen by every window that holds it
        slopes.append(np.linalg.norm(pool(Tensor(x + 1e-3 * v)).data - pool(Tensor(x)).data) / 1e-3)
    assert max(slopes) <= constant * (1 + 1e-9)
    assert max(slopes) == pytest.approx(constant, rel=1e-9)


def test_batch_norm_in_inference_reaches_its_constant():
    net = randomised(nn.Sequential(nn.BatchNorm(4)))
    found = bounds.bound_of(net, (4,))
    assert found.lower == pytest.approx(found.upper, rel=1e-6)  # it is linear, and the climb finds the channel


def test_layer_norm_reaches_its_constant_where_inputs_hardly_differ():
    net = nn.Sequential(nn.LayerNorm(4, eps=0.01, dtype=float))
    net[0].gain.data[:] = 3.0
    found = bounds.bound_of(net, (4,), spread=1e-3)
    assert found.upper == pytest.approx(30.0)
    assert found.lower == pytest.approx(found.upper, rel=1e-3)  # at variance 1e-6, not 0


NETS = {
    "mlp": (lambda: nn.Sequential(nn.Affine(6, 9, rng=0), nn.tanh, nn.Affine(9, 3, rng=1), nn.softmax), (6,)),
    "cnn": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1, rng=0),
            nn.BatchNorm(3),
            nn.relu,
            nn.MaxPool(3, 2),
            nn.Residual(nn.Conv2d(3, 3, 3, padding=1, rng=1), nn.silu),
            nn.AveragePool(3),
            nn.Flatten(),
            nn.Dropout(0.5, rng=0),
            nn.Affine(3, 4, rng=2),
        ),
        (2, 8, 8),
    ),
    "shortcut": (
        lambda: nn.Sequential(
            nn.Residual(nn.Affine(5, 4, rng=0), nn.gelu, shortcut=nn.Affine(5, 4, rng=1)), nn.LayerNorm(4, eps=0.1)
        ),
        (5,),
    ),
}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("seed", range(3))
def test_H11_slopes_stay_below_the_bound(name, seed):
    make, shape = NETS[name]
    found = bounds.bound_of(randomised(make(), seed), shape, points=6, seed=seed)
    assert 0 < found.lower <= found.upper
    assert found.upper == pytest.approx(math.prod(layer.constant for layer in found.layers))
    assert str(found.table()).splitlines()[-1].endswith(f"{found.lower:.4g}")


def test_H11_the_bound_of_a_linear_chain_is_reached_when_the_directions_agree():
    """W₂ = W₁ᵀ: the direction that W₁ stretches most comes out as the one that W₂ stretches most."""
    W = np.random.default_rng(0).normal(size=(5, 7))
    net = nn.Sequential(nn.Affine(5, 7, bias=False), nn.Affine(7, 5, bias=False))
    net[0].weight.data, net[1].weight.data = W, W.T
    found = bounds.bound_of(net, (5,))
    assert found.lower == pytest.approx(found.upper, rel=1e-4)
    assert found.upper == pytest.approx(np.linalg.norm(W, 2) ** 2, rel=1e-4)


def test_H11_torch_modules_have_the_bounds_of_their_twins():
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(3, 2), torch.nn.Flatten(),
        torch.nn.Linear(27, 4), torch.nn.Softmax(1),
    )  # fmt: skip
    ours = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.relu, nn.MaxPool(3, 2), nn.Flatten(), nn.Affine(27, 4), nn.softmax
    )
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for p, q, turn in ((theirs[0], ours[0], False), (theirs[4], ours[4], True)):
            q.weight.data = rng.normal(size=q.weight.shape)
            q.bias.data = rng.normal(size=q.bias.shape)
            p.weight.copy_(torch.from_numpy(q.weight.data.T if turn else q.weight.data))
            p.bias.copy_(torch.from_numpy(q.bias.data))
    theirs.double()
    with torch.no_grad():  # the copies above went through float32
        theirs[0].weight.copy_(torch.from_numpy(ours[0].weight.data))
        theirs[4].weight.copy_(torch.from_numpy(ours[4].weight.data.T))
    a, b = bounds.bound_of(ours, (2, 8, 8), points=3), bounds.bound_of(theirs, (2, 8, 8), points=3)
    # both norms are exact to 5e-5, from above, and the products of two of them to 1e-4
    np.testing.assert_allclose([x.constant for x in a.layers], [x.constant for x in b.layers], rtol=1e-4)
    assert a.lower == pytest.approx(b.lower, rel=1e-3)


def test_layers_that_work_in_place_are_measured_too():
    net = torch.nn.Sequential(torch.nn.ReLU(inplace=True), torch.nn.Linear(3, 2), torch.nn.Tanh())
    found = bounds.bound_of(net, (3,), points=2)
    assert 0 < found.lower <= found.upper


@pytest.mark.parametrize("layer", [torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5), torch.nn.Dropout(0.9)])
def test_bounds_are_of_inference_and_say_so(layer):
    """In training both stretch by more than 1: batch norm by up to 1/√ε, dropout by 1/(1 − p)."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), layer).train()
    found = bounds.bound_of(net, (3,), points=2)
    assert net.training
    same = bounds.bound_of(net.eval(), (3,), points=2)
    assert (found.lower, found.upper) == (same.lower, same.upper)
    assert "in training mode, which they do not bound" in found.mode
    assert "in inference" in same.mode
    assert "training" not in same.mode
    assert str(found.table()).startswith(f"Lipschitz bounds{found.mode}")
    assert bounds.bound_of(net[:1].train(), (3,), points=2).mode == ""


def test_unknown_layers_are_refused_by_name():
    with pytest.raises(TheoryError, match="LSTM"):
        bounds.bound_of(torch.nn.Sequential(torch.nn.LSTM(3, 4)), (3,))
    with pytest.raises(TheoryError, match="cube"):
        bounds.bound_of(nn.Sequential(nn.Function(lambda x: x**3, "cube")), (3,))
    with pytest.raises(TheoryError, match="str"):
        bounds.bound_of("a net", (3,))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bounds.spectral_norm(np.zeros(3)), "two axes"),
        (lambda: bounds.spectral_norm(np.zeros((3, 0))), "two axes"),
        (lambda: bounds.spectral_norm(np.full((2, 2), np.nan)), "finite"),
        (lambda: bounds.spectral_norm(np.diag([1, 1 - 1e-5]), tolerance=1e-12, most=10), "tie"),
        (lambda: bounds.spectral_norm(), "apply and adjoint"),
        (lambda: bounds.softmax(0.0), "positive"),
        (lambda: bounds.convolution(np.zeros((1, 1, 3)), (5, 5)), "kernel"),
        (lambda: bounds.by_weights([]), "at least one"),
        (lambda: bounds.gradient_flow(nn.Sequential(nn.Affine(2, 2)), np.zeros((3, 2))), "one input"),
    ],
)
def test_mistakes_are_explained(call, words):
    with pytest.raises(TheoryError, match=words):
        call()


def test_H11_weights_bound_the_net_in_three_steps():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        spectral, frobenius, mean = bounds.by_weights([rng.normal(size=(6, 6)) for _ in range(rng.integers(1, 6))])
        assert spectral <= frobenius * (1 + 1e-12)
        assert frobenius <= mean * (1 + 1e-12)
    equal = bounds.by_weights([np.outer([3.0, 0], [1.0, 0])] * 4)  # rank 1 and alike: all three agree
    np.testing.assert_allclose(equal, 81.0)


def test_H11_weight_decay_lowers_the_bound():
    x = np.linspace(-2, 2, 40)[:, None]
    y = np.sin(3 * x)

    def trained(decay: float) -> float:
        net = nn.Sequential(nn.Affine(1, 16, rng=0, dtype=float), nn.tanh, nn.Affine(16, 1, rng=1, dtype=float))
        optimizer = optim.Optimizer(net.parameters(), optim.AdamW(0.02, decay=decay))
        for _ in range(300):
            optimizer.zero_grad()
            nn.mse(net(x), y).backward()
            optimizer.step()
        return bounds.bound_of(net, (1,), points=2).upper

    constants = [trained(decay) for decay in (0.0, 0.3, 3.0)]
    assert constants == sorted(constants, reverse=True)
    assert constants[-1] < constants[0] / 2


def chain(activation, skip: bool, depth: int = 12, width: int = 10) -> nn.Sequential:
    blocks = []
    for i in range(depth):
        step = (nn.Affine(width, width, rng=i, dtype=float), nn.Function(activation))
        blocks.append(nn.Residual(*step) if skip else nn.Sequential(*step))
    return nn.Sequential(*blocks)


@pytest.mark.parametrize("activation", [nn.sigmoid, nn.tanh, nn.relu])
@pytest.mark.parametrize("skip", [False, True])
def test_H18_the_gradient_stays_between_the_jacobians(activation, skip):
    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=(1, 10))
        flow = bounds.gradient_flow(chain(activation, skip), x, seed)
        for row in zip(flow.floor, flow.measured, flow.local, flow.constant, strict=True):
            assert list(row) == sorted(row)
        assert (flow.floor[-1] > 1e-5) == skip  # with skip connections no direction is lost
    assert len(str(flow.table(every=4)).splitlines()) == 2 + 4


def test_H18_the_floor_is_that_of_gradients_on_their_way_back():
    """A block that narrows loses no gradient; one that widens sends some gradients to zero."""
    x = np.ones((1, 4))
    narrow, wide = (nn.Sequential(nn.Affine(4, n, rng=0, dtype=float)) for n in (2, 8))
    singular = np.linalg.svd(narrow[0].weight.data, compute_uv=False)
    assert bounds.gradient_flow(narrow, x).floor[0] == pytest.approx(singular[-1])
    assert bounds.gradient_flow(wide, x).floor[0] == 0


def test_H18_sigmoid_vanishes_and_skip_connections_do_not():
    x = np.ones((1, 10))
    plain, skipped = (bounds.gradient_flow(chain(nn.sigmoid, skip), x).measured[-1] for skip in (False, True))
    assert plain < 1e-8
    assert 0.1 < skipped < 100


def test_H18_measured_gradients_are_those_of_torch():
    net, x = chain(nn.tanh, False, depth=5), np.random.default_rng(0).normal(size=(1, 10))
    start = np.random.default_rng(3).normal(size=(1, 10))
    h = [torch.tensor(x, requires_grad=True)]
    for block in net:
        h.append(torch.tanh(h[-1] @ torch.from_numpy(block[0].weight.data) + torch.from_numpy(block[0].bias.data)))
    gradients = torch.autograd.grad(h[-1], h[:-1], torch.from_numpy(start))
    wanted = [float(g.norm()) / np.linalg.norm(start) for g in gradients[::-1]]
    np.testing.assert_allclose(bounds.gradient_flow(net, x, seed=3).measured, wanted, rtol=1e-12)


def test_bounds_import_no_torch():
    code = "import sys, paribus.theory.bounds, paribus.theory.activations; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
