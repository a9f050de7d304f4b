import sys
import warnings
from pathlib import Path

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from paribus.cache import paths


def test_the_environment_names_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path))
    assert paths.cache() == tmp_path


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        (Unix, {"XDG_CACHE_HOME": "/xdg"}, Path("/xdg/paribus")),
        (Unix, {}, Path("~/.cache/paribus").expanduser()),
        (MacOS, {}, Path("~/Library/Caches/paribus").expanduser()),
    ],
)
def test_the_platforms_cache_folder_is_used(monkeypatch, platform, variables, expected):
    for name in ("PARIBUS_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(paths, "user_cache_path", lambda *who, **how: platform(*who, **how).user_cache_path)
    assert paths.cache() == expected


def test_R4_an_unwritable_cache_falls_back_and_says_so_once(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(paths, "fallback", lambda: tmp_path / "fallback")
    with pytest.warns(UserWarning, match="cannot be written"):
        assert paths.writable_cache() == tmp_path / "fallback"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert paths.writable_cache() == tmp_path / "fallback"
    assert paths.caches() == (tmp_path / "file" / "cache", tmp_path / "fallback")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_fallback_that_somebody_else_planted_is_not_used(monkeypatch, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "fallback").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(paths, "fallback", lambda: tmp_path / "fallback")
    assert tmp_path / "fallback" not in paths.caches()


def test_folders_are_found_here_first_then_in_own_data(own_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (own_data / "birds").mkdir()
    assert paths.find_folder("birds") == own_data / "birds"
    (tmp_path / "birds").mkdir()
    assert paths.find_folder("birds") == Path("birds")
    assert paths.find_folder("nowhere") == Path("nowhere")
