"""The doctor in Python: what is wrong with a run, and whether its treatment helps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.diagnosis.treatment import Treated, Word
from paribus.errors import RunError
from paribus.records.given import run_folder
from paribus.records.run import RunFolder
from paribus.records.wording import known

if TYPE_CHECKING:
    from paribus.records.recipe import Recipe
    from paribus.records.result import ArmResult, Effect, StudyResult
    from paribus.study import Study

SEEDS = 5
SURE = 0.05  # the chance of so many diverged runs in one arm alone, if it were the same in both


def diagnose(
    run: Any,
    *,
    treat: bool = False,
    finding: str | None = None,
    seeds: int = SEEDS,
    runs: str | Path = "runs",
    **settings: Any,
) -> Diagnosis:
    """What the records of a run say is wrong with its training; nothing is trained for it unless ``treat`` says so.

    >>> found = diagnose("last")  # doctest: +SKIP
    >>> found.causes  # doctest: +SKIP
    ['lr-too-high']

    Args:
        run: a run, its folder, a part of its name, or ``last``.
        treat: whether the treatment is run as a study: the recipe as it is against the one with one field changed.
        finding: the id of the finding that is treated; the first that has a treatment by default.
        seeds: how many pairs of runs; seeds are other than that of the run, which was chosen for being bad.
        runs: the folder below which names are looked for, and the study is made.
        settings: of the study's runs: ``jobs``, ``device``, ``executor``, ``listen``: see :meth:`paribus.Study.run`.

    Raises:
        RunError: if there is no such run; or with ``treat`` if no finding has a treatment.
    """
    from paribus.diagnosis.doctor import diagnose as examine

    folder = run_folder(run, runs)
    found = examine(folder)
    if not treat:
        if finding is not None:
            raise RunError("a finding is chosen to be treated", got=finding, hint="add treat=True (--treat)")
        return found
    chosen = choose(found, finding)
    return replace(found, treated=treated(folder, chosen, seeds, Path(runs), **settings))


def choose(found: Diagnosis, finding: str | None = None) -> Finding:
    """The finding that is treated: the named one, or the first with a treatment of one field.

    Raises:
        RunError: if there is none, with what there is.
    """
    there = {one.cause: one for one in found.all()}
    if finding is not None and finding not in there:
        raise RunError("there is no such finding in this run", got=finding, hint=_findings(there))
    candidates = [there[finding]] if finding else list(found.all())
    chosen = next((one for one in candidates if len(one.treatment) == 1), None)
    if chosen is None:
        hint = next((one.advice for one in candidates if one.advice), _findings(there))
        rule = "no finding has a treatment of one changed field" if there else "nothing was found that could be treated"
        raise RunError(rule, got=finding or ", ".join(there) or found.run, hint=hint)
    return chosen


def _findings(there: Iterable[str]) -> str:
    names = list(there)
    return f"found: {', '.join(names)}" if names else "see: paribus diagnose RUN"


def treated(folder: RunFolder, finding: Finding, seeds: int, runs: Path, **settings: Any) -> Treated:
    """Train the recipe as it is and with the treatment, over the same seeds, and say whether that helped.

    What was trained before is not trained again.
    """
    (field, after), recipe = next(iter(finding.treatment.items())), folder.recipe
    before = _value(recipe, field)
    study = study_of(folder, finding, seeds, runs)
    result = study.run(**settings)
    (effect,) = result.effects
    word, says = _judged(effect, result)
    estimate = effect.estimate
    return Treated(
        cause=finding.cause,
        field=field,
        before=before,
        after=after,
        word=word,
        says=says,
        metric=result.metric_name,
        difference=_number(estimate.value),
        low=_number(estimate.low),
        high=_number(estimate.high),
        n=estimate.n,
        confidence=result.design.confidence,
        diverged=(_diverged(result.arms[0]), _diverged(result.arms[1])),
        study=str(study.folder),
    )


def study_of(folder: RunFolder, finding: Finding, seeds: int, runs: Path) -> Study:
    """The study of a treatment, which lies in a folder of its own below ``runs``.

    Raises:
        RunError: for fewer than two seeds.
    """
    from paribus.study import Study

    if seeds < 2:
        raise RunError("a treatment is judged over two seeds or more", got=seeds, hint=f"--seeds {SEEDS}")
    field, after = next(iter(finding.treatment.items()))
    recipe, (identity, own) = folder.recipe, folder.identity
    fresh = [seed for seed in range(seeds + 1) if seed != own][:seeds]
    treated = recipe.override({field: after}).identity  # a later version may treat the same finding in another way
    name = f"{recipe.name}--{finding.cause}-{identity[:6]}-{treated[:4]}"
    return Study(recipe, vary={field: [_value(recipe, field), after]}, seeds=fresh, name=name, runs=runs)


def _judged(effect: Effect, result: StudyResult) -> tuple[Word, str]:
    """The verdict of the study as one on the treatment; where runs diverged, by how many did."""
    untreated, cured = result.arms
    if effect.verdict.word in ("diverged", "failed"):
        return _by_survival(untreated, cured)
    words: dict[str, Word] = {"better": "confirmed", "undecided": "undecided"}
    return words.get(effect.verdict.word, "not confirmed"), str(effect)


def _by_survival(untreated: ArmResult, cured: ArmResult) -> tuple[Word, str]:
    """Whether fewer treated runs diverged than chance explains (Fisher's exact test, one-sided)."""
    from scipy.stats import fisher_exact

    (before, of), (after, among) = ((_diverged(arm), len(arm.states)) for arm in (untreated, cured))
    p = float(fisher_exact([[before, of - before], [after, among - after]], "greater").pvalue)
    says = f"{before} of {of} untreated runs diverged, and {after} of {among} treated ones (p = {p:.2g})"
    if p <= SURE:
        return "confirmed", says
    return ("not confirmed" if after >= before else "undecided"), says


def _diverged(arm: ArmResult) -> int:
    return arm.count("diverged", "failed")


def _value(recipe: Recipe, field: str) -> Any:
    """The value of a dotted field, be it a default that a recipe leaves out; of a part all of its options."""
    value: Any = recipe.resolved()
    *groups, last = field.split(".")
    for name in groups:
        value = value[name]
    if last in value:
        return value[last]
    group = ".".join(groups)
    return recipe.settings(group)[last] if group in recipe.fields else getattr(getattr(recipe, group), last)


def _number(value: float) -> float | None:
    return value if known(value) else None
