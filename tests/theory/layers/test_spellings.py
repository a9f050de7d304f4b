"""Spellings of PyTorch, Keras and plain text: each is the module that stands beside it, by torch's own count."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
import torch
from tests.theory.layers.spelt import SPELT
from torch import nn

from paribus.errors import ParibusError
from paribus.theory.layers import table

TEXTS = [text for texts, *_ in SPELT for text in texts]


@pytest.mark.parametrize(("texts", "shape", "make"), SPELT, ids=[texts[0][:40] for texts, *_ in SPELT])
def test_every_spelling_is_the_module_that_is_meant(texts, shape, make):
    net = make()
    kind = torch.long if isinstance(net, nn.Embedding) else torch.float32
    with torch.no_grad():
        out = tuple(net(torch.zeros(2, *shape, dtype=kind)).shape[1:])
    parameters = sum(p.numel() for p in net.parameters())
    read = {text: table(text, shape) for text in texts}
    figures = {text: (found.parameters, found.output) for text, found in read.items()}
    assert figures == dict.fromkeys(texts, (parameters, out))


def test_there_are_enough_of_them():
    assert len(set(TEXTS)) >= 250


def test_mutated_spellings_are_read_or_refused():
    """Letters lost, doubled, exchanged; pieces cut and joined: one clear message or a table, never a traceback."""
    draw = random.Random(0)
    for _ in range(3000):
        text = draw.choice(TEXTS)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(text) + 1)
            change = draw.choice(("lose", "double", "put", "cut", "join"))
            if change == "lose":
                text = text[:at] + text[at + 1 :]
            elif change == "double":
                text = text[:at] + text[at - 1 : at] + text[at:]
            elif change == "put":
                text = text[:at] + draw.choice("()[]|&,;=\"'x3 -\n0.²é/%#") + text[at:]
            else:
                text = text[:at] if change == "cut" else text + ", " + draw.choice(TEXTS)[:at]
        with suppress(ParibusError):
            table(text, draw.choice([(3, 32, 32), (16,), (20, 8)]))
