"""A search as people read it: the winner as it looked and as it was confirmed, and how the trials went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from paribus.records import wording, yaml
from paribus.records.search import SearchDesign, SearchResult, Trial
from paribus.reports.page import Answer, Figure, Page, Row, Section, Table
from paribus.studies.search.design import space_of, steps
from paribus.studies.search.hyperband import Asha, Hyperband
from paribus.studies.search.samplers import SAMPLERS

SHOWN = 10  # trials that a command prints
SCALES = {"log": "logarithmic", "linear": "linear", "values": "values"}
FLATTERS = (
    "The search's figure is the best of many, on one seed and one validation split: it was chosen for its luck too. "
    "The confirmed one is the mean over seeds that the search never saw, and the difference is paired with the recipe. "
    "Splits are harder or easier too, so compare the confirmed ones."
)
CAVEAT = (
    "fANOVA on a forest fitted to the trials that were trained to the end. The shares are rough below some fifty "
    "trials and hold for these ranges only; where a sampler looks most where it is good, they hold for there. Fields "
    "that not every trial has are left out."
)


def plan_page(design: SearchDesign, folder: Path) -> Page:
    """What a search would do."""
    plan = steps(design)
    trials = wording.count(plan.trials, "trial")
    notes = [f"sampler: {design.sampler}, {SAMPLERS[design.sampler]}"]
    if design.confirm:
        notes.append(f"the winner is compared with the recipe over {wording.count(design.confirm, 'fresh seed')}")
    sections = [Section("what is searched", tables=(_space(design),), notes=tuple(notes))]
    if isinstance(plan, Hyperband):
        sections.append(_brackets(plan, design))
    elif isinstance(plan, Asha):
        rungs = ", ".join(map(str, plan.rungs))
        text = f"Trials are compared after {rungs} epochs; one in {plan.eta} goes on, as soon as it is among the best."
        sections.append(Section("what is stopped early", text=(text,)))
    return Page("Search", design.name, design.question, summary=f"{trials} into {folder}", sections=tuple(sections))


def brief_page(result: SearchResult) -> Page:
    """What a search found, in the few lines that a command prints."""
    best = [*_ranked(result)][:SHOWN]
    title = f"the best {len(best)} of {len(result.trials)} trials by {result.metric_name}"
    sections = [Section("the winner", tables=(_winner(result),)), Section(title, tables=(_trials(result, best),))]
    if result.importance:
        sections.append(Section("which fields matter", tables=(_importance(result),)))
    return Page(
        "Search",
        result.design.name,
        result.design.question,
        answers=tuple(_answers(result)),
        warnings=result.warnings,
        sections=tuple(sections),
        data=_about(result),
    )


def search_page(result: SearchResult) -> Page:
    """Everything that the report of a search says."""
    from paribus.plots import search as plots

    ranked = [*_ranked(result)]
    history = Figure("history", plots.history(result), "the figure of every trial, in order")
    slices = Figure("slices", plots.slices(result), "the figure of every trial against each field")
    parallel = Figure("parallel", plots.parallel(result), "all fields of every trial, each trial a line")
    sections = [
        Section("The winner", text=(FLATTERS,), tables=(_winner(result),)),
        Section("How the search went", figure=history),
        Section("Each field by itself", figure=slices),
        Section("All fields at once", figure=parallel),
    ]
    if result.importance:
        shares = Figure("importance", plots.importance(result), "the share of the spread that each field accounts for")
        sections.append(Section("Which fields matter", figure=shares, tables=(_importance(result),), notes=(CAVEAT,)))
    plan = steps(result.design)
    if isinstance(plan, Hyperband):
        sections.append(_brackets(plan, result.design))
    sections += [
        Section("All trials", tables=(_trials(result, ranked),)),
        Section("What was searched", tables=(_space(result.design),), notes=tuple(_method(result))),
        Section("Again", text=("This command makes the search again.",), code=tuple(_again(result))),
    ]
    return Page(
        "Search",
        wording.clean(result.design.name),
        wording.clean(result.design.question),
        answers=tuple(_answers(result)),
        summary=_summary(result),
        warnings=result.warnings,
        sections=tuple(sections),
    )


def _answers(result: SearchResult) -> Iterator[Answer]:
    """The winner as it looked, and the difference that was confirmed."""
    best = result.best
    if best is None:
        return
    sure = f"the best of {len(result.trials)} on seed {result.design.seed}: it flatters"
    yield Answer(_settings(best), f"{wording.level(result.metric, best.value)} in the search", sure=sure)
    if result.confirmed is not None:
        from paribus.reports.study import study_page

        for answer in study_page(result.confirmed).answers:
            yield Answer(
                "the winner − the recipe", answer.finding, answer.verdict, answer.tone, answer.sure, answer.beside
            )


def _summary(result: SearchResult) -> str:
    states = [trial.state for trial in result.trials]
    told = {"finished": "trained to the end", "paused": "stopped early", "diverged": "diverged", "failed": "failed"}
    parts = [f"{states.count(state)} {words}" for state, words in told.items() if state in states]
    return f"{wording.count(len(states), 'trial')}: {', '.join(parts)}. Compared by {result.metric_name}."


def _winner(result: SearchResult) -> Table:
    """The winner as it looked, and as it was confirmed beside the recipe."""
    best, seeds = result.best, "–"
    rows: list[tuple[str, str, str, str]] = []
    data: list[Row] = []
    head = wording.with_unit(result.metric_name, result.metric)
    if best is not None:
        rows.append(
            ("the winner, in the search", wording.level(result.metric, best.value), wording.NONE, "1, chosen by")
        )
        data.append({"what": "winner in the search", head: best.value, "low": None, "high": None, "seeds": 1})
    if result.confirmed is not None:
        seeds = str(len(result.confirmed.design.seeds))
        for name, arm in zip(("recipe", "winner"), result.confirmed.arms, strict=True):
            level, interval = (
                wording.level(result.metric, arm.level.value),
                wording.level_interval(result.metric, arm.level),
            )
            rows.append((f"the {name}, confirmed", level, interval, f"{seeds}, fresh"))
            interval_data = {"low": arm.level.low, "high": arm.level.high, "seeds": arm.level.n}
            data.append({"what": f"{name} confirmed", head: arm.level.value, **interval_data})
    return Table(("", result.metric_name, "interval", "seeds"), tuple(rows), "lrrr", data=lambda: data)


def _ranked(result: SearchResult) -> Iterator[Trial]:
    """Trials that were trained longest first, the best of these first; then those without a figure."""
    sign = 1 if result.metric.higher_is_better else -1

    def place(trial: Trial) -> tuple[bool, bool, int, float, int]:
        value = sign * (trial.value or 0.0)
        return trial.value is None, trial.state != "finished", -trial.epochs, -value, trial.number

    whole = sorted(result.trials, key=place)
    done = sorted(
        (one for one in whole if one.state == "finished" and one.value is not None), key=lambda one: place(one)[3:]
    )
    yield from [*done, *(one for one in whole if one not in done)]


def _trials(result: SearchResult, trials: Sequence[Trial]) -> Table:
    names = wording.short_names(list(result.design.space))
    rows = tuple(
        (
            str(trial.number),
            wording.level(result.metric, trial.value),
            str(trial.epochs),
            {"paused": "stopped early"}.get(trial.state, trial.state),
            *(wording.show(trial.settings[path]) if path in trial.settings else wording.NONE for path in names),
        )
        for trial in trials
    )
    heads = ("trial", result.metric_name, "epochs", "state", *names.values())
    hints = tuple(trial.error for trial in trials)
    return Table(
        heads, rows, "rrrl" + "r" * len(names), hints=hints, data=lambda: [_row(result, one) for one in trials]
    )


def _row(result: SearchResult, trial: Trial) -> Row:
    head = wording.with_unit(result.metric_name, result.metric)
    known = {"trial": trial.number, head: trial.value, "epochs": trial.epochs, "state": trial.state}
    return {**known, "seconds": trial.seconds, "error": trial.error, **trial.settings}


def _importance(result: SearchResult) -> Table:
    rows = tuple((path, wording.percent(share)) for path, share in result.importance.items())
    data = [{"field": path, "importance (share)": share} for path, share in result.importance.items()]
    return Table(("field", "share of the spread"), rows, "lr", data=lambda: data)


def _space(design: SearchDesign) -> Table:
    space = space_of(design)
    rows = []
    for one in space:
        only = "" if one.where is None else f"{one.where[0]}={','.join(map(wording.show, one.where[1]))}"
        kind = "whole numbers" if one.whole else SCALES[one.scale]
        scale = f"{kind}, logarithmic" if one.whole and one.scale == "log" else kind
        rows.append((one.field, one.text, scale, only))
    return Table(("field", "searched", "scale", "only with"), tuple(rows), "llll")


def _brackets(plan: Hyperband, design: SearchDesign) -> Section:
    """The brackets as Li et al. 2018 print them: a row for each rung, a pair of columns for each bracket."""
    deepest = len(plan.brackets) - 1
    cells = [[(str(rung.trials), str(rung.epochs)) for rung in bracket] for bracket in plan.brackets]
    rows = tuple(
        (str(i), *(text for bracket in cells for text in (bracket[i] if i < len(bracket) else ("", ""))))
        for i in range(deepest + 1)
    )
    heads = ("i", *(head for s in range(deepest, -1, -1) for head in (f"s={s}: trials", "epochs")))
    epochs = sum(
        trials.trials * (trials.epochs - (before.epochs if before else 0))
        for bracket in plan.brackets
        for before, trials in zip((None, *bracket), bracket, strict=False)
    )
    whole = plan.trials * design.base.budget.epochs
    text = (
        f"{plan.trials} trials begin, and at each rung the best 1/{design.eta} go on: {epochs:,} epochs in all, where "
        f"training all to the end would take {whole:,}."
    )
    return Section("what is stopped early", text=(text,), tables=(Table(heads, rows, "r" * len(heads)),))


def _method(result: SearchResult) -> Iterator[str]:
    design = result.design
    yield f"Sampler: {design.sampler}, {SAMPLERS[design.sampler]}. All trials have seed {design.seed}."
    if any(trial.beside for trial in result.trials):
        yield (
            "Trials were trained at the same time, so which ones were known when another was chosen depends on how "
            "long they took: the same command may choose others. With --jobs 1 it chooses the same."
        )
    if design.stop != "none":
        first = f"none is stopped before epoch {design.min_epochs}"
        yield f"Stopped early by {design.stop}: one in {design.eta} goes on, {first}."


def _again(result: SearchResult) -> Iterator[str]:
    if result.design.command:
        yield result.design.command
    yield yaml.dump({key: value for key, value in result.design.base.plain().items() if value not in ("", {})})


def _settings(trial: Trial) -> str:
    return ", ".join(f"{path}={wording.show(value)}" for path, value in trial.settings.items())


def _about(result: SearchResult) -> Row:
    """What the numbers are about, for those who read them as data."""
    return {
        "metric": result.metric_name,
        "unit": "share" if result.metric.percent else result.metric.unit,
        "higher is better": result.metric.higher_is_better,
        "settings": result.settings,
        "sampler": result.design.sampler,
        "stop": result.design.stop,
        "seed": result.design.seed,
        "folder": str(result.folder),
        "confirmed": None if result.confirmed is None else result.confirmed.design.name,
        "complete": result.complete,
    }
