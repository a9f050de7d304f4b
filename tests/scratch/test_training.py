"""Training: the loss curve of a torch twin, micro-batches, early stopping, real digits."""

from __future__ import annotations

import gzip
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from paribus.scratch import ScratchError, nn, optim
from paribus.scratch.training import accumulate, batches, evaluate, fit


def digits(dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    bunch = load_digits()
    return (bunch.images / 16).astype(dtype), bunch.target


def mlp(sizes: tuple[int, ...], dtype: type = np.float64) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]
    for i, (a, b) in enumerate(pairwise(sizes)):
        layers += [nn.Affine(a, b, initial=nn.initial.he, rng=i, dtype=dtype), nn.Function(nn.relu)]
    return nn.Sequential(*layers[:-1])


def cnn(dtype: type = np.float64) -> nn.Sequential:
    settings = {"padding": 1, "dtype": dtype}
    return nn.Sequential(
        lambda x: x.reshape(len(x), 1, *x.shape[1:]),
        *(nn.Conv2d(1, 8, 3, rng=0, **settings), nn.BatchNorm(8, dtype=dtype), nn.relu, nn.MaxPool(2)),
        *(nn.Conv2d(8, 16, 3, rng=1, **settings), nn.relu, nn.MaxPool(2)),
        *(nn.Flatten(), nn.Affine(64, 10, rng=2, dtype=dtype)),
    )


def torch_twin(net: nn.Sequential) -> torch.nn.Sequential:
    """The same layers with the same numbers."""
    made: list[torch.nn.Module] = []
    for layer in net:
        if isinstance(layer, nn.Affine):
            twin = torch.nn.Linear(*layer.weight.shape, dtype=torch.float64)
            numbers = layer.weight.data.T
        elif isinstance(layer, nn.Conv2d):
            outputs, inputs, *kernel = layer.weight.shape
            twin = torch.nn.Conv2d(inputs, outputs, tuple(kernel), padding=layer.padding, dtype=torch.float64)
            numbers = layer.weight.data
        else:
            kinds = {"BatchNorm": lambda: torch.nn.BatchNorm2d(8, dtype=torch.float64), "Flatten": torch.nn.Flatten}
            kinds |= {"MaxPool": lambda: torch.nn.MaxPool2d(2), "Function": torch.nn.ReLU}
            name = "picture" if repr(layer) == "<lambda>" else type(layer).__name__
            made.append(torch.nn.Unflatten(1, (1, 8)) if name == "picture" else kinds[name]())
            continue
        with torch.no_grad():
            twin.weight.copy_(torch.tensor(numbers))
            twin.bias.copy_(torch.tensor(layer.bias.data))
        made.append(twin)
    return torch.nn.Sequential(*made)


def torch_curve(net: torch.nn.Module, data: tuple[np.ndarray, np.ndarray], batch: int, lr: float) -> list[float]:
    optimizer, curve = torch.optim.SGD(net.parameters(), lr, momentum=0.9), []
    for x, y in batches(data, batch):
        loss = torch.nn.functional.cross_entropy(net(torch.tensor(x)), torch.tensor(y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_loss_curve_equals_the_torch_twins(kind: str) -> None:
    net = mlp((64, 32, 10)) if kind == "mlp" else cnn()
    twin = torch_twin(net)
    history = fit(net, nn.cross_entropy, digits(), optim.Optimizer(net.parameters(), optim.Momentum(0.05)), batch=64)
    assert np.abs(np.subtract(history.steps, torch_curve(twin, digits(), 64, 0.05))).max() < 1e-8


@pytest.mark.parametrize(("kind", "enough"), [("mlp", 0.95), ("cnn", 0.96)])
def test_digits_are_learnt(kind: str, enough: float) -> None:
    order = np.random.default_rng(0).permutation(1797)
    x, y = (part[order] for part in digits(np.float32))
    net = mlp((64, 64, 10), np.float32) if kind == "mlp" else cnn(np.float32)
    optimizer = optim.Optimizer(net.parameters(), optim.Adam(3e-3))
    fit(net, nn.cross_entropy, (x[:1400], y[:1400]), optimizer, epochs=15 if kind == "mlp" else 5, batch=32)
    assert evaluate(net, nn.cross_entropy, (x[1400:], y[1400:]))["accuracy"] > enough


def test_micro_batches_add_up_to_the_batch() -> None:
    (x, y), gradients = digits(), []
    for micro in (100, 32, 7):
        net = mlp((64, 16, 10))
        accumulate(net, nn.cross_entropy, x[:100], y[:100], micro)
        gradients.append(np.concatenate([p.grad.ravel() for p in net.parameters()]))
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(gradients[2], gradients[0], rtol=1e-9, atol=1e-14)


def test_every_sample_comes_once_an_epoch_in_an_order_of_its_own() -> None:
    data = (np.arange(10), np.arange(10))
    orders = [np.concatenate([x for x, _ in batches(data, 3, seed=1, epoch=epoch)]) for epoch in (0, 1, 0)]
    assert sorted(orders[0]) == list(range(10))
    assert (orders[0] == orders[2]).all()
    assert (orders[0] != orders[1]).any()


def test_early_stopping_restores_the_best() -> None:
    class Scripted(nn.Module):
        def __init__(self) -> None:
            self.weight = nn.parameter(np.zeros(()))

        def forward(self, x: np.ndarray) -> object:
            return self.weight * 1.0

    script = {0: 3.0, 1: 1.0, 2: 2.0, 3: 1.5, 4: 0.5}

    def loss(prediction: object, target: np.ndarray) -> object:
        epoch = round(-prediction.item())
        return prediction * 1.0 if net.training else prediction * 0.0 + script[epoch - 1]

    net = Scripted()
    data = (np.zeros((1, 1)), np.zeros((1, 1)))
    rows: list[dict[str, float]] = []
    history = fit(
        *(net, loss, data, optim.Optimizer(net.parameters(), optim.SGD(1.0))),
        **{"epochs": 5, "validation": data, "patience": 2, "listen": rows.append},
    )
    assert [row["validation loss"] for row in rows] == [3.0, 1.0, 2.0, 1.5]
    assert history.best == 1
    assert net.weight.item() == -2.0
    with pytest.raises(ScratchError, match="patience=2"):
        fit(net, loss, data, optim.Optimizer(net.parameters(), optim.SGD()), patience=2)


def idx(name: str) -> np.ndarray:
    """An idx file: 00 00 type axes, the lengths as big-endian integers, then bytes."""
    content = gzip.decompress((Path(os.environ["PARIBUS_DATA"]) / "fashion_mnist" / name).read_bytes())
    shape = np.frombuffer(content, ">i4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.skipif("PARIBUS_DATA" not in os.environ, reason="PARIBUS_DATA is not set")
def test_fashion_mnist_curve_equals_the_torch_twins_over_an_epoch() -> None:
    x, y = idx("train-images-idx3-ubyte.gz") / 255, idx("train-labels-idx1-ubyte.gz").astype(np.int64)
    net = mlp((784, 256, 128, 10))
    twin = torch_twin(net)
    history = fit(net, nn.cross_entropy, (x, y), optim.Optimizer(net.parameters(), optim.Momentum(0.01)))
    assert len(history.steps) == 469
    difference = np.abs(np.subtract(history.steps, torch_curve(twin, (x, y), 128, 0.01))).max()
    print(f"largest difference of the loss over 469 steps: {difference:.2e}")
    assert difference < 1e-8
