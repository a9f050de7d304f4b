"""How a study was judged, in sentences for a paper: made from its result, so that they are true of that very study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from paribus.evidence import Judged
from paribus.records import wording
from paribus.records.result import StudyResult
from paribus.studies.folds import folds_of

ABOUT = {claim: words.removeprefix("for ") for claim, words in wording.ABOUT.items()}
STUDENT = "Student, 1908"
WELCH = "Welch, 1947"
WANG = "Wang and Ramdas, 2024"
HALL = "Hall, 1992"
NADEAU = "Nadeau and Bengio, 2003"
SATTERTHWAITE = "Satterthwaite, 1946"
BOUCKAERT = "Bouckaert and Frank, 2004"
BENGIO = "Bengio and Grandvalet, 2004"
SCHUIRMANN = "Schuirmann, 1987"
REFERENCES = {
    STUDENT: "Student (1908). The probable error of a mean. Biometrika 6 (1), 1–25.",
    WELCH: "Welch, B. L. (1947). The generalization of ‘Student’s’ problem when several different population variances "
    "are involved. Biometrika 34 (1–2), 28–35.",
    WANG: "Wang, H. and Ramdas, A. (2024). Anytime-valid t-tests and confidence sequences for Gaussian means with "
    "unknown variance. arXiv:2310.03722.",
    HALL: "Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal Statistical Society B "
    "54 (1), 221–228.",
    SATTERTHWAITE: "Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. "
    "Biometrics Bulletin 2 (6), 110–114.",
    NADEAU: "Nadeau, C. and Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52 (3), "
    "239–281.",
    BOUCKAERT: "Bouckaert, R. R. and Frank, E. (2004). Evaluating the replicability of significance tests for "
    "comparing learning algorithms. PAKDD, LNCS 3056, 3–12.",
    BENGIO: "Bengio, Y. and Grandvalet, Y. (2004). No unbiased estimator of the variance of k-fold cross-validation. "
    "Journal of Machine Learning Research 5, 1089–1105.",
    SCHUIRMANN: "Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach "
    "for assessing the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics "
    "15 (6), 657–680.",
}


def method(result: StudyResult) -> str:
    """What was estimated, by which test, about which claim, at which level."""
    return " ".join(_sentences(result))


def references(result: StudyResult) -> list[str]:
    """The papers that :func:`method` names."""
    text = method(result)
    return [reference for name, reference in REFERENCES.items() if name in text]


def mean_differences(result: StudyResult, figure: str = "") -> str:
    """What effects are, and of how many runs: ``mean differences over n = 5 paired seeds``."""
    counts = [effect.estimate.n for effect in result.effects]
    fewest, most = min(counts), max(counts)
    number = f"n = {most}" if fewest == most else f"n = {fewest} to {most}"
    if result.design.paired:
        return f"mean differences{figure} over {number} paired seeds"
    return f"differences of means{figure} of {number} or more runs of each arm, which no seed pairs"


def _sentences(result: StudyResult) -> Iterator[str]:
    metric = wording.spoken(result.metric_name)
    if not result.effects:
        sure = wording.percent(result.design.confidence)
        yield f"Figures are means of the {metric} over {wording.count(len(result.design.seeds), 'seed')}"
        yield f"with {sure} t intervals."
        return
    yield f"Effects are {mean_differences(result, f' in {metric}')}."
    yield from _shared(result)
    yield from _tuned(result)
    yield from _tests(result)
    yield from _level(result)
    if result.delta is not None:
        delta = wording.threshold(result.metric, result.delta)
        yield f"No difference means that the interval lies within ±{delta} (two one-sided tests, {SCHUIRMANN})."
    yield from at_once(result)
    yield from _lost(result)


def _tuned(result: StudyResult) -> Iterator[str]:
    """What every arm has a value of its own of, and how it came to it."""
    if result.tuning:
        trials = wording.count(len(result.tuning[0].trials), "trial")
        yield f"Every arm has its own {' and '.join(result.design.tune)}, the best of {trials}"
        yield "judged on training examples that no run of the study trains or validates on."


def _shared(result: StudyResult) -> Iterator[str]:
    """What two runs of one seed share, where that is known."""
    if result.design.foreign:
        if result.design.paired:
            yield "Runs of different arms are paired by their seed; what it fixes is up to the training program."
    else:
        yield "Runs of one seed share all settings and all random draws that the varied fields leave alone."


def at_once(result: StudyResult) -> Iterator[str]:
    """Arms that took no steps, and what is counted as their parameters."""
    counted: dict[str, list[str]] = {}
    for arm in result.arms:
        if what := arm.execution.get("fitted"):
            counted.setdefault(str(what), []).append(wording.clean(arm.name))
    if counted:
        names = ", ".join(name for some in counted.values() for name in some)
        kinds = "; ".join(f"{what} of {', '.join(some)}" for what, some in counted.items())
        yield f"Fitted at once, on the same examples: {names}."
        yield f"Epochs, batches, schedule and optimizer do not apply there; as parameters are counted {kinds}."


def _tests(result: StudyResult) -> Iterator[str]:
    """Which test stands behind which claim."""
    judged = result.effects[0].claims
    for claim, one in judged.items():
        if claim == "examples":
            yield f"For {ABOUT[claim]}, {_crossed(result)}."
        elif one.estimate.overlap:
            yield f"For {ABOUT[claim]}, {_corrected(result)}, {_redrawn(result, one.estimate.overlap)}."
        else:
            yield f"For {ABOUT[claim]}, intervals and p-values are those of {_test(result)}."
    if any(one.estimate.skewness for effect in result.effects for one in effect.claims.values()):
        yield f"From 10 seeds on, intervals are widened on the side of the longer tail of the differences ({HALL})."
    if len(judged) > 1:
        yield f"The verdict is that for {ABOUT[result.claim]}."


def _test(result: StudyResult) -> str:
    """The test over independent seeds."""
    if _at_every_look(result):
        return f"an anytime-valid t-test over seeds, and hold at every look ({WANG})"
    return f"the paired t-test over seeds ({STUDENT})" if result.design.paired else f"Welch's t-test ({WELCH})"


def _corrected(result: StudyResult) -> str:
    """The test over seeds whose training examples overlap."""
    if _at_every_look(result):
        return f"they allow for overlapping training examples as the corrected resampled t-test does ({NADEAU})"
    test = "the corrected resampled t-test" if result.design.paired else "Welch's t-test, corrected for resampling"
    return f"they are those of {test} ({NADEAU})"


def _crossed(result: StudyResult) -> str:
    """The interval over seeds and validation examples."""
    examples = f"{size:,} validation examples" if (size := (result.data.get("sizes") or {}).get("val")) else "examples"
    return (
        f"seeds and the {examples}, which all seeds share, are both drawn: the variance of the mean is that of two-way "
        f"random effects of the differences of single examples, with degrees of freedom after {SATTERTHWAITE}"
    )


def _redrawn(result: StudyResult, overlap: float) -> str:
    """Why seeds are not independent there, and what is done about it."""
    if folds := folds_of(result.design, result.design.arms()[0]):
        return (
            f"since the {folds} folds that seeds take share training examples: the variance of the mean is taken as "
            f"(1/n + 1/{folds - 1}) times that over seeds ({BOUCKAERT}), as if validation parts had been drawn anew, "
            f"for no unbiased estimate from folds exists ({BENGIO})"
        )
    return (
        "since every seed draws its own validation split from one data set: the variance of the mean is taken as (1/n "
        f"+ {overlap:.3g}) times that over seeds, with {overlap:.3g} validation examples for each one that may train"
    )


def _at_every_look(result: StudyResult) -> bool:
    """Whether intervals hold whenever one looks, and not only at planned looks or at the end."""
    return result.looks.rule == "anytime"


def _level(result: StudyResult) -> Iterator[str]:
    """At which level, for how many comparisons, after how many looks."""
    sure, size = wording.percent(result.design.confidence), result.effects[0].judged.family
    if size > 1:
        yield f"The {size} comparisons share the level equally (Bonferroni), so that with {sure} all intervals hold."
    else:
        yield f"The confidence is {sure}."
    if result.design.interim and not _at_every_look(result):
        looks = ", ".join(map(str, result.design.interim))
        yield f"Seeds were added at looks that were planned before, after {looks} seeds, which share the level as well."
    if result.design.extended:
        looks = ", ".join(map(str, result.design.extended))
        yield f"Results were looked at without a plan after {looks} seeds, and more were added then."


def _lost(result: StudyResult) -> Iterator[str]:
    """Runs that no mean counts."""
    states = list(chain.from_iterable(arm.states.values() for arm in result.arms))
    if diverged := states.count("diverged"):
        yield f"{wording.count(diverged, 'run')} diverged; comparisons with them have no other verdict."
    if failed := len([state for state in states if state not in ("finished", "diverged")]):
        yield f"{wording.count(failed, 'run')} did not finish, and the means leave them out."


def confidences(judged: Sequence[Judged]) -> str:
    """The confidence of each interval, where they share one: ``98.33 %``."""
    found = {one.estimate.confidence for one in judged}
    return wording.percent(found.pop()) if len(found) == 1 else ""
