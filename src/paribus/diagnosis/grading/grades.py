"""What the doctor said of each training, and whether that is right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.diagnosis.doctor import diagnose
from paribus.diagnosis.finding import Diagnosis
from paribus.diagnosis.grading.cases import Case, Pair
from paribus.diagnosis.grading.harm import Harm, figure, judged
from paribus.diagnosis.grading.healthy import BEHIND, LONGER, PLAIN
from paribus.diagnosis.grading.hosts import NAMED
from paribus.diagnosis.grading.work import settled
from paribus.evidence.proportion import Proportion, proportion

Cell = tuple[str, str, str]
REFUSED, BROKE = "refused before the first step", "the doctor broke"


@dataclass(frozen=True)
class Answer:
    """What the doctor said of a training.

    Args:
        cell, seed: which training.
        faults: causes of the findings of severity fault, the gravest first.
        warnings: causes of the warnings.
        figure: of the training, by which harm is judged.
        problem: why there is no answer, if there is none.
    """

    cell: Cell
    seed: int
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    figure: float | None
    problem: str = ""

    @property
    def named(self) -> str:
        """The cause of the first finding of severity fault; a warning names nothing, but is shown."""
        if self.faults:
            return self.faults[0]
        return f"{self.warnings[0]} (warning)" if self.warnings else "nothing"


@dataclass(frozen=True)
class Planted:
    """A fault in a host, in one severity, and what was said of it.

    Args:
        cell: which.
        harm: what it does.
        twin: mean figure of the sound twins.
        answers: one for each seed.
        strict, right: of each, whether the first cause is the one that was planted, or an equivalent one.
    """

    cell: Cell
    harm: Harm
    twin: float | None
    answers: tuple[Answer, ...]
    strict: tuple[bool, ...]
    right: tuple[bool, ...]

    @property
    def asked(self) -> tuple[int, ...]:
        """Places of the answers that count: a training that was refused has nothing to be found."""
        return tuple(place for place, answer in enumerate(self.answers) if answer.problem != REFUSED)

    def share(self, holds: Sequence[bool]) -> float:
        """The share of the answers that count for which something holds."""
        return sum(holds[place] for place in self.asked) / len(self.asked)

    @property
    def detected(self) -> float:
        """The share of its seeds with a finding of severity fault."""
        return self.share([bool(answer.faults) for answer in self.answers])

    @property
    def warned(self) -> float:
        """The same, warnings included."""
        return self.share([bool(answer.faults or answer.warnings) for answer in self.answers])

    @property
    def named(self) -> float:
        """The share of its seeds whose first cause is right, be it by an equivalent one."""
        return self.share(self.right)

    @property
    def named_strictly(self) -> float:
        """The share of its seeds whose first cause is the one that was planted."""
        return self.share(self.strict)


@dataclass(frozen=True)
class Sound:
    """A kind of sound training in a host, and what was said of it.

    Args:
        cell: which.
        answers: one for each seed.
        behind: how far its figure is behind the host's, as it is or trained half as long again, as a share of the way
            from the worst one; below 0 it is better. ``None`` where there is nothing to compare with.
        host_behind: the same of the host as it is: where training longer gains much, none of its kinds is sound.
    """

    cell: Cell
    answers: tuple[Answer, ...]
    behind: float | None
    host_behind: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it is sound indeed."""
        return max(self.behind or 0.0, self.host_behind or 0.0) <= BEHIND


def answer(case: Case, runs: Path) -> Answer | None:
    """What the doctor says of a training that is over."""
    folder = case.folder(runs)
    if not settled(folder):
        return None
    value = figure(case, runs) if case.metric else None
    if folder.status.state == "failed" and not folder.history:
        return Answer(case.cell, case.seed, (), (), value, REFUSED)
    try:
        said = diagnose(folder)
    except Exception as error:
        return Answer(case.cell, case.seed, (), (), value, f"{BROKE}: {type(error).__name__}: {error}")
    return Answer(case.cell, case.seed, _causes(said, "fault"), _causes(said, "warning"), value)


def planted(pairs: Sequence[Pair], runs: Path) -> list[Planted]:
    """All cells of which a training is over."""
    cells: dict[Cell, list[Pair]] = defaultdict(list)
    for pair in pairs:
        cells[pair.planted.cell].append(pair)
    return [found for some in cells.values() if (found := _planted(some, runs)) is not None]


def sound(cases: Sequence[Case], runs: Path) -> list[Sound]:
    """All kinds of sound trainings of which one is over."""
    cells: dict[Cell, list[Case]] = defaultdict(list)
    for case in cases:
        cells[case.cell].append(case)
    answers = {cell: tuple(_known(answer(case, runs) for case in some)) for cell, some in cells.items()}
    best: dict[str, float] = {}
    for (kind, host, _), found in answers.items():
        if kind in (PLAIN, LONGER) and (reached := _mean(found)) is not None:
            best[host] = max(reached, best.get(host, reached), key=lambda value: abs(value - NAMED[host].figure.worst))
    behind = {cell: _behind(cell[1], found, best) for cell, found in answers.items() if found}
    plain = {host: share for (kind, host, _), share in behind.items() if kind == PLAIN}
    return [Sound(cell, answers[cell], share, plain.get(cell[1])) for cell, share in behind.items()]


def rate(cells: Iterable[float]) -> Proportion:
    """The mean of shares of cells. Seeds of a cell resemble each other, so cells are what is counted."""
    shares = list(cells)
    return proportion(sum(shares), len(shares))


def confusion(cells: Iterable[Planted]) -> Mapping[str, Counter[str]]:
    """Fault → how often each cause was named first."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        found[cell.cell[0]].update(cell.answers[place].named for place in cell.asked)
    return found


def _planted(pairs: Sequence[Pair], runs: Path) -> Planted | None:
    answers = tuple(_known(answer(pair.planted, runs) for pair in pairs))
    if not answers:
        return None
    fault = pairs[0].fault
    twins = [value for pair in pairs if (value := figure(pair.twin, runs)) is not None]
    strict, right = (tuple(fault.right(one.named, strict=it) for one in answers) for it in (True, False))
    twin = sum(twins) / len(twins) if twins else None
    return Planted(answers[0].cell, judged(pairs, runs), twin, answers, strict, right)


def _causes(said: Diagnosis, severity: str) -> tuple[str, ...]:
    return tuple(finding.cause for finding in said.findings if finding.severity == severity)


def _known(answers: Iterable[Answer | None]) -> Iterable[Answer]:
    return (one for one in answers if one is not None)


def _mean(answers: Sequence[Answer]) -> float | None:
    values = [one.figure for one in answers if one.figure is not None]
    return sum(values) / len(values) if values else None


def _behind(host: str, answers: Sequence[Answer], reached: Mapping[str, float]) -> float | None:
    mine, best = _mean(answers), reached.get(host)
    if mine is None or best is None:
        return None
    return (best - mine) / (best - NAMED[host].figure.worst)
