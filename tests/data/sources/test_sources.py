"""What every built-in source promises."""

import inspect
import json
import subprocess
import sys

import pytest
from pydantic_core import to_jsonable_python

from paribus.data import PARTS
from paribus.data.origin import Origin
from paribus.data.prepare import cache
from paribus.errors import DataError
from paribus.records.options import describe, options
from paribus.records.parts import Part, build, find


@pytest.fixture(params=PARTS)
def name(request):
    return request.param


def test_every_option_is_explained(name):
    source = find("data", name)
    assert describe(source)[0].endswith(".") or ":" in describe(source)[0]
    for option in options("data", source):
        assert option.text.endswith("."), option.name
        assert option.annotation is not inspect.Parameter.empty


def test_it_says_where_it_comes_from(name):
    assert isinstance(find("data", name).origin, Origin)


def needed(name, classes) -> dict:
    """Something for every option that must be given."""
    required = [
        option.name for option in options("data", find("data", name)) if option.default is inspect.Parameter.empty
    ]
    example = {"path": str(classes({"a": 1, "b": 1})), "targets": ["value"], "target": "value"}
    return {option: example[option] for option in required}


def test_the_constructor_only_stores(name, classes):
    source = build("data", Part(name, **needed(name, classes)))
    assert set(vars(source)) == {option.name for option in options("data", type(source))}


def test_the_key_is_plain_and_needs_no_download(name, classes, monkeypatch):
    monkeypatch.delenv("PARIBUS_DATA", raising=False)
    source = build("data", Part(name, **needed(name, classes)))
    assert json.loads(json.dumps(source.key())) == to_jsonable_python(source.key())
    try:
        originals = cache.originals_of(source)
    except DataError as error:  # where nothing is published, the message says what must lie where
        assert error.hint  # noqa: PT017
        return
    assert originals is not None or source.origin.way in ("built in", "generated")


def test_other_pictures_can_be_treated_alike(name, classes, picture, tmp_path):
    from paribus.data.sources.images.decoding import decode, pair

    decoding = getattr(build("data", Part(name, **needed(name, classes))), "decoding", {})
    if "fit" not in decoding:
        pytest.skip("no pictures that are brought to a size")
    channels = {"rgb": 3, "grey": 1}[decoding["colour"]]
    assert decode(picture(tmp_path / "one.png"), **decoding).shape == (channels, *pair(decoding["size"]))


def test_R33_the_table_needs_no_torch():
    script = "import sys, paribus.data; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
