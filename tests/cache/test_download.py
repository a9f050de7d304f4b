import gzip
import hashlib
import http.server
import threading

import pytest

from paribus.cache import download
from paribus.cache.download import PublishedFile, obtain
from paribus.errors import DataError

CONTENT = gzip.compress(b"a published file" * 1000)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Serves the file whole, cut short, altered, or not at all."""

    def do_GET(self):
        content = {"good": CONTENT, "short": CONTENT, "altered": CONTENT[:-1] + b"x"}.get(self.path.split("/")[1])
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:-5] if "short" in self.path else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("PARIBUS_DATA", raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_a_download_has_a_limit(server, cache_folder, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="comes to more than 10 bytes"):
        obtain([published(server, "good")])
    assert not [path for path in cache_folder.rglob("*") if path.is_file() and path.suffix == ".gz"]


def published(server, *kinds, name="file.gz"):
    return PublishedFile("set", name, MD5, tuple(f"{server}/{kind}/" for kind in kinds))


def test_a_download_is_checked_and_kept(server, cache_folder):
    seen = []
    (path,) = obtain([published(server, "good")], lambda *step: seen.append(step))
    assert path == cache_folder / "downloads" / "set" / "file.gz"
    assert path.read_bytes() == CONTENT
    assert seen == [("downloading file.gz", len(CONTENT), len(CONTENT))]
    assert obtain([published(server, "missing")]) == [path]  # not fetched again


@pytest.mark.parametrize("bad", ["missing", "short", "altered"])
def test_the_next_mirror_serves_when_one_fails(server, bad):
    assert obtain([published(server, bad, "good")])[0].read_bytes() == CONTENT


def test_one_message_says_what_was_tried_and_how_to_help(server, cache_folder, own_data):
    with pytest.raises(DataError) as caught:
        obtain([published(server, "missing", "altered", "short")])
    message = str(caught.value)
    for part in ("file.gz", "404", "checksum", str(own_data / "set"), str(cache_folder), "PARIBUS_DATA", server):
        assert part in message
    assert not list(cache_folder.rglob("*.gz"))


def test_all_missing_files_are_one_message(server, cache_folder, own_data):
    (own_data / "set").mkdir()
    (own_data / "set" / "b.gz").write_bytes(CONTENT)
    with pytest.raises(DataError, match=r"set needs the 2 files a\.gz, c\.gz, which are not here") as caught:
        obtain([published(server, "missing", name=f"{letter}.gz") for letter in "abc"])
    for letter in "ac":
        for place in (own_data / "set" / letter, cache_folder / "downloads" / "set" / f"{letter}.gz"):
            assert str(place) in caught.value.got
    assert "b.gz" not in str(caught.value)


def test_an_unreachable_server_is_a_reason(own_data):
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9/good/: .*refused"):
        obtain([published("http://127.0.0.1:9", "good")])


def test_own_data_come_first_also_unpacked(server, own_data):
    (own_data / "set").mkdir()
    (own_data / "set" / "file").write_bytes(b"unpacked")
    assert obtain([published(server, "good")]) == [own_data / "set" / "file"]
    (own_data / "set" / "file.gz").write_bytes(CONTENT)
    assert obtain([published(server, "good")]) == [own_data / "set" / "file.gz"]


def test_the_checksum_of_a_published_file_is_the_same_before_and_after_the_download(server, own_data):
    file = published(server, "good")
    assert file.checksum() == MD5
    obtain([file])
    assert file.checksum() == MD5
    (own_data / "set").mkdir()
    (own_data / "set" / "file.gz").write_bytes(b"own copy")
    assert file.checksum() == hashlib.md5(b"own copy", usedforsecurity=False).hexdigest()
    (own_data / "set" / "file.gz").write_bytes(CONTENT)  # a copy of the published file is known as such
    assert file.checksum() == MD5


def test_leftovers_of_a_killed_download_are_removed(server, cache_folder):
    folder = cache_folder / "downloads" / "set"
    folder.mkdir(parents=True)
    (folder / ".tmp-old").write_bytes(b"half")
    download.fetch(f"{server}/good/file.gz", folder / "file.gz", MD5)
    assert [path.name for path in folder.iterdir()] == ["file.gz"]
