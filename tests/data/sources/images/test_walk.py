import os
import sys

import pytest

from paribus.data.sources.images.walk import walk

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights there")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "a" / "deep").mkdir(parents=True)
    for name in ("a/1.png", "a/deep/2.png", "top.png", ".hidden", "a/Thumbs.db"):
        (folder / name).write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "3.png").write_bytes(b"x")
    return folder.resolve()


def test_regular_files_are_listed_and_hidden_ones_ignored(root):
    assert walk(root) == (["a/1.png", "a/deep/2.png", "top.png"], [])


def test_R13_a_folder_named_like_a_picture_and_an_empty_one(root):
    (root / "a" / "x.jpg").mkdir()
    (root / "b").mkdir()
    assert dict(walk(root)[1]) == {"a/x.jpg": "a folder named like a picture", "b/": "an empty folder"}


@posix
def test_R18_links_are_followed_only_to_files_within(root, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    links = {
        "a/device.png": "/dev/zero",
        "a/out.png": tmp_path / "secret.png",
        "a/outside": tmp_path,
        "a/loop": root,
        "a/self.png": root / "a" / "self.png",
        "a/dangling.png": root / "none.png",
        "a/fine.png": root / "top.png",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    files, skipped = walk(root)
    assert files == ["a/1.png", "a/deep/2.png", "a/fine.png", "top.png"]
    reasons = dict(skipped)
    assert sorted(reasons) == sorted(set(links) - {"a/fine.png"})
    for name in ("a/device.png", "a/out.png", "a/outside"):
        assert reasons[name] == "a link that leads out of the folder"
    assert reasons["a/loop"] == "a link to a folder"
    assert reasons["a/self.png"].startswith("cannot be read")
    assert reasons["a/dangling.png"].startswith("cannot be read")


@posix
def test_R18_pipes_are_skipped(root):
    os.mkfifo(root / "a" / "pipe.png")
    assert walk(root)[1] == [("a/pipe.png", "not a regular file")]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="everything may be opened by root")
def test_a_folder_without_permission_is_a_reason(root):
    (root / "closed").mkdir(mode=0o000)
    assert walk(root)[1][0][0] == "closed/"
    (root / "closed").chmod(0o700)
