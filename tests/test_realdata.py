"""The shipped recipes reach on real data what they should, on the held-out test."""

import os
from pathlib import Path

import pytest

from paribus.inference.held_out import test as open_test
from paribus.run import Run

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.skipif("PARIBUS_DATA" not in os.environ, reason="PARIBUS_DATA is not set"),
]


@pytest.mark.parametrize(
    ("recipe", "reach"),
    [
        pytest.param("fashion_mnist/mlp", 0.88, id="T1"),
        pytest.param("mnist/cnn", 0.99, id="T2"),
    ],
)
@pytest.mark.timeout(900)
def test_shipped_recipe_reaches_published_accuracy(recipe: str, reach: float, tmp_path: Path) -> None:
    run = Run(recipe, runs=tmp_path)
    assert run.recipe.budget.epochs <= 10
    run.train(threads=1)  # with neighbours on the machine several threads wait for each other
    assert open_test(run.folder).metrics["test/accuracy"] >= reach


@pytest.mark.timeout(900)
def test_T11_a_unet_finds_nuclei(tmp_path: Path) -> None:
    run = Run("nuclei/unet", {"budget.epochs": 3}, runs=tmp_path)
    run.train(threads=1)  # with neighbours on the machine several threads wait for each other
    # saying "background" everywhere gives .47; this much training gave .80 with this seed, the whole recipe .85
    assert open_test(run.folder).metrics["test/miou"] >= 0.75


@pytest.mark.parametrize(
    ("recipe", "reach"), [("diabetes/linear", 0.72), ("heart/linear", 0.75), ("breast_cancer/linear", 0.93)]
)
def test_T31_medical_tables_reach_published_accuracy(recipe: str, reach: float, tmp_path: Path) -> None:
    """About .77, .83 and .96 are published; over ten seeds we saw .776 ± .027, .823 ± .050 and .956 ± .012."""
    run = Run(recipe, runs=tmp_path)
    run.train(threads=1)
    assert (run.metrics["val/accuracy"] or 0) >= reach
