"""A table → arms × seeds: which row belongs to which run, and which figure is that of the run.

Rows are sorted and counted as whole columns; only what is wrong is looked at alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.records.study import ARM
from paribus.records.wording import count, show
from paribus.studies.numbers import figures
from paribus.studies.numbers.table import Column, Table

MOST_RUNS = 1000  # of an arm; a table of more is one of epochs or examples
MOST_ARMS = 100
MOST_EPOCHS = 200  # of a curve that is drawn
NAMED = 5  # things that are named one by one
SEEDS = ("seed", "random_seed", "random_state", "rng_seed")  # what a column of seeds is called
EPOCHS = ("epoch", "step", "iteration", "iter", "global_step")

NOTHING = "(empty)"  # what a cell without a text is called

Levels = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Runs:
    """All runs of a table.

    Args:
        factors: name → levels, in the order in which they appear.
        arms: the settings of the arms that are there, in the order in which they appear.
        values: for each arm, seed → figure in the unit of the table; NaN and infinite where a run diverged.
        curves: for each arm, one list per seed, over the epochs.
        epochs: of the curves.
        paired: whether seeds put runs of different arms together.
        said: what was taken for what, and what is missing.
    """

    factors: Levels
    arms: Sequence[dict[str, Any]]
    values: Sequence[Mapping[int, float]]
    curves: Sequence[Sequence[Sequence[float | None]]] = ()
    epochs: tuple[int, ...] = ()
    paired: bool = True
    said: tuple[str, ...] = ()

    @property
    def finite(self) -> NDArray[np.float64]:
        """All figures of runs that did not diverge."""
        every = np.array([value for of_arm in self.values for value in of_arm.values()], np.float64)
        return every[np.isfinite(every)]


@dataclass
class Long:
    """One row for each run, or each epoch of a run.

    Args:
        table: what was read.
        arms: the columns that make the arms.
        seed: the column that says the seed; ``None`` where no seed pairs runs.
        metric: the column of the figure.
        epoch: the column that counts the rows of a run.
        best: whether the figure of a run is the best of its epochs, and ``higher`` is better; else it is the last one.
    """

    table: Table
    arms: Sequence[str]
    seed: str | None
    metric: str
    epoch: str | None = None
    best: bool = False
    higher: bool = True
    said: list[str] = field(default_factory=list)

    def runs(self) -> Runs:
        """All runs of the table.

        Raises:
            EvidenceError: for seeds that stand twice in an arm, values that are no numbers, too many arms or runs.
        """
        values, missing = figures.numbers(self.table, self.metric, self.table[self.metric])
        arms, arm_of = self._arms()
        seed_of = self._seeds(arm_of)
        seeds, code = np.unique(seed_of, return_inverse=True)
        run_of = np.unique(arm_of * len(seeds) + code, return_inverse=True)[1]
        epoch_of = self._epochs() if self.epoch else np.zeros(len(values), np.int64)
        order = np.lexsort((epoch_of, run_of))
        self._refuse_doubles(order, arms, arm_of, seed_of, epoch_of)
        self._say_missing(missing, run_of, arms, arm_of, seed_of)
        order = order[~missing[order]]
        if not order.size:
            raise EvidenceError(f"no row has a figure in {self.metric}", got=f"{len(values):,} rows")
        starts = np.flatnonzero(np.diff(run_of[order], prepend=-1))
        ends = np.append(starts[1:], order.size)
        found: list[dict[int, float]] = [{} for _ in arms]
        for row, value in zip(order[starts].tolist(), self._figures(values[order], starts, ends), strict=True):
            found[arm_of[row]][int(seed_of[row])] = value
        factors = {name: tuple(dict.fromkeys(arm[name] for arm in arms)) for name in arms[0]}
        curves, epochs = self._curves(values, order, starts, ends, arm_of, epoch_of, len(arms))
        return Runs(factors, arms, found, curves, epochs, self.seed is not None, tuple(self.said))

    def _arms(self) -> tuple[list[dict[str, Any]], NDArray[np.int64]]:
        """The arms, and the arm of every row."""
        columns = [levels(self.table[name]) for name in self.arms]
        if not columns:
            return [{ARM: self.table.name}], np.zeros(len(self.table), np.int64)
        settings = list(zip(*columns, strict=True))
        distinct = list(dict.fromkeys(settings))
        if len(distinct) > MOST_ARMS:
            raise EvidenceError(
                f"a comparison has at most {MOST_ARMS} arms",
                got=f"{len(distinct):,} in {', '.join(self.arms)}",
                hint="name columns whose values come back with every seed",
            )
        place = {one: number for number, one in enumerate(distinct)}
        arm_of = np.fromiter(map(place.__getitem__, settings), np.int64, len(settings))
        return [dict(zip(self.arms, one, strict=True)) for one in distinct], arm_of

    def _seeds(self, arm_of: NDArray[np.int64]) -> NDArray[np.int64]:
        """The seed of every row; without seeds, the runs of an arm are counted."""
        if self.seed is None:
            if self.epoch:
                rule = "rows by epoch say whose run they are"
                raise EvidenceError(rule, got=f"--by-epoch {self.epoch}", hint="name the column of the seed: --seed")
            order = np.argsort(arm_of, kind="stable")
            starts = np.flatnonzero(np.diff(arm_of[order], prepend=-1))
            sizes = np.diff(np.append(starts, order.size))
            found = np.empty(len(arm_of), np.int64)
            found[order] = np.arange(order.size) - np.repeat(starts, sizes)
            self._refuse_many(sizes)
            return found
        column = levels(self.table[self.seed])
        distinct = list(dict.fromkeys(column))
        if NOTHING in distinct:
            raise EvidenceError("every row has a seed", got=self.table.row(column.index(NOTHING)), hint="name it there")
        self._refuse_many(np.array([len(distinct)]))
        if are_seeds(distinct):
            return np.fromiter(column, np.int64, len(column))
        self.said.append(f"The values of {self.seed} are no whole numbers: seeds are counted as they appear.")
        place = {one: number for number, one in enumerate(distinct)}
        return np.fromiter(map(place.__getitem__, column), np.int64, len(column))

    def _refuse_many(self, sizes: NDArray[np.int64]) -> None:
        if sizes.max() > MOST_RUNS:
            epoch = next((name for name in self.table.columns if name.lower() in EPOCHS), "epoch")
            raise EvidenceError(
                f"an arm has at most {MOST_RUNS:,} runs",
                got=f"{sizes.max():,}",
                hint=f"where each row is an epoch, name its columns: --by-epoch {epoch} --seed seed",
            )

    def _epochs(self) -> NDArray[np.float64]:
        """The epoch of every row."""
        assert self.epoch
        epochs, missing = figures.numbers(self.table, self.epoch, self.table[self.epoch])
        if (wrong := np.flatnonzero(missing | ~np.isfinite(epochs))).size:
            got = f"{self.table[self.epoch][wrong[0]]!r} in {self.table.row(int(wrong[0]))}"
            raise EvidenceError(f"{self.epoch} counts the rows of a run, in all rows", got=got)
        return epochs

    def _refuse_doubles(
        self,
        order: NDArray[np.int64],
        arms: Sequence[Mapping[str, Any]],
        arm_of: NDArray[np.int64],
        seed_of: NDArray[np.int64],
        epoch_of: NDArray[Any],
    ) -> None:
        """Refuse a seed, or an epoch of it, that stands twice in an arm."""
        first, second = order[:-1], order[1:]
        same = (arm_of[first] == arm_of[second]) & (seed_of[first] == seed_of[second])
        twice = np.flatnonzero(same & (epoch_of[first] == epoch_of[second]))
        if not twice.size:
            return
        one, other = sorted((int(first[twice[0]]), int(second[twice[0]])))
        what = f"{self.seed} {self.table[str(self.seed)][one]}"
        what += f", {self.epoch} {epoch_of[one]:g}," if self.epoch else ""
        raise EvidenceError(
            f"{named(arms[arm_of[one]])} has {what} twice",
            got=f"{self.table.row(one)} and {self.table.row(other)}",
            hint=self._why_twice(one, other),
        )

    def _why_twice(self, one: int, other: int) -> str:
        """What tells two rows of the same run apart."""
        used = {*self.arms, self.seed, self.metric, self.epoch}
        differing = [name for name, column in self.table.columns.items() if column[one] != column[other]]
        differing = [name for name in differing if name not in used]
        epochs = [name for name in differing if name.lower() in EPOCHS]
        if epochs and not self.epoch:
            return f"where they are epochs of one run: --by-epoch {epochs[0]}"
        if differing:
            return f"they differ in {some(differing)}: where that makes another arm, add --arm {differing[0]}"
        return "drop one of them, or say --unpaired where these are two runs"

    def _say_missing(
        self,
        missing: NDArray[np.bool_],
        run_of: NDArray[np.int64],
        arms: Sequence[Mapping[str, Any]],
        arm_of: NDArray[np.int64],
        seed_of: NDArray[np.int64],
    ) -> None:
        """Say which runs have no figure at all; epochs without one are nothing special."""
        known = np.zeros(int(run_of.max()) + 1, bool)
        known[run_of[~missing]] = True
        rows = np.unique(run_of, return_index=True)[1][~known]
        if rows.size:
            names = [f"{named(arms[arm_of[row]])} seed {seed_of[row]}" for row in rows]
            self.said.append(f"{count(len(names), 'run')} without a figure left out: {some(names, '; ')}.")

    def _figures(
        self, values: NDArray[np.float64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The figure of every run: of its last epoch, or of its best one; what diverged at the end has none."""
        last = values[ends - 1]
        if not self.best:
            return last
        worst, choose = (-np.inf, np.maximum) if self.higher else (np.inf, np.minimum)
        sound = np.where(np.isfinite(values), values, worst)
        return np.where(np.isfinite(last), choose.reduceat(sound, starts), last)

    def _curves(
        self,
        values: NDArray[np.float64],
        order: NDArray[np.int64],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        arm_of: NDArray[np.int64],
        epoch_of: NDArray[Any],
        arms: int,
    ) -> tuple[list[list[list[float | None]]], tuple[int, ...]]:
        """The figure over the epochs, at no more of them than a picture shows."""
        if not self.epoch:
            return [], ()
        if (epoch_of != np.floor(epoch_of)).any():
            self.said.append(f"{self.epoch} holds parts of epochs: learning curves are not drawn.")
            return [], ()
        last = epoch_of[order][ends - 1]
        if last.min() < last.max():
            self.said.append(f"Runs end at different epochs: {last.min():g} to {last.max():g}.")
        every = np.unique(epoch_of[order])
        grid = every[np.unique(np.linspace(0, len(every) - 1, MOST_EPOCHS).round().astype(int))]
        if len(grid) < len(every):
            self.said.append(f"Learning curves show {len(grid)} of {len(every):,} epochs.")
        run = np.repeat(np.arange(len(starts)), ends - starts)
        place = np.searchsorted(grid, epoch_of[order]).clip(max=len(grid) - 1)
        drawn = grid[place] == epoch_of[order]
        points = np.full((len(starts), len(grid)), np.nan)
        points[run[drawn], place[drawn]] = values[order][drawn]
        curves: list[list[list[float | None]]] = [[] for _ in range(arms)]
        for arm, line in zip(arm_of[order[starts]].tolist(), points.tolist(), strict=True):
            curves[arm].append([value if np.isfinite(value) else None for value in line])
        return curves, tuple(int(epoch) for epoch in grid)


def wide(table: Table, seed: str | None, unpaired: bool = False) -> Runs:
    """The runs of a table with a column for each arm; its rows are seeds, where a column says so, or pairs.

    Columns of different lengths hold runs that nothing pairs, and so do all where that is said.

    Raises:
        EvidenceError: for seeds that stand twice, and values that are no numbers.
    """
    names = [name for name in table.columns if name != seed]
    if len(names) > MOST_ARMS:
        raise EvidenceError(f"a comparison has at most {MOST_ARMS} arms", got=f"{len(names):,} columns")
    lengths = {len(table.columns[name]) for name in names}
    if max(lengths) > MOST_RUNS:
        raise EvidenceError(f"an arm has at most {MOST_RUNS:,} runs", got=f"{max(lengths):,} rows")
    seeds = _row_seeds(table, seed) if seed else list(range(max(lengths)))
    values, said = [], []
    for name in names:
        column, missing = figures.numbers(table, name, table.columns[name], table.padded)
        values.append({seeds[row]: float(column[row]) for row in np.flatnonzero(~missing)})
        if missing.any():
            gone = [str(seeds[row]) for row in np.flatnonzero(missing)]
            said.append(f"{name} has no figure for seed {some(gone)}.")
        if not values[-1]:
            raise EvidenceError(f"{name} has no figure in any row", got=f"{len(column):,} empty cells")
    if not seed and not unpaired and len(names) > 1:
        said.append(_pairing(len(lengths) == 1))
    arms = [{ARM: name} for name in names]
    return Runs({ARM: tuple(names)}, arms, values, paired=bool(seed) or len(lengths) == 1, said=tuple(said))


def _pairing(paired: bool) -> str:
    if paired:
        return "Figures at the same place of each arm are taken for a pair; where they are not, say --unpaired."
    return "Arms have different numbers of figures, so nothing pairs them: their means are compared (Welch 1947)."


def _row_seeds(table: Table, seed: str) -> list[int]:
    column = levels(table[seed])
    seen: dict[Any, int] = {}
    for place, one in enumerate(column):
        if one in seen:
            rows = f"{table.row(seen[one])} and {table.row(place)}"
            hint = "here each column is an arm; where each row is a run, name columns: --arm ARM --metric FIGURE"
            raise EvidenceError(f"{seed} {one} stands twice", got=rows, hint=hint)
        seen[one] = place
    return column if are_seeds(column) else list(range(len(column)))


def are_seeds(found: Sequence[Any]) -> bool:
    """Whether all of these are whole numbers that seeds can be."""
    return all(type(one) is int and 0 <= one < 2**63 for one in found)


def levels(column: Column) -> Column:
    """A column with its texts read: ``"0.1"`` is a number, ``""`` is called empty. Each distinct one is read once."""
    try:
        known = dict.fromkeys(column)
    except TypeError:  # lists and mappings
        column = [cell if isinstance(cell, (str, int, float)) else show(cell) for cell in column]
        known = dict.fromkeys(column)
    read = {cell: _level(cell) for cell in known}
    return list(map(read.__getitem__, column))


def _level(cell: Any) -> Any:
    if cell is None or cell != cell:
        return NOTHING
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if not isinstance(cell, str):
        return cell if isinstance(cell, (bool, int, float)) else str(cell)
    text = cell.strip()
    for kind in (int, float):
        with suppress(ValueError):
            number = kind(text)
            return number if np.isfinite(number) else text
    return text or NOTHING


def named(arm: Mapping[str, Any]) -> str:
    """An arm as it is called in messages."""
    if [*arm] == [ARM]:
        return show(arm[ARM])
    return ", ".join(f"{name}={show(level)}" for name, level in arm.items())


def some(names: Sequence[str], sign: str = ", ") -> str:
    """The first few names, and how many there are."""
    more = f"{sign}… ({len(names)} in all)" if len(names) > NAMED else ""
    return sign.join(names[:NAMED]) + more
