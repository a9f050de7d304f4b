import gzip
import io
import os
import tarfile
import tracemalloc
import zipfile

import numpy as np
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


def test_R29_a_header_that_claims_much_is_refused_before_it_is_unpacked(tmp_path):
    header = tarfile.TarInfo("././@PaxHeader")
    header.size, header.type = 64 << 20, tarfile.XHDTYPE
    with gzip.open(tmp_path / "a.tar.gz", "wb", compresslevel=1) as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT) + bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(DataError, match="a header of more than"), archive.opened(tmp_path / "a.tar.gz"):
        pass
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_R29_what_unpacks_to_far_more_is_refused_before_it_comes(tmp_path, monkeypatch):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"\n" * (8 << 20)))
    with pytest.raises(DataError, match="comes to more than") as caught, archive.unpacked(path, 1 << 30) as file:
        file.read()
    assert "PARIBUS_MAX_GB=" in caught.value.hint
    monkeypatch.setenv("PARIBUS_MAX_GB", "1")
    with archive.unpacked(path, 1 << 30) as file:
        assert len(file.read()) == 8 << 20
    monkeypatch.setenv("PARIBUS_MAX_GB", "much")
    with pytest.raises(DataError, match="number of gigabytes"), archive.unpacked(path, 1 << 30):
        pass


def test_R29_arrays_are_measured_before_they_are_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros((2000, 2000)))
    with pytest.raises(DataError, match="comes to more than"):
        archive.check_npz(path)
    np.savez_compressed(path, x=np.random.default_rng(0).random((30, 30)))
    archive.check_npz(path)
    claims = io.BytesIO()
    np.lib.format.write_array_header_1_0(claims, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x.npy", claims.getvalue())
    with pytest.raises(DataError, match=r"x\.npy claims"):
        archive.check_npz(path)


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_R18_only_regular_files_are_opened(tmp_path, kind):
    path = tmp_path / "a.txt"
    path.mkdir() if kind == "folder" else os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="no regular file"), archive.unpacked(path, 1000):
        pass
