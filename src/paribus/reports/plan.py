"""A plan as people read it: how many seeds, what they cost and show, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from paribus.records import wording
from paribus.records.claims import Claim
from paribus.records.plan import LIKELY, Comparison, Plan, Size
from paribus.records.wording import ABOUT
from paribus.reports.page import Answer, Figure, Page, Row, Section, Table

SHOWN = (3, 5, 10, 20, 30, 50, 100)  # numbers of seeds in the table, beside those that are needed
KINDS = {
    "these arms": "the planned arms",
    "similar": "other arms, alike",
    "single arm": "an arm alone: as if pairing took nothing off",
}


def plan_page(plan: Plan, command: str = "") -> Page:
    """A plan as a page.

    Args:
        plan: what was planned.
        command: with which the study would be run, without its seeds.
    """
    return Page(
        "Plan",
        plan.design.name,
        plan.design.question,
        answers=tuple(_answer(plan, claim) for claim in _claims(plan)),
        summary=_next(plan, command),
        warnings=tuple(_warnings(plan)),
        sections=tuple(_sections(plan)),
        data=_about(plan),
    )


def _sections(plan: Plan) -> Iterator[Section]:
    from paribus.plots.seeds import seeds

    alt = "the smallest difference that is found, against the number of seeds"
    yield Section(
        "what seeds cost and show",
        figure=Figure("seeds", seeds(plan), alt),
        tables=(_costs(plan),),
        notes=(
            f"detectable: the smallest true difference found with a probability of {wording.percent(plan.power)}. "
            "What is not known of the spread counts in it.",
            *_shared(plan),
        ),
    )
    yield Section("what each comparison needs", tables=(_needs(plan),))
    if text := tuple(_limits(plan)):
        yield Section("where more seeds stop helping", text=text)
    yield Section("what this rests on", tables=(_sources(plan),))


def _claims(plan: Plan) -> tuple[Claim, ...]:
    """Those that can be planned for, the headline first."""
    return tuple(sorted(plan.comparisons[0].needs, key=lambda claim: claim != plan.claim))


def _answer(plan: Plan, claim: Claim) -> Answer:
    if plan.delta is None:
        return Answer(ABOUT[claim], "no δ is given (--delta), so no number of seeds is asked for")
    delta, seeds = wording.threshold(plan.metric, plan.delta), plan.seeds(claim)
    sure = f"with a probability of {wording.percent(plan.power)}"
    if seeds is None:
        return Answer(ABOUT[claim], f"no number of seeds finds a difference of {delta} {sure}")
    runs = wording.count(plan.arms * seeds, "run")
    if plan.design.trials:
        runs += f", after {wording.count(plan.arms * plan.design.trials, 'trial')} of tuning"
    return Answer(ABOUT[claim], f"{wording.count(seeds, 'seed')} find a difference of {delta} {sure}: {runs}")


def _costs(plan: Plan) -> Table:
    claims, priced = _claims(plan), plan.price is not None
    needed = {plan.seeds(claim) for claim in claims}
    rows = [
        (
            str(size.seeds),
            str(size.runs),
            _time(size.seconds),
            _time(size.processor_seconds),
            *([_money(plan.cost(size))] if priced else []),
            *(wording.difference(plan.metric, size.detectable[claim], signed=False) for claim in claims),
        )
        for size in plan.sizes
        if size.seeds in SHOWN or size.seeds in needed
    ]
    at_once = f"time, {plan.workers} at once" if plan.workers > 1 else "time"
    heads = (
        "seeds",
        "runs",
        at_once,
        "one by one",
        *(["cost"] if priced else []),
        *(f"detectable, {ABOUT[claim]}" for claim in claims),
    )
    return Table(heads, tuple(rows), "r" * len(heads), data=lambda: [_costs_data(plan, size) for size in plan.sizes])


def _costs_data(plan: Plan, size: Size) -> Row:
    found = {
        wording.with_unit(f"detectable {ABOUT[claim]}", plan.metric): size.detectable[claim]
        for claim in ABOUT
        if claim in size.detectable
    }
    times = {
        "time (seconds)": size.seconds,
        "processor time (seconds)": size.processor_seconds,
        "cost": plan.cost(size),
    }
    return {"seeds": size.seeds, "runs": size.runs, **times, **found}


def _needs(plan: Plan) -> Table:
    rows = [
        (
            one.label,
            wording.difference(plan.metric, one.spread.sd, signed=False),
            _likely(plan, one),
            ABOUT[claim],
            *_seeds(plan, one, claim),
        )
        for one in plan.comparisons
        for claim in _claims(plan)
    ]
    heads = ("comparison", "spread of differences", "80 % interval", "claim", "seeds", "seeds at its ends")
    return Table(heads, tuple(rows), "lrrlrr", data=lambda: [*_needs_data(plan)])


def _needs_data(plan: Plan) -> Iterator[Row]:
    for one in plan.comparisons:
        for claim, need in one.needs.items():
            yield {
                "comparison": one.label,
                "claim": claim,
                wording.with_unit("standard deviation", plan.metric): one.spread.sd,
                "degrees of freedom": one.spread.df,
                wording.with_unit("low", plan.metric): one.spread.quantile(LIKELY[0]),
                wording.with_unit("high", plan.metric): one.spread.quantile(LIKELY[1]),
                "confidence": 0.8,
                "seeds": need.seeds,
                "seeds at low": need.fewest,
                "seeds at high": need.most,
                wording.with_unit("floor", plan.metric): need.floor,
                "enough seeds": need.enough,
                "more data (factor)": need.data,
            }


def _sources(plan: Plan) -> Table:
    rows = [
        (
            wording.clean(source.study),
            wording.clean(source.about),
            KINDS[source.kind],
            str(source.seeds),
            wording.difference(plan.metric, source.sd, signed=False),
        )
        for source in plan.sources
    ]
    data = [
        {
            "study": one.study,
            "comparison": one.about,
            "kind": one.kind,
            "seeds": one.seeds,
            wording.with_unit("standard deviation", plan.metric): one.sd,
            "runs": one.runs,
        }
        for one in plan.sources
    ]
    return Table(("study", "runs of", "what they are", "seeds", "spread"), tuple(rows), "lllrr", data=lambda: data)


def _shared(plan: Plan) -> Iterator[str]:
    if len(plan.comparisons) > 1:
        yield (
            f"{len(plan.comparisons)} comparisons share the error probability of "
            f"{1 - plan.design.confidence:.2g}; the figures are those of the one whose spread is largest."
        )
    if plan.looks:
        first, *_, most = plan.looks.sizes
        needed = plan.seeds() or most
        yield (
            f"With planned looks ({', '.join(map(str, plan.looks.sizes))} seeds) it takes at most {most} instead of "
            f"{needed}, and fewer where all is decided earlier: --seeds {first} --until-decided {most}."
        )


def _limits(plan: Plan) -> Iterator[str]:
    needs = [one.needs["like-these"] for one in plan.comparisons if "like-these" in one.needs]
    if not needs:
        yield _no_splits(plan)
        return
    worst = max(needs, key=lambda need: need.floor)
    floor = wording.difference(plan.metric, worst.floor, signed=False)
    yield (
        f"For data like these no number of seeds finds differences below {floor}: the splits overlap, with "
        f"{plan.overlap:.2g} validation examples for each training example."
        + (f" From {worst.enough} seeds on, more of them hardly help." if worst.enough else "")
    )
    if plan.delta is not None and worst.data:
        yield (
            f"δ = {wording.threshold(plan.metric, plan.delta)} lies below that. It takes more data: about "
            f"{worst.data:.2g} times as many examples, if the spread falls as fast as that of a mean over them; "
            "where it comes from training itself, even more."
        )
    if plan.noise:
        parts = ", ".join(f"{part.stream} {wording.share(part.share)}" for part in plan.noise)
        yield f"Parts of the spread of single runs, by a noise study: {parts}. Only the split's falls with more data."


def _no_splits(plan: Plan) -> str:
    """Why nothing is said of data like these."""
    if plan.design.foreign:
        return (
            "Nobody said that seeds draw validation splits of their own here, so no number of them says anything about "
            "data like these. Where they do, say how many examples validate for each one that trains: overlap."
        )
    return (
        "All seeds share one validation split here, so no number of them says anything about data like these: that "
        "takes splits that are drawn anew for every seed."
    )


def _warnings(plan: Plan) -> Iterator[str]:
    if any(seed < max(plan.sizes[-1].seeds, plan.seeds() or 0) for seed in plan.used):  # a study would count them
        yield (
            f"{wording.count(len(plan.used), 'seed')} showed the spread, and should not count in the study that they "
            "size: where seeds happen to agree the study would be small, and false alarms more frequent (9 % instead "
            "of 5 % with three)."
        )
    kinds = {source.kind for source in plan.sources}
    if "these arms" not in kinds:
        yield "No run of the very arms that are planned is known; a pilot would tell of these: --pilot 3."
    if max(one.spread.df for one in plan.comparisons) < 2:
        yield "Two seeds hardly show a spread; a third one usually costs less than what it saves: --pilot 3."


def _next(plan: Plan, command: str) -> str:
    fresh = plan.fresh
    if not command or not fresh:
        return ""
    return f"next: {command} --seeds {_seeds_text(fresh)}"


def _seeds_text(seeds: tuple[int, ...]) -> str:
    """Seeds as ``--seeds`` takes them; a long row of them is left to the shell."""
    if seeds == tuple(range(len(seeds))):
        return str(len(seeds))
    in_a_row = all(b == a + 1 for a, b in pairwise(seeds))
    if in_a_row and len(seeds) > 8:
        return f"$(seq -s, {seeds[0]} {seeds[-1]})"
    return ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")


def _seeds(plan: Plan, one: Comparison, claim: Claim) -> tuple[str, str]:
    """The seeds that a comparison needs, and those at both ends of the interval of its spread."""
    if plan.delta is None:
        return wording.NONE, wording.NONE
    need = one.needs[claim]
    seeds, low, high = ("never" if it is None else str(it) for it in (need.seeds, need.fewest, need.most))
    return seeds, low if low == high else _range(low, high)


def _likely(plan: Plan, one: Comparison) -> str:
    """The 80 % interval of the true spread, its unit once: ``0.18 … 0.83 points``."""
    low, high = (wording.difference(plan.metric, one.spread.quantile(p), signed=False) for p in LIKELY)
    return _range(low.partition(" ")[0], high)


def _range(low: str, high: str) -> str:
    return f"{low} … {high}"


def _time(seconds: float | None) -> str:
    return wording.clock(seconds) if seconds is not None else wording.NONE


def _money(amount: float | None) -> str:
    return f"{amount:,.2f}" if amount is not None else wording.NONE


def _about(plan: Plan) -> Row:
    """What the numbers are about, for those who read them as data."""
    return {
        "metric": plan.metric_name,
        "unit": "share" if plan.metric.percent else plan.metric.unit,
        "delta": plan.delta,
        "power": plan.power,
        "confidence": plan.design.confidence,
        "claim": plan.claim,
        "overlap": plan.overlap,
        "seeds": {claim: plan.seeds(claim) for claim in _claims(plan)},
        "fresh seeds": plan.fresh,
        "looks": plan.looks.sizes if plan.looks else None,
        "workers": plan.workers,
        "noise": {part.stream: part.share for part in plan.noise},
    }
