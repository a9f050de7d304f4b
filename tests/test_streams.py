"""What is shown does no harm: hostile names are escaped, and nobody needs to read."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.streams import Patient, errors_alone, escaped, patient, patiently, say, unescaped

HOSTILE = {
    "\x1b]0;owned\x07": r"\x1b]0;owned\x07",  # sets a title
    "\x1b[2J": r"\x1b[2J",  # clears the screen
    "a\rb\nc\td": r"a\x0db\x0ac\x09d",
    "\x9b31m": r"\xc2\x9b31m",  # the same as ESC [ in one byte
    "\u202egpj.exe": r"\xe2\x80\xaegpj.exe",  # turns what follows
    "caf\udce9.png": r"caf\xe9.png",  # Latin-1 on a disk
    "\ud83d": r"\xed\xa0\xbd",
    r"a\x41": r"a\\x41",  # looks like an escape
}


@pytest.mark.parametrize("name", HOSTILE)
def test_R27_what_a_terminal_would_obey_is_shown(name):
    assert escaped(name) == HOSTILE[name]


@pytest.mark.parametrize("name", ["café", "日本", "👩‍🔬", "[red]x[/red]", r"C:\pictures", "a b", "<script>"])
def test_other_names_stay_as_they_are(name):
    assert escaped(name) == name


def test_line_feeds_of_a_message_may_stay():
    assert escaped("one\ntwo\x1b", keep="\n") == "one\ntwo\\x1b"


@given(st.binary(max_size=12) | st.text(alphabet="\\x0123abc\x1b\né", max_size=8).map(os.fsencode))
def test_every_name_of_a_file_comes_back(name):
    text = os.fsdecode(name)
    shown = escaped(text)
    assert shown.encode().isascii() or shown.isprintable() or not text.isprintable()
    assert "\x1b" not in shown
    assert os.fsencode(unescaped(shown)) == name


class Gone(io.StringIO):
    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [Gone(), None, io.TextIOWrapper(io.BytesIO())], ids=["gone", "none", "closed"])
def test_a_stream_that_nobody_reads_is_no_error(monkeypatch, stream):
    if isinstance(stream, io.TextIOWrapper):
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdout", stream)
    with patiently():
        print("lost")
        print("lost", file=sys.stderr, flush=True)
        say("lost")
    assert sys.stdout is stream


def test_patience_is_not_stacked_and_the_rest_of_a_stream_is_its_own():
    plain = io.StringIO()
    assert patient(patient(plain)) is not plain
    assert Patient(patient(plain)).stream is plain
    print("read", file=patient(plain))
    assert patient(plain).getvalue() == "read\n"


CLOSED = """
import os, sys
from paribus.streams import reopen_closed
reopen_closed()
other = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
print("said"); print("complained", file=sys.stderr)
os.write(1, b"said"); os.write(2, b"complained")
sys.exit(other if other > 2 else 99)
"""


def test_closed_streams_never_become_another_file(tmp_path):
    command = [sys.executable, "-c", CLOSED, str(tmp_path / "file")]
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    assert 2 < subprocess.run(shell, timeout=60, check=False).returncode < 99
    assert (tmp_path / "file").read_bytes() == b""


EARLY = """
import sys

class Import:
    def find_spec(self, name, *_):
        if name == "paribus.cli.app":
            raise KeyboardInterrupt

from paribus import cli
sys.meta_path.insert(0, Import())
cli.main()
"""


def test_ctrl_c_while_modules_are_imported_shows_no_traceback():
    ended = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr.strip()) == (130, "aborted")


def test_a_logger_tells_of_errors_alone_and_then_of_all_as_before(caplog):
    logger = logging.getLogger("paribus.made")
    with errors_alone("paribus.made"):
        logger.warning("a warning")
        logger.error("an error")
    logger.warning("another warning")
    assert caplog.messages == ["an error", "another warning"]
