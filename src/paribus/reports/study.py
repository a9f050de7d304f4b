"""A study's result as a page: the findings first, then all that supports them."""

from __future__ import annotations

from collections.abc import Iterator

from paribus import plots
from paribus.plots.levels import numeric
from paribus.records import wording, yaml
from paribus.records.metric import Metric
from paribus.records.parts import present
from paribus.records.result import Effect, StudyResult
from paribus.reports import ranking, settings, tables, tuning
from paribus.reports.glossary import SHARES, glossary
from paribus.reports.method import at_once
from paribus.reports.outcomes import opened_table
from paribus.reports.page import Answer, Figure, Page, Section, Table

MOST = 6  # answers on top of the page; the table holds them all
FOUND = ("better", "worse", "interaction")  # verdicts that there is something
CHOICES = (
    "Every setting of the recipes. Those marked as varied differ between arms, all others are equal in all of them."
)
AGAIN_RECIPE = (
    "This command makes the study again; finished runs are taken as they are. The recipe that it varies follows."
)
AGAIN = "This makes the study again. Trainings that paribus did not write are as repeatable as they were written."
AGAIN_NUMBERS = "This reads the same figures again; the checksum of their file stands above."
HARDLY, FEW = 3, 5  # below the first number of seeds the result itself warns, below the second this page does


def study_page(result: StudyResult) -> Page:
    """Everything that the report of a study says."""
    return Page(
        kind="Study",
        title=wording.clean(result.design.name),
        question=wording.clean(result.question),
        answers=tuple(_answers(result)),
        summary=_summary(result),
        why=str(result.design.recipe.get("why", "")),
        warnings=tuple(_warnings(result)),
        sections=tuple(section for section in _sections(result) if _filled(section)),
    )


def _answers(result: StudyResult) -> Iterator[Answer]:
    """The findings; where there are many, the decided ones with the largest effects."""
    if result.noise:
        yield from _noise_answers(result)
    elif not result.effects:
        yield from _level_answers(result)
    elif len(result.effects) <= MOST:
        yield from (_answer(effect, result) for effect in result.effects)
    else:
        decided = [effect for effect in result.effects if effect.verdict.word in FOUND]
        largest = sorted(decided, key=lambda effect: -abs(effect.estimate.value))
        yield from (_answer(effect, result) for effect in largest[:MOST])


def _answer(effect: Effect, result: StudyResult) -> Answer:
    paired = result.design.paired
    sure = f"{wording.count(effect.estimate.n, 'pair')} of runs" if paired else f"{effect.estimate.n} runs or more each"
    if wording.known(effect.p_adjusted):
        p = wording.probability(effect.p_adjusted, effect.judged.alpha)
        sure += f", p = {p}{' (adjusted)' if effect.judged.family > 1 else ''}".replace("= <", "<")
    if wording.known(effect.detectable):
        sure += f"; detectable: {wording.difference(result.metric, effect.detectable, signed=False)}"
    return Answer(
        about=effect.label,
        finding=_with_interval(
            wording.difference(result.metric, effect.estimate.value),
            wording.difference_interval(result.metric, effect.estimate),
            1 - effect.judged.alpha,
        ),
        verdict=effect.answer,
        tone=effect.verdict.word.replace(" ", "-"),
        beside=effect.beside,
        sure=sure,
    )


def _level_answers(result: StudyResult) -> Iterator[Answer]:
    for arm in result.arms:
        level, interval = (
            wording.level(result.metric, arm.level.value),
            wording.level_interval(result.metric, arm.level),
        )
        finding = _with_interval(level, interval, result.design.confidence)
        finding += f" {wording.ABOUT[result.claim]}" if finding.endswith("]") else ""
        yield Answer(wording.clean(arm.name), finding, sure=f"mean of {wording.count(arm.level.n, 'run')}")


def _noise_answers(result: StudyResult) -> Iterator[Answer]:
    assert result.noise is not None
    for part in sorted(result.noise.components, key=lambda part: -part.share.value):
        share, interval = wording.part_of(part.share, part.n)
        value = f"{share} of the variance" if share.endswith("%") else share
        finding = _with_interval(value, interval, result.noise.confidence)
        yield Answer(wording.clean(part.stream), finding, sure=wording.count(part.n, "run"))


def _with_interval(value: str, interval: str, confidence: float) -> str:
    if value == wording.NONE:
        return "no estimate"
    if interval == wording.NONE:
        return value
    between = " " if interval.startswith("[") else ": "
    return f"{value}, {wording.percent(confidence)} interval{between}{interval}"


def _summary(result: StudyResult) -> str:
    """One sentence on the study as a whole."""
    metric = wording.spoken(result.metric_name)
    arms = wording.count(len(result.arms), "arm")
    sizes = sorted(len(arm.states) for arm in result.arms)
    each = wording.count(sizes[-1], "seed" if result.design.paired else "run")
    text = f"Measured: {metric} of {arms} with {each if sizes[0] == sizes[-1] else f'{sizes[0]} to {each}'} each."
    if len(result.effects) > 1:
        found = [effect.verdict.word for effect in result.effects]
        counts = [f"{found.count(word)} {word}" for word in dict.fromkeys(found)]
        text += f" Of {len(found)} comparisons {wording.ABOUT[result.claim]}: {', '.join(counts)}."
        text += " Their intervals hold all together."
        if len(found) > MOST and set(FOUND) & set(found):
            text += " Above stand those with the largest decided differences; the table has all."
    return text


def _warnings(result: StudyResult) -> Iterator[str]:
    yield from map(wording.clean, result.warnings)
    fewest = min(len(arm.states) for arm in result.arms) if not result.design.paired else len(result.design.seeds)
    if HARDLY <= fewest < FEW:
        unit = "seeds" if result.design.paired else "runs of an arm"
        yield f"With {fewest} {unit}, intervals are wide and only large effects can be found."


def _sections(result: StudyResult) -> Iterator[Section]:
    """The parts of the page in their order; empty ones are left out later."""
    yield from _evidence(result)
    yield Section("Design", tables=(settings.design(result),))
    if result.choices and not result.design.foreign:
        yield Section("Choices", (CHOICES,), tables=(tables.choices(result),))
    yield Section("Data", tables=_some(settings.as_table(result.data) if result.data else None))
    machine = settings.as_table(result.environment) if result.environment else None
    yield Section("Environment", tables=_some(settings.execution(result.arms), machine))
    yield _again(result)
    yield Section("How to read this", terms=glossary(result))


def _again(result: StudyResult) -> Section:
    """How to come to this result once more."""
    if result.design.foreign:
        again = AGAIN_NUMBERS if result.design.origin == "numbers" else AGAIN
        return Section("How to reproduce", (again,), code=tuple(filter(None, (result.command,))))
    recipe = yaml.dump(result.design.model_dump(mode="json")["recipe"])
    return Section("How to reproduce", (AGAIN_RECIPE,), code=tuple(filter(None, (result.command, recipe))))


def _evidence(result: StudyResult) -> Iterator[Section]:
    what = wording.spoken(result.metric_name)
    if result.noise:
        figure = Figure("noise", plots.noise(result), f"Share of the variance of the {what} by stream of chance.")
        yield Section("Noise", (SHARES,), figure, tables=_some(tables.noise(result)))
    if result.effects:
        figure = Figure("effects", plots.forest(result), f"Differences in {what} with their intervals.")
        _, reference = wording.comparisons([(effect.contrast, effect.names) for effect in result.effects])
        text = (f"Each comparison is an arm minus {reference}.",) if reference else ()
        notes = (about,) if (about := tables.about(result)) else ()
        yield Section("Effects", text, figure, tables=(tables.effects(result),), notes=notes)
    yield from ranking.sections(result)
    yield from tuning.sections(result)
    figure = Figure("arms", plots.arms(result), f"The {what} of every arm: each seed, the mean and its interval.")
    yield Section("Arms", figure=figure, tables=_some(tables.arms(result), tables.lost(result)))
    yield from _over_factors(result)
    if any(arm.curves for arm in result.arms):
        yield Section("Learning curves", figure=Figure("curves", plots.curves(result), "Figures over the epochs."))
    paired = None
    if result.effects and result.design.paired:
        paired = Figure("paired", plots.paired(result), f"The {what} of each seed in every arm.")
    yield Section("Single runs", figure=paired, tables=(tables.values(result),))
    if table := opened_table(result.tests, {result.metric.name: result.metric, **_metrics(result)}):
        opened = f"Opened for {wording.count(len(result.tests), 'arm')} of {len(result.arms)}, each run once."
        yield Section("Held-out test", (opened, "No verdict of this report rests on it."), tables=(table,))
    if not result.noise and _has_costs(result):
        figure = Figure("costs", plots.costs(result), f"The {what} against the training time.")
        said = tuple(filter(None, ("Ratios are to the first arm.", " ".join(at_once(result)))))
        yield Section("Costs", said, figure, tables=(tables.costs(result),))


def _over_factors(result: StudyResult) -> Iterator[Section]:
    """A picture for every factor whose values are numbers: the learning rate, the depth, the number of examples."""
    what = wording.spoken(result.metric_name)
    names = wording.short_names(list(result.design.factors))
    for place, path in enumerate(numeric(result)):
        name = wording.clean(names[path])
        figure = Figure(
            f"over{place or ''}", plots.levels(result, path), f"The {what} over {name}, with its intervals."
        )
        yield Section(f"Over {name}", figure=figure)


def _has_costs(result: StudyResult) -> bool:
    """Whether it is known what any training took."""
    return not result.design.foreign or any(arm.seconds or arm.parameters for arm in result.arms)


def _metrics(result: StudyResult) -> dict[str, Metric]:
    """How the figures of its task are read, where the task is at hand."""
    if result.design.foreign:
        return {}
    recipe = result.design.base
    return {metric.name: metric for metric in recipe.figures_of_merit()} if present("task", recipe.task) else {}


def _some(*found: Table | None) -> tuple[Table, ...]:
    return tuple(table for table in found if table)


def _filled(section: Section) -> bool:
    return bool(section.figure or section.tables or section.code or section.terms)
