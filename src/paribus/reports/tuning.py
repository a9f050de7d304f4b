"""How the arms of a study came to values of their own, as a part of its report."""

from __future__ import annotations

from collections.abc import Iterator

from paribus import plots
from paribus.records import wording
from paribus.records.result import StudyResult
from paribus.records.tuning import SEED, Trial, Tuning
from paribus.reports.page import Figure, Row, Section, Table

AS_TUNED = (
    "Verdicts compare the arms with these values. Another draw of the examples for tuning might have chosen others; no "
    "interval allows for that."
)


def sections(result: StudyResult, picture: bool = True) -> Iterator[Section]:
    """What was tuned, how, and what came of it; nothing where nothing was."""
    if not result.tuning:
        return
    fields = ", ".join(f"{field} ({text})" for field, text in result.design.tune.items())
    figure = None
    if picture:
        alt = f"The {wording.spoken(result.metric_name)} of each trial over its value."
        figure = Figure("tuning", plots.tuning(result), alt)
    title = f"Tuned in every arm: {fields}"
    yield Section(title, (budgets(result),), figure, tables=(table(result),), notes=(AS_TUNED,))


def budgets(result: StudyResult) -> str:
    """What every arm's tuning was given, and what its trials were judged on."""
    recipe = result.design.base
    trials = wording.count(len(result.tuning[0].trials), "trial")
    epochs = wording.count(recipe.budget.epochs, "epoch")
    share = wording.percent(recipe.split.tuning)
    return (
        f"Equal budgets: {trials} of {epochs} in every arm, with the same values and the same seed, {SEED}. They were "
        f"judged by {result.tuning[0].figure} on {share} of the training examples, which no run of this study trains "
        "or validates on."
    )


def table(result: StudyResult) -> Table:
    """What every arm chose, and how good that and its neighbours were."""
    fields = list(result.design.tune)
    heads = ("arm", *fields, f"{result.metric.name}, tuning", "worst of the trials", "no figure", "at an end")
    rows = tuple(_row(result, one, fields) for one in result.tuning)
    return Table(heads, rows, "l" + "r" * len(fields) + "rrrl", data=lambda: _data(result))


def _row(result: StudyResult, one: Tuning, fields: list[str]) -> tuple[str, ...]:
    figures = [trial.figure for trial in one.trials if trial.figure is not None]
    chosen = next((trial.figure for trial in one.trials if _chosen(one, trial)), None)
    worst = (min if result.metric.higher_is_better else max)(figures, default=None)
    return (
        wording.clean(one.arm),
        *(wording.show(one.chosen[field]) if one.chosen else wording.NONE for field in fields),
        wording.level(result.metric, chosen),
        wording.level(result.metric, worst),
        str(len(one.trials) - len(figures)),
        f"{', '.join(one.ends)}: widen the range" if one.ends else "no",
    )


def _chosen(one: Tuning, trial: Trial) -> bool:
    return bool(one.chosen) and dict(trial.values) == dict(one.chosen)


def _data(result: StudyResult) -> list[Row]:
    """Every trial in raw numbers."""
    return [
        {
            "arm": one.arm,
            **trial.values,
            wording.with_unit(one.figure, result.metric): trial.figure,
            "state": trial.state,
            "chosen": _chosen(one, trial),
            "error": trial.error,
        }
        for one in result.tuning
        for trial in one.trials
    ]
