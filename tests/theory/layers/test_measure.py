"""Predict, then measure: what the formulas say of a net, its running twin does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from tests.theory.layers.nets import MOBILENET_V2, RESNET18, SMALL
from tests.theory.layers.test_sizes import random_layer
from torch import nn

from paribus.errors import TheoryError
from paribus.theory.layers import measure, table
from paribus.theory.layers import measure as measuring
from paribus.theory.layers.build import Built
from paribus.theory.layers.fields import middle_sees
from paribus.theory.layers.gradient import measured_fields
from paribus.theory.layers.graph import INPUT, Graph
from paribus.theory.layers.module import trace
from paribus.theory.layers.table import tabulate


@pytest.mark.parametrize("net", SMALL)
def test_every_prediction_of_every_kind_of_layer(net):
    found = measure(net, SMALL[net])
    assert found.different == ()
    assert {check.quantity for check in found.checks} >= {"output", "parameters", "multiplications", "memory"}
    assert len(found.checks) >= 4 * len(found.table.rows)
    assert "all equal" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize("net", [RESNET18, MOBILENET_V2], ids=["resnet18", "mobilenet_v2"])
def test_every_prediction_of_published_nets(net):
    found = measure(net, (3, 224, 224))
    assert found.different == ()
    notes = [check.note for check in found.checks if check.quantity == "receptive field"]
    assert f"the input is too small to show all {found.table.field[0]} values" in notes


def random_graph(seed: int) -> Graph:
    """Windows and what changes sizes, without refusals, so that fields are followed through odd combinations."""
    draw = random.Random(seed)
    graph, last = Graph((2, draw.randint(8, 40), draw.randint(8, 40))), INPUT
    while len(graph.nodes) < 4:
        layer = random_layer(draw, graph.shape(last))
        if layer.kind in ("flatten", "gn"):
            continue
        try:
            last = graph.add(layer, [last])
        except TheoryError:
            continue
        if max(graph.shape(last)) > 120:
            return random_graph(seed + 10_000)
    return graph


@pytest.mark.parametrize("seed", range(60))
def test_H8_receptive_fields_of_random_nets_have_a_gradient_and_nothing_else(seed):
    found = tabulate(random_graph(seed), "random")
    measured = measured_fields(Built(found.graph), found)
    assert measured
    for number, extents in measured.items():
        assert middle_sees(found.rows[number - 1].fields) == extents


def test_multiplications_of_random_nets():
    for seed in range(40):
        found = tabulate(random_graph(seed), "random")
        counted = sum(seen.multiplications for seen in trace(Built(found.graph), [found.input]).seen)
        assert counted == found.multiplications


def test_a_wrong_prediction_is_shown(monkeypatch):
    right = measuring.__globals__["table"]

    def wrong(*words, **settings):
        found = right(*words, **settings)
        broken = replace(found.rows[0], parameters=found.rows[0].parameters + 1)
        return replace(found, rows=(broken, *found.rows[1:]))

    monkeypatch.setitem(measuring.__globals__, "table", wrong)
    found = measure("conv 4 k3, relu", (1, 9, 9))
    assert [(c.layer, c.quantity, c.predicted, c.measured) for c in found.different] == [
        ("conv 4 k3", "parameters", 41, 40),
        ("all layers", "parameters", 41, 40),
    ]
    assert "2 differ" in str(found)
    assert "NO" in str(found)
    assert found.plain()["different"] == 2


def test_held_memory_is_what_torch_saves():
    """A linear layer keeps its input, tanh its output: (4 + 5) values of 4 bytes, the net's input aside: 5."""
    found = measure("linear 5, tanh, linear 2", (4,))
    assert found.held == 5 * 4


def test_the_measured_net_is_left_as_it_was():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)).eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    measure(net, (3, 8, 8))
    assert not net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())


def test_building_follows_the_text():
    built = Built(table("conv 4 k3, relu, gap, flatten, linear 2", (3, 9, 9)).graph)
    assert built(torch.zeros(5, 3, 9, 9)).shape == (5, 2)
