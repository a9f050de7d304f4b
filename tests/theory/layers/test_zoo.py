"""Modules as people write them: a table says what torch's own counters find, or that it does not know."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import pytest
import torch
from tests.theory.layers.zoo import ZOO
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from paribus.errors import TheoryError
from paribus.theory.layers import measure, table


class Truth(NamedTuple):
    """Found without the reader of modules: by running the net, counting its parameters and torch's operations."""

    parameters: int
    multiplications: float
    outputs: list[tuple[int, ...]]


def batch(net: nn.Module, size: int, shape: tuple[int, ...]) -> torch.Tensor:
    first = next((m for m in net.modules() if list(m.parameters(recurse=False))), None)
    kind = torch.long if isinstance(first, nn.Embedding | nn.EmbeddingBag) else None
    return torch.zeros(size, *shape, dtype=kind or next((p.dtype for p in net.parameters()), torch.float32))


def outputs(net: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    out = net(x)
    return list(out.values() if isinstance(out, dict) else out if isinstance(out, tuple) else [out])


def truth(name: str) -> Truth:
    make, shape = ZOO[name]
    net = make()
    few, more = (outputs(net, batch(net, size, shape)) for size in (5, 7))
    shapes = []
    for one, other in zip(few, more, strict=True):
        grown = [axis for axis in range(one.dim()) if one.shape[axis] != other.shape[axis]]
        shapes.append(tuple(n for axis, n in enumerate(one.shape) if axis not in grown))
    try:  # without values torch takes cells and attention apart, and counts all of them
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            make().to("meta")(batch(net, 5, shape).to("meta"))
    except (RuntimeError, NotImplementedError):  # it asks for values
        with FlopCounterMode(display=False) as counter:
            make()(batch(net, 5, shape))
    return Truth(sum(p.numel() for p in net.parameters()), counter.get_total_flops() / 2 / 5, shapes)


@pytest.fixture(autouse=True)
def _quiet():
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", [name for name in ZOO if not name.startswith("lazy")])
def test_figures_are_measured_derived_or_not_said(name):
    make, shape = ZOO[name]
    found, true = measure(make(), shape), truth(name)
    assert found.table.parameters == true.parameters
    assert list(found.table.graph.outputs) == true.outputs
    assert found.different == ()
    if not found.table.unknown:
        assert found.table.multiplications == true.multiplications
    assert found.table.multiplications <= true.multiplications


@pytest.mark.parametrize("name", [name for name in ZOO if name.startswith("lazy")])
def test_a_lazy_net_is_run_first(name):
    make, shape = ZOO[name]
    with pytest.raises(TheoryError, match="run the net once"):
        table(make(), shape)
    net = make()
    net(torch.zeros(1, *shape))
    assert table(net, shape).parameters == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("name", ["branch by the sum", "loop by the norm", "exit by a number", "chosen by a mask"])
def test_what_depends_on_the_numbers_is_said(name):
    make, shape = ZOO[name]
    assert "other inputs may go another way" in str(table(make(), shape))


def test_nothing_seen_is_nothing_checked():
    assert "nothing was checked" in measure(nn.Identity(), (4,)).verdict


def test_the_sums_say_what_the_last_layer_says():
    for text in ("conv 8 k3 s2, pool 2, gap, flatten, linear 3", "conv 8 k3 s2, relu, flatten, linear 2", "conv 2 k3"):
        for shape in ((3, 33, 31), (3, 17, 40), (1, 15, 15)):
            *_, last, total = table(text, shape).cells
            assert (last[2], last[5]) == (total[2], total[5])
