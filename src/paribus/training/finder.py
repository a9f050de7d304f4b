"""The learning-rate range test (Smith, 2017): a short training whose rate grows with every step, and is thrown away.

Too small a rate leaves the loss where it is, too large a one drives it up. Smith takes the rates at which the loss
begins to fall, and at which it ceases to, as the ends of the range that is worth using (section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any, Literal

import torch
from torch import Tensor

from paribus.chance import seeded, set_seed
from paribus.data.deliver.loader import Batch
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import RecipeError
from paribus.progress import Announce, silent
from paribus.records.given import recipe_of
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.training.check import check_run
from paribus.training.curvature import Curvature, largest_curvature, stable_below
from paribus.training.execution import Settings
from paribus.training.loaders import Loaders
from paribus.training.monitor import Plan
from paribus.training.quasi_newton import LBFGS
from paribus.training.schedules import Schedule
from paribus.training.session import Session, untouched
from paribus.training.step import step

Verdict = Literal["too low", "right", "too high", "undecided", "cannot be said"]

LOWEST, HIGHEST = 1e-7, 10.0  # rates that are tried
QUIET = 0.15  # the share of steps at the start whose rates are so low that they show the loss before it falls
SMOOTH = 2.0  # steps: the deviation of the Gaussian that smooths the losses, which does not shift them
PATIENCE = 10.0  # a training stays far longer at its rate than the test, so that a rate this much lower still trains
BEGUN, CEASED = 0.1, 0.1  # shares of the whole fall that make "it has begun", and "it has lost some of it again"
CLEAR = 3.0  # a fall that is smaller than so many deviations of the noise at the start is none
FAR = 3.0  # the test ends where the loss has risen by so many times its fall, or its size, above its start
SEEN = 256  # training examples whose loss has the curvature that is measured


@dataclass(frozen=True)
class Sweep:
    """One range test.

    Args:
        seed: of network, order and augmentation.
        rates: the learning rate of each step.
        losses: of the batch of each step, before it was taken; the last one may be far up.
        smooth: the same, smoothed over neighbouring steps.
        low: the rate at which the loss begins to fall; ``None`` where it does not fall.
        high: the rate up to which it keeps what it has gained; ``None`` where it does not fall.
        ran_away: whether the test ended early, because the loss did.
    """

    seed: int
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smooth: tuple[float, ...]
    low: float | None
    high: float | None
    ran_away: bool

    def says(self, rate: float) -> Verdict:
        """What this test says of a learning rate: too high above the range, too low more than ten times below it."""
        if self.low is None or self.high is None:
            return "cannot be said"
        return "too low" if rate < self.low / PATIENCE else "too high" if rate > self.high else "right"


@dataclass(frozen=True)
class RateRange:
    """The range of learning rates that is worth using for a recipe.

    Args:
        recipe: its name.
        optimizer: its name.
        rate: the recipe's own learning rate.
        sweeps: a range test for each seed.
        curvature: the largest curvature of the loss at the start; ``None`` where it was not measured.
        problem: why it was not.
        limit: the learning rate beyond which gradient descent without noise diverges there.
        applies: whether the optimizer of the recipe is that gradient descent, with or without momentum.
        examples: training examples whose loss that is.
    """

    recipe: str
    optimizer: str
    rate: float
    sweeps: tuple[Sweep, ...]
    curvature: Curvature | None
    problem: str
    limit: float | None
    applies: bool
    examples: int

    @property
    def low(self) -> float | None:
        """The median over seeds of the rates at which the loss begins to fall."""
        found = [one.low for one in self.sweeps if one.low is not None]
        return median(found) if found else None

    @property
    def high(self) -> float | None:
        """The median over seeds of the rates at which it ceases to."""
        found = [one.high for one in self.sweeps if one.high is not None]
        return median(found) if found else None

    @property
    def verdict(self) -> Verdict:
        """What all seeds say of the recipe's own rate; undecided where they differ."""
        said = {one.says(self.rate) for one in self.sweeps}
        return said.pop() if len(said) == 1 else "undecided"

    @property
    def suggestion(self) -> float | None:
        """A rate to begin with: the geometric middle of the range."""
        low, high = self.low, self.high
        return math.sqrt(low * high) if low is not None and high is not None else None


def lr_find(
    recipe: Recipe | str | Path,
    changes: Mapping[str, Any] | None = None,
    *,
    seeds: int | Sequence[int] = 3,
    steps: int = 100,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    curvature: bool = True,
    device: str = "auto",
    progress: Announce = silent,
    **fields: Any,
) -> RateRange:
    """Which learning rates suit a recipe, and whether its own is one of them; nothing is written, no weights are kept.

    >>> pb.lr_find("digits/cnn", seeds=3).verdict  # doctest: +SKIP
    'right'

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        changes: field → value; dotted, or its last word where that can mean one field only.
        seeds: how many, from 0, or which.
        steps: of each test; the rate grows by the same factor in each.
        lowest: the rate of the first step.
        highest: the rate of the last step.
        curvature: whether to measure λmax of the fresh network too, and the limit 2/λmax.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        progress: told how far it is.
        fields: further changes as keywords.

    Raises:
        RecipeError: for a task with several losses, a model that is fitted at once, or L-BFGS, which search themselves.
        ParibusError: whatever a training would refuse before its first step.
    """
    found = recipe_of(recipe, changes, fields)
    register_own(found.fields.values())
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    _check(chosen, steps, lowest, highest)
    rates = [lowest * (highest / lowest) ** (k / (steps - 1)) for k in range(steps)]
    settings, threads, sweeps, measured = Settings(device), torch.get_num_threads(), [], _Measured()
    try:
        for done, seed in enumerate(chosen):
            prepared = check_run(found, seed, settings, progress)
            with seeded(0):  # steps set torch's generator, which is given back as it was
                session = Session(found, prepared, found.seeds(seed), settings)
                _check_steps(session)
                rate = session.rate
                if curvature and not done:
                    measured = _measured(session, prepared)
                sweeps.append(sweep(session, Loaders.of(found, prepared, session.execution.device), rates, seed))
            progress("range tests", done + 1, len(chosen))
    finally:
        torch.set_num_threads(threads)
    return RateRange(found.name, found.optimizer.use, rate, tuple(sweeps), *measured.fields)


def sweep(session: Session, data: Loaders, rates: Sequence[float], seed: int = 0) -> Sweep:
    """One range test: steps of a session at these rates, after which it is what it was before, to the last bit.

    Args:
        session: of which weights, optimizer and counters are given back.
        data: what it reads.
        rates: rising.
        seed: of the session, for the record.
    """
    batches = chain.from_iterable(
        data.train.shuffled(session.seeds, epoch, augment=data.augment, order=data.order) for epoch in count()
    )
    with untouched(session):
        session.schedule = Rising([rate / session.rate for rate in rates])
        session.begin_epoch()
        losses = list(_losses(session, batches, Plan(1, len(rates), len(data.train))))
    tried = tuple(rates[: len(losses)])
    smooth = smoothed(losses)
    low, high = region(tried, losses, smooth)
    return Sweep(seed, tried, tuple(losses), tuple(smooth), low, high, len(tried) < len(rates))


class Rising(Schedule):
    """The factors of one step after the other."""

    def __init__(self, factors: Sequence[float]) -> None:
        self.factors = factors

    def factor(self, time: Time) -> float:
        """That of this step."""
        return self.factors[time.step]


def _losses(session: Session, batches: Iterator[Batch], plan: Plan) -> Iterator[float]:
    """The loss of each step, until all are taken or it has run away."""
    first = best = math.inf
    for number in range(plan.steps):
        session.meter = session.task.meter("train")
        step(session, next(batches), plan.time(number))
        loss = next(value for name, value in session.meter.figures().items() if name.endswith("loss"))
        if not math.isfinite(loss):
            return
        yield loss
        first = loss if number == 0 else first
        best = min(best, loss)
        if loss > first + FAR * max(first - best, abs(first)):
            return


def smoothed(losses: Sequence[float]) -> list[float]:
    """Means over neighbours, weighted by a Gaussian: unlike a running mean it does not lag behind."""
    from scipy.ndimage import gaussian_filter1d

    return [float(it) for it in gaussian_filter1d(losses, SMOOTH, mode="nearest")] if losses else []


def region(
    rates: Sequence[float], losses: Sequence[float], smooth: Sequence[float]
) -> tuple[float, float] | tuple[None, None]:
    """Where the smoothed loss begins to fall, and up to where it keeps what it gained; nothing where it never falls.

    Args:
        rates: rising.
        losses: of each step, whose spread at the lowest rates is the noise.
        smooth: the same, smoothed.
    """
    quiet = max(3, round(QUIET * len(rates)))
    if len(losses) <= quiet:
        return None, None
    start, noise = fmean(losses[:quiet]), stdev(losses[:quiet])
    lowest = min(range(len(smooth)), key=smooth.__getitem__)
    fall = start - smooth[lowest]
    if fall <= CLEAR * noise / math.sqrt(SMOOTH) or fall <= 0:
        return None, None
    above = (place for place in range(lowest, -1, -1) if smooth[place] > start - BEGUN * fall)
    lost = (place for place in range(lowest, len(smooth)) if smooth[place] > smooth[lowest] + CEASED * fall)
    return rates[next(above, -1) + 1], rates[next(lost, len(smooth)) - 1]


@dataclass(frozen=True)
class _Measured:
    """What was found out about the curvature."""

    curvature: Curvature | None = None
    problem: str = "not asked for"
    limit: float | None = None
    applies: bool = False
    examples: int = 0

    @property
    def fields(self) -> tuple[Curvature | None, str, float | None, bool, int]:
        return self.curvature, self.problem, self.limit, self.applies, self.examples


def _measured(session: Session, prepared: PreparedData) -> _Measured:
    """The curvature of the loss of the first training examples, in training mode, with one draw of its noise."""
    [(stage, optimizer)] = session.optimizers.items()
    rows = prepared.rows["train"][:SEEN]
    batch = prepared.loader("train", len(rows), session.execution.device).take(rows)
    network = deepcopy(session.network).train()

    def loss() -> Tensor:
        set_seed(session.noise_key)
        return session.task.loss(stage, network, batch)[0]

    try:
        trained = [it for it in network.parameters() if it.requires_grad]
        found = largest_curvature(loss, trained, tolerance=0.01)  # of the vector: the value is far nearer
    except RuntimeError as error:  # an operation that can be differentiated only once
        return _Measured(problem=str(error).splitlines()[0])
    if not math.isfinite(found.value):
        return _Measured(problem="it is not a finite number")
    group, plain = optimizer.param_groups[0], isinstance(optimizer, torch.optim.SGD)
    momentum = (group["momentum"], group["nesterov"]) if plain else (0.0, False)
    return _Measured(found, "", stable_below(found.value, *momentum), plain, len(rows))


def _check(seeds: Sequence[int], steps: int, lowest: float, highest: float) -> None:
    if not seeds:
        raise RecipeError("a range test needs a seed", got=seeds, hint="ask for seeds=3")
    if steps < 20:
        raise RecipeError("a range test needs at least 20 steps", got=steps, hint="100 are usual")
    if not 0 < lowest < highest < math.inf:
        rule = "the lowest learning rate must be above 0 and below the highest"
        raise RecipeError(rule, got=f"{lowest:g} … {highest:g}", hint=f"{LOWEST:g} … {HIGHEST:g} are usual")


def _check_steps(session: Session) -> None:
    """Refuse what does not go down one loss in steps of a learning rate."""
    if session.fitted:
        raise RecipeError("this model is fitted at once, and has no learning rate", got=type(session.fitted).__name__)
    if len(session.optimizers) > 1:
        hint = "vary the rates in a study, and compare the quality of what is drawn"
        rule = "a range test reads one loss, and this task has several, which work against each other"
        raise RecipeError(rule, got=", ".join(session.optimizers), hint=hint)
    if any(isinstance(it, LBFGS) for it in session.optimizers.values()):
        raise RecipeError("L-BFGS searches for the size of each step itself", got="optimizer=lbfgs")
