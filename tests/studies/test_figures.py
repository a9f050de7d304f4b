"""The figure that a study without a recipe compares, where nobody names it."""

from __future__ import annotations

import pytest

from paribus.errors import StudyError
from paribus.studies.figures import choose, figure


@pytest.mark.parametrize(
    ("recorded", "chosen"),
    [
        (["loss", "accuracy", "val_loss", "val_accuracy"], "val_accuracy"),  # Keras
        (["loss", "val_loss", "accuracy"], "val_loss"),  # what does not say of which data it is may be of training
        (["loss", "grad_norm", "eval_loss", "eval_accuracy", "train_loss"], "eval_accuracy"),  # Transformers
        (["train_loss", "valid_loss", "error_rate"], "valid_loss"),  # fastai
        (["train/loss", "val/loss"], "val/loss"),  # Lightning
        (["train_accuracy", "loss"], "loss"),
        (["wobble", "accuracy"], "accuracy"),
    ],
)
def test_what_is_held_out_and_no_loss_comes_first(recorded, chosen):
    assert choose(dict.fromkeys(recorded, 0.5))[0] == chosen


def test_a_figure_nobody_knows_is_asked_for():
    with pytest.raises(StudyError, match="is not known") as caught:
        choose({"wobble": 1.0})
    assert "wobble" in caught.value.got
    with pytest.raises(StudyError, match="whether more or less"):
        figure("wobble")
    assert figure("wobble", higher_is_better=True, unit="m").unit == "m"
    assert figure("val/accuracy").percent
    assert not figure("accuracy", higher_is_better=False).higher_is_better  # as is said
