"""All finished runs of the same examples against each other: which recipes may be the best, and which are not."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError, StudyError, nearest
from paribus.evidence import Estimate, Place, Winner, mean_interval, rank
from paribus.records import store
from paribus.records.claims import Claim
from paribus.records.metric import LOSS, Metric, is_detail
from paribus.records.recipe import flatten
from paribus.records.run import RunFolder
from paribus.records.store import RunSummary
from paribus.records.wording import FEW_SEEDS, metric_of, short_names, show
from paribus.studies.measure import within

NAMED = 3  # fields that a name says
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Entry:
    """One recipe over its seeds.

    Args:
        name: of its recipe, with what it has that most others have not.
        values: seed → its figure, ``None`` where the run diverged.
        level: mean with its interval.
        diverged: seeds whose run did.
        folder: one of its runs.
        place: against the best of the others; ``None`` with too few seeds, where a run diverged, and of a single one.
    """

    name: str
    values: Mapping[int, float | None]
    level: Estimate
    diverged: tuple[int, ...]
    folder: Path
    place: Place | None = None


@dataclass(frozen=True)
class Board:
    """All recipes whose runs validated on the same examples, seed by seed.

    Args:
        data: what they are, in words.
        metric_name: the figure, ``val/accuracy``.
        metric: what is known of it.
        claim: what intervals are about.
        entries: the best mean first.
        winner: the best of those that could be compared, corrected for having been chosen, if there are two.
    """

    data: str
    metric_name: str
    metric: Metric
    claim: Claim
    entries: tuple[Entry, ...]
    winner: Winner | None


@dataclass(frozen=True)
class _Recipe:
    """What the runs of one recipe have in common."""

    name: str
    data: str
    key: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, Metric]
    info: Mapping[str, Any]
    runs: Mapping[int, RunSummary]


def boards(root: Path, data: str | None = None, metric: str | None = None, claim: Claim | None = None) -> list[Board]:
    """The leaderboards of a folder of runs, the one with most recipes first.

    Args:
        root: the folder.
        data: a part of what the data are called; all by default.
        metric: the figure, by default the first of each task.
        claim: what intervals are about; by default data like these, where every run draws its own validation split.

    Raises:
        StudyError: for a figure of the test, and where no run has the figure or no data have this name.
    """
    if metric is not None and metric.startswith("test/"):
        rule = "a leaderboard that chooses by the test leaves no test: it ranks figures of the validation split"
        raise StudyError(rule, got=metric, hint=f"write --metric {metric.replace('test/', 'val/', 1)}")
    known = list(_recipes(root))
    found = [one for one in known if data is None or data.lower() in one.data.lower()]
    if not found:
        rule, names = "no finished run is of such data", sorted({one.data for one in known})
        raise StudyError(rule, got=data or str(root), hint=nearest(data or "", names) if names else "train some first")
    groups: defaultdict[str, list[_Recipe]] = defaultdict(list)
    for one in found:
        groups[one.key].append(one)
    made = [_board(group, metric, claim) for group in groups.values()]
    boards = [board for board in made if board is not None]
    if not boards:
        recorded = {name for one in found for run in one.runs.values() for name in run.figures or ()}
        hint = nearest(metric or "", sorted(name for name in recorded if not is_detail(name)))
        raise StudyError("no finished run has this figure", got=metric or "", hint=hint)
    return sorted(boards, key=lambda board: -len(board.entries))


def _recipes(root: Path) -> Iterator[_Recipe]:
    """The recipes of which there are finished runs; a run that is there twice counts once, a damaged one not at all."""
    runs: defaultdict[str, dict[int, RunSummary]] = defaultdict(dict)
    for run in store.runs(root):
        if run.over:
            runs[run.setting].setdefault(run.seed, run)
    for of_recipe in runs.values():
        with suppress(ParibusError, KeyError, TypeError):
            yield _recipe(next(iter(of_recipe.values())), of_recipe)


def _recipe(one: RunSummary, runs: Mapping[int, RunSummary]) -> _Recipe:
    folder = one.folder
    content = folder.read()["recipe"]
    data, info, read = content["data"], folder.info(), folder.inputs
    split = content["split"]
    drawn = f"{split['folds']} folds" if split.get("folds") else f"val={split['val']:g}"
    named = " ".join(str(data[name]) for name in ("use", "path", "name") if data.get(name)) + f", {drawn}"
    metrics = folder.figures_of_merit()
    first = next(iter(metrics), "")
    same = {
        "figure": [first, content["task"] if first == LOSS.name else ""],  # a loss compares within one task alone
        "data": (data["use"], read.data.digest) if read and read.data.digest else data,
        "labels": [data.get(name) for name in ("labels", "group")],
        "split": {name: value for name, value in split.items() if name != "limit"},
        "fixed": content["chance"]["split"],
        "examples": [info.get("classes"), info["sizes"]["val"], info.get("overlap")],
    }
    settings = {path: value for path, value in flatten(content, "").items() if not isinstance(value, Mapping)}
    return _Recipe(one.recipe, named, json.dumps(same), settings, metrics, info, runs)


def _board(group: Sequence[_Recipe], wanted: str | None, claim: Claim | None) -> Board | None:
    """The leaderboard of recipes with the same examples; ``None`` where no run has the figure."""
    name = wanted or f"val/{next(iter(group[0].metrics), 'accuracy')}"
    if not any(name in (run.figures or ()) for one in group for run in one.runs.values()):
        return None
    ranked = [
        one for one in group if any(run.figures is None or name in run.figures for run in one.runs.values())
    ]  # without figures are those that diverged
    metric, overlap = metric_of(name, ranked[0].metrics), ranked[0].info.get("overlap")
    said: Claim = "like-these" if overlap and claim != "these" else "these"
    used = overlap if said == "like-these" and overlap else 0.0
    found = [_entry(one, label, name, metric, used) for one, label in zip(ranked, _names(ranked), strict=True)]
    sign = -1 if metric.higher_is_better else 1
    found.sort(key=lambda one: sign * one.level.value if one.level.n else math.inf)
    entries, winner = _ranked(found, metric, used, ranked[0].info)
    return Board(ranked[0].data, name, metric, said, tuple(entries), winner)


def _entry(one: _Recipe, label: str, name: str, metric: Metric, overlap: float) -> Entry:
    values = {seed: (run.figures or {}).get(name) for seed, run in sorted(one.runs.items())}
    diverged = tuple(seed for seed, run in one.runs.items() if run.state == "diverged")
    level = within(mean_interval(list(values.values()), CONFIDENCE, overlap=overlap), metric)
    return Entry(label, values, level, diverged, RunFolder(next(iter(one.runs.values())).path).path)


def _ranked(
    entries: list[Entry], metric: Metric, overlap: float, info: Mapping[str, Any]
) -> tuple[list[Entry], Winner | None]:
    """Those with seeds enough against the best of the others: one run of a recipe would make all intervals endless."""
    known = [one for one in entries if len(one.values) >= FEW_SEEDS and not one.diverged]
    if len(known) < 2:
        return entries, None
    seeds = sorted({seed for one in known for seed in one.values})
    found = rank(
        [[one.values.get(seed) for one in known] for seed in seeds],
        higher_is_better=metric.higher_is_better,
        confidence=CONFIDENCE,
        resolution=1 / info["sizes"]["val"] if metric.counted else 0.0,
        overlap=overlap,
    )
    places = {id(one): place for one, place in zip(known, found.places, strict=True)}
    return [replace(one, place=places.get(id(one))) for one in entries], found.winner


def _names(group: Sequence[_Recipe]) -> list[str]:
    """The name of each recipe, with the fields that differ; of many those that most of the others have not."""
    fields = dict.fromkeys(path for one in group for path in one.settings)
    said = {path: Counter(show(one.settings.get(path)) for one in group) for path in fields}
    varied = {path: values.most_common(1)[0][0] for path, values in said.items() if len(values) > 1}
    words, few = short_names(varied), len(varied) <= NAMED
    names = []
    for one in group:
        own = {path: show(one.settings[path]) for path in varied if path in one.settings}
        told = [f"{words[path]}={value}" for path, value in own.items() if few or value != varied[path]]
        more = [f"and {len(told) - NAMED} more"] if len(told) > NAMED else []
        names.append(": ".join(filter(None, (one.name, ", ".join(told[:NAMED] + more)))))
    return names
