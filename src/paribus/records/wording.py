"""Numbers, names and verdicts as people read them: said once here, the same in tables, pictures, pages and reprs.

Pure functions from plain records and numbers to words; nothing here reads a file or knows what a study is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypeGuard

from paribus.progress import clock as clock
from paribus.records.claims import Claim
from paribus.records.metric import LOSS, Metric

if TYPE_CHECKING:  # lists are worded without statistics, and without the time that NumPy takes
    from paribus.evidence import Contrast, Estimate, Interval, Judged, Kind, Verdict

LONG = 60  # characters of a name that asks for more room than usual
MOST = 20  # entries of a list that are said
FEW_SEEDS = 3  # below, a spread rests on one number, and the t interval is 13 times as wide as the standard error
FEW_RUNS = 5  # below, the interval of a ratio of two variances spans a factor of more than 100
LARGEST = 2.0  # a part above twice the whole says how little is known, not how large it is
NONE = "–"  # stands where there is no number
ABOUT: dict[Claim, str] = {
    "these": "for these data",
    "like-these": "for data like these",
    "examples": "for examples like these",
}
SPLITS = {"train": "training", "val": "validation", "test": "test"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a number that can be shown."""
    return value is not None and math.isfinite(value)


def level(metric: Metric, value: float | None) -> str:
    """A level with its unit: ``93.12 %`` or ``0.214``."""
    if not known(value):
        return NONE
    return _level(metric, value) + (" %" if metric.percent else _own_unit(metric))


def difference(metric: Metric, value: float | None, signed: bool = True) -> str:
    """A difference of two levels with its unit: ``+1.90 points`` or ``−0.012``."""
    if not known(value):
        return NONE
    text = _difference(metric, value) if signed else _difference(metric, value).lstrip("+−")
    return text + (" points" if metric.percent else _own_unit(metric))


def threshold(metric: Metric, delta: float | None) -> str:
    """δ with its unit, and never a false zero: ``1.00 points``, ``0.004 points``, ``0.1 dB``."""
    if not known(delta):
        return NONE
    if not metric.percent:
        return f"{delta:.4g} {metric.unit}".strip()
    points = 100 * delta
    return f"{points:.2f} points" if round(points, 2) == round(points, 12) else f"{points:.4g} points"


def level_interval(metric: Metric, estimate: Estimate) -> str:
    """The interval of a level, without unit: ``[92.51, 93.73]``; of two seeds it would say nothing, and is not said."""
    if not has_interval(estimate):
        return NONE
    if not tells_level(estimate):
        return unsaid(estimate.n)
    return _interval(_level(metric, end) for end in (estimate.low, estimate.high))


def difference_interval(metric: Metric, estimate: Estimate) -> str:
    """The interval of a difference, without unit: ``[1.20, 2.60]``; of two seeds only where it excludes zero."""
    if not has_interval(estimate):
        return NONE
    if not tells_difference(estimate):
        return unsaid(estimate.n)
    return _interval(_difference(metric, end).lstrip("+") for end in (estimate.low, estimate.high))


def format_figure(name: str, value: float | None, metrics: Mapping[str, Metric]) -> str:
    """A figure by its full name: ``98.65 %`` for ``val/accuracy``, and for ``val/iou/road`` as for ``iou``.

    Args:
        name: of the figure.
        value: of it.
        metrics: those of the task, by name; the figure of another one is a plain number.
    """
    return level(metric_of(name, metrics), value)


def metric_of(name: str, metrics: Mapping[str, Metric]) -> Metric:
    """How people read a figure of this full name."""
    metric = name.split("/")[1] if "/" in name else name
    return metrics.get(name) or metrics.get(metric, LOSS)


def has_interval(estimate: Estimate) -> bool:
    """Whether the spread could be estimated at all; one seed alone has none."""
    return known(estimate.low) and known(estimate.high)


def tells_level(estimate: Estimate) -> bool:
    """Whether the interval of a level says anything: that of two seeds does not."""
    return has_interval(estimate) and estimate.n >= FEW_SEEDS


def tells_difference(estimate: Estimate) -> bool:
    """Whether the interval of a difference says anything: that of two seeds only where it excludes zero."""
    return has_interval(estimate) and (estimate.n >= FEW_SEEDS or not estimate.low <= 0 <= estimate.high)


def comparison(contrast: Contrast, names: Sequence[str]) -> str:
    """What is compared: ``norm: batch − none``, or ``norm: batch − none × lr: 0.1 − 0.01`` of an interaction.

    Args:
        contrast: the comparison.
        names: how people call its factors.
    """
    sides = zip(names, contrast.levels, contrast.reference, strict=True)
    return clean(" × ".join(f"{name}: {show(level)} − {show(reference)}" for name, level, reference in sides))


def comparisons(contrasts: Sequence[tuple[Contrast, Sequence[str]]]) -> tuple[list[str], str]:
    """All comparisons of a study, and what is subtracted: where long ones share it, it is said once, not in each."""
    labels = [comparison(contrast, names) for contrast, names in contrasts]
    shared = {clean(show(contrast.reference[0])) for contrast, _ in contrasts}
    alone = all(len(contrast.factors) == 1 for contrast, _ in contrasts)
    if max(map(len, labels), default=0) <= LONG or len(shared) > 1 or not alone:
        return labels, ""
    return [clean(f"{name}: {show(contrast.levels[0])}") for contrast, [name] in contrasts], shared.pop()


def conclusion(judged: Judged, metric: Metric, kind: Kind = "arm", about: str = "") -> str:
    """What the evidence says: ``better``, ``no difference beyond 1.00 points``, ``undecided: 3 more seeds``.

    Args:
        judged: the comparison.
        metric: how people read its numbers.
        kind: what is compared.
        about: what it says this of, ``for data like these``; left out where that is said elsewhere.
    """
    word, more = _concluded(judged, metric, kind)
    says = judged.verdict.word not in ("diverged", "failed")  # of runs, not of data
    return f"{word} {about}{more}" if about and says else word + more


def beside(judged: Judged, headline: Judged, metric: Metric, kind: Kind, about: str) -> str:
    """What the other claim says, in short: ``for these data [1.14, 2.85]``, with its word where that is another one.

    Nothing where no number says it.
    """
    interval = effect_interval(metric, judged, [judged, headline])
    if judged.verdict.word in ("diverged", "failed") or not interval.startswith("["):
        return ""
    word, _ = _concluded(judged, metric, kind)
    return f"{about} {interval}" if judged.verdict.word == headline.verdict.word else f"{word} {about} {interval}"


def _concluded(judged: Judged, metric: Metric, kind: Kind) -> tuple[str, str]:
    """What the evidence says, and what is added to it."""
    verdict, estimate = judged.verdict, judged.estimate
    if verdict.word == "no difference":
        what = "interaction" if kind == "interaction" else "difference"
        text = f"no {what} beyond {threshold(metric, verdict.delta)}"
        return text, " (but reliably not zero)" if verdict.nonzero else ""
    if verdict.word == "diverged":
        return f"diverged in {estimate.diverged} of {estimate.n + estimate.dropped} seeds", ""
    if verdict.word == "failed":
        return f"failed: {clean(verdict.reason)}", ""
    if verdict.word == "undecided":
        return "undecided", f": {_wanted(verdict, estimate.n)}"
    return verdict.word, ""


def _wanted(verdict: Verdict, n: int) -> str:
    """What would probably decide."""
    if verdict.needs_data:
        return "needs more data, not more seeds"
    if verdict.more_seeds is None:
        from paribus.evidence import MOST_SEEDS

        return f"more than {count(MOST_SEEDS, 'more seed')}"
    return f"{'at least ' if n < 2 else ''}{count(verdict.more_seeds, 'more seed')}"


def probability(p: float | None, level: float = 0.05) -> str:
    """A p value: three decimals, or as many as tell it from the level of the test, and never a false zero."""
    if not known(p):
        return NONE
    if p < min(0.001, level):
        return "< 0.001" if level >= 0.001 else f"< {level:.2g}"
    texts = [f"{p:.{digits}f}" for digits in range(3, 7)]
    return next((text for text in texts if abs(float(text) - level) > 1e-9), texts[0])


def percent(share: float) -> str:
    """A confidence: ``95 %``, and never a false 100 %."""
    return f"{100 * share:.4g} %" if share < 0.99995 else "> 99.99 %"


def interval_head(judged: Sequence[Judged], about: str = "") -> str:
    """What stands over intervals: how sure all are, of what, and that several go together.

    ``95 % interval for these data``; of several comparisons ``95 % intervals for these data, all 3 together``.
    """
    levels, family = {one.alpha for one in judged}, max((one.family for one in judged), default=1)
    sure = f"{percent(1 - levels.pop())} " if len(levels) == 1 else ""
    head = f"{sure}interval{'s' if family > 1 else ''} {about}".rstrip()
    together = "both" if family == 2 else f"all {family}"
    return f"{head}, {together} together" if family > 1 else head


def effect_interval(metric: Metric, judged: Judged, among: Sequence[Judged]) -> str:
    """The interval of an effect; planned looks decide at several levels, and then it says its own."""
    text = difference_interval(metric, judged.estimate)
    several = len({other.alpha for other in among}) > 1
    return f"{text} ({percent(1 - judged.alpha)})" if several and text.startswith("[") else text


def share(value: float) -> str:
    """A part of a whole: ``72.9 %``."""
    return _minus(f"{100 * value:.1f} %") if known(value) else NONE


def share_interval(interval: Interval) -> str:
    """The interval of a part of a whole: ``[18.1, 293.0]``."""
    if not known(interval.low) or not known(interval.high):
        return NONE
    return _interval(_minus(f"{100 * end:.1f}") for end in (interval.low, interval.high))


def part_of(share_of: Interval, n: int) -> tuple[str, str]:
    """A part of the variance and its interval; of few runs, and where it exceeds the whole by far, it is not said."""
    if known(share_of.value) and not tells_share(share_of, n):
        return unsaid(n), NONE
    return share(share_of.value), share_interval(share_of)


def tells_share(share_of: Interval, n: int) -> bool:
    """Whether a part of the variance says anything: that of few runs, or far above the whole, does not."""
    return known(share_of.value) and n >= FEW_RUNS and share_of.value <= LARGEST


def unsaid(n: int) -> str:
    """In place of a number that so few seeds do not tell."""
    return f"cannot be said with {count(n, 'seed')}"


def both(value: str, interval: str) -> str:
    """A number and its interval, as far as they are known: ``+1.90 points [1.20, 2.60]``."""
    return " ".join(text for text in (value, interval if interval.startswith("[") else NONE) if text != NONE) or NONE


def count(number: int, thing: str) -> str:
    """``1 seed``, ``2 seeds``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def runs(states: Iterable[str]) -> str:
    """How runs ended, nothing left out: ``4 finished, 1 diverged``."""
    return ", ".join(f"{number}\u00a0{state}" for state, number in Counter(states).most_common()) or "no run"


def clean(text: str) -> str:
    """A name on one line, without characters that break a file or turn the direction of the text."""
    return re.sub(" +", " ", _CONTROL.sub(" ", text)).strip(" ")


def width_for(names: Iterable[str]) -> int:
    """Characters on a line for names that stand in one column: more of them where a name is very long."""
    return 30 if max(map(len, names), default=0) <= LONG else 52


def lines(name: str, width: int = 30, most: int = 3) -> list[str]:
    """A name broken into lines; what does not fit ends in an ellipsis."""
    name = clean(name)
    for sign in ("×", "−"):  # an interaction or a difference breaks where its two sides meet
        first, found, second = name.partition(f" {sign} ")
        if found and len(name) > width and most > 1:
            return [*lines(f"{first} {sign}", width, most - 1), *lines(second, width, 1 + most // 2)]
    return wrap(name, width, max_lines=most, placeholder=" …") or [NONE]


def distinct(names: Iterable[str]) -> list[str]:
    """Names for a picture, where two that read the same must still be two things."""
    seen: Counter[str] = Counter()
    found = []
    for name in map(clean, names):
        found.append(name + "\u200b" * seen[name])  # a space of no width
        seen[name] += 1
    return found


def spoken(figure: str) -> str:
    """The name of a figure in words: ``val/macro_f1`` is the ``validation macro f1``."""
    split, _, name = clean(figure).rpartition("/")
    words = f"{SPLITS.get(split, split)} {name}".replace("_", " ").strip()
    return f"best {words.removeprefix('best:')}" if words.startswith("best:") else words


def with_unit(head: str, metric: Metric) -> str:
    """The head of a column of raw numbers: ``mean (share)``, ``mean (dB)``, or ``mean`` where there is no unit."""
    known = "share" if metric.percent else metric.unit
    return f"{head} ({known})" if known else head


def unit(metric: Metric) -> tuple[float, str]:
    """What to multiply a figure by for an axis, and the unit that stands there."""
    return (100.0, " (%)") if metric.percent else (1.0, "")


def text(value: Any) -> str:
    """A value as people read it; long lists are cut and counted."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        shown = ", ".join(map(text, value[:MOST]))
        return shown if len(value) <= MOST else f"{shown}, … ({len(value)} in all)"
    if isinstance(value, int):
        return _minus(f"{value:,}")
    if isinstance(value, float):
        return _minus(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}")
    return clean(str(value))


def short_names(paths: Mapping[str, Any] | Sequence[str]) -> dict[str, str]:
    """The last word of each dotted field, or the whole field where two would read the same."""
    words = {path: path.removesuffix(".use").rsplit(".", 1)[-1] for path in paths}
    return {
        path: word if list(words.values()).count(word) == 1 else path.removesuffix(".use")
        for path, word in words.items()
    }


def show(value: Any) -> str:
    """A recipe value as people write it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, Mapping) and "use" in value:  # a part
        options = ", ".join(f"{key}={show(entry)}" for key, entry in value.items() if key != "use")
        return f"{value['use']}({options})" if options else str(value["use"])
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {show(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, float):
        return short if float(short := f"{value:g}") == value else repr(value)  # two values never read the same
    return str(value)


def moment(seconds: float) -> str:
    """A time as people and machines read it, the same everywhere: ``2026-11-21 17:50 UTC``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _own_unit(metric: Metric) -> str:
    """`` dB``; a unit that is the name of the metric, as of modes, is not said twice."""
    return f" {metric.unit}" if metric.unit and metric.unit != metric.name else ""


def _level(metric: Metric, value: float) -> str:
    return _minus(f"{100 * value:.2f}" if metric.percent else f"{value:.4g}")


def _difference(metric: Metric, value: float) -> str:
    return _minus(f"{100 * value:+.2f}" if metric.percent else f"{value:+.3g}")


def _minus(number: str) -> str:
    """With the sign that is as wide as a plus, and no hyphen."""
    return number.replace("-", "−")


def _interval(ends: Iterable[str]) -> str:
    return f"[{', '.join(ends)}]"
