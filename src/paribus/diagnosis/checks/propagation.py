"""Signals on their way through the layers: initial weights, dead and saturated units, gradients, bends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.finding import Finding, Severity
from paribus.diagnosis.measures import LINEAR, layers
from paribus.diagnosis.record import Record
from paribus.records.signals import Look

SAME = 1e-6  # of the norm of a layer: weights that deviate by less are equal, but for rounding
BORN = 0.1  # of the outputs of a layer of sigmoids or tanhs: of sound ones hardly any is at its ends at the start
LEFT = 0.1  # of the loss of a guess: what a network that bends could learn
STRAIGHT = 1e-4  # of the spread of the outputs: a network that bends less is a straight line
UNBENT = 0.01  # of what an activation gives: .27 of a rectifier's is no straight line, .01 of one with a slope of .72


def wide_start(case: Case) -> Iterator[Finding]:
    """Initial weights that are too large: outputs, or a first loss, beyond those of any healthy run."""
    large = any(map(case.above, ("widest_gain", "middle_gain", "start_spread"))) or _born_saturated(case)
    if case.above("widest_input") or not large:
        return
    yield Finding(
        "initial-weights-too-large",
        "Before the first step weights are larger than in any healthy run, for the inputs that they have.",
        case.evidence("widest_gain", "middle_gain", "start_spread", "saturated", "start_loss", "achieved"),
        _init(case.record, "he"),
        "Draw weights with a variance of 2/inputs (He et al., 2015) before a ReLU.",
        trace=case.depth("deviation of outputs before the first step", "deviation", case.record.start),
    )


def _born_saturated(case: Case) -> bool:
    """Whether sigmoids or tanhs are at their ends before the first step, and at the end in more layers than usual."""
    return max(layers(case.record.start, "saturated"), default=0.0) > BORN and case.high("saturated")


def alike(case: Case) -> Iterator[Finding]:
    """Layers whose weights are all equal, or zero, before the first step."""
    look = case.record.start
    found = _hidden(look, "weight_deviation")
    size, spread = (look.weight_norm, look.variation) if look is not None else ({}, {})
    shapes = case.record.matrices
    several = [name for name in found if math.prod(shapes.get(f"{name}.weight", (2,))) > 1]
    same = [name for name in several if found[name] <= SAME * size.get(name, 1.0)]
    zero = [name for name in same if spread.get(name, 1.0) <= SAME]
    tiny = case.below("middle_gain")
    if not same and not tiny:
        return
    cause = "initial-weights-zero" if len(zero) == len(same) else "symmetric-units"
    severity: Severity = "fault" if tiny or len(same) > 1 or case.poor else "warning"
    what = "equal" if cause == "symmetric-units" else "zero" if same else "next to zero"
    named = f" in {len(same)} of {len(found)} layers: {_named(same)}" if same else ""
    yield Finding(
        cause,
        f"Before the first step all weights are {what}{named}.",
        {"layers": float(len(same)), "of": float(len(found)), **case.evidence("middle_gain", "achieved", "fit")},
        _init(case.record, "default"),
        "Draw them at random: model.init=he.",
        severity,
        trace=case.depth("deviation of the weights before the first step", "weight_deviation", look, log=False),
    )


def dead(case: Case) -> Iterator[Finding]:
    """Rectified units that are zero for all examples."""
    born = case.above("dead_at_start") or (case.high("dead_at_start") and case.behind)
    died = case.above("dead_at_end") or (case.high("dead_at_end") and case.behind)
    if not born and not died:
        return
    look = case.record.start if born else case.record.end
    worst = max(look.dead, key=lambda name: look.dead[name]) if look is not None and look.dead else ""
    when = "before the first step" if born else "at the end, though not at the start"
    share = case["dead_at_start"] if born else case["dead_at_end"]
    yield Finding(
        "dead-units",
        f"{100 * share:.0f} % of the units of {worst} are zero for every example {when}.",
        case.evidence("dead_at_start", "dead_at_end"),
        _activation(case.record, "leaky_relu") or _init(case.record, "he"),
        "A smaller learning rate keeps them alive; look at the biases if they were born dead.",
        "fault" if case.behind or (born and share > 0.95) else "warning",
        given=case.above("dead_at_start"),
        trace=case.looks("share of dead units", "dead", log=False),
    )


def saturated(case: Case) -> Iterator[Finding]:
    """Sigmoids and tanhs at their ends."""
    if not case.above("saturated") and not (case.high("saturated") and case.behind):
        return
    yield Finding(
        "saturated-units",
        f"{100 * case['saturated']:.0f} % of what sigmoids and tanhs give lies at their ends.",
        case.evidence("saturated"),
        _activation(case.record, "relu"),
        "Smaller initial weights, scaled inputs, or a norm before them.",
        "fault" if case.behind else "warning",
        trace=case.looks("share of saturated outputs", "saturated", log=False),
    )


def vanishing(case: Case) -> Iterator[Finding]:
    """A gradient that does not reach the first layers."""
    if not case.below("gradient_span") or case.above("dead_at_start"):
        return
    yield Finding(
        "vanishing-gradients",
        f"Before the first step the first layer's gradient is {case['gradient_span']:.1e} of the last one's.",
        case.evidence("gradient_span", "achieved"),
        _norm(case.record) or _activation(case.record, "relu") or _init(case.record, "orthogonal"),
        "Or another activation (model.activation=relu), shorter paths, or gates.",
        "fault" if case.poor or case.behind else "warning",
        trace=case.depth("gradient by layer before the first step", "gradient", case.record.start),
    )


def exploding(case: Case) -> Iterator[Finding]:
    """A gradient that grows on its way to the first layers."""
    ends = case.high("saturated") and case.behind
    if case.above("dead_at_start") or not (case.above("gradient_span") or (case.high("gradient_span") and ends)):
        return  # a layer that is dead takes the last one's gradient, not more
    yield Finding(
        "exploding-gradients",
        f"Before the first step the first layer's gradient is {case['gradient_span']:.1e} of the last one's.",
        case.evidence("gradient_span", "most_update"),
        {"training.clip_norm": 1.0} if case.record.option("training.clip_norm", 0) is None else {},
        "Smaller initial weights, a norm between the layers, or fewer of them.",
        "fault" if case.poor or ends or case.record.diverged else "warning",
        trace=case.depth("gradient by layer before the first step", "gradient", case.record.start),
    )


def straight(case: Case) -> Iterator[Finding]:
    """A network of several layers that bends nowhere."""
    record, bends = case.record, max(case["bend"], case["first_bend"])
    named = record.option("model.activation") == "none" and _hidden_layers(record) > 0
    several = len(record.end.weight_deviation if record.end else ()) > 2
    seen = several and not case.below("gradient_span") and not case.below("middle_gain")
    hardly = case.below("first_bend") or (case.low("first_bend") and case.behind)
    line, nearly = seen and bends < STRAIGHT, seen and hardly
    passing = seen and case["activations_bend"] < UNBENT
    sure = named or line or passing or case.behind or (case.below("first_bend") and case["fit"] > LEFT)
    if record.option("model.use") in LINEAR or not (named or line or nearly or passing):
        return
    if case.above("dead_at_start") and not named and not passing:
        return  # units that are zero bend nothing, whatever their activation
    yield Finding(
        "linear-network",
        "No activation stands between its layers, so together they are one matrix."
        if named
        else "What it gives for the mean of two examples is the mean of what it gives for each: it bends nowhere."
        if line
        else f"Its activations give back what they are given: of none more than {case['activations_bend']:.1g} of the "
        "variance is no straight line in its inputs."
        if passing
        else f"Before the first step what it gives for the mean of two examples is {case['first_bend']:.1g} deviations "
        "from the mean of what it gives for each: it bends less than any healthy network.",
        {
            "model.activation": str(record.option("model.activation", "own")),
            **case.evidence("first_bend", "bend", "activations_bend"),
        },
        _bending(record),
        "A model that is to be linear says so: model.use=linear.",
        "fault" if sure else "warning",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def ignored(case: Case) -> Iterator[Finding]:
    """Outputs that are the same for all examples."""
    if not case.below("outputs_vary"):
        return
    yield Finding(
        "inputs-ignored",
        f"Over examples outputs vary by {case['outputs_vary']:.1e} of their deviation: all get the same answer.",
        case.evidence("outputs_vary", "explained"),
        advice="Look at what stands above, or overfit a single batch first.",
        severity="fault" if case.poor else "note",
        trace=case.depth("spread over examples by layer", "variation", case.record.end),
    )


def _hidden(look: Look | None, field: str) -> Mapping[str, float]:
    """A figure of all layers with matrices but the last, which may begin at zero."""
    values: dict[str, float] = dict(getattr(look, field)) if look is not None else {}
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    return dict(list(finite.items())[:-1])


def _named(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def _hidden_layers(record: Record) -> int:
    return sum(len(record.option(f"model.{name}") or ()) for name in ("widths", "hidden"))


def _init(record: Record, scheme: str) -> dict[str, Any]:
    """Other initial weights: by the model's own option, or over what its code draws."""
    now = record.option("model.init")
    if now is not None:
        return {} if now == scheme else {"model.init": scheme}
    drawn = record.option("model.weights", "none") == "none" and record.option("model.redraw") is None
    return {"model.redraw": scheme} if drawn else {}


def _activation(record: Record, name: str) -> dict[str, Any]:
    now = record.option("model.activation")
    return {} if now in (None, name) else {"model.activation": name}


def _bending(record: Record) -> dict[str, Any]:
    """Activations that bend: by the model's own option, or in the place of those that were seen."""
    if record.option("model.activation") is not None:
        return _activation(record, "relu")
    seen = any(look.zeros for look in record.looks) and record.option("model.activations") is None
    return {"model.activations": "relu"} if seen else {}


def _norm(record: Record) -> dict[str, Any]:
    return {"model.norm": "batch"} if record.option("model.norm") == "none" else {}


def recorded(record: Record) -> bool:
    """Whether there is a training to ask about."""
    return bool(record.rows or record.diverged) and record.option("optimizer.use") is not None


def activated(record: Record) -> bool:
    """Whether any activation was seen, or nothing at all."""
    return recorded(record) and (not record.looks or any(layers(look, "zeros") for look in record.looks))


CHECKS = (
    Check("initial weights that are too large", wide_start, ("variation",), recorded),
    Check("initial weights that are equal or zero", alike, ("weight_deviation",), recorded),
    Check("dead units", dead, ("dead",), activated),
    Check(
        "saturated units",
        saturated,
        ("saturated",),
        lambda record: recorded(record) and any(look.saturated for look in record.looks),
    ),
    Check("gradients that vanish", vanishing, ("gradient",), recorded),
    Check("gradients that explode", exploding, ("gradient",), recorded),
    Check("layers without an activation", straight, applies=recorded),
    Check("outputs that do not depend on inputs", ignored, ("outputs",), recorded),
)
