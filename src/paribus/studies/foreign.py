"""Studies of trainings that paribus did not write: their design, from what others know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.errors import StudyError
from paribus.records.looks import Looking
from paribus.records.metric import Metric
from paribus.records.study import Origin, StudyDesign
from paribus.records.wording import show
from paribus.studies.contradictions import check_claim, check_given
from paribus.studies.looks import sizes


def plan(
    origin: Origin,
    figure: Metric,
    factors: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    most: int | None = None,
    *,
    delta: float | str | None = None,
    looks: Looking = "planned",
    **fields: Any,
) -> StudyDesign:
    """The design of a study without a recipe, checked. Nothing here imports torch.

    Args:
        origin: ``numbers``, ``function``, ``command`` or ``log``.
        figure: what is compared.
        factors: name → values as plain data, the first being the reference; ``{ARM: names}`` for arms that have a name
            and nothing else.
        seeds: which seeds.
        most: with how many seeds to stop if still undecided; ``None`` adds no seeds.
        delta: the smallest difference that matters, as people write it; see :meth:`Metric.read_delta`.
        looks: when results count: when they are planned to, or at any time.
        fields: other fields of the design: ``name``, ``layout``, ``listed``, ``overlap``, ``paired``, ``uncontrolled``,
            ``claim``, ``confidence``, ``command``.

    Raises:
        StudyError: naming the field and the value.
    """
    design = StudyDesign.make(
        origin=origin,
        figure=figure,
        metric=figure.name,
        factors={path: tuple(values) for path, values in factors.items()},
        seeds=tuple(seeds),
        interim=sizes(len(seeds), most, looks),
        looking=looks,
        delta=None if delta is None else figure.read_delta(delta),
        **fields,
    )
    check(design)
    return design


def check(design: StudyDesign) -> None:
    """Refuse a design without a recipe that cannot be compared."""
    check_claim(design)
    if design.layout == "noise":
        raise StudyError("a noise study holds streams of chance, which only recipes have", got=design.name)
    if (design.interim or design.looking == "anytime") and not design.paired:
        raise StudyError("planned looks compare arms seed by seed", got="runs that are not paired")
    check_given(design)
    for name, values in design.factors.items():
        said = [show(value) for value in values]
        if again := next((text for place, text in enumerate(said) if text in said[:place]), None):
            raise StudyError(f"{name} has the same value twice", got=again, hint="vary something that differs")
    folders = design.origin != "numbers"
    names = [arm.slug if folders else arm.name for arm in design.arms()]
    if again := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise StudyError("two arms are called the same", got=again, hint="choose values that read differently")
