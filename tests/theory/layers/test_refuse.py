"""Each mistake is one message: the layer's number, its column, the reason, the way out."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory.layers import table
from paribus.theory.layers.kinds import ALIASES, KINDS, WRITTEN
from paribus.theory.layers.layer import Layer
from paribus.theory.layers.notation import parse

PICTURE = (3, 32, 32)
MISTAKES = {  # text → what the message says
    "": ("at least one layer", "for example"),
    ", ".join(["relu"] * 2001): ("at most 2,000 layers", "2,001 layers"),
    "[relu x1000] x1000000": ("at most 2,000 layers", "1,000,000,000 layers"),
    "[" * 60: ("brackets stand in each other at most 50 deep (column 51)",),
    "conv": ("conv needs its number of outputs", "for example: conv 64 k7 s2 p3"),
    "conv 8": ("conv needs its kernel (k3) (column 1)",),
    "conv 8 k3 s": ("stride (s3) is a number, as in s3 (column 11)",),
    "conv 8 k3 s0": ("the stride must be at least 1 (column 11)",),
    "conv 8 k3 k5": ("kernel is given twice (column 11)",),
    "conv 8 k3 q5": ("conv has no such option (column 11)", "say it by k kernel, s stride"),
    "conv 8 9 k3": ("kernel is given twice (column 10)",),
    "conv 8 3 9": ("conv has no such option (column 10)",),
    "conv(8, 3, 9)": ("three numbers may be channels in, channels out, kernel", "conv(64, kernel=3)"),
    "nn.Conv2d(4, 8, 3)": ("it takes 4 channels, and 3 come (3×32×32)",),
    "Conv2D(8, 3, activation='rellu')": ("an activation has a name that is known",),
    "nn.Conv2d(3, 8, 3, borders='reflect')": ("conv has no argument of this name",),
    "nn.Conv2d(3, 8, 3": ("this parenthesis is never closed (column 10)",),
    "nn.Sequential(relu": ("this parenthesis is never closed (column 1)",),
    "Conv2D(8, 3, strids=2)": ("conv has no argument of this name (column 14)",),
    "nn.PixelUnshuffle(2)": ("there is no layer of this kind",),
    "nn.MaxPool2d(2, 2, 0, 1, False, False, 3)": ("takes at most 6 arguments without a name",),
    "conv 8.5 k3": ("the number of outputs must be one whole number",),
    "conv 0c k3": ("the number of outputs must be one whole number of at least 1 (column 6)",),
    "conv 8 k3, rellu": ("there is no layer of this kind (column 12)", "write relu"),
    "conv 8 k3 pool 2": ("layers stand apart by commas (column 11)",),
    "conv 8 k3 p99999999": ("more than 10,000,000 values along an axis",),
    "conv 8 k3 x0": ("a repetition happens at least once",),
    "conv 8 k3 x2 relu": ("layers stand apart by commas (column 14)",),
    "relu?": ("there is no layer of this kind",),
    "dropout 1": ("a share from 0 up to, not including, 1", "dropout 0.5"),
    "dropout 1.5.1": ("is a number",),
    "[conv 8 k3 | id": ("this bracket is never closed (column 1)",),
    "conv 8 k3]": ("a bracket closes that was never opened (column 10)",),
    "[conv 8 k3 | conv 8 k3 & id]": ("either adds (|) or joins (&) its branches (column 24)",),
    "[]": ("a block needs layers between its brackets",),
    "[skip | id?]": ("skip and id? go beside a branch",),
    "conv 8 k3 g2": ("3 incoming channels cannot be dealt to 2 groups", "numbers of groups that fit: 1"),
    "conv 6 k3, conv 8 k3 g3": ("layer 2 (conv 8 k3 g3, column 12)", "8 filters cannot be dealt to 3 groups"),
    "conv 8 k3x3x3": ("its kernel 3×3×3 names 3 axes, and its input has 2",),
    "conv 8 k40": ("layer 1", "window of 40×40 does not fit into an input of 32×32", "= −7"),
    "conv 8 k40 p2": ("padded to 36×36",),
    "pool 3 p2": ("padding of 2×2 is more than half of its window of 3×3",),
    "pool 2 x5, pool 2": ("layer 6 (pool 2, column 12)", "does not fit into an input of 1×1"),
    "deconv 8 k2 s2 o2": ("output padding of 2×2 must be smaller than the stride or the dilation",),
    "gap, deconv 8 k2 p1": ("layer 2", "its padding cuts away everything", "= 0"),
    "gn 2": ("3 channels cannot be dealt to 2 groups",),
    "nn.Linear(48, 10)": ("takes a row of values or steps of features", "3×32×32", "put flatten"),
    "lstm 8": ("it takes steps and features (T, F)", "3×32×32"),
    "flatten, pool 2": ("layer 2", "channels and one, two or three axes", "3072"),
    "embedding 10 4": ("a row of word numbers (T)",),
    "[conv 16 k3 p1 | conv 16 k3]": (
        "layer 3 (add, column 1)",
        "layer 1 (conv 16 k3 p1) gives 16×32×32, layer 2 (conv 16 k3) gives 16×30×30",
    ),
    "[conv 16 k3 p1 | id]": ("the input gives 3×32×32",),
    "[conv 8 k3 p1 & conv 8 k3]": ("cannot stand side by side", "every axis but channels"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text):
    with pytest.raises(TheoryError) as refused:
        table(text, PICTURE)
    message = str(refused.value)
    assert [part for part in MISTAKES[text] if part not in message] == []
    assert len(message.splitlines()) <= 4


@pytest.mark.parametrize(
    ("text", "shape"),
    [("conv 8 k3, relu, lstm 4", (3, 40)), ("conv 8 k3, linear 2", (3, 40)), ("lstm 4, conv 8 k3", (40, 3))],
)
def test_steps_and_channels_are_not_confused(text, shape):
    with pytest.raises(TheoryError, match="put transpose before it"):
        table(text, shape)
    table(
        text.replace(", lstm", ", transpose, lstm")
        .replace(", linear", ", transpose, linear")
        .replace(", conv", ", transpose, conv"),
        shape,
    )


def test_heads_must_share_the_features():
    with pytest.raises(TheoryError, match="its 3 heads cannot share 8 features evenly"):
        table("attention h3", (5, 8))


def test_the_place_is_found_in_long_texts_of_many_lines():
    text = "conv 8 k3 p1, bn, relu,\nconv 8 k3 p1, bn, relu, conv 8 k3 p1, bn, relu, pool 99, conv 8 k3 p1, bn, relu"
    with pytest.raises(TheoryError) as refused:
        table(text, PICTURE)
    rule, words, carets, _ = str(refused.value).splitlines()
    assert "line 2, column 49" in rule
    assert words[carets.index("^") : carets.rindex("^") + 1] == "pool 99"


@pytest.mark.parametrize("shape", [(0, 3), (3, -1, 4), (1, 2, 3, 4, 5), (2.5, 3)])
def test_inputs(shape):
    with pytest.raises(TheoryError, match="an input has one to four axes"):
        table("relu", shape)


def test_convention():
    with pytest.raises(TheoryError, match="the convention is torch or keras"):
        table("lstm 3", (4, 2), convention="jax")


@pytest.mark.parametrize("kind", sorted(set(WRITTEN) - set(ALIASES)))
def test_every_kind_is_read_as_its_own_example(kind):
    example = KINDS[kind].example
    (step,) = parse(example)
    assert step.layer.kind == kind
    assert str(step.layer) == example


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_mean_kinds(alias):
    kind = ALIASES[alias]
    (step,) = parse(KINDS[kind].example.replace(kind, alias, 1))
    assert step.layer.kind == kind


def test_a_layer_reads_back_as_it_prints():
    text = "conv 64 k7x5 s2 p3x2 d2 g4 nobias"
    (step,) = parse(text)
    assert str(step.layer) == text
    assert str(Layer("pool", {"kernel": (2,), "stride": (2,)})) == "pool 2"
