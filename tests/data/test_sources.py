"""What every built-in source promises."""

import inspect
import json
import subprocess
import sys

import pytest

from paribus.data import PARTS
from paribus.records.knobs import describe, knobs
from paribus.records.parts import Part, build, find


@pytest.fixture(params=PARTS)
def name(request):
    return request.param


def test_every_knob_is_explained(name):
    source = find("data", name)
    assert describe(source)[0].endswith(".") or ":" in describe(source)[0]
    for knob in knobs("data", source):
        assert knob.text.endswith("."), knob.name
        assert knob.annotation is not inspect.Parameter.empty


def test_the_constructor_only_stores(name, classes):
    given = {"path": str(classes({"a": 1, "b": 1}))} if name == "folder" else {}
    source = build("data", Part(name, **given))
    assert set(vars(source)) == {knob.name for knob in knobs("data", type(source))}


def test_the_key_is_plain_and_needs_no_download(name, classes, monkeypatch):
    monkeypatch.delenv("PARIBUS_DATA", raising=False)
    given = {"path": str(classes({"a": 1, "b": 1}))} if name == "folder" else {}
    key = build("data", Part(name, **given)).key()
    assert json.loads(json.dumps(key)) == key


def test_other_pictures_can_be_treated_alike(name, classes, picture, tmp_path):
    from paribus.data.images import decode

    source = find("data", name)
    decoding = source("x").decoding if name == "folder" else source().decoding
    side = decoding["size"]
    channels = {"rgb": 3, "grey": 1}[decoding["colour"]]
    assert decode(picture(tmp_path / "one.png"), **decoding).shape == (channels, side, side)


def test_R33_the_table_needs_no_torch():
    script = "import sys, paribus.data; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
