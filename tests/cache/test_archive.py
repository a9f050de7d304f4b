import io
import tarfile

import pytest

from paribus.cache import archive
from paribus.errors import DataError


def packed(path, members, **special):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in special.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_members_are_read_in_place(tmp_path):
    path = packed(tmp_path / "a.tar.gz", {"folder/b.bin": b"bytes", "folder/names.txt": b"x\n\ny\n"})
    with archive.opened(path) as opened:
        assert opened.names == ["b.bin", "names.txt"]
        assert opened.size("b.bin") == 5
        assert opened.open("b.bin").read() == b"bytes"
        assert opened.lines("names.txt") == ["x", "y"]
        with pytest.raises(DataError, match=r"must contain c\.bin"):
            opened.open("c.bin")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_R29_links_and_devices_are_refused(tmp_path, kind):
    path = packed(tmp_path / "a.tar.gz", {"x": b""}, type=kind, linkname="/etc/passwd")
    with pytest.raises(DataError, match="link or a device"), archive.opened(path):
        pass


def test_R29_a_name_that_leads_out_harms_nobody(tmp_path):
    path = packed(tmp_path / "a.tar.gz", {"../../evil.bin": b"evil"})
    with archive.opened(path) as opened:
        assert opened.open("evil.bin").read() == b"evil"
    assert not list(tmp_path.parent.glob("evil*"))


def test_R29_bombs_are_refused_by_ratio_size_and_count(tmp_path, monkeypatch):
    path = packed(tmp_path / "a.tar.gz", {"zeros": bytes(2_000_000)})
    with pytest.raises(DataError, match="unpacks to more"), archive.opened(path):
        pass
    path = packed(tmp_path / "b.tar.gz", {str(number): b"" for number in range(12)})
    monkeypatch.setattr(archive, "MAX_MEMBERS", 10)
    with pytest.raises(DataError, match="more than 10 members"), archive.opened(path):
        pass


@pytest.mark.parametrize("keep", [0, 5, 300, 5_000])
def test_R13_a_truncated_archive_is_one_clear_error(tmp_path, keep):
    import random

    whole = packed(tmp_path / "a.tar.gz", {"x": random.Random(0).randbytes(10_000)}).read_bytes()
    path = tmp_path / "cut.tar.gz"
    path.write_bytes(whole[:keep])
    with pytest.raises(DataError, match=r"cut\.tar\.gz is damaged"), archive.opened(path) as opened:
        opened.open("x").read()


def test_a_damage_within_a_member_is_found(tmp_path):
    import random

    path = packed(tmp_path / "a.tar.gz", {"x": random.Random(0).randbytes(100_000)})
    content = bytearray(path.read_bytes())
    content[50_000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"), archive.opened(path) as opened:
        opened.open("x").read()
