"""How to read a report: the exact meaning of its words."""

from __future__ import annotations

from paribus.records.result import StudyResult
from paribus.records.wording import percent
from paribus.reports.tables import shown
from paribus.studies.folds import folds_of

Entries = tuple[tuple[str, str], ...]

SHARES = (
    "The shares need not sum to 100 %: streams can interact, and every share is an estimate. "
    "What is missing or over is the remaining part."
)

SEED: Entries = (
    (
        "Seed",
        "The number from which all random draws of a run follow. "
        "Runs with the same seed share every draw that the varied fields do not change.",
    ),
)

OWN_SEED: Entries = (
    (
        "Seed",
        "The number under which whoever trained put runs of different arms together. Which chance it fixes is not "
        "known here: the more of it they share, the narrower the intervals.",
    ),
)

MEANS: Entries = (
    (
        "Difference of means",
        "The mean of one arm minus that of the other; no seed pairs their runs. Each arm has a spread of its own, and "
        "degrees of freedom are those of Welch (1947). Pairs of runs that share a seed would show smaller differences.",
    ),
)

PAIRED: Entries = (
    (
        "Paired difference",
        "For each seed, the metric of one arm minus the metric of the other. What a seed does to both arms alike "
        "cancels. An effect is the mean of these differences; a seed that lacks a result in one arm is left out.",
    ),
)

THESE = (
    "For these data",
    "What would be found if this study were repeated on the same data set with other seeds: other initial weights, "
    "another order, and other validation examples where seeds draw them. It is about this data set and no other.",
)
LIKE_THESE = (
    "For data like these",
    "What would be found on another sample of as many examples from the same source: the claim about the method. Seeds "
    "share one data set and train on much the same examples, so they know less about this than about these data, and "
    "the interval is wider. It can be made where every seed draws its own validation split.",
)

EXAMPLES = (
    "For examples like these",
    "What would be found on other validation examples from the same source, by further trainings on these training "
    "examples. All seeds share one validation split here, and what every run says of each of its examples is kept: so "
    "arms are compared example by example, as McNemar's test does.",
)

INTERVAL: Entries = (
    (
        "{sure} interval for these data",
        "Mean ± t · s · √(1/n) over seeds, s being their standard deviation and t from Student's distribution with "
        "n − 1 degrees of freedom. It assumes roughly normal values; from 10 seeds on it is made longer on the side of "
        "a longer tail (Hall 1992).",
    ),
)
WIDER: Entries = (
    (
        "{sure} interval for data like these",
        "Mean ± t · s · √(1/n + validation examples / training examples): however many seeds there are, the second "
        "part stays, since they share their data (corrected resampled t test, Nadeau & Bengio 2003).",
    ),
)

CROSSED: Entries = (
    (
        "{sure} interval for examples like these",
        "Seeds and examples are both drawn, so both add to the variance of the mean: that over seeds / seeds + that "
        "over examples / examples + the rest / (seeds · examples), with degrees of freedom after Satterthwaite (1946).",
    ),
)

COMPARISON: Entries = (
    (
        "All together",
        "Of several comparisons each interval is made wider, for a level of {level} / number of comparisons, so that "
        "all contain their true differences in {sure} of such studies. Verdicts are read off these intervals. The "
        "interval of an arm stands for that arm alone.",
    ),
    (
        "p",
        "The probability of a difference at least this large if there were none, for the claim of the verdict; where "
        "there are several comparisons times their number (adjusted). It is below the level just where the interval "
        "excludes 0.",
    ),
    ("δ", "The smallest difference that is worth having, set before the study. It decides “no difference”."),
    ("Better, worse", "The interval excludes 0, and the mean difference has the good or the bad sign."),
    (
        "Interaction",
        "How much the effect of one field changes with another: a difference of differences. "
        "There is one or there is none beyond δ; in itself it is neither better nor worse.",
    ),
    (
        "No difference beyond δ",
        "The interval lies within ±δ. It takes three pairs or more.",
    ),
    (
        "Undecided, more seeds",
        "Neither has been shown. The number of further seeds is the smallest that would decide with 80 % power if "
        "mean and spread stay as they are. For data like these it may be that no number of seeds would do: then only "
        "more data decide.",
    ),
    (
        "Detectable",
        "The smallest true difference that this many seeds would find with 80 % power, at the spread that was seen, "
        "for the claim of the verdict. A smaller effect may exist and go unnoticed.",
    ),
    (
        "Diverged",
        "The loss became infinite or not a number. A comparison with such a run gets no other verdict: the runs "
        "that survived are a selection.",
    ),
)

NOISE: Entries = (
    (
        "Stream of chance",
        "One source of random draws: initial weights, order of the examples, augmentation, noise inside the model, "
        "or the choice of validation examples. In its arm, it alone follows the seed.",
    ),
    ("Share", "The variance of the metric when only this stream varies, divided by the variance when all vary."),
    (
        "{sure} interval of a share",
        "From the F distribution of a ratio of two sample variances, for roughly normal values. It is wide: a few "
        "runs say little about a variance.",
    ),
    (
        "Remaining",
        "The total variance minus the sum of the parts: what streams add or take by acting together. It can be "
        "negative. Share and interval are in units of the total variance that was seen.",
    ),
)

INTERIM: Entries = (
    (
        "Planned looks",
        "The level is shared out among the looks, and a comparison is judged at that of the look that decided it: its "
        "interval has the confidence that belongs to this level, which stands beside it. The intervals of all looks "
        "together contain the true differences in {sure} of such studies.",
    ),
)


FIGURES = {
    "macro_f1": (
        "Macro F1",
        "The mean over all classes of F1 = 2TP / (2TP + FP + FN), each class counting the same; a class that neither "
        "occurs nor is said counts as 0.",
    ),
    "balanced_accuracy": ("Balanced accuracy", "The mean over the classes that occur of their recall."),
    "auroc": (
        "AUROC",
        "The probability that an example of a class gets a larger probability of it than one of another class, ties "
        "counted as half: the mean over the classes that occur, each against the rest.",
    ),
    "ece": (
        "ECE",
        "Expected calibration error: the distance of the share of right answers from their mean probability, on "
        "average over 15 bins. Of few examples it is too large even where probabilities are true: compare it with "
        "the figure if_calibrated. Differences of arms with the same examples share much of this bias, not all.",
    ),
    "brier": (
        "Brier score",
        "The mean squared distance of the probabilities from the truth, summed over the classes: 0 to 2, less is "
        "better.",
    ),
}

FOLDS: Entries = (
    (
        "Folds",
        "Each seed validates on one of k parts of the examples and trains on the others; k seeds are a round, in which "
        "every example validates once. All arms share the parts. Training parts overlap, so for data like these the "
        "variance of the mean is taken as (1/n + 1/(k − 1)) · s² (Nadeau & Bengio 2003; Bouckaert & Frank 2004). That "
        "is a convention: no unbiased estimate of it exists (Bengio & Grandvalet 2004).",
    ),
)

ANYTIME: Entries = (
    (
        "Looks at any time",
        "The intervals contain the true value at all looks together, from the third seed on without end, in {sure} of "
        "all studies. So one may look, stop and add seeds at will; the price is in their width. Only seeds that are "
        "over in every arm that is compared count, in the order in which they were planned.",
    ),
)

RANKING: Entries = (
    (
        "Minus the best other",
        "The mean of an arm minus that of the best of the other arms. The intervals of all arms hold together (Hsu's "
        "comparison with the best, paired by seed). Where that of an arm does not reach "
        "beyond 0 on the good side, another arm is as good or better; those that may be the best hold a best one.",
    ),
    (
        "Corrected winner",
        "The arm with the best mean was chosen for its luck too. Its corrected mean takes on every seed the arm that "
        "is best on the other seeds; its interval allows for any arm having won.",
    ),
)


def glossary(result: StudyResult) -> Entries:
    """The definitions that this report needs, with its own confidence filled in."""
    design = result.design
    seed = () if not design.paired else OWN_SEED if design.foreign else SEED
    difference = PAIRED if design.paired else MEANS
    compared = (*difference, *_claims(result), *COMPARISON) if result.effects else _claims(result)
    wanted = seed + (NOISE if result.noise else compared)
    wanted += ANYTIME if result.looks.rule == "anytime" else INTERIM if result.design.interim else ()
    wanted += RANKING if result.ranking else ()
    wanted += FOLDS if folds_of(design, design.arms()[0]) else ()
    wanted += (FIGURES[result.metric.name],) if result.metric.name in FIGURES else ()
    confidence = result.noise.confidence if result.noise else result.design.confidence
    filled = {"sure": percent(confidence), "level": percent(1 - confidence)}
    return tuple((term.format(**filled), meaning.format(**filled)) for term, meaning in wanted)


def _claims(result: StudyResult) -> Entries:
    """What this report says something about, and how."""
    if "like-these" in shown(result):
        return (THESE, LIKE_THESE, *INTERVAL, *WIDER)
    return (THESE, EXAMPLES, *INTERVAL, *CROSSED) if "examples" in shown(result) else (THESE, *INTERVAL)
