"""S9: each schedule is torch's, over whole trainings."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from paribus.records.parts import Part, build, names
from paribus.records.time import Time

EPOCHS, PER_EPOCH = 12, 7
STEPS = EPOCHS * PER_EPOCH
BASE = 0.3


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)


def by_torch(make, steps: int = STEPS) -> list[float]:
    """The rates of a training with torch's own scheduler, stepped after every step."""
    stepper = optimizer()
    scheduler = make(stepper)
    rates = []
    for _ in range(steps):
        rates.append(stepper.param_groups[0]["lr"])
        stepper.step()
        scheduler.step()
    return rates


def ours(use: str, steps: int = STEPS, **options) -> list[float]:
    schedule = build("schedule", Part(use, **options))
    return [BASE * schedule.factor(Time(step, steps, PER_EPOCH)) for step in range(steps)]


SAME = {
    "constant": ({}, lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
    "step": ({"every": 3, "gamma": 0.2}, lambda o: lr_scheduler.StepLR(o, 3 * PER_EPOCH, 0.2)),
    "cosine": ({}, lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
    "cosine to a tenth": ({"final": 0.1}, lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.1 * BASE)),
    "warmup": ({"epochs": 4, "start": 0.05}, lambda o: lr_scheduler.LinearLR(o, 0.05, 1.0, 4 * PER_EPOCH)),
    "one_cycle": ({}, lambda o: lr_scheduler.OneCycleLR(o, BASE, STEPS, cycle_momentum=False)),
    "one_cycle late": (
        {"rise": 0.7, "start": 0.1, "end": 1e-3},
        lambda o: lr_scheduler.OneCycleLR(
            o, BASE, STEPS, pct_start=0.7, div_factor=10, final_div_factor=100, cycle_momentum=False
        ),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_S9_rates_are_those_of_torch(name):
    options, make = SAME[name]
    assert ours(name.split()[0], **options) == pytest.approx(by_torch(make), abs=1e-12, rel=0)


def test_S9_a_triangle_is_its_two_lines():
    rates = ours("triangular", 101, rise=0.23, start=0.2, end=0.07)
    line = torch.cat(
        [torch.linspace(0.2, 1, 24, dtype=torch.float64), torch.linspace(1, 0.07, 78, dtype=torch.float64)[1:]]
    )
    assert rates == pytest.approx((BASE * line).tolist(), abs=1e-12)
    falling = ours("triangular", 11, rise=0.0, start=0.5, end=0.0)
    assert falling == pytest.approx([BASE * (1 - step / 10) for step in range(11)], abs=1e-12)


@pytest.mark.parametrize("steps", [5, 10, 11])
def test_S9_one_cycle_of_few_steps(steps):
    expected = by_torch(lambda o: lr_scheduler.OneCycleLR(o, BASE, steps, cycle_momentum=False), steps)
    assert ours("one_cycle", steps) == pytest.approx(expected, abs=1e-12, rel=0)


def test_S9_one_step_is_enough_for_every_schedule():
    for name in names("schedule"):
        factor = build("schedule", Part(name)).factor(Time(0, 1, 1))
        assert math.isfinite(factor), name
        assert 0 <= factor <= 1, name


def test_S9_warm_up_before_the_cosine():
    rates = ours("cosine", warmup=3)
    rise = 3 * PER_EPOCH
    assert rates[:rise] == pytest.approx([BASE * (i + 1) / (rise + 1) for i in range(rise)])
    after = by_torch(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS - rise), STEPS - rise)
    assert rates[rise:] == pytest.approx(after, abs=1e-12, rel=0)


DIRECTIONS = {"val/loss": False}
LOSSES = {
    "stuck": [1.0] * 12,
    "falling": [1 / (i + 1) for i in range(12)],
    "noisy": [1.0, 0.8, 0.9, 0.79995, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, 0.6, 0.65],
    "not a number": [1.0, math.nan, math.nan, math.nan, 0.5, math.inf, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6],
}


@pytest.mark.parametrize("patience", [0, 2])
@pytest.mark.parametrize("losses", LOSSES.values(), ids=LOSSES)
def test_S9_plateau_is_that_of_torch(losses, patience):
    stepper = optimizer()
    reference = lr_scheduler.ReduceLROnPlateau(
        stepper, factor=0.3, patience=patience, threshold=1e-3, min_lr=0.05 * BASE, eps=0
    )
    schedule = build("schedule", Part("plateau", gamma=0.3, patience=patience, threshold=1e-3, lowest=0.05))
    for loss in losses:
        reference.step(loss)
        schedule.observe({"val/loss": loss}, DIRECTIONS)
        assert BASE * schedule.factor(Time(0, 1, 1)) == pytest.approx(stepper.param_groups[0]["lr"], abs=1e-12)


def test_R5_plateau_remembers():
    first, second = (build("schedule", Part("plateau", patience=1)) for _ in range(2))
    for loss in LOSSES["noisy"][:7]:
        first.observe({"val/loss": loss}, DIRECTIONS)
    second.load(first.state())
    for loss in LOSSES["noisy"][7:]:
        first.observe({"val/loss": loss}, DIRECTIONS)
        second.observe({"val/loss": loss}, DIRECTIONS)
    assert first.state() == second.state()
    assert first.current < 1


def test_a_plateau_of_a_figure_that_should_rise():
    schedule = build("schedule", Part("plateau", metric="val/accuracy", patience=0, gamma=0.5, threshold=0.0))
    factors = []
    for accuracy in (0.5, 0.6, 0.7, 0.7, 0.65):
        schedule.observe({"val/accuracy": accuracy}, {"val/accuracy": True})
        factors.append(schedule.factor(Time(0, 1, 1)))
    assert factors == [1, 1, 1, 0.5, 0.25]
