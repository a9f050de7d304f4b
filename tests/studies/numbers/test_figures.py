"""What a figure is like, by its name."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.studies.numbers.figures import figure, kind_of

NONE = np.array([])


@pytest.mark.parametrize(
    ("name", "higher", "percent"),
    [
        ("val_acc", True, True),
        ("val/top1-acc", True, True),
        ("testAccuracy", True, True),
        ("acc@1", True, True),
        ("eval_f1", True, True),
        ("macro_f1", True, True),
        ("roc_auc", True, True),
        ("AUC", True, True),
        ("mAP", True, True),
        ("mean_iou", True, True),
        ("psnr", True, False),
        ("r2", True, False),
        ("episode_reward", True, False),
        ("neg_mean_squared_error", True, False),
        ("log_likelihood", True, False),
        ("neg_log_likelihood", False, False),
        ("eval_loss", False, False),
        ("valLoss", False, False),
        ("rmse", False, False),
        ("top1_error", False, False),
        ("perplexity", False, False),
        ("WER", False, False),
        ("FID", False, False),
        ("cross-entropy", False, False),
        ("train_seconds", False, False),
    ],
)
def test_well_known_names_say_direction_and_unit(name, higher, percent):
    found = kind_of(name)
    assert (found.higher_is_better, found.percent) == (higher, percent)


@pytest.mark.parametrize("name", ["value", "figure", "x", "blossom", "macchiato", "", "日本"])
def test_other_names_say_nothing(name):
    assert kind_of(name) is None


def test_what_is_said_wins_over_the_name():
    found, said = figure("score", True, NONE, percent=False)
    assert (found.name, found.higher_is_better) == ("score", False)
    assert said == "score: lower is better, as was said."
    accuracy, _ = figure("accuracy", None, NONE, percent=False)
    assert (accuracy.matters, accuracy.counted) == (0.01, False)
    error, said = figure("error", None, np.array([0.4, 0.8]), percent=True)
    assert error.percent
    assert "none is above 1 %" in said
