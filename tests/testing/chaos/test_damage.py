"""Every kind of damage changes what is there, and the same numbers do the same damage."""

from __future__ import annotations

import random

import pytest

from paribus.testing.chaos.damage import DAMAGES, files_below

CONTENT = b'{"epoch": 1}\n{"epoch": 2}\n{"epoch": 3}\n'


def state(root):
    def of(path):
        return str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None

    return {str(path.relative_to(root)): of(path) for path in root.rglob("*")}


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("inner", ["seed-0", "checkpoints"])
def test_each_kind_of_damage_is_one(tmp_path, kind, inner):
    made = []
    for place in ("a", "b"):
        path = tmp_path / place / "runs" / inner / "metrics.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)
        before = state(tmp_path / place)
        assert files_below(tmp_path / place) == [path]
        DAMAGES[kind](path, random.Random(5))
        made.append(state(tmp_path / place))
        assert made[-1] != before
    assert {name: str(content).replace("/b/", "/a/") for name, content in made[1].items()} == {
        name: str(content) for name, content in made[0].items()
    }


@pytest.mark.parametrize("kind", DAMAGES)
def test_empty_files_can_be_damaged(tmp_path, kind):
    path = tmp_path / "runs" / "lock"
    path.parent.mkdir()
    path.touch()
    DAMAGES[kind](path, random.Random(1))
