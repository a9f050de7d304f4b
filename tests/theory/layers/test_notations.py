"""Loops and classes of code, sentences, drawings, other frameworks: read as one net, or refused."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from tests.theory.meant import rows_of
from tests.theory.test_held_out import LISTS

from paribus.errors import ParibusError, TheoryError
from paribus.theory.layers import table

CONV = "class Net(nn.Module):\n    def __init__(self, n=8):\n        super().__init__()\n"
CONV += "        self.c = nn.Conv2d(3, n, 3)\n"
RUN = "    def forward(self, x):\n        "


def layers(text, shape=(3, 16, 16)):
    return [row.name for row in table(text, shape).rows]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("net = nn.Sequential(*[nn.Conv2d(3 if i == 0 else 4, 4, 3) for i in range(2)])", ["conv 4 k3", "conv 4 k3"]),
        (f"{CONV}{RUN}return F.relu(self.c(x))\n\nnet = Net(n=2 * 3)", ["conv 6 k3", "relu"]),
        ("eqx.nn.Sequential([eqx.nn.MaxPool2d(2), eqx.nn.Lambda(jax.nn.relu)])", ["pool 2 s1", "relu"]),
        ("x = nn.Conv(4, (3, 3))(x)\nx = nn.relu(x)", ["conv 4 k3 same", "relu"]),
        ("x = hk.Conv2D(4, 3, padding='VALID')(x)\nx = jax.nn.relu(x)", ["conv 4 k3", "relu"]),
        ("layers = [\n convolution2dLayer(3,4,'Padding','same')\n reluLayer\n maxPooling2dLayer(2)];",
         ["conv 4 k3 same", "relu", "pool 2 s1"]),
        ("graph TD\n A[Conv 3x3, 4, same] --> B[ReLU]\n A --> C((+))\n B --> C", ["conv 4 k3 same", "relu", "add"]),
        ('digraph { a [label="Conv 3x3, 4"]; b [label="ReLU"]; a -> b }', ["conv 4 k3", "relu"]),
        ("two convolutional layers with 4 and 6 filters of size 3x3, each followed by ReLU",
         ["conv 4 k3", "relu", "conv 6 k3", "relu"]),
        ("A 3x3 convolution with 4 filters and padding 1, then 2x2 max pooling.", ["conv 4 k3 p1", "pool 2"]),
        ("Faltung 3x3 mit 4 Filtern, ReLU", ["conv 4 k3", "relu"]),
    ],
)  # fmt: skip
def test_one_net_in_many_notations(text, read):
    assert layers(text) == read


@pytest.mark.parametrize(
    "text",
    [
        f"{CONV}{RUN}if x.sum() > 0:\n            x = self.c(x)\n        return x",  # which case?
        f"{CONV}{RUN}while True:\n            x = self.c(x)",
        f"{CONV}{RUN}return self.c(x) + nn.Parameter(torch.zeros(1))",  # weights that no layer holds
        f"{CONV}{RUN}return self.c(x).max(dim=1)[0]",
        f"{CONV}{RUN}return F.interpolate(self.c(x), size=(9, 9))",
        f"{CONV}{RUN}return F.conv2d(self.c(x), self.w)",
        f"{CONV}        self.n = 10**10**10\n{RUN}return self.c(x)",
        "def f(x):\n    return f(x)\n\nx = f(x)",
        "net = nn.Sequential(*[nn.ReLU() for i in range(10**9)])",
        "graph TD\n A[Conv 3x3, 4] --> B[ReLU]\n B --> A",
        "graph TD\n A[Conv 3x3, 4] --> B[transmogrifier]",
        "two convolutional layers with 4, 6 and 8 filters of size 3x3",  # two of three
        "a residual block with a 3x3 convolution with 3 filters",  # around what?
        "two 3x3 convolutions",
        "[& conv 8 k3]",
        "conv 8 k3 pool 2",  # the notation's own refusal stands
    ],
)
def test_what_is_left_open_is_refused_with_a_next_step(text):
    with pytest.raises(TheoryError) as refused:
        table(text, (3, 16, 16))
    assert refused.value.hint


def test_what_is_made_and_not_used_is_said():
    found = table(f"{CONV}        self.idle = nn.Conv2d(3, 8, 1)\n{RUN}return self.c(x)", (3, 16, 16))
    assert found.parameters == 224
    assert any("not used" in note for note in found.notes)


def test_a_sentence_says_how_it_was_read():
    found = table("one 3x3 convolution with 4 filters", (3, 9, 9))
    assert any(note.startswith("read as sentences: conv 4 k3") for note in found.notes)


def test_mutated_code_and_sentences_are_read_or_refused():
    """Letters lost, doubled, put in; ends cut: one clear message or a table, never a traceback."""
    draw = random.Random(1)
    lists = [path for path in LISTS if path.stem in ("layers-eighth", "layers-ninth")]
    texts = [row[-1].replace("\\n", "\n") for path in lists for row in rows_of(path)]
    for _ in range(500):
        text = draw.choice(texts)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(text) + 1)
            sign = draw.choice("()[]|&,;=\"'x3 -\n0.²é/%#:{}")
            text = draw.choice((text[:at] + text[at + 1 :], text[:at] + sign + text[at:], text[:at]))
        with suppress(ParibusError):
            table(text, draw.choice([(3, 32, 32), (16,), (20, 8)]))


@pytest.mark.parametrize(
    "lines",
    [
        "a = [0]\nfor i in range(60):\n    a = a + a",
        "a = [0]\nfor i in range(60):\n    a.extend(a)",
        "a = sum([[0] * 1000] * 1000, [])",
        "a = [nn.ReLU()]\nfor i in range(60):\n    a = [a, a]\nb = nn.Sequential(*a)",
        "a = []\na.append(a)\nb = nn.Sequential(*a)",
        "a = {}\na['x'] = a\nb = nn.Sequential(a)",
        "a = 'x'\nfor i in range(60):\n    a = f'{a}{a}'",
        "a = 'x'.replace('x', 'y' * 10000)",
        "a = [i for i in range(20000) for j in range(20000)]",
    ],
)
def test_code_that_grows_without_end_is_refused_before_it_has(lines):
    with pytest.raises(TheoryError, match=r"at most 20,000|none of the layers"):
        table(f"{lines}\nnet = nn.Sequential(nn.Linear(4, 4))", (4,))


@pytest.mark.parametrize("text", ["'{:>1000000000}'.format(1)", "'{0.__class__}'.format(1)", "'%1000000000d' % 1"])
def test_widths_and_parts_of_what_is_given_are_not_written_out(text):
    assert layers(f"name = {text}\nnet = nn.Sequential(nn.Linear(4, 6))", (4,)) == ["linear 6"]
