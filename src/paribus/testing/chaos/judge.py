"""Whether anything was lost: what a place holds, how that differs from an undisturbed one, and what was said."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from paribus import files
from paribus.errors import ParibusError
from paribus.records.run import RunFolder
from paribus.testing.chaos.commands import UNFLUSHED, Ended

Outcome = Mapping[str, Any]  # the path of a run, a study, or something of the user → what counts of it

COSTS = {"seconds", "examples_per_second", "peak_memory_mb"}  # differ from time to time
HISTORY = {"command", "environment", "choices", "execution", "digests"}  # say how and where, not what was found
TRACEBACK = "Traceback (most recent call last)"


def outcome(place: Path) -> dict[str, Any]:
    """All that a command is asked for: runs with metrics, result and weights, studies with report, the user's files."""
    runs = place / "runs"
    found = {str(path.parent.relative_to(place)): _run(RunFolder(path.parent)) for path in runs.rglob("recipe.json")}
    found |= {str(path.parent.relative_to(place)): _study(path.parent) for path in runs.rglob("study.json")}
    for kind in ("pictures", "outside"):
        found[kind] = {
            str(path.relative_to(place)): files.sha256_of(path)
            for path in sorted((place / kind).rglob("*"))
            if path.is_file()
        }
    return found


class Difference(NamedTuple):
    """Something that is not as it should be: of which run or study, and what of it."""

    name: str
    key: str
    found: Any
    expected: Any

    def __str__(self) -> str:
        if not self.key:
            return f"{self.name} is missing"
        return f"{self.name}: {self.key} is {_short(self.found)} instead of {_short(self.expected)}"


def differences(expected: Outcome, found: Outcome) -> list[Difference]:
    """Where a place is not as it should be. What it holds besides does not count."""
    problems = []
    for name, content in expected.items():
        if (there := found.get(name)) is None:
            problems.append(Difference(name, "", None, content))
        else:
            problems += [
                Difference(name, key, there.get(key), value)
                for key, value in content.items()
                if there.get(key) != value
            ]
    return problems


def leftovers(place: Path, own: str) -> list[str]:
    """Temporary files that nobody will ever use, where a command works.

    Args:
        place: of the runs and the cache.
        own: the folder below the runs in which it works; those of others are not its business.
    """
    found = [*(place / "runs").glob(f"{files.TEMPORARY}*")]
    for folder in (place / "runs" / own, place / "cache"):
        found += folder.rglob(f"{files.TEMPORARY}*")
    return [str(path.relative_to(place)) for path in found]


@dataclass(frozen=True)
class Way:
    """A way on that a message names.

    Args:
        delete: files and folders to delete.
        clear: whether to clear the decoded data.
        options: words to add to the command.
        wait: whether something else must end first.
    """

    delete: tuple[Path, ...] = ()
    clear: bool = False
    options: tuple[str, ...] = ()
    wait: bool = False

    def __str__(self) -> str:
        words = [f"deleted {path.name}" for path in self.delete]
        words += (
            ["cleared the cache"] * self.clear + ["waited"] * self.wait + [f"added {word}" for word in self.options]
        )
        return ", ".join(words) or "ran it again"


def complaint(ended: Ended) -> str:
    """What is wrong with how a command ended, whatever it did; nothing if that is fine."""
    if ended.code is None:
        return "it hung"
    if TRACEBACK in ended.said:
        return f"a traceback: {_last_line(ended.said)}"
    if ended.code < 0:
        return f"it died of signal {-ended.code}"
    if ended.code == UNFLUSHED:
        return "its streams could not be flushed at its end"
    return ""


def way_on(ended: Ended, place: Path) -> Way | None:
    """What a command that did not succeed tells its user to do; none if it names nothing."""
    text = re.sub(r"\s+", " ", ended.said)
    named = tuple(dict.fromkeys(path for word in _words(ended.said) if (path := _below(word, place))))
    options = tuple(re.findall(r"(--data-changed restart|--verify)", text)[:1])
    if options:
        return Way(options=tuple(options[0].split()))
    if re.search(r"wait for it|stop it first|another process is working", text):
        return Way(wait=True)
    if re.search(r"paribus data --clear|clear the cache|--clear", text):
        return Way(clear=True)
    if re.search(r"\b(delete|remove) (it|the|this|that|them|what|[`'/\w.-]+/)", text) and named:
        return Way(delete=named)
    if re.search(r"again|to go on|did not finish|run the study", text):
        return Way()
    return None


def _run(folder: RunFolder) -> dict[str, Any]:
    try:
        result = folder.result
        return {
            "state": folder.status.state,
            "identity": list(folder.identity),
            "rows": _digest([_without(row, COSTS) for row in folder.history]),
            "result": result and _without(vars(result), COSTS | HISTORY),
            "weights": files.sha256_of(folder.weights) if folder.weights.is_file() else None,
        }
    except (ParibusError, OSError) as error:
        return {"state": str(error).splitlines()[0]}


def _study(folder: Path) -> dict[str, Any]:
    try:
        analysis = _without(files.read_json(folder / "analysis.json"), COSTS | HISTORY)
        return {
            "arms": {arm["name"]: [arm["states"], arm["values"]] for arm in analysis["arms"]},
            "verdicts": [effect["judged"]["verdict"] for effect in analysis["effects"]],
            "analysis": _digest(analysis),
            "report": (folder / "report.html").read_bytes().rstrip().endswith(b"</html>"),
            "markdown": (folder / "report.md").stat().st_size > 0,
        }
    except (ParibusError, OSError, KeyError, TypeError) as error:
        return {"analysis": str(error).splitlines()[0]}


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _without(entry, names) for key, entry in value.items() if key not in names}
    return [_without(entry, names) for entry in value] if isinstance(value, (list, tuple)) else value


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 90 else f"{text[:87]}…"


def _last_line(text: str) -> str:
    """The error at the end of a traceback."""
    behind = text[text.rindex(TRACEBACK) :].splitlines()
    named = [line for line in behind if re.match(r"[A-Za-z_.]+(Error|Exception|Interrupt|Iteration|Exit)\b", line)]
    return (named or behind[-1:])[0][:200]


def _words(text: str) -> list[str]:
    """Whatever may be a path: all that was received, and single words of lines that tell what to delete."""
    received = re.findall(r"received: (.+?)(?: \(.*\)| → .*)?$", text, flags=re.MULTILINE)
    lines = [line for line in text.splitlines() if re.search("received|delete|remove", line)]
    return [*received, *re.findall(r"[^\s`'\",;:()]+/[^\s`'\",;:()]+", "\n".join(lines))]


def _below(word: str, place: Path) -> Path | None:
    """The existing path below the runs or the cache that a word names."""
    path = Path(word.strip().rstrip(".,;:"))
    path = path if path.is_absolute() else place / path
    inside = any(root in path.parents for root in (place / "runs", place / "cache"))
    return path if inside and (path.exists() or path.is_symlink()) else None
