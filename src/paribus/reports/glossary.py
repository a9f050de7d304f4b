"""How to read a report: the exact meaning of its words."""

from __future__ import annotations

from paribus.records.result import StudyResult
from paribus.records.wording import percent

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

COMPARISON: Entries = (
    (
        "Paired difference",
        "For each seed, the metric of one arm minus the metric of the other. What a seed does to both arms alike "
        "cancels. An effect is the mean of these differences; a seed that lacks a result in one arm is left out.",
    ),
    (
        "{sure} interval",
        "Mean ± t · s / √n over seeds, with Student's t for n − 1 degrees of freedom. If the study were repeated "
        "with other seeds, about {sure} of such intervals would contain the true mean. "
        "It assumes roughly normal values and holds for one comparison at a time.",
    ),
    (
        "p (Holm)",
        "The probability of a difference at least this large if there were none (two-sided paired t test), raised "
        "by Holm's method: the chance of any false finding among all comparisons stays below the level.",
    ),
    ("δ", "The smallest difference that is worth having, set before the study. It decides “no difference”."),
    (
        "Better, worse",
        "The Holm-adjusted p is below the level, and the mean difference has the good or the bad sign.",
    ),
    (
        "Interaction",
        "How much the effect of one field changes with another: a difference of differences. "
        "There is one or there is none beyond δ; in itself it is neither better nor worse.",
    ),
    (
        "No difference beyond δ",
        "Two one-sided t tests, Holm-adjusted too, show that the true difference lies between −δ and +δ. Each is made "
        "at a level of {level}, so for one comparison they ask that its {twice} interval lies within ±δ; the wider "
        "{sure} interval that is shown may then reach beyond δ. It takes three pairs or more.",
    ),
    (
        "Undecided, more seeds",
        "Neither has been shown. The number of further seeds is the smallest that would decide with 80 % power if "
        "mean and spread stay as they are.",
    ),
    (
        "Detectable",
        "The smallest true difference that this many seeds would find with 80 % power, at the spread that was seen "
        "and the strictest level of Holm's method. A smaller effect may exist and go unnoticed.",
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
        "The level is shared out among the looks, and a comparison is judged at that of the look that decided it. "
        "The interval of an effect has the confidence that belongs to this level, which stands beside it.",
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
    wanted = SEED + (NOISE if result.noise else COMPARISON if result.effects else COMPARISON[1:2])
    wanted += ANYTIME if result.looks.rule == "anytime" else INTERIM if result.design.interim else ()
    wanted += RANKING if result.ranking else ()
    confidence = result.noise.confidence if result.noise else result.design.confidence
    filled = {
        "sure": percent(confidence),
        "level": percent(1 - confidence),
        "twice": percent(1 - 2 * (1 - confidence)),
    }
    return tuple((term.format(**filled), meaning.format(**filled)) for term, meaning in wanted)
