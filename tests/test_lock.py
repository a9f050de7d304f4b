"""What is installed is pinned, and the pins agree with the ranges."""

from __future__ import annotations

import os
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OF_TORCH = re.compile(r"nvidia-|cuda-|triton|pytorch-triton")  # where there is a GPU; torch itself says which version

locked = pytest.mark.skipif("PARIBUS_LOCKED" not in os.environ, reason="this environment was not made from the lock")


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    entries = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in entries}


def wanted() -> list[Requirement]:
    """All that pyproject.toml asks for: to run, to develop, to build."""
    groups = PROJECT["dependency-groups"].values()
    developing = [entry for group in groups for entry in group if isinstance(entry, str)]
    building = PROJECT["build-system"]["requires"]
    return [Requirement(text) for text in (*PROJECT["project"]["dependencies"], *developing, *building)]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_the_lock_lies_in_the_ranges(requirement):
    pin = pins().get(canonicalize_name(requirement.name))
    assert pin is not None, f"constraints.txt does not pin {requirement.name}"
    assert pin in requirement.specifier, f"constraints.txt pins {requirement.name}=={pin}, pyproject: {requirement}"


def test_the_lock_is_plain_and_sorted():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)] == []
    assert lines == sorted(lines, key=str.lower)
    assert len(lines) == len(pins())


def needed() -> set[str]:
    """What is installed because pyproject.toml asks for it, directly or not, here."""
    found: set[str] = set()
    todo = [(requirement, "") for requirement in wanted() if requirement.name != "hatchling"]
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if (requirement.marker and not requirement.marker.evaluate({"extra": extra})) or OF_TORCH.match(name):
            continue
        extras = requirement.extras or {""}
        if name not in found or extras != {""}:
            found.add(name)
            lines = metadata.requires(name) or []
            todo += [(inner, extra) for line in lines for extra in extras if (inner := Requirement(line)).name != name]
    return found


@locked
def test_all_that_is_installed_is_locked():
    assert needed() - {*pins()} == set()


@locked
def test_what_is_installed_is_the_locked_version():
    installed = {name: Version(metadata.version(name)).public for name in needed()}
    assert {name: version for name, version in installed.items() if Version(version) != pins().get(name)} == {}
