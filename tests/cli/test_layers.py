"""``paribus layers``: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from paribus.cli import alone
from paribus.records.plugins import PREFIX

NET = "conv 8 k3 p1, bn, relu, pool 2, gap, flatten, linear 10"


def test_a_table(paribus):
    said = paribus("layers", NET, "--input", "3,32,32", "--explain")
    assert said.code == 0
    assert "8×16×16" in said.out
    assert "⌊(32 + 2·1 − 1·(3 − 1) − 1)/1⌋ + 1 = 32" in said.out
    assert "330" in said.out  # 216 + 8 + 16 + 90 parameters


def test_json(paribus):
    found = json.loads(paribus("layers", NET, "--input", "3x32x32", "--measure", "--json").out)
    assert found["parameters"] == 330
    assert found["layers"][0]["multiplications"] == 32 * 32 * 27 * 8
    assert found["layers"][0]["receptive_field"] == [3, 3]
    assert found["measured"]["different"] == 0
    assert all(check["equal"] for check in found["measured"]["checks"])


def test_a_recipe(paribus):
    said = paribus("layers", "digits/cnn", "model.norm=batch", "--measure")
    assert said.code == 0
    assert "conv 16 k3 p1 nobias" in said.out
    assert "all equal" in said.out
    assert "6,138" in said.out


def test_a_registered_model(paribus):
    words = ("--model", "cnn", "--input", "3,224,224", "model.norm=batch", "widths=[8]", "--json")
    found = json.loads(paribus("layers", *words).out)
    assert found["output"] == [1000]
    assert found["parameters"] == 8 * 27 + 16 + (8 * 112 * 112 + 1) * 1000
    assert found["multiplications"] == 224 * 224 * 27 * 8 + 8 * 112 * 112 * 1000
    said = paribus("layers", "--model", "lstm", "--input", "48", "--tokens", "50", "--classes", "7", "--measure")
    assert "all equal" in said.out
    assert "last" in said.out


def test_a_page(paribus):
    said = paribus("layers", NET, "--input", "3,32,32", "--measure", "--html", "net.html")
    assert said.code == 0
    page = Path("net.html").read_text()
    parser = HTMLParser()
    parser.feed(page)
    assert "default-src 'none'" in page  # it needs nothing else
    assert not re.search(r"(?:src|href)=[\"']?http", page)
    assert "parameters: 3·3·3·8 = 216" in page or "parameters: 3·3·3·8 + 8 = 224" in page
    assert "all equal" in page
    assert "<svg" in page


def test_two_nets(paribus):
    words = ("layers", "conv 32 k5 p2", "--input", "16,100", "--against", "rnn 32", "--against-input", "100,16")
    said = paribus(*words)
    assert said.code == 0
    assert said.out.splitlines()[-1].split() == ["sequential", "depth", "1", "100", "100"]
    both = json.loads(paribus(*words, "--json").out)
    assert (both["first"]["depth"], both["second"]["depth"]) == (1, 100)


def test_a_fully_connected_layer_as_convolution(paribus):
    said = paribus("layers", "conv 8 k3, relu, flatten, linear 10", "--input", "1,8,8", "--as-conv")
    assert said.code == 0
    assert "conv 10 k6" in said.out
    assert "both give the same" in said.out
    found = json.loads(paribus("layers", "flatten, linear 3", "--input", "1,4,4", "--as-conv", "--json").out)
    assert found["equal"]


def test_keras(paribus):
    said = paribus("layers", "lstm 50 x3, flatten, linear 1", "--input", "6,1", "--convention", "keras")
    assert "51,101" in said.out


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ((NET,), ("needs the shape of its input", "add --input 3,224,224")),
        ((NET, "--input", "3,a"), ("whole numbers with commas", "received: 3,a")),
        ((NET, "--input", "3,1,1"), ("layer 4 (pool 2, column 25) cannot exist", "does not fit")),
        (("conv", "8", "k3", "--input", "3,9,9"), ("this is a net in text", "put the net between quotes")),
        (("digits/cn", "--measure"), ("no recipe of this name", "did you mean 'digits/cnn'?")),
        (("digits/cnn", "--as-conv"), ("rewrites a net in text",)),
        (("digits/cnn", "model.nrm=batch"), ("there is no model.nrm", "did you mean 'norm'?")),
        ((), ("it has to be said which net",)),
        (("--model", "cnn"), ("a model needs the shape of its input",)),
        (("--model", "cn", "--input", "3,8,8"), ("no model of this name",)),
        (("--model", "cnn", "--input", "3,3,3"), ("would shrink 1×1 to nothing", "3×3 pictures")),
        (("--model", "cnn", "--input", "3,8,8", "model.nrm=batch"), ("there is no model.nrm", "did you mean 'norm'?")),
        (("digits/cnn", "--classes", "4"), ("--classes is for --model",)),
        (("conv 8 k5 d8", "--input", "3,11,11"), ("spans 33×33", "= −21")),
    ],
)
def test_mistakes(paribus, words, parts):
    said = paribus("layers", *words)
    assert said.code == 2
    assert [part for part in parts if part not in said.err] == []


OWN = """
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.picture, self.row, self.out = nn.Conv2d(3, width, 3), nn.Linear(10, width), nn.LazyLinear(5)

    def forward(self, picture, row):
        return self.out(torch.cat([self.picture(picture).mean((2, 3)), self.row(row)], 1))

small = nn.Sequential(nn.Linear(4, 2))
number = 3
"""


def test_a_module_of_a_file(paribus, tmp_path, monkeypatch):
    file = tmp_path / "own_nets.py"
    file.write_text(OWN)
    said = paribus("layers", "Two", "width=16", "--plugin", str(file), "--input", "3,32,32+10", "--json")
    assert json.loads(said.out)["parameters"] == 27 * 16 + 16 + 10 * 16 + 16 + 32 * 5 + 5
    monkeypatch.setenv(alone.ALONE, "1")  # a process of its own is slow to start
    assert "linear 2" in paribus("layers", "small", "--plugin", str(file), "--input", "4", "--measure").out
    for words, part in (
        (("Two",), "needs the shape of its input"),
        (("number", "--input", "4"), "number cannot be made"),
        (("Two", "depth=3", "--input", "3,9,9+10"), "unexpected keyword argument 'depth'"),
    ):
        assert part in paribus("layers", *words, "--plugin", str(file)).err


def test_a_file_can_neither_hang_nor_end_the_command(paribus, tmp_path, monkeypatch):
    file = tmp_path / "hangs.py"
    for code, part in (("import os; os._exit(7)", "exit code 7"), ("import os; os.abort()", "SIGABRT")):
        file.write_text(code)
        said = paribus("layers", "Net", "--plugin", str(file), "--input", "4")
        assert said.code == 2
        assert part in said.err
    monkeypatch.setattr(alone, "SECONDS", 0.5)
    file.write_text("while True: pass")
    said = paribus("layers", "Net", "--plugin", str(file), "--input", "4")
    assert "has not come to an end after 0.5 seconds" in said.err
    assert f"{PREFIX}hangs" not in sys.modules  # the file was never imported here


def test_the_page_draws_the_net(paribus, tmp_path):
    file = tmp_path / "net.html"
    assert paribus("layers", "[conv 8 k3 p1 | id], relu", "--input", "8,9,9", "--html", str(file)).code == 0
    page = file.read_text()
    assert "What goes where, with the shapes of one example: 3 layers" in page
    assert "8×9×9" in page


def test_spellings_of_others(paribus):
    said = paribus(
        "layers", "nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5408, 10)", "--input", "1,28,28", "--measure"
    )
    assert "54,170" in said.out
    assert "all equal" in said.out


def test_a_text_with_a_slash_is_no_recipe_and_may_name_its_input(paribus):
    assert "16×15×15" in paribus("layers", "conv 16 3x3/2", "--input", "3,32,32").out
    named = paribus("layers", "Input(shape=(28, 28, 1)), Flatten(), Dense(10)", "--measure")
    assert "input 1×28×28" in named.out
    assert "all equal" in named.out
    assert "--input" in paribus("layers", "relu").err
