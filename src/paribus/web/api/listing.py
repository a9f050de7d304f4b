"""Rows of the list of everything: what is shown, searched and sorted of a run, a study or a search."""

from __future__ import annotations

import operator
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import ParibusError
from paribus.records.metric import is_minor
from paribus.records.run import read_recipe
from paribus.records.store import RunSummary
from paribus.web.known import Group, Known
from paribus.web.rows import LastRows

STATES = {"failed": "crashed", "killed": "crashed"}  # of runs that ended without being done; the error says how
RESUMED = ("interrupted", "crashed", "failed", "killed", "new")  # states from which a training goes on
TO_COME = ("new", "running", "interrupted", "crashed")
ORDER = ("running", "crashed", "interrupted", "new", "diverged", "damaged", "finished")  # of a study: the first it has
_TEST = re.compile(r"([\w./:-]+)(<=|>=|!=|=|<|>)(\S*)\Z")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

Row = dict[str, Any]
NOBODY: Mapping[str, str] = {}

LAST = LastRows()


class Recipes:
    """The fields of the recipes of runs, each recipe read once.

    Args:
        known: the index.
    """

    def __init__(self) -> None:
        self._read: dict[str, dict[str, Any]] = {}

    def fields(self, run: RunSummary) -> dict[str, Any]:
        """Dotted field → value; a part under the name of its field. Nothing of what cannot be read."""
        key = run.identity or run.path
        if key not in self._read:
            found: dict[str, Any] = {}
            with suppress(ParibusError, KeyError, AttributeError):
                found = dict(_flat(read_recipe(f"{run.path}/recipe.json")["recipe"]))
            self._read[key] = found
        return self._read[key]

    def of(self, run: RunSummary | None) -> Callable[[], Mapping[str, Any]]:
        """The same of a row, once somebody asks; a study has none."""
        return lambda: self.fields(run) if run is not None else {}


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        path = prefix if name == "use" and prefix else f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(value, path)
        else:
            yield path, value


def state_of(run: RunSummary) -> str:
    """Where a run stands, in the words of the page."""
    return STATES.get(run.state, run.state)


def of_run(run: RunSummary, known: Known, at_work: Mapping[str, str] = NOBODY) -> Row:
    """A run as a row; ``at_work`` tells what stands in the queue, by the name of its folder."""
    name = run.path[len(str(known.root)) + 1 :]
    started = run.started or None
    row: Row = {
        "id": known.id(run.path),
        "kind": "run",
        "name": name,
        "recipe": run.recipe,
        "seed": run.seed,
        "state": at_work.get(name, state_of(run)) if run.state in RESUMED else state_of(run),
        "problem": run.error,
        "started": started,
        "seconds": max(0.0, run.heartbeat - run.started) if started else None,
        "progress": {"done": run.epoch, "of": run.epochs, "unit": "epoch", "left_seconds": None},
        "verdict": None,
        "tone": "",
        "figures": {name: value for name, value in (run.figures or {}).items() if not is_minor(name)},
        "columns": {},
    }
    return row if run.over or run.state == "damaged" else _going(row, run)


def of_group(group: Group, known: Known, at_work: Mapping[str, str] = NOBODY) -> Row:
    """A study or a search as a row; ``at_work`` as in :func:`of_run`."""
    counts = Counter(map(state_of, group.runs))
    planned, recipe = known.once(("planned", group.id), group.stamp, lambda: _planned(group))
    done = sum(number for state, number in counts.items() if state not in TO_COME)
    started = min((run.started for run in group.runs if run.started), default=group.stamp / 1e9)
    of = max(planned, len(group.runs))
    state = next((state for state in ORDER if counts[state]), "new")
    if state in ("finished", "diverged") and done < of:
        state = "interrupted"
    if state in RESUMED:  # nothing of it runs yet, or for a moment between two runs
        state = at_work.get(group.name, state)
    verdict, tone = known.once(("verdict", group.id), group.mark, lambda: _verdict(group.path))
    return {
        "id": group.id,
        "kind": group.kind,
        "name": group.name,
        "recipe": recipe or (group.runs[0].recipe if group.runs else ""),
        "seed": None,
        "state": state,
        "problem": "",
        "started": started,
        "seconds": _busy(group.runs),
        "progress": {
            **{"done": done, "of": of, "unit": "run"},
            **{"share": _share(group), "left_seconds": _left(group, done, of)},
        },
        "verdict": verdict,
        "tone": tone,
        "figures": {},
        "columns": {},
    }


def _busy(runs: Sequence[RunSummary]) -> float | None:
    """Seconds in which any of the runs was trained: a pause between two of them is no work."""
    spent, until = 0.0, 0.0
    for began, ended in sorted((run.started, run.heartbeat) for run in runs if run.started):
        spent += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return spent or None


def _planned(group: Group) -> tuple[int, str]:
    """How many runs a study has when it is whole, and the name of its recipe; 0 where that cannot be read."""
    with suppress(ParibusError):
        if group.kind == "study":
            from paribus.records.study import StudyDesign

            design = StudyDesign.open(group.path)
            return len(design.arms()) * len(design.seeds), str(design.recipe.get("name", ""))
        content = files.read_json(group.path / "search.json")
        return int(content.get("trials") or 0), str(content["recipe"].get("name", ""))
    return 0, ""


def _verdict(folder: Path) -> tuple[str | None, str]:
    """What a study found, as it was judged when it ended, and the kind of its first verdict."""
    with suppress(ParibusError, KeyError, TypeError, OSError, AttributeError):
        effects = files.read_json(folder / "analysis.json")["effects"]
        said = [_effect(effect) for effect in effects[:3]]
        if said:
            more = f" (and {len(effects) - len(said)} more)" if len(effects) > len(said) else ""
            return "; ".join(said) + more, str(effects[0]["judged"]["verdict"]["word"]).replace(" ", "-")
    return None, ""


def _effect(content: Mapping[str, Any]) -> str:
    """An effect in a line: ``norm: batch − none: +2.70 points [1.20, 4.10], better``."""
    from paribus.evidence import Estimate
    from paribus.records.metric import Metric
    from paribus.records.wording import both, difference, difference_interval

    metric, judged = Metric(**content["metric"]), content["judged"]
    estimate = Estimate(**{**judged["estimate"], "per_seed": tuple(judged["estimate"]["per_seed"])})
    found = both(difference(metric, estimate.value), difference_interval(metric, estimate))
    return f"{content['label']}: {found}, {judged['verdict']['word']}"


def _left(group: Group, done: int, of: int) -> float | None:
    """Seconds that a study still takes, if its runs are like those that are done."""
    running = [run for run in group.runs if run.state == "running"]
    over = [run.heartbeat - run.started for run in group.runs if run.over and run.started]
    begun = [(run.heartbeat - run.started) * run.epochs / run.epoch for run in running if run.epoch]
    spent = over or begun
    if not running or not spent:
        return None
    return max(0.0, (of - done - _share(group)) * sum(spent) / len(spent) / len(running))


def _share(group: Group) -> float:
    """How far the runs are that run, together, in runs."""
    return sum(run.epoch / max(run.epochs, 1) for run in group.runs if run.state == "running")


def _going(row: Row, run: RunSummary) -> Row:
    """A row of a run that is not over, with its last figures and the time that is left."""
    if last := LAST.of(f"{run.path}/metrics.jsonl"):
        row["figures"] = {name: value for name, value in last.items() if name.startswith("val/") and not is_minor(name)}
        seconds, epoch = last.get("seconds"), last.get("epoch")
        if isinstance(epoch, int):
            row["progress"]["done"] = max(row["progress"]["done"], epoch)
        if run.state == "running" and isinstance(seconds, (int, float)) and isinstance(epoch, int) and epoch > 0:
            left = seconds / epoch * max(0, run.epochs - epoch)
            row["progress"]["left_seconds"] = max(0.0, left - (time.time() - run.heartbeat if run.heartbeat else 0))
    return row


def passes(word: str, row: Row, fields: Callable[[], Mapping[str, Any]]) -> bool:
    """Whether a row is what a word of a search asks for: a part of its name, or ``field=value``, ``val/loss<0.1``."""
    if word in f"{row['name']} {row['recipe']} {row['state']} {row['verdict'] or ''}".lower():
        return True  # arms are called like that too: norm=batch
    if (test := _TEST.match(word)) is None:
        return False
    name, sign, wanted = test.groups()
    found = value_of(name, row, fields)
    if sign in ("=", "!="):
        same = _same(found, wanted)
        return same if sign == "=" else not same
    try:
        return found is not None and _COMPARE[sign](float(found), float(wanted))
    except (TypeError, ValueError):
        return False


def value_of(name: str, row: Row, fields: Callable[[], Mapping[str, Any]]) -> Any:
    """What a row has in a column: one of its own, a metric, or a field of its recipe."""
    if name in ("name", "recipe", "state", "started", "seconds", "kind", "seed", "verdict", "id"):
        return row[name]
    if name == "progress":
        return min(1.0, row["progress"]["done"] / max(1, row["progress"]["of"]))
    if name in row["figures"]:
        return row["figures"][name]
    return fields().get(name)


def _same(found: Any, wanted: str) -> bool:
    if isinstance(found, bool) or found is None:
        return str(found).lower() == wanted.lower() or (found is None and wanted.lower() == "none")
    if isinstance(found, (int, float)):
        try:
            return float(found) == float(wanted)
        except ValueError:
            return False
    return str(found).lower().replace(" ", "") == wanted.lower()


def order(value: Any) -> tuple[int, Any]:
    """A key by which columns of numbers, texts and gaps can be sorted."""
    if isinstance(value, bool) or value is None:
        return (0, int(value)) if value is not None else (0, -1)
    return (1, value) if isinstance(value, (int, float)) else (2, str(value).lower())


def sort(rows: list[Any], key: Callable[[Any], Any], descending: bool) -> list[Any]:
    """Sorted rows; those without a value come last, whichever way."""
    known = [row for row in rows if key(row) is not None]
    known.sort(key=lambda row: order(key(row)), reverse=descending)
    return known + [row for row in rows if key(row) is None]


def columns(runs: Sequence[RunSummary], recipes: Recipes, most: int = 100) -> list[dict[str, str]]:
    """All columns that could be shown, as far as a sample of the runs tells."""
    by_identity = {run.identity: run for run in reversed(runs)}
    sample = list(by_identity.values())[:most]
    metrics = dict.fromkeys(name for run in runs for name in (run.figures or {}) if not is_minor(name))
    fields = dict.fromkeys(name for run in sample for name in recipes.fields(run))
    found = [{"name": name, "title": name, "kind": "metric"} for name in metrics]
    return found + [{"name": name, "title": name, "kind": "field"} for name in fields]
