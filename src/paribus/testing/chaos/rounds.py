"""One round after another: disturb a command, run it again in peace, judge, and count."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from paribus.testing.chaos.commands import UNFLUSHED, Ended
from paribus.testing.chaos.disturbances import CASES, MENDING, SIGNALS, Round
from paribus.testing.chaos.judge import Outcome, Way, complaint, differences, leftovers, outcome, way_on
from paribus.testing.chaos.scenarios import OFTEN, READ_ONLY, SCENARIOS, Workshop

ATTEMPTS = 5  # ways on that are followed until the result is there


@dataclass(frozen=True)
class Report:
    """What a round showed.

    Args:
        number: of the round, which is the seed of all that is drawn in it.
        case: what kind of disturbance.
        scenario: what was run.
        phase: what the command was doing.
        happened: what was done to it.
        ways: what its messages asked for until the result was there.
        loss: what was lost; nothing if all is well.
        said: what the last command said, after a loss.
    """

    number: int
    case: str
    scenario: str
    phase: str
    happened: str
    ways: tuple[str, ...] = ()
    loss: str = ""
    said: str = ""

    @property
    def verdict(self) -> str:
        """``same``, what it took, or what was lost."""
        if self.loss:
            return f"LOST: {self.loss}"
        return f"same, after its message: {'; '.join(self.ways)}" if self.ways else "same"

    @property
    def command(self) -> str:
        """What repeats just this round."""
        scenario = f" --scenario {shlex.quote(self.scenario)}" if self.scenario else ""
        return f"python -m paribus.testing.chaos --rounds 1 --seed {self.number} --only {self.case}{scenario}"

    def __str__(self) -> str:
        what = f"{self.number:>6}  {self.case:<11}  {self.scenario:<10}  {self.phase:<18}"
        return f"{what}  {self.happened}  →  {self.verdict}"


def play(shop: Workshop, number: int, case: str, scenarios: Sequence[str] = tuple(SCENARIOS)) -> Report:
    """One round."""
    known = [name for name in scenarios if case not in MENDING or name not in READ_ONLY]
    often = [OFTEN.get(name, 3) for name in known]
    [scenario] = random.Random(f"scenario {number}").choices(known, often)  # by itself: naming it repeats the rest
    one = Round(shop, scenario, random.Random(number))
    happened = CASES[case](one)
    ways, loss, last = judge(one, may_die=case in SIGNALS)
    one.settle()
    return Report(number, case, one.scenario, one.phase, happened, ways, loss, last.said if last and loss else "")


def hunt(
    root: Path,
    *,
    seed: int,
    rounds: int | None = None,
    seconds: float = float("inf"),
    only: str | None = None,
    jobs: int = 2,
    keep: bool = False,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    tell: Callable[[Report], None] = print,
) -> list[Report]:
    """Rounds until there are enough or the time is over; ``tell`` hears of each.

    Args:
        root: a folder that is used for all.
        seed: of the first round; each further one has the next number.
        rounds: how many.
        seconds: no round starts after so long.
        only: one case; all in turn by default.
        jobs: rounds at the same time.
        keep: keep the places of rounds with a loss, as ``root/lost-NUMBER``.
        scenarios: what is run.
    """
    until = time.monotonic() + seconds
    numbers = iter(range(seed, seed + rounds)) if rounds is not None else count(seed)
    reports: list[Report] = []
    # from nothing: what is forked must not inherit threads of this process
    with ProcessPoolExecutor(jobs, get_context("spawn"), _open_shop, (root, tuple(scenarios), keep)) as pool:
        running: set[Future[Report]] = set()
        while True:
            while len(running) < jobs and time.monotonic() < until and (number := next(numbers, None)) is not None:
                running.add(pool.submit(_play_here, number, only or list(CASES)[number % len(CASES)]))
            if not running:
                return reports
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                reports.append(future.result())
                tell(reports[-1])


def table(reports: Sequence[Report]) -> Iterator[str]:
    """The counts of each case."""
    yield f"{'case':<12}{'rounds':>8}{'same':>8}{'by a message':>14}{'lost':>8}"
    for case in CASES:
        of_case = [report for report in reports if report.case == case]
        if of_case:
            yield _row(case, of_case)
    yield _row("all", reports)


def _row(name: str, reports: Sequence[Report]) -> str:
    kinds = Counter("lost" if report.loss else "way" if report.ways else "same" for report in reports)
    return f"{name:<12}{len(reports):>8}{kinds['same']:>8}{kinds['way']:>14}{kinds['lost']:>8}"


_shop: Workshop
_scenarios: Sequence[str]
_keep: bool


def _open_shop(root: Path, scenarios: Sequence[str], keep: bool) -> None:
    """In a worker process: a workshop of its own."""
    global _shop, _scenarios, _keep
    _shop, _scenarios, _keep = Workshop(root / f"shop-{os.getpid()}"), scenarios, keep


def _play_here(number: int, case: str) -> Report:
    try:
        report = play(_shop, number, case, _scenarios)
    except Exception as error:  # of chaos itself: the other rounds go on
        report = Report(number, case, "", "", "", loss=f"chaos failed: {error!r}", said=traceback.format_exc())
    if report.loss and _keep:
        shutil.copytree(_shop.place, _shop.root.parent / f"lost-{number}", symlinks=True)
    return report


def judge(one: Round, may_die: bool = True) -> tuple[tuple[str, ...], str, Ended | None]:
    """Run a command again, in peace, until the result is there; the ways followed, what is lost, and the last end.

    Args:
        one: a round in which the command was disturbed.
        may_die: whether a signal may have ended it.
    """
    assert one.reference
    for ended in one.disturbed:
        if (wrong := complaint(ended)) and not (may_die and (ended.code or 0) < 0) and ended.code != UNFLUSHED:
            return (), f"disturbed, {wrong}", ended
    before = outcome(one.place)
    claimed = one.disturbed and one.disturbed[-1].code == 0 and not one.damaged
    if claimed and (problems := differences(one.reference.outcome, before)):
        return (), f"disturbed, it said that all is well, but {_list(problems)}", one.disturbed[-1]
    ways: list[str] = []
    words = one.words
    for _ in range(ATTEMPTS):
        ended = one.shop.run(words)
        if wrong := complaint(ended):
            return tuple(ways), wrong, ended
        if ended.code == 0:
            one.settle()
            if not (unread := _damaged_weights(one)):
                return tuple(ways), _list(_lost(one, before)), ended
            ended = one.shop.run(["test", unread])
            if ended.code == 0:
                return tuple(ways), f"damaged weights are used: {unread}", ended
        way = way_on(ended, one.place)
        if way is None:
            return tuple(ways), f"its message names no way on: {_message(ended)}", ended
        ways.append(f"{_message(ended)} [{way}]")
        words = [*one.words, *way.options]
        _follow(one, way)
    return tuple(ways), "the ways that its messages name lead nowhere", ended


def _damaged_weights(one: Round) -> str:
    """A run whose weights alone are wrong: no command but those that open them reads so much; they must refuse."""
    assert one.reference
    problems = differences(one.reference.outcome, outcome(one.place))
    return problems[0].name if problems and all(problem.key == "weights" for problem in problems) else ""


def _lost(one: Round, before: Outcome) -> list[object]:
    """What is not as after an undisturbed command."""
    assert one.reference
    found = outcome(one.place)
    return [
        *["its workers outlived it"] * one.outlived,
        *differences(one.reference.outcome, found),
        *["the user's pictures were changed"] * (found["pictures"] != before["pictures"]),
        *[f"{name} was deleted" for name in before["outside"] if name not in found["outside"]],
        *[f"left behind: {name}" for name in leftovers(one.place, SCENARIOS[one.scenario].folder)],
    ]


def _list(problems: Sequence[object]) -> str:
    return "; ".join(map(str, problems[:3])) + (f" and {len(problems) - 3} more" if len(problems) > 3 else "")


def _follow(one: Round, way: Way) -> None:
    for path in way.delete:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if way.clear:
        one.shop.run(["data", "--clear"])
    if way.wait:
        one.settle()


def _message(ended: Ended) -> str:
    """The first line of an error message."""
    lines = [line for line in ended.said.splitlines() if line.startswith("error: ")]
    lines += [line for line in ended.said.splitlines() if line.strip()][-1:]
    return lines[0].removeprefix("error: ")[:160] if lines else f"nothing (exit code {ended.code})"
