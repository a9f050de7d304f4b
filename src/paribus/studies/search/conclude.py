"""What a search found, rebuilt from its run folders."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from paribus.records.metric import Metric
from paribus.records.search import SearchDesign, SearchResult, Trial
from paribus.records.wording import count
from paribus.studies.measure import find_figure, find_metric
from paribus.studies.search import confirm
from paribus.studies.search.design import judged, space_of
from paribus.studies.search.samplers import laid_out
from paribus.studies.search.space import Space
from paribus.studies.search.trials import read

FEWEST = 8  # finished trials below which no importance is told
TREES_SEED = 0  # of the forest by which importance is measured


def conclude(design: SearchDesign, folder: Path, whole: bool = True) -> SearchResult:
    """The record of a search, whatever of it is there; where it is not the ``whole``, without importance."""
    study = judged(design)
    metric, figure = find_metric(study), find_figure(study)
    trials = tuple(read(design, folder, figure))
    shares = importance(space_of(design), trials, metric) if whole else {}
    found = SearchResult(design, folder, figure, metric, trials, shares)
    found = replace(found, confirmed=confirm.known(found))
    return replace(found, warnings=tuple(_warnings(found)))


def importance(space: Space, trials: Sequence[Trial], metric: Metric) -> dict[str, float]:
    """Share of the spread of the figures that each field accounts for alone or together (fANOVA, Hutter et al. 2014).

    Fields that not every trial has are left out; empty where there is one field only, fewer than eight trials finished,
    or all are as good.

    Args:
        space: of the search.
        trials: all of them; the finished ones count.
        metric: which figures are good.
    """
    known = [trial for trial in trials if trial.state == "finished"]
    if len(space.dimensions) < 2 or len(known) < FEWEST or len({trial.value for trial in known}) < 2:
        return {}
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    study = laid_out(space, known, metric.higher_is_better)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is experimental in optuna
        found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=TREES_SEED))
    return {path: float(share) for path, share in found.items()}


def _warnings(found: SearchResult) -> Iterator[str]:
    """What to keep in mind."""
    for state, what in (("failed", "failed"), ("diverged", "diverged")):
        lost = [trial for trial in found.trials if trial.state == state]
        if lost:
            first = f"; trial {lost[0].number}: {lost[0].error}" if lost[0].error else ""
            yield f"{count(len(lost), 'trial')} of {len(found.trials)} {what}{first}"
    if found.best is None:
        return
    if ends := [*_at_ends(found)]:
        yield f"the winner lies at an end of what was searched: {', '.join(ends)}; better values may lie beyond it"
    if found.confirmed is None and found.complete and found.design.confirm:
        yield "the winner is the recipe as it was: there is nothing to confirm"
    elif found.confirmed is None:
        yield "the winner's figure is the best of many on one seed, so it flatters; it is not confirmed on fresh seeds"
    elif found.design.base.chance.split is not None or found.confirmed.claim == "these":
        yield "the fresh seeds share the validation examples that the search chose by, so they flatter the winner too"


def _at_ends(found: SearchResult) -> Iterator[str]:
    for dimension in space_of(found.design):
        value = found.settings.get(dimension.field)
        if dimension.scale != "values" and value is not None and dimension.place(value) in (0.0, 1.0):
            yield f"{dimension.field}={value:g}"
