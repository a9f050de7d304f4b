"""``python -m paribus.evidence.simulation [TABLE ...] [--studies N]``: print the tables of the reference."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from paribus.evidence.crossed import crossed_effects
from paribus.evidence.curve import mean_intervals
from paribus.evidence.estimate import mean_interval
from paribus.evidence.folds import five_by_two, k_folds
from paribus.evidence.ranking import t_reach
from paribus.evidence.simulation.looks import (
    PLANNED,
    chosen,
    either_rejected,
    ever_rejected,
    shared,
    widths,
)
from paribus.evidence.simulation.methods import METHODS, compared, critical_skewness, seen_as_skewed
from paribus.evidence.simulation.rates import coverage, covers_rows, false_alarms, rejected, unpaired
from paribus.evidence.simulation.tuning import VALUES, WHERE, tuned_studies
from paribus.evidence.simulation.worlds import NOISES, RESOLUTION, Answers, Splits, correlated

SEEDS = (3, 5, 10, 20)
ARMS = 4  # of a study of the first table: three comparisons with one reference


def main(words: Sequence[str] | None = None) -> None:
    """Print all tables, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m paribus.evidence.simulation", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)} (default: all)")
    parser.add_argument("--studies", type=int, default=2000, help="for each row (default: 2000)")
    arguments = parser.parse_args(words)
    if strange := [name for name in arguments.tables if name not in TABLES]:
        parser.error(f"there is no table {strange[0]}: there are {', '.join(TABLES)}")
    for place, name in enumerate(arguments.tables or TABLES):
        print("\n" * bool(place), end="")
        for line in TABLES[name](arguments.studies):
            print(line, flush=True)


def these(studies: int) -> Iterator[str]:
    """Coverage of single differences, and false alarms in studies of four equal arms."""
    rng = np.random.default_rng(0)
    yield f"{'noise':<20}{'n':>3}{'covers':>9}{'unpaired':>10}{'width':>8}{'false alarms':>14}"
    for name, noise in NOISES.items():
        step = RESOLUTION.get(name, 0.0)
        for n in SEEDS:
            covers = coverage(noise, n, studies, rng, resolution=step)
            alarms = false_alarms(noise, n, ARMS, studies, rng, step)
            welch, width = unpaired(noise, n, studies, rng)
            yield f"{name:<20}{n:>3}{covers:>9.3f}{welch:>10.3f}{width:>7.2f}x{alarms:>14.3f}"
    resplit = Splits().compared(rng, max(2, studies // 40), lambda: Splits().random_splits(rng, 800))
    for n in SEEDS:
        yield f"{'fitted classifiers':<20}{n:>3}{covers_rows(resplit, n):>9.3f}{'–':>10}{'–':>8}{'–':>14}"


def like_these(studies: int) -> Iterator[str]:
    """False alarms with and without overlap, and coverage of a planted effect."""
    rng, world, better = np.random.default_rng(0), Splits(), Splits(gain=1.1)
    yield f"{'world':<28}{'n':>3}{'as if independent':>19}{'false alarms':>14}{'covers':>8}"
    null, _ = world.studies(rng, studies, max(SEEDS))
    planted, expected = better.studies(rng, studies, max(SEEDS))
    for n in SEEDS:
        _, low, high = mean_intervals(planted[:, :n].T, overlap=world.overlap)
        covers = float(((low <= expected.mean()) & (expected.mean() <= high)).mean())
        yield _row("fitted classifiers", n, rejected(null[:, :n]), rejected(null[:, :n], world.overlap), covers)
    for name, noise in NOISES.items():
        drawn, step = correlated(noise, world.validation), RESOLUTION.get(name, 0.0)
        for n in SEEDS:
            table = drawn(rng, (studies, n))
            naive, alarms = rejected(table, 0.0, step), rejected(table, world.overlap, step)
            yield _row(f"shared part, {name}", n, naive, alarms, 1 - alarms)


def _row(name: str, n: int, naive: float, alarms: float, covers: float) -> str:
    return f"{name:<28}{n:>3}{naive:>19.3f}{alarms:>14.3f}{covers:>8.3f}"


def few(studies: int) -> Iterator[str]:
    """The methods that were compared."""
    rng = np.random.default_rng(0)
    noises = ("skewed", "bounded", "heavy-tailed", "one fails in 20")
    yield f"{'method':<19}{'n':>3}{'normal':>9}{'width':>8}{'skewed':>9}{'bounded':>9}{'heavy-tailed':>14}{'fails':>8}"
    for n in SEEDS:
        found = {name: compared(NOISES[name](rng, (studies, n))) for name in ("normal", *noises)}
        for method in METHODS:
            normal, width = found["normal"][method]
            skewed, bounded, heavy, fails = (found[name][method][0] for name in noises)
            yield (
                f"{method:<19}{n:>3}{normal:>9.3f}{width:>7.2f}x{skewed:>9.3f}{bounded:>9.3f}{heavy:>14.3f}{fails:>8.3f}"
            )


def warned(studies: int) -> Iterator[str]:
    """How often a sample looks skewed, and whether it is those samples whose intervals miss."""
    rng = np.random.default_rng(0)
    yield f"{'noise':<14}{'n':>3}{'look skewed':>13}{'covers then':>13}{'covers else':>13}"
    for n in SEEDS:
        critical = critical_skewness(n, rng)
        for name in ("normal", "skewed", "heavy-tailed"):
            share, then, otherwise = seen_as_skewed(NOISES[name](rng, (5 * studies, n)), critical)
            yield f"{name:<14}{n:>3}{share:>13.3f}{then:>13.3f}{otherwise:>13.3f}"


def designs(studies: int) -> Iterator[str]:
    """Ways to spend ten fits of each arm on one data set."""
    yield f"{'design':<44}{'false alarms':>14}{'power':>8}"
    found = []
    for gain in (1.0, 1.25):
        rng, world = np.random.default_rng(0), Splits(gain=gain)
        resampled = world.compared(rng, studies, lambda: world.random_splits(rng, 10))  # noqa: B023
        folds = world.compared(rng, studies, lambda: world.folds(rng, 10))  # noqa: B023
        halves = [five_by_two(row.reshape(5, 2)) for row in world.compared(rng, studies, lambda: world.halves(rng))]  # noqa: B023
        found.append(
            {
                "10 random splits, corrected": rejected(resampled, world.overlap),
                "10 random splits, as if independent": rejected(resampled),
                "10 folds, corrected": float(np.mean([k_folds(row).p < 0.05 for row in folds])),
                "10 folds, as if independent": rejected(folds),
                "5×2 cv, t-test (Dietterich)": float(np.mean([one.p_t < 0.05 for one in halves])),
                "5×2 cv, F-test (Alpaydin)": float(np.mean([one.p_f < 0.05 for one in halves])),
            }
        )
    for design in found[0]:
        yield f"{design:<44}{found[0][design]:>14.3f}{found[1][design]:>8.3f}"


def examples(studies: int) -> Iterator[str]:
    """Coverage over further examples and trainings: both counted as chance, or one of them alone."""
    yield f"{'seeds':>5}{'examples':>10}{'both':>8}{'seeds alone':>13}{'examples alone':>16}"
    rng = np.random.default_rng(0)
    for seeds in SEEDS:
        for count in (100, 1000):
            world, covers = Answers(seeds, count), []
            for _ in range(max(10, studies // 2)):
                table = world.differences(rng)
                found = (
                    crossed_effects(table).estimate,
                    mean_interval(table.mean(axis=1)),
                    mean_interval(table.mean(axis=0)),
                )
                covers.append([one.low <= world.truth <= one.high for one in found])
            both, by_seed, by_example = np.mean(covers, axis=0)
            yield f"{seeds:>5}{count:>10}{both:>8.3f}{by_seed:>13.3f}{by_example:>16.3f}"


def looks(studies: int) -> Iterator[str]:
    """False alarms at any of many looks; and what the intervals that allow them cost in width."""
    rng, most, world = np.random.default_rng(0), (5, 10, 20, 50), Splits()
    yield _cells("false alarms at any look from 2 seeds to", most)
    for name, noise in NOISES.items():
        drawn, step = noise(rng, (10 * studies, max(most))), RESOLUTION.get(name, 0.0)
        yield _cells(f"{name}, every look", ever_rejected(drawn, most, resolution=step))
        yield _cells(f"{name}, t interval", ever_rejected(drawn, most, reach=t_reach, resolution=step))
    drawn = rng.normal(size=(10 * studies, max(most)))
    yield _cells("normal, every look, then t at the end", [either_rejected(drawn, last) for last in most])
    for overlap in (0.25, 0.43):
        drawn = shared(rng.normal(size=(10 * studies, max(most))), overlap, rng)
        yield _cells(f"overlap {overlap}, every look", ever_rejected(drawn, most, overlap=overlap))
    null, _ = world.studies(rng, studies, max(most))
    yield _cells("fitted classifiers, every look", ever_rejected(null, most, overlap=world.overlap))
    yield _cells("fitted classifiers, t interval", ever_rejected(null, most, overlap=world.overlap, reach=t_reach))
    yield _cells("fitted classifiers, as if independent", ever_rejected(null, most, reach=t_reach))
    for overlap in (0.0, 0.43):
        yield ""
        yield _cells(f"half width in sd, overlap {overlap}", PLANNED)
        yield from (_cells(name, found) for name, found in widths(overlap=overlap).items())


def _cells(name: str, numbers: Sequence[float]) -> str:
    shown = (f"{number:>8}" if isinstance(number, int) else f"{number:>8.3f}" for number in numbers)
    return f"{name:<42}" + "".join(shown)


def winners(studies: int) -> Iterator[str]:
    """Comparison with the best, and the winner as it looks and corrected."""
    rng = np.random.default_rng(1)
    heads = ("arms", "n", "together", "left out", "bias", "corrected", "covers", "corrected")
    yield f"{'truth':<15}" + "".join(f"{head:>10}" for head in heads)
    for name, span, uneven in (("equal", 0.0, False), ("spread", 2.0, False), ("equal, uneven", 0.0, True)):
        for arms in (2, 5, 20):
            for n in (3, 5, 10):
                spreads = np.geomspace(0.5, 2, arms) if uneven else None
                rates = chosen(np.linspace(0, span, arms), n, max(10, studies // 2), rng, spreads)
                yield f"{name:<15}{arms:>10}{n:>10}" + "".join(f"{rate:>10.3f}" for rate in rates.values())


def tuned(studies: int) -> Iterator[str]:
    """Two equal arms whose values were chosen: how unequal they look, and how often a study says that they are."""
    yield f"{'values tried':<14}{'chosen by':<24}{'seeds':>6}{'bias':>8}{'sd':>8}{'false alarms':>14}"
    for tried in ((VALUES, VALUES), (1, VALUES)):
        for where in WHERE:
            for seeds in (5, 20):
                found, alarms = tuned_studies(where, tried, seeds, studies, np.random.default_rng(5))
                about = f"{f'{tried[0]} and {tried[1]}':<14}{where:<24}{seeds:>6}"
                yield f"{about}{found.mean():>8.2f}{found.std():>8.2f}{alarms:>14.3f}"


TABLES: dict[str, Callable[[int], Iterator[str]]] = {
    "these": these,
    "like-these": like_these,
    "few": few,
    "warned": warned,
    "designs": designs,
    "examples": examples,
    "looks": looks,
    "winners": winners,
    "tuned": tuned,
}


if __name__ == "__main__":
    main()
