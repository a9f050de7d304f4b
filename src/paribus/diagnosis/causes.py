"""What can be wrong with a training: a table of causes, each with its mechanism and where that is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["cause", "symptom"]


@dataclass(frozen=True)
class Cause:
    """One thing that goes wrong, known by a stable id.

    Args:
        name: in a few words: "time runs along the wrong axis".
        mechanism: how it does harm, in two sentences at most.
        source: where that is written.
        kind: a symptom explains nothing itself, and is a consequence wherever a cause is known.
    """

    name: str
    mechanism: str
    source: str
    kind: Kind = "cause"


NORM = "Ioffe and Szegedy 2015"
DEEP = "Goodfellow, Bengio and Courville 2016"
GLOROT = "Glorot and Bengio 2010"
RECURRENT = "Pascanu, Mikolov and Bengio 2013"
NOISE = "Zhang, Bengio, Hardt, Recht and Vinyals 2017"
BALANCE = "Buda, Maki and Mazurowski 2018"

CAUSES: Mapping[str, Cause] = {
    # steps
    "lr-too-high": Cause(
        "the learning rate is too high",
        "Where a step is longer than two over the curvature, it climbs the other side of the valley higher than it "
        "stood: the loss swings or leaps, and units are thrown where no gradient reaches them.",
        f"{DEEP}, 8.3; LeCun, Bottou, Orr and Müller 1998, 4.7",
    ),
    "lr-too-low": Cause(
        "the learning rate is too low",
        "Each step moves the weights by so small a part of themselves that the budget ends near where they began. The "
        "loss still falls in a straight line when training stops.",
        f"{DEEP}, 11.4.1",
    ),
    "too-few-epochs": Cause(
        "trained too briefly",
        "The steps are sound, but there are too few of them: the loss was still falling as fast as before.",
        f"{DEEP}, 7.8",
    ),
    "warm-up-never-left": Cause(
        "the warm-up takes most of the training",
        "While it warms up, the learning rate is a part of what was asked for, and here the training ends before or "
        "soon after it got there.",
        "Goyal et al. 2017, 2.2",
    ),
    "stopped-too-early": Cause(
        "stopped at the first bad epoch",
        "Figures of single epochs swing by chance. A rule that waits for nothing stops at the first swing, whatever "
        "the trend.",
        "Prechelt 1998",
    ),
    "clipped-to-nothing": Cause(
        "the gradient is clipped to almost nothing",
        "Nearly every step is shortened by a large factor, so it has the length of the limit and no longer that of the "
        "gradient: this is a far smaller learning rate.",
        f"{RECURRENT}, 3.2",
    ),
    "summed-loss": Cause(
        "the loss is summed, and not averaged",
        "A sum over a batch has a gradient as many times larger as the batch has examples, and so has every step. The "
        "learning rate then depends on the batch size.",
        "Goyal et al. 2017, 2.1",
    ),
    # signals and gradients
    "vanishing-gradients": Cause(
        "gradients vanish towards the inputs",
        "Each saturating layer, or each moment of a recurrence, multiplies the gradient by slopes below one. After "
        "many of them the first layers hear nothing of the loss and stay as they were drawn.",
        f"{GLOROT}; {RECURRENT}",
    ),
    "exploding-gradients": Cause(
        "gradients explode",
        "Layers or moments that each multiply by more than one make a gradient that grows as a power of their number: "
        "single steps throw the weights far away.",
        RECURRENT,
    ),
    "initial-weights-too-large": Cause(
        "the initial weights are too large",
        "Outputs grow from layer to layer, so the first loss is far above that of a guess, units saturate, and small "
        "steps change such weights little.",
        f"{GLOROT}; He et al. 2015",
    ),
    "symmetric-units": Cause(
        "all units of a layer are alike",
        "Units that begin with the same weights get the same gradient, and stay the same for ever. The layer computes "
        "one function, however wide it is.",
        f"{DEEP}, 8.4",
    ),
    "initial-weights-zero": Cause(
        "the initial weights are zero",
        "A layer of zeros passes nothing on, and no gradient back: only the last bias learns, which is the frequency "
        "of each answer.",
        f"{DEEP}, 8.4",
    ),
    "dead-units": Cause(
        "rectified units are dead",
        "A unit whose input is negative for every example is zero for all of them, and so is its gradient. It never "
        "comes back.",
        "Lu, Shin, Su and Karniadakis 2020",
    ),
    "saturated-units": Cause(
        "units are saturated",
        "At the ends of a sigmoid or tanh the slope is nearly zero, so hardly any gradient passes, and outputs say "
        "little about inputs.",
        GLOROT,
    ),
    "linear-network": Cause(
        "the network is linear",
        "Layers without an activation between them are one matrix, however many there are: the network can draw no "
        "bent border.",
        f"{DEEP}, 6.1",
    ),
    # loss and last layer
    "double-softmax": Cause(
        "a softmax before a loss that has its own",
        "The loss takes what it gets for logits, and probabilities are logits between 0 and 1: the largest share that "
        "can come out is e/(e + K − 1) of K classes. The loss cannot fall below that, and its gradient is small.",
        f"{DEEP}, 6.2.2.3",
    ),
    "cut-outputs": Cause(
        "the last layer is cut at zero",
        "A rectifier before the loss allows no negative logit. What is below zero gets no gradient, and the loss has a "
        "floor.",
        f"{DEEP}, 6.2.2",
    ),
    "squared-error-of-classes": Cause(
        "squared error for classes",
        "With squared error an answer that is wrong and sure gets hardly any gradient, and one that is right and large "
        "is pulled back.",
        f"{DEEP}, 6.2.2.2",
    ),
    # inputs
    "inputs-not-scaled": Cause(
        "the inputs are not scaled",
        "Columns of large values or far from zero have large gradients, which allow only small steps; the others then "
        "hardly move.",
        "LeCun, Bottou, Orr and Müller 1998, 4.3",
    ),
    "inputs-too-small": Cause(
        "the inputs are nearly zero",
        "Values that were divided by their range twice differ by so little that the first layer sees next to nothing, "
        "and its gradient is as small.",
        "LeCun, Bottou, Orr and Müller 1998, 4.3",
    ),
    "inputs-ignored": Cause(
        "the outputs do not depend on the inputs",
        "Whatever goes in, the same comes out: what is learned is the frequency of the answers.",
        "Karpathy 2019",
        "symptom",
    ),
    "noisy-inputs": Cause(
        "the inputs are drowned in noise",
        "Noise that is larger than what tells examples apart sets a limit that no training passes, and invites "
        "learning the noise by heart.",
        f"{NOISE}; {DEEP}, 7.5",
    ),
    # batch norm
    "batch-norm-frozen": Cause(
        "batch norm uses statistics that are not those of its inputs",
        "While training it divides by the batch's own figures, afterwards by the running ones. Where those do not "
        "follow the data, the network that is evaluated is not the one that was trained.",
        NORM,
    ),
    "batches-too-small": Cause(
        "batches are too small",
        "Of one or two examples a mean says more of their accidents than of the data. Batch norm divides each example "
        "by them while training, and by something else afterwards; and each step of the usual length follows them.",
        "Wu and He 2018; McCandlish et al. 2018",
    ),
    "one-class-batches": Cause(
        "batches hold one class",
        "Batch norm removes from each batch what its examples have in common, and each step pulls all answers to one "
        "class. Evaluation mixes the classes again.",
        f"{NORM}; Bengio 2012",
    ),
    # capacity, regularisation
    "over-regularised": Cause(
        "regularised too strongly",
        "Decay pulls weights to zero faster than the data push them away, or dropout leaves too little of each layer. "
        "Even what was trained on is then answered badly.",
        f"{DEEP}, 7.1 and 7.12",
    ),
    "overfitting": Cause(
        "the training examples are learned by heart",
        "The training loss goes on falling while that of other examples rises: what is still learned holds for those "
        "examples only.",
        f"{DEEP}, 5.2; {NOISE}",
    ),
    "underfitting": Cause(
        "even the training examples are not learned",
        "The loss has come to rest, and is nearly as high where the network was trained as elsewhere: it cannot, or "
        "may not, do better.",
        f"{DEEP}, 5.2",
    ),
    "capacity-too-small": Cause(
        "the network is too narrow",
        "All that later layers know has to pass the narrowest one. A layer of a unit or two lets through one or two "
        "numbers of each example.",
        f"{DEEP}, 5.2; Tishby and Zaslavsky 2015",
    ),
    # labels
    "labels-wrong": Cause(
        "some labels are wrong",
        "A share of wrong labels sets a floor under the loss, and the gradient of each works against that of its "
        "neighbours. Networks learn the rule first, and the exceptions by heart afterwards.",
        "Arpit et al. 2017; Northcutt, Jiang and Chuang 2021",
    ),
    "labels-permuted": Cause(
        "labels do not belong to their inputs",
        "With nothing to be learned the loss on other examples never falls below that of a guess, while that of "
        "training may fall to zero by heart.",
        NOISE,
    ),
    "class-twice": Cause(
        "one class stands under two labels",
        "Examples that cannot be told apart have different right answers: half of them are wrong whatever is said, and "
        "the two share all their mistakes.",
        "Northcutt, Jiang and Chuang 2021",
    ),
    "class-thinned": Cause(
        "a class has hardly any examples",
        "Mistakes on rare examples cost little, so the network takes them for the frequent ones.",
        BALANCE,
    ),
    # generators
    "discriminator-wins": Cause(
        "the discriminator wins",
        "Where it is sure of every example its gradient is flat: the generator hears that all is wrong, and not what "
        "would be better.",
        "Arjovsky and Bottou 2017",
    ),
    "discriminator-too-weak": Cause(
        "the discriminator is too weak",
        "It cannot tell what is drawn from data although that is poor, so the generator has nothing to learn from.",
        "Goodfellow et al. 2014",
    ),
    "mode-collapse": Cause(
        "modes are missing",
        "The generator is paid for what passes and not for variety, so it draws few kinds of examples well.",
        "Metz, Poole, Pfau and Sohl-Dickstein 2017",
    ),
    "modes-not-covered": Cause(
        "modes are not covered",
        "What is drawn lies between the kinds of examples or away from them.",
        "Srivastava et al. 2017",
    ),
    "loss-without-quality": Cause(
        "same loss, other quality",
        "Each loss measures one network against the other, and not against the data.",
        "Theis, van den Oord and Bethge 2016",
        "symptom",
    ),
    # forecasts
    "wrong-axis": Cause(
        "the network runs over the feature columns",
        "Its state goes from column to column, and never from one moment to the next.",
        "Hyndman and Athanasopoulos 2021, 12.4",
    ),
    "drift": Cause(
        "the series has left the range of training",
        "A network that forecasts levels cannot follow where it has not been; one that forecasts changes can.",
        "Hyndman and Athanasopoulos 2021, 9.1",
    ),
    "no-skill": Cause(
        "no skill",
        "Repeating what was needs no model, and is hard to beat over short horizons.",
        "Hyndman and Athanasopoulos 2021, 5.2",
        "symptom",
    ),
    "hard-baseline": Cause(
        "R² asks for more than can be known",
        "R² compares with the mean of the validation split itself, which nobody knows beforehand.",
        "Hyndman and Athanasopoulos 2021, 5.8",
        "symptom",
    ),
    "future-leaks": Cause(
        "the future is among the inputs",
        "A forecast that is far better than its horizon allows has seen what it forecasts.",
        "Kapoor and Narayanan 2023",
    ),
    # symptoms that any of them may have
    "loss-not-finite": Cause(
        "the loss is not a number",
        "Steps that are too large throw the weights out of the range of numbers, or an input is no number itself.",
        f"{DEEP}, 8.2.4",
        "symptom",
    ),
    "figure-not-finite": Cause(
        "a figure is not a number",
        "A figure that divides by nothing, or takes a logarithm of it, has no value there; the training may be sound.",
        f"{DEEP}, 4.1",
        "symptom",
    ),
    "weights-not-finite": Cause(
        "weights that are not numbers",
        "One infinite gradient makes every weight it reaches infinite, and then no number.",
        f"{DEEP}, 8.2.4",
        "symptom",
    ),
    "weights-zero": Cause(
        "weights of zeros",
        "A layer of zeros passes nothing on, and no gradient back.",
        f"{DEEP}, 8.4",
        "symptom",
    ),
    "chance-level": Cause(
        "no better than guessing",
        "What is learned is at most the frequency of the answers, which needs no inputs.",
        "Karpathy 2019",
        "symptom",
    ),
    "loss-does-not-fall": Cause(
        "the training loss does not fall",
        "The steps lead nowhere, or their gradient is none of this loss.",
        f"{DEEP}, 11.5",
        "symptom",
    ),
    "broke-off": Cause("the training broke off", "What came after is not recorded.", "the run's own status", "symptom"),
}
"""Id → cause. Ids stay as they are: grading tables and keepers of records compare by them."""

EQUIVALENT: tuple[frozenset[str], ...] = (
    frozenset({"lr-too-high", "summed-loss", "exploding-gradients"}),
    frozenset({"lr-too-low", "clipped-to-nothing", "too-few-epochs", "warm-up-never-left"}),
    frozenset({"symmetric-units", "initial-weights-zero"}),
    frozenset({"dead-units", "weights-zero", "initial-weights-zero"}),
    frozenset({"labels-wrong", "labels-permuted", "class-twice"}),
    frozenset({"over-regularised", "underfitting"}),
    frozenset({"capacity-too-small", "underfitting"}),
    frozenset({"too-few-epochs", "stopped-too-early"}),
    frozenset({"mode-collapse", "modes-not-covered"}),
    frozenset({"vanishing-gradients", "saturated-units"}),
)
"""Causes that call for the same treatment, or that are two names of one thing."""


def equivalent(one: str, other: str) -> bool:
    """Whether two ids name the same cause, or one whose treatment is the same."""
    return one == other or any({one, other} <= group for group in EQUIVALENT)
