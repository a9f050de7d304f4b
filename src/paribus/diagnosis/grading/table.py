"""The grading as Markdown: figures with intervals, every fault, which causes are taken for which, and every miss."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paribus.diagnosis.grading.faults import FAULTS
from paribus.diagnosis.grading.grades import REFUSED, Planted, Sound, confusion, rate
from paribus.diagnosis.grading.healthy import BEHIND
from paribus.diagnosis.grading.host import Set
from paribus.diagnosis.grading.treatments import Tried
from paribus.evidence.estimate import mean_interval
from paribus.evidence.proportion import Proportion, proportion

VERDICTS = {"harmful": "harmful", "undecided": "harm not shown yet", "harmless": "harmless"}


@dataclass(frozen=True)
class Grading:
    """All that was found.

    Args:
        set: the side.
        planted: cells of planted faults.
        sound: cells of sound trainings.
        machine: where it was measured.
        tried: treatments of harmful faults.
    """

    set: Set
    planted: Sequence[Planted]
    sound: Sequence[Sound]
    machine: str
    tried: Sequence[Tried] = ()

    @property
    def harmful(self) -> list[Planted]:
        """Those that count, of which the doctor could say something."""
        return self.of("harmful")

    def of(self, verdict: str) -> list[Planted]:
        """Cells of one verdict that were not all refused before their first step."""
        return [cell for cell in self.planted if cell.harm.verdict == verdict and cell.asked]


def markdown(grading: Grading) -> str:
    """The whole grading."""
    parts = (_figures, _faults, _confusion, _misses, _alarms, *([_treatments] if grading.tried else []))
    return "\n".join(line for part in parts for line in (*part(grading), ""))


def confidence(grading: Grading) -> Mapping[str, Mapping[str, int]]:
    """Cause → how often it was named first, as a fault, and how often that was right.

    Of harmful and of sound trainings. Of harmless and undecided faults it is not known whether there is
    something to be found: they are left out.
    """
    named: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for cell in grading.harmful:
        for place in cell.asked:
            for cause in cell.answers[place].faults[:1]:
                named[cause] += 1
                right[cause] += cell.right[place]
    for alarm in grading.sound:
        named.update(answer.faults[0] for answer in alarm.answers if alarm.counts and answer.faults)
    return {cause: {"named": count, "right": right[cause]} for cause, count in sorted(named.items())}


def _figures(grading: Grading) -> Iterator[str]:
    runs = sum(len(cell.answers) for cell in grading.planted)
    cells = f"{len(grading.planted)} cells (fault × host × severity)"
    yield f"Set `{grading.set}`: {runs:,} planted trainings in {cells}, on {grading.machine}."
    yield ""
    yield from _table("figure", "share", "95 % interval", "n")
    for verdict, said in VERDICTS.items():
        yield from _of_planted(said, grading.of(verdict))
    yield from _of_sound(grading)
    yield from _of_treatments(grading.tried)
    refused = sum(answer.problem == REFUSED for cell in grading.planted for answer in cell.answers)
    yield ""
    yield f"{refused} planted trainings were refused before their first step, and are in none of these figures."


def _of_planted(said: str, cells: Sequence[Planted]) -> Iterator[str]:
    if not cells:
        return
    figures = {
        "detected": [cell.detected for cell in cells],
        "detected or warned of": [cell.warned for cell in cells],
        "cause right, strictly": [cell.named_strictly for cell in cells],
        "cause right, or an equivalent one": [cell.named for cell in cells],
    }
    for name, shares in figures.items():
        yield _share(f"planted, {said}: {name}", rate(shares), "cells")


def _of_sound(grading: Grading) -> Iterator[str]:
    answers = [answer for cell in grading.sound if cell.counts for answer in cell.answers if not answer.problem]
    unit = f"trainings of {sum(cell.counts for cell in grading.sound)} kinds"
    flagged = sum(bool(answer.faults) for answer in answers)
    warned = sum(bool(answer.faults or answer.warnings) for answer in answers)
    yield _share("sound: flagged", proportion(flagged, len(answers)), unit)
    yield _share("sound: flagged or warned of", proportion(warned, len(answers)), unit)


def _of_treatments(tried: Sequence[Tried]) -> Iterator[str]:
    """The doctor's and those drawn, and the difference with the t interval of paired cells."""
    if not tried:
        return
    unit = "harmful cells"
    yield _share("treatment confirmed", proportion(sum(one.confirmed for one in tried), len(tried)), unit)
    known = [one for one in tried if one.field]
    if known:
        right = proportion(sum(one.confirmed for one in known), len(known))
        yield _share("… where one field of the recipe can undo it", right, "of them")
    yield _share("random change confirmed", proportion(sum(one.drawn_confirmed for one in tried), len(tried)), unit)
    more = mean_interval([float(one.confirmed) - one.drawn_confirmed for one in tried])
    yield _row(
        "the former less the latter", f"{more.value:.3f}", f"{more.low:.3f} … {more.high:.3f}", f"{more.n} {unit}"
    )


def _faults(grading: Grading) -> Iterator[str]:
    yield from _table("fault", "what is done", "cells", "harmful", "detected", "strict", "right", "DeepCrime")
    by_fault: dict[str, list[Planted]] = defaultdict(list)
    for cell in grading.planted:
        by_fault[cell.cell[0]].append(cell)
    for fault in FAULTS:
        if cells := by_fault[fault.id]:
            harmful = [cell for cell in cells if cell in grading.harmful]
            shares = ([getattr(cell, name) for cell in harmful] for name in ("detected", "named_strictly", "named"))
            shown = (f"{sum(some) / len(some):.2f}" if some else "–" for some in shares)
            operators = " ".join(fault.operators)
            yield _row(f"`{fault.id}`", fault.about, len(cells), len(harmful), *shown, operators)


def _confusion(grading: Grading) -> Iterator[str]:
    yield "Which cause was named first, of harmful faults:"
    yield ""
    yield from _table("planted", "named", "right", "trainings")
    for name, counts in sorted(confusion(grading.harmful).items()):
        for cause, count in counts.most_common():
            fault = next(fault for fault in FAULTS if fault.id == name)
            said = "strictly" if cause in fault.causes else "equivalent" if fault.right(cause) else "no"
            yield _row(f"`{name}`", cause, said, count)


def _misses(grading: Grading) -> Iterator[str]:
    yield "Harmful faults that were missed, or whose cause was not named, in any seed:"
    yield ""
    yield from _table("fault", "host", "severity", "figure", "sound twin", "d", "detected", "right", "said instead")
    for cell in grading.harmful:
        if cell.detected < 1 or cell.named < 1:
            figures = (_mean([cell.answers[place].figure for place in cell.asked]), _mean([cell.twin]))
            shares = (f"{cell.harm.d:.1f}", f"{cell.detected:.2f}", f"{cell.named:.2f}")
            yield _row(*cell.cell, *figures, *shares, ", ".join(_instead(cell)))


def _instead(cell: Planted) -> list[str]:
    """What was said where the right cause was not."""
    wrong = [cell.answers[place] for place in cell.asked if not cell.right[place]]
    return sorted({answer.problem or answer.named for answer in wrong})


def _alarms(grading: Grading) -> Iterator[str]:
    yield "Sound trainings that were flagged:"
    yield ""
    yield from _table("kind", "host", "flagged", "of", "said")
    for cell in grading.sound:
        flagged = [answer for answer in cell.answers if answer.faults]
        if flagged and cell.counts:
            said = sorted({cause for answer in flagged for cause in answer.faults})
            yield _row(*cell.cell[:2], len(flagged), len(cell.answers), ", ".join(said))
    short = {cell.cell[1]: cell.host_behind or 0.0 for cell in grading.sound if (cell.host_behind or 0.0) > BEHIND}
    behind = [
        (*cell.cell[:2], cell.behind or 0.0) for cell in grading.sound if not cell.counts and cell.cell[1] not in short
    ]
    left = [f"{name} in {host} ({100 * share:.0f} %)" for name, host, share in behind]
    left += [f"all of {host}, for half as long again gains {100 * share:.0f} %" for host, share in short.items()]
    yield ""
    yield f"Left out, because their figure stays behind their host's: {'; '.join(left) or 'none'}."


def _treatments(grading: Grading) -> Iterator[str]:
    yield "What became of treatments:"
    yield ""
    yield from _table("fault", "host", "severity", "treated", "by", "verdict", "drawn", "verdict")
    for one in sorted(grading.tried, key=lambda one: (one.cause, one.cell)):
        yield _row(*one.cell, one.cause, one.field or "–", one.word, one.drawn, one.drawn_word)


def _share(name: str, found: Proportion, unit: str) -> str:
    return _row(name, f"{found.value:.3f}", f"{found.low:.3f} … {found.high:.3f}", f"{found.n} {unit}")


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.3g}" if known else "–"


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*("---" for _ in heads))


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"
