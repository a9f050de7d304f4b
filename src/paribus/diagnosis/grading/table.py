"""The grading as Markdown: figures with intervals, every fault, which causes are taken for which, and every miss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from paribus.diagnosis.grading.faults import FAULTS
from paribus.diagnosis.grading.grades import REFUSED, Planted, Sound, confusion, rate
from paribus.diagnosis.grading.hosts import Set
from paribus.evidence.proportion import Proportion, proportion

VERDICTS = {"harmful": "harmful", "undecided": "harm not shown yet", "harmless": "harmless"}
MOST = 3  # causes that are listed for a fault


@dataclass(frozen=True)
class Grading:
    """All that was found.

    Args:
        set: the side.
        planted: cells of planted faults.
        sound: cells of sound trainings.
        machine: where it was measured.
    """

    set: Set
    planted: Sequence[Planted]
    sound: Sequence[Sound]
    machine: str

    @property
    def harmful(self) -> list[Planted]:
        """Those that count, of which the doctor could say something."""
        return self.of("harmful")

    def of(self, verdict: str) -> list[Planted]:
        """Cells of one verdict that were not all refused before their first step."""
        return [cell for cell in self.planted if cell.harm.verdict == verdict and cell.asked]


def markdown(grading: Grading) -> str:
    """The whole grading."""
    parts = (_figures, _faults, _confusion, _misses, _alarms)
    return "\n".join(line for part in parts for line in (*part(grading), ""))


def _figures(grading: Grading) -> Iterator[str]:
    runs = sum(len(cell.answers) for cell in grading.planted)
    yield f"Set `{grading.set}`, {runs:,} planted trainings in {len(grading.planted)} cells (fault × host × severity), on"
    yield f"{grading.machine}."
    yield ""
    yield from _table("figure", "share", "95 % interval", "n")
    for verdict, said in VERDICTS.items():
        yield from _of_planted(said, grading.of(verdict))
    yield from _of_sound(grading)
    refused = sum(answer.problem == REFUSED for cell in grading.planted for answer in cell.answers)
    yield ""
    yield f"{refused} planted trainings were refused before their first step, and are in none of these figures."


def _of_planted(said: str, cells: Sequence[Planted]) -> Iterator[str]:
    if not cells:
        return
    yield _share(f"planted, {said}: detected", rate(cell.detected for cell in cells), "cells")
    yield _share(f"planted, {said}: detected or warned of", rate(cell.warned for cell in cells), "cells")
    for name in ("strict", "right"):
        words = {"strict": "cause right, strictly", "right": "cause right, or an equivalent one"}[name]
        shares = [cell.share(lambda place, cell=cell: getattr(cell, name)[place]) for cell in cells]  # type: ignore[misc]
        yield _share(f"planted, {said}: {words}", rate(shares), "cells")


def _of_sound(grading: Grading) -> Iterator[str]:
    answers = [answer for cell in grading.sound if cell.counts for answer in cell.answers if not answer.problem]
    kinds = sum(cell.counts for cell in grading.sound)
    flagged = sum(bool(answer.faults) for answer in answers)
    warned = sum(bool(answer.faults or answer.warnings) for answer in answers)
    yield _share("sound: flagged", proportion(flagged, len(answers)), f"trainings of {kinds} kinds")
    yield _share("sound: flagged or warned of", proportion(warned, len(answers)), f"trainings of {kinds} kinds")


def _faults(grading: Grading) -> Iterator[str]:
    yield from _table("fault", "what is done", "cells", "harmful", "detected", "strict", "right", "DeepCrime")
    by_fault: dict[str, list[Planted]] = defaultdict(list)
    for cell in grading.planted:
        by_fault[cell.cell[0]].append(cell)
    for fault in FAULTS:
        cells = by_fault[fault.id]
        harmful = [cell for cell in cells if cell.harm.verdict == "harmful" and cell.asked]
        shares = (
            [cell.detected for cell in harmful],
            [cell.share(lambda place, cell=cell: cell.strict[place]) for cell in harmful],  # type: ignore[misc]
            [cell.share(lambda place, cell=cell: cell.right[place]) for cell in harmful],  # type: ignore[misc]
        )
        shown = (f"{sum(some) / len(some):.2f}" if some else "–" for some in shares)
        yield _row(f"`{fault.id}`", fault.about, len(cells), len(harmful), *shown, " ".join(fault.operators))


def _confusion(grading: Grading) -> Iterator[str]:
    yield "Which cause was named first, of harmful faults:"
    yield ""
    yield from _table("planted", "right", "named", "trainings")
    accepted = {fault.id: fault for fault in FAULTS}
    for name, counts in sorted(confusion(grading.harmful).items()):
        for cause, count in counts.most_common(MOST):
            said = "strictly" if cause in accepted[name].causes else "yes" if accepted[name].right(cause) else "no"
            yield _row(f"`{name}`", said, cause, count)


def _misses(grading: Grading) -> Iterator[str]:
    yield "Harmful faults that were missed, or whose cause was not named, in any seed:"
    yield ""
    yield from _table("fault", "host", "severity", "figure", "sound twin", "d", "detected", "right", "said instead")
    for cell in grading.harmful:
        right = cell.share(lambda place: cell.right[place])  # noqa: B023
        if cell.detected == 1 and right == 1:
            continue
        asked = [cell.answers[place] for place in cell.asked]
        figures = [one.figure for one in asked if one.figure is not None]
        said = sorted({one.problem or one.named for one, fine in zip(asked, (cell.right[p] for p in cell.asked), strict=True) if not fine})
        mean = f"{sum(figures) / len(figures):.3g}" if figures else "–"
        twin = "–" if cell.twin is None else f"{cell.twin:.3g}"
        yield _row(*cell.cell, mean, twin, f"{cell.harm.d:.1f}", f"{cell.detected:.2f}", f"{right:.2f}", ", ".join(said))


def _alarms(grading: Grading) -> Iterator[str]:
    yield "Sound trainings that were flagged:"
    yield ""
    yield from _table("kind", "host", "flagged", "of", "said")
    for cell in grading.sound:
        flagged = [answer for answer in cell.answers if answer.faults]
        if flagged and cell.counts:
            said = sorted({cause for answer in flagged for cause in answer.faults})
            yield _row(*cell.cell[:2], len(flagged), len(cell.answers), ", ".join(said))
    left = [f"{name} in {host} ({100 * (cell.behind or 0):.0f} %)" for cell in grading.sound for name, host, _ in [cell.cell] if not cell.counts]
    yield ""
    yield f"Left out, because their figure stays behind their host's: {'; '.join(left) or 'none'}."


def _share(name: str, found: Proportion, unit: str) -> str:
    return _row(name, f"{found.value:.3f}", f"{found.low:.3f} … {found.high:.3f}", f"{found.n} {unit}")


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*("---" for _ in heads))


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"
