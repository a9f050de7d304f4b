"""Run what the documentation shows.

    python docs/check_snippets.py              run every Python block of README.md and docs/
    python docs/check_snippets.py PAGE…        of these pages only
    python docs/check_snippets.py --refresh    also run the console blocks, and write what they print into the pages,
                                               and the pictures that pages draw into their figures/

The blocks of a page run in order, in one namespace and in a temporary folder of the page's own. A block with ``>>>``
is a doctest, in which ``...`` stands for anything. A picture that a page shows as ``figures/NAME.svg`` must be drawn by
its blocks as ``NAME.svg``, and look like the one that is kept: the same shapes, no number more than a pixel away.
A comment before a block changes how it is run:

    <!-- skip: reason -->      not at all
    <!-- as: COMMAND -->       a console block is refreshed from this command, not from the one it shows
    <!-- setup                 some Python that runs before the blocks that follow
    -->
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(
    r"(?:<!-- (?P<order>skip|as): (?P<word>.*?) -->\n+)?^```(?P<language>python|console)\n(?P<body>.*?)^```$"
    r"|<!-- setup\n(?P<setup>.*?)-->",
    re.MULTILINE | re.DOTALL,
)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PROGRESS = re.compile(  # a terminal shows a bar or a live table instead
    r"^(?:\[\d+/\d+\] .*|.*, about \S+(?: \w+)? left|.* \d[\d,]*/[\d,]+|.* so far"
    r"|\d+ of \d+ (?:runs, .*|trials.*)|tuning: \d+ of .*)(?:\n|\Z)",
    re.MULTILINE,
)
FIGURE = re.compile(r"\]\(figures/([^)]*\.svg)\)")
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
COLUMNS = 100


@dataclass(frozen=True)
class Block:
    """A block of a page: its language (or ``setup``), its text, its order, and where it stands."""

    language: str
    body: str
    order: str
    word: str
    span: tuple[int, int]
    line: int


def pages() -> list[Path]:
    """All pages that may hold snippets."""
    found = sorted(path for path in (ROOT / "docs").rglob("*.md") if not {"_build", "generated"} & set(path.parts))
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found]


def blocks(text: str) -> list[Block]:
    """The blocks of a page's text, in order."""
    found = []
    for match in FENCE.finditer(text):
        setup = match["setup"] is not None
        group = "setup" if setup else "body"
        line = text.count("\n", 0, match.start(group)) + 1
        language = "setup" if setup else match["language"]
        found.append(Block(language, match[group], match["order"] or "", match["word"] or "", match.span(group), line))
    return found


def check(page: Path, refresh: bool = False) -> list[str]:
    """Run a page's blocks; returns what went wrong."""
    text, problems, namespace = page.read_text(encoding="utf-8"), [], {"__name__": "__main__"}
    replaced: list[tuple[tuple[int, int], str]] = []
    with tempfile.TemporaryDirectory() as folder, working_in(folder):
        for block in blocks(text):
            where = f"{page.relative_to(ROOT)}:{block.line}"
            if block.order == "skip":
                continue
            if block.language == "console":
                if refresh:
                    replaced.append((block.span, rerun(block)))
            elif problem := run_python(block, namespace, where):
                problems.append(problem)
        problems += check_figures(page, text, refresh)
    for (start, end), body in reversed(replaced):
        text = text[:start] + body + text[end:]
    if refresh and replaced:
        page.write_text(text, encoding="utf-8")
    return problems


def check_figures(page: Path, text: str, refresh: bool) -> list[str]:
    """Compare (or with ``refresh`` keep) the pictures that a page's blocks have drawn into the current folder."""
    problems = []
    for name in FIGURE.findall(text):
        drawn, kept = Path(name), page.parent / "figures" / name
        if not drawn.is_file():
            problems.append(f"{page.relative_to(ROOT)}: shows figures/{name}, but no block draws {name}\n")
        elif refresh:
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(drawn.read_bytes())
        elif not kept.is_file() or not alike(drawn.read_text(encoding="utf-8"), kept.read_text(encoding="utf-8")):
            problems.append(
                f"{page.relative_to(ROOT)}: figures/{name} is not what is drawn today; run with --refresh\n"
            )
    return problems


def alike(a: str, b: str) -> bool:
    """Whether two pictures look the same: machines may differ in the last digits, and curves by less than a pixel."""
    numbers = [[float(found) for found in NUMBER.findall(text)] for text in (a, b)]
    same_shapes = NUMBER.sub("#", a) == NUMBER.sub("#", b)
    return same_shapes and all(abs(x - y) <= 1 for x, y in zip(*numbers, strict=True))


def run_python(block: Block, namespace: dict[str, object], where: str) -> str:
    """Run one Python block; returns what went wrong, or nothing."""
    if ">>>" in block.body:
        test = doctest.DocTestParser().get_doctest(block.body, namespace, where, where, block.line)
        said: list[str] = []
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=said.append, clear_globs=False)
        namespace.update(test.globs)
        return "".join(said)
    try:
        exec(compile(block.body, where, "exec"), namespace)
    except Exception as error:
        return f"{where}: {type(error).__name__}: {error}\n"
    return ""


def rerun(block: Block) -> str:
    """A console block with what its commands print today."""
    shown = [line[2:] for line in block.body.splitlines() if line.startswith("$ ")]
    commands = [block.word] if block.order == "as" else shown
    pieces = []
    for words, command in zip(shown, commands, strict=True):
        pieces.append(f"$ {words}\n{output_of(command)}")
    return "".join(pieces)


def output_of(command: str) -> str:
    """What a command prints on a terminal of :data:`COLUMNS` columns; its errors too."""
    import fcntl
    import pty
    import struct
    import termios

    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("COLUMNS", None)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            ["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=there, stderr=errors, env=environment
        )
        os.close(there)
        out = b"".join(read_all(here))
        process.wait()
        errors.seek(0)
        said = PROGRESS.sub("", errors.read().decode())
    printed = ESCAPES.sub("", said + out.decode().replace("\r\n", "\n"))
    return "".join(line.rstrip() + "\n" for line in printed.strip("\n").splitlines())


def read_all(handle: int) -> Iterator[bytes]:
    """Everything that is written to a terminal, until nobody has it open any more."""
    try:
        while piece := os.read(handle, 65536):
            yield piece
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(handle)


@contextmanager
def working_in(folder: str) -> Iterator[None]:
    """Run a block in a folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def main(words: list[str]) -> int:
    """Run the pages named, or all."""
    refresh = "--refresh" in words
    chosen = [Path(word).resolve() for word in words if word != "--refresh"] or pages()
    problems = []
    for page in chosen:
        problems += check(page, refresh)
        print(f"{page.relative_to(ROOT)}: {len(blocks(page.read_text(encoding='utf-8')))} blocks")
    print("".join(problems), end="")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
