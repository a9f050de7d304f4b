"""Ten thousand random nets: every size is torch's, and what is refused, torch refuses too."""

from __future__ import annotations

import random

import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.layers.build import build
from paribus.theory.layers.graph import INPUT, Graph, settle
from paribus.theory.layers.layer import Layer
from paribus.theory.layers.table import tabulate

NETS, LAYERS = 10_000, 4
CELLS = ("rnn", "lstm", "gru")


def random_layer(draw: random.Random, shape: tuple[int, ...]) -> Layer:
    """A layer for this shape that may well be impossible."""
    if len(shape) == 1:
        return Layer("linear", {"out": draw.randint(1, 9), "bias": draw.random() < 0.5})
    kinds = ["conv", "conv", "deconv", "pool", "avgpool", "dw", "up", "gn", "flatten", "adaptive", "gap"]
    kinds += [*CELLS, "attention", "ln"] if len(shape) == 2 else []
    return OPTIONS.get(kind := draw.choice(kinds), lambda draw, shape: Layer(kind))(draw, shape)


def window(draw: random.Random, shape: tuple[int, ...]) -> dict:
    def sizes(low: int, *highs: int) -> tuple[int, ...]:
        return tuple(draw.randint(low, draw.choice(highs)) for _ in shape[1:])

    return {"kernel": sizes(1, 3, 6), "stride": sizes(1, 1, 3), "padding": sizes(0, 0, 3), "dilation": sizes(1, 1, 4)}


def conv(draw: random.Random, shape: tuple[int, ...]) -> Layer:
    options = {**window(draw, shape), "out": draw.choice([1, 2, 4, 6]), "groups": draw.choice([1, 1, 1, 2, 3])}
    if draw.random() < 0.2:
        options["padding"] = "same"
    return Layer("conv", {**options, "bias": draw.random() < 0.5})


def deconv(draw: random.Random, shape: tuple[int, ...]) -> Layer:
    extra = tuple(draw.choice([0, 0, 0, 1, 2]) for _ in shape[1:])
    groups = draw.choice([1, 1, 2])
    return Layer("deconv", {**window(draw, shape), "out": draw.choice([2, 4]), "groups": groups, "extra": extra})


def depthwise(draw: random.Random, shape: tuple[int, ...]) -> Layer:
    return Layer("dw", {**window(draw, shape), "multiplier": draw.choice([1, 1, 2])})


def pool(draw: random.Random, shape: tuple[int, ...]) -> Layer:
    return Layer("pool", {**window(draw, shape), "ceil": draw.random() < 0.5})


def avgpool(draw: random.Random, shape: tuple[int, ...]) -> Layer:
    options = {**window(draw, shape), "dilation": (1,), "ceil": draw.random() < 0.5}
    if len(shape) == 4:
        options |= {"padding": (0, 0, 0), "ceil": False}  # torch's AvgPool3d refuses windows that fit only with these
    return Layer("avgpool", options)


def cell(kind: str):
    def make(draw: random.Random, shape: tuple[int, ...]) -> Layer:
        biases = draw.choice([0, 1, 2])
        return Layer(kind, {"out": 3, "layers": draw.randint(1, 2), "bi": draw.random() < 0.5, "biases": biases})

    return make


OPTIONS = {
    "conv": conv,
    "deconv": deconv,
    "dw": depthwise,
    "pool": pool,
    "avgpool": avgpool,
    "gn": lambda draw, shape: Layer("gn", {"groups": draw.randint(1, 3)}),
    "up": lambda draw, shape: Layer("up", {"factor": (draw.randint(1, 3),)}),
    "adaptive": lambda draw, shape: Layer("adaptive", {"size": (draw.randint(1, 4),)}),
    "attention": lambda draw, shape: Layer("attention", {"heads": draw.randint(1, 3)}),
    **{kind: cell(kind) for kind in CELLS},
}


def random_input(draw: random.Random) -> tuple[int, ...]:
    axes = draw.choice([1, 1, 2, 2, 2, 3])
    return (draw.choice([1, 2, 4, 6]), *(draw.randint(1, 24 if axes < 3 else 12) for _ in range(axes)))


def by_torch(layer: Layer, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    """Output shape and parameters as torch has them; None where it refuses.

    With values: without them (on its device "meta") torch lets more pass, and takes four times as long.
    """
    try:
        module, x = build(settle(layer, shape), shape).train(), torch.zeros(2, *shape)
        out = module(x, x, x) if layer.kind == "attention" else module(x)
    except (RuntimeError, ValueError, AssertionError):
        return None
    out = out[0] if isinstance(out, tuple) else out
    return tuple(out.shape[1:]), sum(p.numel() for p in module.parameters())


def check_net(seed: int) -> tuple[int, int]:
    """Layers that exist, and layers that were refused, of one net."""
    draw = random.Random(seed)
    graph, expected, last = Graph(random_input(draw)), [], INPUT
    for _ in range(LAYERS):
        shape = graph.shape(last)
        layer = random_layer(draw, shape)
        truth = by_torch(layer, shape)
        try:
            last = graph.add(layer, [last])
        except TheoryError as error:
            refusal = error
        else:
            refusal = None
        if refusal is not None:
            empty = truth and 0 in truth[0]  # torch goes on with nothing, which is refused here
            assert not truth or empty, f"{layer} on {shape}: torch gives {truth}, and {refusal}"
            return len(expected), 1
        assert truth is not None, f"{layer} on {shape} gives {graph.shape(last)}, and torch refuses"
        assert graph.shape(last) == truth[0], f"{layer} on {shape}"
        expected.append(truth)
    found = [(row.output, row.parameters.value) for row in tabulate(graph, "random").rows]
    assert found == expected
    return len(expected), 0


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_H6_sizes_and_parameters_of_random_nets(part):
    with torch.no_grad():
        counts = [check_net(seed) for seed in range(part * NETS // 10, (part + 1) * NETS // 10)]
    layers, refused = map(sum, zip(*counts, strict=True))
    assert layers > NETS // 10  # most are possible
    assert refused > NETS // 100  # and many are not
