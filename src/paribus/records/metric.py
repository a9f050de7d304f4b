"""What a figure of merit is called, which direction is good, and how people read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A figure of merit.

    Args:
        name: as it stands in the records, without the split: ``accuracy``.
        higher_is_better: the good direction.
        percent: whether people read it in per cent, and differences of it in percentage points.
        counted: whether it is a share of the examples, so that it moves in steps of one over their number.
        matters: the smallest difference worth having, the default δ of verdicts; ``None`` where nobody can say.
    """

    name: str
    higher_is_better: bool
    percent: bool = False
    counted: bool = False
    matters: float | None = None

    def format(self, value: float | None) -> str:
        """A level: ``93.1 %`` or ``0.214``."""
        if value is None or value != value:
            return "–"
        return f"{100 * value:.2f} %" if self.percent else f"{value:.4g}"

    def format_difference(self, value: float, signed: bool = True) -> str:
        """A difference of two levels: ``+1.9 points`` or ``−0.012``."""
        text = f"{100 * value:+.2f}" if self.percent else f"{value:+.3g}"
        text = text.replace("-", "−") if signed else text.lstrip("+-")
        return f"{text} points" if self.percent else text

    def format_interval(self, low: float, high: float) -> str:
        """The ends of a difference, without unit: ``[1.20, 2.60]``."""
        ends = (self.format_difference(end).lstrip("+").removesuffix(" points") for end in (low, high))
        return f"[{', '.join(ends)}]"


ACCURACY = Metric("accuracy", higher_is_better=True, percent=True, counted=True, matters=0.01)
LOSS = Metric("loss", higher_is_better=False)
MACRO_F1 = Metric("macro_f1", higher_is_better=True, percent=True, matters=0.01)

_KNOWN = {metric.name: metric for metric in (ACCURACY, LOSS, MACRO_F1)}


def format_figure(name: str, value: float | None) -> str:
    """A figure by its full name: ``98.65 %`` for ``val/accuracy``; one of a metric not listed here is a plain number.

    It needs no task, so that listing runs stays fast.
    """
    return _KNOWN.get(name.rpartition("/")[2], LOSS).format(value)
