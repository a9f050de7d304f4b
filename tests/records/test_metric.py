"""Figures and their details."""

import numpy as np
import pytest

from paribus.errors import StudyError
from paribus.records.metric import ACCURACY, LOSS, MODES, PSNR, SSIM, details, is_detail
from paribus.records.wording import threshold


def test_figures_of_single_classes_are_details():
    metrics = {"val/loss": 1.0, "val/miou": 0.5, "val/iou/road": 0.9, "val/iou/a/b": 0.1}
    assert [name for name in metrics if is_detail(name)] == ["val/iou/road", "val/iou/a/b"]
    assert details(metrics) == {"val/iou": {"road": 0.9, "a/b": 0.1}}


@pytest.mark.parametrize(
    ("metric", "given", "value"),
    [
        (ACCURACY, "1pt", 0.01),
        (ACCURACY, "0.5 points", 0.005),
        (ACCURACY, "1 PP", 0.01),
        (ACCURACY, "50pt", 0.5),
        (ACCURACY, ".01", 0.01),
        (ACCURACY, 0.005, 0.005),
        (ACCURACY, np.float64(0.005), 0.005),
        (ACCURACY, "1e-3", 0.001),
        (PSNR, "0.2 dB", 0.2),
        (PSNR, 3, 3.0),
        (LOSS, "0.02", 0.02),
        (LOSS, 5, 5.0),
        (SSIM, 0.5, 0.5),
    ],
)
def test_a_difference_that_matters_has_its_unit(metric, given, value):
    assert metric.read_delta(given) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("metric", "given", "says"),
    [
        (ACCURACY, "1", "may be points or a share.*write 1pt for percentage points, or 100pt"),
        (ACCURACY, 1, "may be points or a share"),
        (ACCURACY, 0.5, "write 0.5pt for percentage points, or 50pt"),
        (ACCURACY, "101pt", "above 0, and at most 100pt"),
        (ACCURACY, "0pt", "above 0"),
        (ACCURACY, "-1pt", "above 0"),
        (ACCURACY, 0, "above 0.*write 1pt"),
        (ACCURACY, "1%", "no such unit.*write 1pt"),
        (ACCURACY, "1dB", "no such unit"),
        (ACCURACY, "one", "δ is a number"),
        (ACCURACY, "nan", "δ is a number"),
        (ACCURACY, float("inf"), "δ is a number"),
        (ACCURACY, True, "δ is a number"),
        (ACCURACY, [0.1], "δ is a number"),
        (LOSS, "1pt", "loss is no share.*a plain number"),
        (PSNR, "1pt", "psnr is no share.*in dB"),
        (PSNR, "1 nats", "no such unit.*0.1dB"),
        (SSIM, 2.5, "at most 2"),
        (LOSS, 0, "above 0"),
    ],
)
def test_an_implausible_difference_is_refused_with_what_to_write(metric, given, says):
    with pytest.raises(StudyError, match=f"(?s){says}"):
        metric.read_delta(given)


@pytest.mark.parametrize("metric", [ACCURACY, LOSS, PSNR, SSIM, MODES])
@pytest.mark.parametrize("delta", [0.01, 0.005, 0.00004, 0.0123])
def test_a_difference_that_matters_is_read_as_it_is_said(metric, delta):
    assert metric.read_delta(threshold(metric, delta)) == pytest.approx(delta, rel=1e-3)
