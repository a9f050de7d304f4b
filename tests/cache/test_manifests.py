"""Lists of what data consist of."""

import pytest

from paribus.cache import manifests


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path))


def test_a_list_is_found_by_its_digest(tmp_path):
    made = {"b": ("2", "cat"), "a": ("1", "dog")}
    digest = manifests.keep(made)
    assert manifests.find(digest) == made
    assert digest == manifests.digest_of(dict(reversed(made.items())))
    assert manifests.digest_of({**made, "a": ("1", "cat")}) != digest


def test_R3_a_damaged_list_is_none(tmp_path):
    digest = manifests.keep({"a": ("1",)})
    (tmp_path / "manifests" / f"{digest}.json").write_text('{"a": ["2"]}')
    assert manifests.find(digest) is None
    assert manifests.find("") is None
