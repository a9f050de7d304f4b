"""The settings of an experiment as tables: design, execution, data set, machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paribus.records import wording
from paribus.records.result import ArmResult, StudyResult
from paribus.records.wording import NONE
from paribus.reports.page import Table

LAYOUTS = {
    "factorial": "all combinations of the values of all factors",
    "one-at-a-time": "one field at a time is changed from the reference",
    "listed": "the arms as they are, each compared with the reference",
    "noise": "all streams of chance are held fixed but one",
}
PAIRED = "by seed: arms are compared within the same seed"
UNPAIRED = "none: runs of different arms share nothing, so their means are compared (Welch 1947)"
EQUAL = "every field that Choices does not mark as varied, and all random draws that the varied fields leave alone"
UNKNOWN = "which chance a seed fixes, and what else differs between arms, is up to whoever trained"


def as_table(content: Mapping[str, Any]) -> Table:
    """A mapping as a table of two columns; nested mappings become rows of their own."""
    return Table(("what", "value"), tuple(_rows(content, "")), "ll")


def design(result: StudyResult) -> Table:
    """What was compared, and what was held equal."""
    plan = result.design
    direction = "higher is better" if result.metric.higher_is_better else "lower is better"
    rows = [
        *_size(result),
        *(
            (f"varied: {wording.clean(path)}", ", ".join(map(wording.show, values)))
            for path, values in plan.factors.items()
        ),
        *(_called(plan.recipe) if plan.origin == "command" else ()),
        ("layout", LAYOUTS[plan.layout]),
        *(_comparison(result) if result.effects else ()),
        ("metric", f"{wording.spoken(result.metric_name)}, {direction}"),
        ("confidence of the intervals", wording.percent(plan.confidence)),
    ]
    if plan.looking == "anytime":
        rows.append(("looks", "at any time: intervals hold at every look, and seeds may follow each"))
    elif plan.interim:
        rows.append(("interim looks", "after " + ", ".join(map(str, plan.interim)) + " seeds; the level is shared out"))
    return Table(("what", "value"), tuple(rows), "ll")


def _size(result: StudyResult) -> Iterator[tuple[str, str]]:
    plan, sizes = result.design, [len(arm.states) for arm in result.arms]
    if not plan.paired:
        yield "runs of each arm", ", ".join(map(str, sizes))
        return
    whole = sum(sizes) == len(sizes) * len(plan.seeds)
    yield "arms × seeds", f"{len(sizes)} × {len(plan.seeds)}{' =' if whole else ', of which'} {sum(sizes)} runs"
    yield "seeds", ", ".join(map(str, plan.seeds))


def _called(recipe: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The command that trained, and what all arms share."""
    yield "command", f"{recipe['command']}{' (read by a shell)' if recipe['shell'] else ''}"
    yield "where its figure stands", recipe["metric"]
    for path, value in recipe["fields"].items():
        yield f"in all arms: {wording.clean(path)}", wording.show(value)


def _comparison(result: StudyResult) -> Iterator[tuple[str, str]]:
    design = result.design
    yield "reference", wording.clean(result.arms[0].name)
    yield "pairing", PAIRED if design.paired else UNPAIRED
    yield ("not controlled", design.uncontrolled or UNKNOWN) if design.foreign else ("held equal", EQUAL)
    if design.foreign and design.overlap is not None:
        yield "validation examples for each that trains", f"{design.overlap:.3g}, drawn anew by every seed"
    yield "verdicts", wording.ABOUT[result.claim] + (", as was asked" if design.claim else "")
    none = "not given: nothing can be shown to make no difference"
    yield "δ, the smallest difference that matters", wording.threshold(result.metric, result.delta).replace(NONE, none)


def execution(arms: tuple[ArmResult, ...]) -> Table | None:
    """How the runs were computed; one column where all arms agree."""
    if not any(arm.execution for arm in arms):
        return None
    same = all(arm.execution == arms[0].execution for arm in arms)
    if same:
        return as_table(arms[0].execution)
    keys = list(dict.fromkeys(key for arm in arms for key in arm.execution))
    rows = [(wording.clean(arm.name), *(wording.text(arm.execution.get(key)) for key in keys)) for arm in arms]
    return Table(("arm", *(key.replace("_", " ") for key in keys)), tuple(rows), "l" * (1 + len(keys)))


def _rows(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        name = f"{prefix}{wording.clean(str(key)).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _rows(value, f"{name}: ")
        else:
            yield name, wording.text(value)
