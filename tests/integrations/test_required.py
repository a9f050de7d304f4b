"""A library that is not there is asked for in one message."""

from __future__ import annotations

import importlib
import sys

import pytest

from paribus.errors import ParibusError


@pytest.mark.parametrize("name", ["lightning", "keras", "transformers", "fastai"])
def test_a_library_that_is_not_installed_is_named_with_how_to_get_it(monkeypatch, name):
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"paribus.integrations.{name}", raising=False)
    with pytest.raises(ParibusError, match=f"{name} is not installed") as caught:
        importlib.import_module(f"paribus.integrations.{name}")
    assert caught.value.hint == f"pip install {name}"
