"""N8: the learning-rate range test says too low, right, too high, and leaves everything as it was."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import nn

import paribus as pb
from paribus.errors import RecipeError
from paribus.plots.rates import rates
from paribus.records.recipe import Recipe
from paribus.reports.rates import rates_page
from paribus.training.check import check_run
from paribus.training.execution import Settings
from paribus.training.finder import RateRange, lr_find, region, smoothed, sweep
from paribus.training.loaders import Loaders
from paribus.training.monitor import Plan
from paribus.training.session import Session
from paribus.training.step import step

FAST = {"training.precision": "fp32"}


@pytest.fixture(scope="module")
def found(session_cache) -> RateRange:
    return lr_find("digits/mlp", FAST, seeds=3, device="cpu")


def test_n8_the_shipped_rate_is_right_and_planted_ones_are_not(found):
    assert found.verdict == "right"
    assert replace(found, rate=100 * found.rate).verdict == "too high"
    assert replace(found, rate=found.rate / 1000).verdict == "too low"
    assert found.low < found.suggestion < found.high


@pytest.mark.parametrize("factor", [100, 1 / 1000])
def test_n8_the_range_does_not_depend_on_the_recipes_own_rate(found, factor):
    other = lr_find("digits/mlp", {**FAST, "optimizer.lr": found.rate * factor}, seeds=3, curvature=False, device="cpu")
    assert [one.low for one in other.sweeps] == pytest.approx([one.low for one in found.sweeps], rel=1e-6)
    assert other.verdict == ("too high" if factor > 1 else "too low")
    assert other.curvature is None


def test_it_is_about_the_recipes_optimizer():
    assert lr_find("digits/mlp", {**FAST, "optimizer": "adam"}, seeds=2, curvature=False, device="cpu").high < 0.1


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_n8_a_session_is_given_back_to_the_last_bit(optimizer):
    """Weights, statistics of batch norm, the optimizer's moments, counters; and it trains on as if nothing had been."""
    model = {"model.norm": "batch", "model.dropout": 0.3, "model.widths": [8, 8], "optimizer": optimizer}
    recipe = Recipe.load("digits/cnn", {**FAST, **model, "split.limit": 256})
    one, other = (begun(recipe) for _ in range(2))
    before, chance = {name: it.clone() for name, it in one.network.state_dict().items()}, torch.get_rng_state()
    swept = sweep(
        one, Loaders.of(recipe, check_run(recipe, 0, Settings("cpu")), "cpu"), [0.01 * 2**k for k in range(8)]
    )
    assert len(swept.rates) > 4
    assert all(torch.equal(it, before[name]) for name, it in one.network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance)
    for session in (one, other):
        advance(session, recipe, 2)
    assert all(torch.equal(it, other.network.state_dict()[name]) for name, it in one.network.state_dict().items())


def begun(recipe: Recipe) -> Session:
    """A session that has taken three steps, so that its optimizer holds something."""
    session = Session(recipe, check_run(recipe, 0, Settings("cpu")), recipe.seeds(0), Settings("cpu", 1))
    advance(session, recipe, 3)
    return session


def advance(session: Session, recipe: Recipe, steps: int) -> None:
    data = Loaders.of(recipe, check_run(recipe, 0, Settings("cpu")), "cpu")
    session.begin_epoch()
    plan = Plan(1, len(data.train), len(data.train))
    for batch in islice(data.rest_of_epoch(session, plan), steps):
        step(session, batch, plan.time(session.step))


def test_nothing_is_written_and_chance_is_as_it_was(here):
    before = torch.get_rng_state()
    again = [lr_find("digits/mlp", FAST, seeds=[4], steps=30, curvature=False, device="cpu").sweeps for _ in range(2)]
    assert again[0] == again[1]
    assert list(here.iterdir()) == []
    assert torch.equal(torch.get_rng_state(), before)


def test_the_region_of_a_known_curve():
    """Flat at 2, down to 1 from rate 10 to 20, flat, up from 30: begun at 11, where a tenth is done; lost at 31."""
    places = list(range(41))
    losses = [2 - min(max(k - 10, 0), 10) / 10 + max(k - 30, 0) / 9 for k in places]
    assert region(places, losses, losses) == (11, 30)
    assert region(places, [2.0] * 41, [2.0] * 41) == (None, None)
    noise = [2 + (-1) ** k * 0.5 for k in places]
    assert region(places, noise, smoothed(noise)) == (None, None)


class Still(nn.Module):
    """A network whose outputs do not depend on what is trained."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes, self.idle = num_classes, nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x.new_zeros(len(x), self.num_classes) + 0 * self.idle


def test_where_no_rate_lowers_the_loss_nothing_is_said():
    still = lr_find("digits/mlp", {**FAST, "model": Still}, seeds=1, device="cpu")
    assert (still.verdict, still.low, still.suggestion) == ("cannot be said", None, None)
    assert "the loss falls at no rate" in rates_page(still).answers[0].finding
    assert rates(still).svg()


def test_n8_the_page_shows_range_and_limit(found):
    page = rates_page(found)
    assert page.answers[0].verdict == "right"
    tests, curvature = (section.tables[0] for section in page.sections)
    assert len(tests.rows) == 3
    assert found.limit == pytest.approx(2 * 1.9 / found.curvature.value)  # momentum 0.9
    assert curvature.rows[0][-1] == f"{found.limit:.3g}"
    assert "limit by λmax" in rates(found).svg()
    assert "scales its steps" in rates_page(replace(found, applies=False, optimizer="adam")).sections[1].notes[0]
    split = replace(found, rate=found.sweeps[0].high * 1.001)
    assert rates_page(split).answers[0].verdict in ("undecided", "too high")


def test_mistakes_are_explained():
    with pytest.raises(RecipeError, match="reads one loss"):
        pb.lr_find("digits/gan")
    with pytest.raises(RecipeError, match="searches for the size"):
        pb.lr_find("diabetes_progression/linear", {"optimizer": "lbfgs", "training.batch_size": "full"})
    with pytest.raises(RecipeError, match="at least 20 steps"):
        pb.lr_find("digits/mlp", steps=5)
    with pytest.raises(RecipeError, match="must be above 0"):
        pb.lr_find("digits/mlp", lowest=1.0, highest=0.1)
    with pytest.raises(RecipeError, match="needs a seed"):
        pb.lr_find("digits/mlp", seeds=0)
