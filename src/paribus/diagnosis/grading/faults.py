"""The faults that are planted: one a row, with the causes that count as right and the severities of both sides.

Grading takes other severities than tuning. What counts as right was written down before the doctor was asked: the
strict cause is what was done, an equivalent one leads to the same treatment or cannot be told from it by anything that
a training shows. Small steps, for instance, follow the gradient flow, in which only learning rate × steps counts: a
learning rate that is too low and a training that is too short are the same there. And columns that are drowned in
noise and targets that change places leave the same: inputs and targets that have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paribus.diagnosis.grading import plans
from paribus.diagnosis.grading.host import Family, Host, Set
from paribus.diagnosis.grading.plans import Plan, Plant, assembled, normalised, spoiled

Levels = tuple[float, float, float]

CLASSES: tuple[Family, ...] = ("mlp", "cnn", "resnet")
STEPPED: tuple[Family, ...] = (*CLASSES, "unet", "numbers", "forecast", "language")
PIXELS: tuple[Family, ...] = (*CLASSES, "unet")
LAYERED: tuple[Family, ...] = (*PIXELS, "numbers")
SERIES: tuple[Family, ...] = ("forecast",)
RECURRENT: tuple[Family, ...] = ("forecast", "language")
GANS: tuple[Family, ...] = ("gan",)

SMALL_STEPS = ("lr-too-low", "too-few-epochs", "clipped-to-nothing", "warm-up-never-left", "stopped-too-early")
LARGE_STEPS = ("lr-too-high", "exploding-gradients", "summed-loss")


@dataclass(frozen=True)
class Fault:
    """A fault.

    Args:
        id: by which ``--only`` names it.
        about: what is done, for the table.
        plant: into a host, at a level.
        causes: ids that are right in the strict sense.
        equivalent: further ids that count as right.
        families: in which it is planted.
        levels: of both sides, mildest first.
        operators: the mutation operators of DeepCrime (Humbatova, Jahangirova & Tonella 2021) that it covers.
    """

    id: str
    about: str
    plant: Plant
    causes: tuple[str, ...]
    equivalent: tuple[str, ...]
    families: tuple[Family, ...]
    levels: Mapping[Set, Levels]
    operators: tuple[str, ...] = ()

    def fits(self, host: Host) -> bool:
        """Whether it can be planted in this host."""
        return host.family in self.families

    def plan(self, host: Host, severity: int) -> Plan:
        """How, at severity 0, 1, 2."""
        return self.plant(host, self.levels[host.set][severity])

    def right(self, cause: str, strict: bool = False) -> bool:
        """Whether a cause is the right one."""
        return cause in self.causes or (not strict and cause in self.equivalent)


def _levels(tuning: Levels, grading: Levels, following: Levels) -> Mapping[Set, Levels]:
    return {"tuning": tuning, "grading": grading, "next": following}


FAULTS: tuple[Fault, ...] = (
    Fault("lr-high", "learning rate × 50 … 500", plans.rate, ("lr-too-high",), LARGE_STEPS,
          (*STEPPED, "gan"), _levels((30, 150, 500), (40, 120, 400), (38, 110, 370))),
    Fault("lr-low", "learning rate ÷ 300 … 5,000", plans.lower_rate, ("lr-too-low",), SMALL_STEPS,
          (*STEPPED, "gan"), _levels((300, 1500, 5000), (400, 1200, 4000), (380, 1250, 3800)), ("HLR",)),
    Fault("short", "training ÷ 10 … 60", plans.fewer_epochs, ("too-few-epochs",), SMALL_STEPS,
          (*STEPPED, "gan"), _levels((15, 30, 60), (12, 25, 50), (17, 29, 58)), ("HNE",)),
    Fault("deep", "8 … 24 sigmoid layers without norm", plans.deep, ("vanishing-gradients",), ("saturated-units",),
          LAYERED, _levels((8, 16, 24), (10, 18, 26), (13, 19, 27)), ("ACH",)),
    Fault("init-large", "initial weights × 6 … 100", assembled(1), ("initial-weights-too-large",),
          ("exploding-gradients", "saturated-units"), STEPPED,
          _levels((6, 20, 60), (8, 25, 80), (11, 33, 85)), ("WCI",)),
    Fault("init-constant", "all initial weights alike", assembled(2),
          ("symmetric-units",), ("initial-weights-zero",), LAYERED,
          _levels((0.01, 0.03, 0.1), (0.015, 0.04, 0.15), (0.014, 0.038, 0.16)), ("WCI",)),
    Fault("init-zero", "initial weights zero, or next to it", assembled(1), ("initial-weights-zero",),
          ("symmetric-units", "vanishing-gradients", "weights-zero"), LAYERED,
          _levels((0.0, 1e-6, 1e-3), (0.0, 3e-06, 0.002), (0.0, 7e-06, 0.0014)), ("WCI",)),
    Fault("bias-down", "biases −3 … −30 before rectifiers", assembled(3), ("dead-units",), ("vanishing-gradients",),
          LAYERED, _levels((3, 8, 20), (4, 12, 25), (5.5, 10.5, 21)), ("ACH",)),
    Fault("linear", "activations that are next to none", assembled(4), ("linear-network",), ("underfitting",),
          LAYERED, _levels((0.85, 0.95, 1.0), (0.88, 0.96, 1.0), (0.865, 0.945, 1.0)), ("ARM",)),
    Fault("softmax", "softmax before a cross-entropy of logits", assembled(5), ("double-softmax",), (),
          (*PIXELS, "language"), _levels((0.5, 1, 2), (0.6, 1, 1.8), (0.58, 1, 1.75)), ("AAL",)),
    Fault("cut-sigmoid", "σ(ReLU(z)) for logits", assembled(6), ("cut-outputs", "double-softmax"), (),
          PIXELS, _levels((-1, 0, 1), (-0.7, 0.2, 0.8), (-0.75, 0.05, 0.75)), ("AAL",)),
    Fault("cut", "ReLU(z) for logits", assembled(7), ("cut-outputs",), ("dead-units",),
          PIXELS, _levels((0, 0.5, 1), (0, 0.6, 1.2), (0, 0.52, 1.15)), ("AAL",)),
    Fault("squared", "squared error for classes", plans.squared, ("squared-error-of-classes",), (),
          CLASSES, _levels((2, 3, 4), (2, 3, 4), (2, 3, 4)), ("LCH",)),
    Fault("summed", "losses summed over the batch", plans.loss_form(1), ("summed-loss",), LARGE_STEPS,
          (*CLASSES, "numbers"), _levels((0.5, 1, 3), (0.6, 1, 3.5), (0.58, 1, 2.6)), ("LCH",)),
    Fault("unscaled", "inputs as they are stored", plans.raw, ("inputs-not-scaled",), ("inputs-too-small",),
          (*CLASSES, "unet", "numbers", "forecast"), _levels((0.5, 1, 3), (0.6, 1, 3.5), (0.65, 1, 2.9))),
    Fault("scaled-twice", "inputs ÷ 255 once more", assembled(9), ("inputs-too-small",), ("inputs-not-scaled",),
          LAYERED, _levels((50, 255, 2000), (80, 255, 1500), (90, 255, 1300))),
    Fault("norm-frozen", "batch norm that hardly updates", normalised(10), ("batch-norm-frozen",), (),
          PIXELS, _levels((1e-3, 1e-4, 0.0), (0.0015, 0.00015, 0.0), (0.0011, 0.00011, 0.0))),
    Fault("batch-tiny", "batches of two to four with batch norm", plans.batch_with_norm, ("batches-too-small",),
          ("lr-too-high",), PIXELS, _levels((4, 3, 2), (4, 3, 2), (4, 3, 2)), ("HBS",)),
    Fault("batch-one", "batches of one, with the learning rate kept", plans.batch_of, ("lr-too-high",),
          (*LARGE_STEPS, "batches-too-small"), ("mlp", "cnn", "numbers"),
          _levels((3, 2, 1), (3, 2, 1), (3, 2, 1)), ("HBS",)),
    Fault("batch-all", "all examples in a batch or two", plans.large_batch, ("too-few-epochs",), SMALL_STEPS,
          (*LAYERED, "forecast"), _levels((0.25, 0.5, 1.0), (0.28, 0.55, 1.0), (0.29, 0.58, 1.0)), ("HDB",)),
    Fault("one-class", "batches of one class", plans.one_class, ("one-class-batches",), (),
          CLASSES, _levels((10, 16, 30), (11, 18, 35), (9, 19, 33))),
    Fault("decay", "weight decay .1 with dropout .8", plans.regularised, ("over-regularised",), ("underfitting",),
          (*LAYERED, "forecast", "language"), _levels((0.5, 1, 3), (0.6, 1, 3.5), (0.58, 1, 2.9)), ("RCW", "RCD")),
    Fault("sparse", "a penalty on the sizes of weights", plans.sparse, ("over-regularised",), ("underfitting",),
          (*LAYERED, "forecast", "language"),
          _levels((0.02, 0.1, 0.5), (0.03, 0.12, 0.45), (0.04, 0.125, 0.48)), ("RAW",)),
    Fault("few", "2 % of the data without regularisation", plans.few_examples, ("overfitting",), (),
          LAYERED, _levels((0.06, 0.03, 0.015), (0.055, 0.025, 0.012), (0.052, 0.027, 0.0145)), ("TRD", "RRW", "RCD")),
    Fault("narrow", "hidden layers of one to three units", plans.narrow, ("capacity-too-small",), ("underfitting",),
          STEPPED, _levels((3, 2, 1), (3, 2, 1), (3, 2, 1))),
    Fault("unbiased", "layers without biases", assembled(12), ("capacity-too-small", "underfitting"), (),
          LAYERED, _levels((0.3, 0.6, 1.0), (0.35, 0.65, 1.0), (0.36, 0.72, 1.0)), ("WRB",)),
    Fault("labels", "10, 20, 40 % of the labels wrong", spoiled("wrong"), ("labels-wrong",), (),
          CLASSES, _levels((0.08, 0.15, 0.5), (0.1, 0.2, 0.4), (0.13, 0.21, 0.46)), ("TCL",)),
    Fault("permuted", "targets that belong to other inputs", spoiled("permuted"), ("labels-permuted",),
          ("labels-wrong",), (*CLASSES, "unet", "numbers"),
          _levels((0.85, 0.95, 1.0), (0.88, 0.96, 1.0), (0.89, 0.965, 1.0)), ("TCL",)),
    Fault("twice", "the largest class copied under a second label", spoiled("doubled"), ("class-twice",),
          ("labels-wrong",), CLASSES, _levels((0.5, 0.8, 1.0), (0.45, 0.75, 1.0), (0.58, 0.88, 1.0)), ("TCO",)),
    Fault("thinned", "a class thinned by 90 … 99 %", spoiled("thinned", "val/balanced_accuracy"), ("class-thinned",),
          (), CLASSES, _levels((0.9, 0.95, 0.98), (0.9, 0.96, 0.985), (0.912, 0.952, 0.986)), ("TUD",)),
    Fault("noisy", "noise on the inputs", spoiled("noisy"), ("noisy-inputs",), ("labels-permuted",),
          LAYERED, _levels((1, 2, 4), (0.9, 1.8, 3.5), (1.15, 1.9, 3.4)), ("TAN",)),
    Fault("swapped", "another optimizer, the learning rate kept", plans.swapped, ("lr-too-high", "lr-too-low"),
          (*LARGE_STEPS, *SMALL_STEPS), STEPPED, _levels((1, 2, 3), (1, 2, 3), (1, 2, 3)), ("OCH",)),
    Fault("clipped", "gradient clipped to .01 … .0001", plans.clipped, ("clipped-to-nothing",), SMALL_STEPS,
          STEPPED, _levels((1e-2, 1e-3, 1e-4), (0.015, 0.0015, 0.00015), (0.011, 0.0013, 0.00016)), ("OCG",)),
    Fault("impatient", "early stopping at the first epoch that is hardly better", plans.impatient,
          ("stopped-too-early",), SMALL_STEPS, STEPPED,
          _levels((0.01, 0.05, 0.3), (0.015, 0.08, 0.35), (0.016, 0.065, 0.27)), ("RCP",)),
    Fault("vanishing", "a recurrence that forgets", plans.recurrence, ("vanishing-gradients",), (),
          RECURRENT, _levels((0.1, 0.01, 0.0), (0.07, 0.008, 0.0), (0.075, 0.0065, 0.0))),
    Fault("exploding", "a recurrence that explodes", plans.recurrence, ("exploding-gradients",),
          ("initial-weights-too-large", "saturated-units", "lr-too-high"),
          RECURRENT, _levels((3, 8, 20), (4, 9, 25), (4.2, 10.5, 23))),
    Fault("strong", "a discriminator with a learning rate × 10 … 100", plans.stage_rate("discriminator"),
          ("discriminator-wins",), ("lr-too-high", "mode-collapse", "modes-not-covered"),
          GANS, _levels((10, 30, 100), (12, 35, 90), (16, 36, 88))),
    Fault("weak", "a discriminator with a learning rate ÷ 30 … 1,000", plans.stage_rate("discriminator"),
          ("discriminator-too-weak",), ("lr-too-low", "modes-not-covered", "mode-collapse"),
          GANS, _levels((0.03, 0.01, 0.001), (0.025, 0.008, 0.0015), (0.024, 0.0078, 0.0013))),
    Fault("collapse", "a generator that runs ahead", plans.collapsing, ("mode-collapse",),
          ("modes-not-covered", "lr-too-high", "discriminator-too-weak"),
          GANS, _levels((10, 20, 50), (9, 18, 45), (10.5, 21, 43))),
    Fault("columns", "a sequence that runs over the columns", plans.columns, ("wrong-axis",), (),
          SERIES, _levels((12, 24, 48), (16, 28, 54), (11, 23, 44))),
    Fault("drift", "a series that leaves the range of training", plans.drifting, ("drift",), (),
          SERIES, _levels((0.05, 0.1, 0.3), (0.06, 0.12, 0.35), (0.075, 0.125, 0.36))),
    Fault("leak", "a column from the future", plans.leaking, ("future-leaks",), (),
          SERIES, _levels((3, 6, 12), (2, 4, 10), (4, 7, 10))),
)  # fmt: skip

OPERATORS = (
    "TCL", "TRD", "TUD", "TAN", "TCO", "HBS", "HLR", "HNE", "HDB", "ACH", "ARM", "AAL",
    "WCI", "WAB", "WRB", "RAW", "RCW", "RRW", "RCD", "RCP", "LCH", "OCH", "OCG", "VRM",
)  # fmt: skip
"""All 24 operators of DeepCrime."""

NOT_PLANTED: Mapping[str, str] = {
    "WAB": "every layer of these networks has a bias already, but before a batch norm, which takes it off again",
    "VRM": "a recipe cannot leave the validation split out",
}
"""Operators that cannot be applied here, with the reason."""
