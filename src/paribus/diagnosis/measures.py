"""Figures without a unit that say how a training goes: what checks compare with those of healthy runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from paribus.diagnosis.rates import coordinate_heat, coordinate_rate, gradient_heat, gradient_rate, usual_rate
from paribus.diagnosis.record import STAGE, Record
from paribus.records.signals import Look

Measure = Callable[[Record], float | None]
LEAST = 1e-12  # below this a number is called zero
TAIL = 0.25  # share of the epochs that is the end of a training


@dataclass(frozen=True)
class Measured:
    """A figure of the table below.

    Args:
        compute: from a record; ``None`` where what it needs is not there.
        about: what it is, in a few words.
        field: of the looks it needs; empty where it needs none.
        log: whether its quantiles are ratios, so that margins are factors.
        margin: how far above all healthy runs a value must lie to be a fault: a factor, or an addition.
        under: how far below them; as far as above where that is not said.
    """

    compute: Measure
    about: str
    field: str = ""
    log: bool = True
    margin: float = 2.0
    under: float | None = None


def of_stage(look: Look | None, field: str) -> float | None:
    """A figure of the only stage, at a look."""
    value = getattr(look, field).get(STAGE) if look is not None else None
    return value if value is not None and math.isfinite(value) else None


def layers(look: Look | None, field: str) -> list[float]:
    """A figure of all layers, as far as it is a number."""
    return [value for value in getattr(look, field).values() if math.isfinite(value)] if look is not None else []


def ratio(above: float | None, below: float | None) -> float | None:
    """Their ratio, where both are known and the second is not zero."""
    return None if above is None or below is None or abs(below) < LEAST else above / below


def guess(record: Record) -> float | None:
    """The loss of calling all classes equally likely: of logits near zero."""
    return math.log(record.classes) if record.classes > 1 else None


def entropy(record: Record) -> float | None:
    """The loss of answering each class as often as it occurs: what needs no inputs."""
    return -math.fsum(share * math.log(share) for share in record.shares) if record.shares else None


def of_neighbours(figure: str) -> Measure:
    """A figure of what nearest neighbours among the training examples tell: before the first step."""
    return lambda record: record.start.agreement.get(figure) if record.start is not None else None


def start_loss(record: Record) -> float | None:
    """Before the first step, over that of a guess."""
    if not record.classifies or record.option("model.weights", "none") != "none":
        return None
    return ratio(of_stage(record.start, "loss_eval"), guess(record))


def summed(record: Record) -> float | None:
    """How the loss grows with the number of examples, as a power of it: 0 for a mean, 1 for a sum.

    Of the look at which it grows least, for batch norm and dropout move single looks.
    """
    powers = []
    for look in record.probed:
        grown = ratio(of_stage(look, "loss_eval"), of_stage(look, "loss"))
        if look.pieces > 1 and grown is not None and grown > 0:
            powers.append(math.log(grown) / math.log(look.pieces))
    return min(powers, default=None)


def update(record: Record, look: Look | None) -> float | None:
    """‖Δw‖/‖w‖ of the middle layer."""
    moved = [value for value in layers(look, "update_ratio") if value > 0]
    return median(moved) if moved else None


def first_update(record: Record) -> float | None:
    """At the first look behind a step."""
    return update(record, next((look for look in record.looks if look.step > 0), None))


def steps(record: Record) -> float | None:
    """How many were made."""
    return float(record.steps) if record.steps and record.lr is not None else None


def batches(record: Record) -> float | None:
    """In an epoch."""
    return record.steps / len(record.rows) if record.steps and record.rows and record.lr is not None else None


def most_update(record: Record) -> float | None:
    """The largest of all looks."""
    return max((found for look in record.looks if (found := update(record, look)) is not None), default=None)


def balance(record: Record) -> float | None:
    """‖Δw‖/‖w‖ of the discriminator over that of the generator, early."""
    first = next((look.update_ratio for look in record.looks if look.update_ratio), {})
    sides = [
        [value for name, value in first.items() if f"{side}." in name and 0 < value < math.inf]
        for side in ("discriminator", "generator")
    ]
    return median(sides[0]) / median(sides[1]) if all(sides) else None


def growth(record: Record) -> float | None:
    """Of the weights of the layer that grew most, until the first look behind a step: later ones grow by learning."""
    early = next((look for look in record.looks if look.step > 0), None)
    return max(_changes(record, early), default=None)


def shrinkage(record: Record) -> float | None:
    """Of the weights of the middle layer, from the start to the end."""
    changes = _changes(record, record.looks[-1] if record.looks else None)
    return median(changes) if changes else None


def _changes(record: Record, look: Look | None) -> list[float]:
    """The norms of all layers with matrices over those before the first step."""
    if record.start is None or look is None:
        return []
    before, after = record.start.weight_norm, look.weight_norm
    pairs = ((before[name], after[name]) for name in record.start.weight_deviation if name in before and name in after)
    return [new / old for old, new in pairs if old > LEAST and math.isfinite(new)]


def gradient_span(record: Record) -> float | None:
    """The first layer's gradient over the last one's, before the first step."""
    found = _of_weights(record.start, "gradient")
    return ratio(found[0], found[-1]) if len(found) > 2 else None


def _of_weights(look: Look | None, field: str) -> list[float]:
    """A figure of the layers that have matrices or kernels, in order."""
    if look is None:
        return []
    values = getattr(look, field)
    return [values[name] for name in look.weight_deviation if name in values and math.isfinite(values[name])]


def gains(record: Record) -> list[float]:
    """Deviation of the initial weights times √inputs, layer by layer: 1.4 keeps a signal's size before a ReLU."""
    look = record.start
    if look is None or record.option("model.weights", "none") != "none":
        return []
    shapes = {name.rpartition(".")[0]: shape for name, shape in record.matrices.items() if name.endswith(".weight")}
    inputs = {name: math.prod(shape[1:]) for name, shape in shapes.items()}
    several = [name for name in look.weight_deviation if math.prod(shapes.get(name, ())) > 1]  # one deviates by nothing
    return [look.weight_deviation[name] * math.sqrt(inputs[name]) for name in several]


def widest_gain(record: Record) -> float | None:
    """Of the layer with the largest initial weights."""
    return max(gains(record), default=None)


def middle_gain(record: Record) -> float | None:
    """Of the middle layer, for a single one may begin at zero on purpose."""
    found = gains(record)
    return median(found) if found else None


def first_spread(record: Record) -> float | None:
    """How far the first layer's outputs depend on the example, over what its weights make of inputs of deviation 1."""
    found, weights = layers(record.start, "variation"), gains(record)
    return ratio(found[0], weights[0]) if found and weights else None


def start_spread(record: Record) -> float | None:
    """How far outputs of the last hidden layer depend on the example, before the first step."""
    found = [value for value in layers(record.start, "variation") if math.isfinite(value)]
    return max(found) if found else None


def dead_at_start(record: Record) -> float | None:
    """Share of units that are zero for all examples: of the worst layer, before the first step."""
    return max(layers(record.start, "dead"), default=None)


def dead_at_end(record: Record) -> float | None:
    """The same at the end."""
    return max(layers(record.end, "dead"), default=None)


def saturated(record: Record) -> float | None:
    """Share of outputs of sigmoids and tanhs at their ends, of the middle layer, at the end."""
    found = layers(record.end, "saturated")
    return median(found) if found else None


LINEAR = ("linear", "logistic", "ridge", "majority")  # models that are meant to be straight lines


def activations_bend(record: Record) -> float | None:
    """The largest share of an activation's outputs that is no straight line in its inputs, at the start or the end."""
    return max((value for look in (record.start, record.end) for value in layers(look, "bends")), default=None)


def bend(record: Record) -> float | None:
    """How far the network is from a straight line."""
    return _bend(record, record.end)


def first_bend(record: Record) -> float | None:
    """The same before the first step, of networks with activations: recurrent ones bend only by learning."""
    return _bend(record, record.start) if record.start is not None and record.start.zeros else None


def _bend(record: Record, look: Look | None) -> float | None:
    return look.outputs.get("bend") if look is not None and record.option("model.use") not in LINEAR else None


def simplex(record: Record) -> float | None:
    """Share of examples for which it gives probabilities."""
    look = record.end or record.start
    return look.outputs.get("simplex") if look is not None else None


def outputs_vary(record: Record) -> float | None:
    """How far what it gives depends on the example, over how far it deviates at all, at the end."""
    look = record.end
    return ratio(look.outputs.get("variation"), look.outputs.get("deviation")) if look is not None else None


def input_deviation(record: Record) -> float | None:
    """Of what the model sees: of the middle channel that is not constant."""
    found = [value for value in _inputs(record, "deviation") if value > LEAST]
    return median(found) if found else None


def widest_input(record: Record) -> float | None:
    """Of what the model sees: the largest deviation or distance from zero of a channel."""
    return max((abs(value) for name in ("mean", "deviation") for value in _inputs(record, name)), default=None)


def rough(record: Record) -> float | None:
    """How far pixels side by side differ: of the middle channel."""
    found = [value for value in _inputs(record, "rough") if value > LEAST]
    return median(found) if found else None


def _inputs(record: Record, name: str) -> Sequence[float]:
    if record.start is None or not record.info.get("mean"):
        return ()  # tokens are no quantities
    return [value for value in record.start.inputs.get(name, ()) if math.isfinite(value)]


def norm_drift(record: Record) -> float | None:
    """How far running statistics are from those of the probe: |ln| of variances, of the worst batch norm."""
    return max(layers(record.end, "norm_variance"), default=None)


def norm_shift(record: Record) -> float | None:
    """How many deviations running means are from those of the probe, of the worst batch norm."""
    return max(layers(record.end, "norm_mean"), default=None)


def mode_gap(record: Record) -> float | None:
    """Loss in evaluation mode less that in training mode, over the larger, at the end."""
    evaluated, trained = of_stage(record.end, "loss_eval"), of_stage(record.end, "loss")
    if evaluated is None or trained is None:
        return None
    return (evaluated - trained) / max(abs(evaluated), abs(trained), 0.1 * (guess(record) or 0), LEAST)


def explained(record: Record) -> float | None:
    """Share of the loss of the last bias alone that inputs take away, at the end."""
    bias, loss = of_stage(record.end, "loss_bias"), of_stage(record.end, "loss_eval")
    return None if bias is None or loss is None or abs(bias) < LEAST else 1 - loss / bias


def largest_class(record: Record) -> float | None:
    """Share of the most frequent class of the middle batch, over what chance would give."""
    found = next((look.largest_class for look in record.looks if look.largest_class), ())
    return median(found) if found else None


def clip_factor(record: Record) -> float | None:
    """What gradients were multiplied by on average: of the look with the least."""
    found = [value for look in record.looks for value in look.clip_factor.values() if math.isfinite(value)]
    return min(found, default=None)


def fit(record: Record) -> float | None:
    """The last training loss over that of a guess, or over that before the first step.

    Not of a forecast that starts from what was a season ago: its first loss is no guess's.
    """
    last = record.values("train/loss")[-1:]
    if record.rated:
        return ratio(last[0], entropy(record)) if last else None
    if record.option("task.anchor", "none") != "none":
        return None
    return ratio(last[0], of_stage(record.start, "loss_eval")) if last else None


def slope(record: Record) -> float | None:
    """How fast the training loss falls at the end: −d ln loss / d ln step, over the last half of the steps."""
    return _falling(record, "train/loss")


def improving(record: Record) -> float | None:
    """The same of the Fréchet distance of what a generator draws, whose losses need not fall."""
    return _falling(record, "val/frechet")


def _falling(record: Record, name: str) -> float | None:
    points = [(row["step"], row[name]) for row in record.rows if (row.get(name) or 0) > 0]
    if len(points) < 2:
        return None
    end, last = points[-1]
    early = [point for point in points[:-1] if point[0] <= 0.6 * end] or points[:1]
    begin, first = early[-1]
    return math.log(first / last) / math.log(end / begin) if end > begin > 0 else None


def _base(record: Record) -> float | None:
    """The loss of a guess; where there are no classes, that before the first step."""
    return (entropy(record) if record.rated else None) or of_stage(record.start, "loss_eval")


def unfinished(record: Record) -> float | None:
    """What the training loss still loses, of that of a guess, whenever the steps grow by a factor of e.

    Of a training of one epoch: from its mean to its end, which is about what the last half of it gained.
    """
    base = _base(record)
    last, steep = record.values("train/loss")[-1:], slope(record)
    if not last or not base:
        return None
    if steep is not None:
        return steep * last[0] / base
    end = of_stage(record.end, "loss")
    return None if end is None or len(record.rows) > 1 else (last[0] - end) / base / math.log(2)


def rise(record: Record) -> float | None:
    """The last validation loss over its lowest."""
    found = record.values("val/loss")
    return ratio(found[-1], min(found)) if found and min(found) > 0 else None


def gap(record: Record) -> float | None:
    """Share of right answers in training less that in validation, at the end."""
    split, _, name = record.rated.partition("/")
    trained, checked = record.values(f"train/{name}")[-1:], record.values(record.rated)[-1:] if split else []
    return trained[0] - checked[0] if trained and checked else None


def achieved(record: Record) -> float | None:
    """How much of what guessing leaves is reached: 0 at the most frequent class, 1 where all is right.

    Or of the mean over classes, where that is more: who weighs rare classes up may say the frequent one less often.
    """
    if not record.rated or record.classes < 2 or (value := record.figures.get(record.rated)) is None:
        return None
    most, even = max(record.shares), 1 / record.classes
    balanced = record.figures.get("val/balanced_accuracy")
    by_class = -1.0 if balanced is None else (balanced - even) / (1 - even)
    return float(max((value - most) / (1 - most), by_class))


def pixels(record: Record) -> float | None:
    """The same where answers are of single pixels, of which neighbours tell most."""
    return achieved(record) if record.rated and not record.classifies else None


def told(record: Record) -> float | None:
    """What is reached, less what the nearest training example tells: examples differ in how hard they are.

    Of classes, both as shares of what guessing leaves; of numbers, as shares of their variance. Not of series, of which
    the nearest window is that of a moment before, and has most of the same targets.
    """
    if record.info.get("series"):
        return None
    neighbour = of_neighbours("kappa")(record)
    reached = achieved(record) if record.rated else record.figures.get("val/r2")
    return None if neighbour is None or reached is None else max(-1.0, reached) - neighbour


STRETCH = 20  # steps: what happens in fewer is how a training begins, and not yet how it goes


def _stretches(record: Record) -> list[float]:
    """The mean training loss of epochs, of as many at a time as have some steps together."""
    found, total, begin, before = [], 0.0, 0.0, 0.0
    for row in record.rows:
        step, loss = float(row.get("step") or 0), row.get("train/loss")
        if loss is None or step <= before:
            continue
        total, before = total + loss * (step - before), step
        if step - begin >= STRETCH:
            found.append(total / (step - begin))
            total, begin = 0.0, step
    return found


def jump(record: Record) -> float | None:
    """The largest rise of the training loss above its lowest before, in losses of a guess."""
    values, base = _stretches(record), _base(record)
    lows = [min(values[: place + 1]) for place in range(len(values))]
    rises = [value - low for value, low in zip(values[1:], lows, strict=False)]
    return max(rises) / base if rises and base else None


def first_epoch(record: Record) -> float | None:
    """The mean training loss of the first epoch, or of the first few short ones, over that before the first step."""
    return ratio(next(iter(_stretches(record)), None), of_stage(record.start, "loss_eval"))


MISTAKES = 20  # of fewer nobody can say how they are spread


def confusion_loss(record: Record) -> float | None:
    """The lowest validation loss over that of errors which are spread evenly and of a known rate.

    With wrong labels no answer is sure, and the loss is the entropy of their rate; where answers are only hard, most
    are sure and few are not, and the loss is lower. Of answers that are made less sure on purpose it says nothing.
    """
    if not record.classifies or softened(record):
        return None
    rows = [row for row in record.rows if row.get("val/loss") is not None and row.get("val/accuracy") is not None]
    if not rows or record.classes < 2:
        return None
    best = min(rows, key=lambda row: row["val/loss"])
    error = 1 - best["val/accuracy"]
    if error >= 1 or error * (record.info.get("sizes") or {}).get("val", 0) < MISTAKES:
        return None
    floor = -(1 - error) * math.log(1 - error) - error * math.log(error / (record.classes - 1))
    return ratio(best["val/loss"], floor)


def softened(record: Record) -> bool:
    """Whether answers are made less sure on purpose, as by mixed pictures."""
    return bool(record.option("task.label_smoothing")) or any(
        part.get("use", name) in ("mixup", "cutmix") for name, part in (record.option("augment") or {}).items()
    )


MEASURES: Mapping[str, Measured] = {
    "agreement": Measured(
        of_neighbours("kappa"), "how far nearest neighbours tell targets (κ)", "agreement", False, 0.0
    ),
    "agreement_error": Measured(of_neighbours("error"), "standard error of that κ", "agreement", False, 0.0),
    "mask_agreement": Measured(
        of_neighbours("mask_kappa"),
        "how far the nearest picture's mask tells classes of pixels (κ)",
        "agreement",
        False,
    ),
    "mask_error": Measured(of_neighbours("mask_error"), "standard error of that κ", "agreement", False),
    "nearness": Measured(
        of_neighbours("distance"), "distance to the nearest example over that of two", "agreement", False, 0.05
    ),
    "rough": Measured(rough, "difference of neighbouring pixels, of what it is in noise", "inputs", False, 0.05),
    "start_loss": Measured(start_loss, "the first loss over that of a guess", "loss_eval", margin=1.5),
    "summed": Measured(summed, "power of the number of examples by which the loss grows", "loss", False, 0.3),
    "usual_rate": Measured(usual_rate, "learning rate over the optimizer's default"),
    "gradient_rate": Measured(gradient_rate, "learning rate as it adds up with momentum", margin=1.25),
    "coordinate_rate": Measured(coordinate_rate, "how far a step moves each weight", margin=1.25),
    "gradient_heat": Measured(gradient_heat, "that rate for each example of a batch", margin=1.25),
    "coordinate_heat": Measured(coordinate_heat, "that step for the root of the examples of a batch", margin=1.25),
    "steps": Measured(steps, "steps"),
    "batches": Measured(batches, "batches in an epoch"),
    "first_update": Measured(first_update, "‖Δw‖/‖w‖ of the middle layer, early", "update_ratio"),
    "most_update": Measured(most_update, "‖Δw‖/‖w‖ of the middle layer, at its largest", "update_ratio", under=5.0),
    "balance": Measured(balance, "‖Δw‖/‖w‖ of the discriminator over the generator's", "update_ratio", margin=5.0),
    "growth": Measured(growth, "growth of the layer that grew most, early", "weight_norm"),
    "shrinkage": Measured(shrinkage, "norm of the middle layer, end over start", "weight_norm"),
    "gradient_span": Measured(gradient_span, "gradient of the first layer over the last's", "gradient", margin=10.0),
    "widest_gain": Measured(widest_gain, "initial weights times √inputs, at their largest", "weight_deviation"),
    "middle_gain": Measured(middle_gain, "initial weights times √inputs, of the middle layer", "weight_deviation"),
    "first_spread": Measured(
        first_spread, "spread of the first layer's outputs over its weights'", "variation", margin=3.0
    ),
    "start_spread": Measured(start_spread, "spread of outputs over examples before the first step", "variation"),
    "dead_at_start": Measured(dead_at_start, "dead units before the first step", "dead", False, 0.15),
    "dead_at_end": Measured(dead_at_end, "dead units at the end", "dead", False, 0.1),
    "saturated": Measured(saturated, "saturated outputs", "saturated", False, 0.2),
    "bend": Measured(bend, "distance from a straight line", "outputs"),
    "activations_bend": Measured(activations_bend, "what no straight line explains of an activation", "bends"),
    "first_bend": Measured(first_bend, "distance from a straight line before the first step", "outputs"),
    "simplex": Measured(simplex, "share of outputs that are probabilities", "outputs", log=False),
    "outputs_vary": Measured(outputs_vary, "dependence of outputs on examples", "outputs", margin=3.0),
    "input_deviation": Measured(input_deviation, "deviation of the inputs", "inputs", margin=2.0),
    "widest_input": Measured(widest_input, "largest level or deviation of an input", "inputs", margin=2.0),
    "norm_drift": Measured(norm_drift, "batch norm: |ln| of running over true variance", "norm_variance", False, 0.3),
    "norm_shift": Measured(norm_shift, "batch norm: running less true mean, in deviations", "norm_mean", False, 0.3),
    "mode_gap": Measured(mode_gap, "loss when evaluated less when trained, relative", "loss_eval", False, 0.15),
    "explained": Measured(explained, "share of the last bias' loss that inputs take away", "loss_bias", False, 0.0),
    "clip_factor": Measured(clip_factor, "what clipping leaves of gradients", "clip_factor", margin=5.0),
    "fit": Measured(fit, "the last training loss over a guess's", margin=1.05),
    "slope": Measured(slope, "how fast the training loss falls at the end", log=False, margin=0.2),
    "improving": Measured(improving, "how fast the Fréchet distance falls at the end", log=False, margin=0.5),
    "unfinished": Measured(unfinished, "what the training loss still loses, of a guess's", log=False, margin=0.05),
    "rise": Measured(rise, "the last validation loss over its lowest", margin=1.2),
    "gap": Measured(gap, "right answers in training less in validation", log=False, margin=0.25),
    "achieved": Measured(achieved, "share of what guessing leaves", log=False, margin=0.0),
    "pixels": Measured(pixels, "share of what guessing leaves, of pixels", log=False, margin=0.0),
    "told": Measured(told, "what is reached, less what the nearest example tells", "agreement", False, 0.0),
    "jump": Measured(jump, "largest rise of the training loss, of a guess's", log=False, margin=0.3),
    "first_epoch": Measured(first_epoch, "mean loss of the first epoch over the first loss", "loss_eval", margin=1.2),
    "confusion_loss": Measured(confusion_loss, "loss over that of evenly spread errors", margin=1.1),
}
"""Name → figure. Their quantiles over healthy runs stand in ``healthy.json``: see :mod:`.healthy`."""


def measure(record: Record) -> dict[str, float]:
    """All figures that the record has."""
    found = {name: one.compute(record) for name, one in MEASURES.items()}
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}
