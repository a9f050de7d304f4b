"""How figures are read by their names."""

import pytest

from paribus.records.metric import details, format_figure, is_detail


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("val/accuracy", 0.9865, "98.65 %"),
        ("accuracy", 0.5, "50.00 %"),
        ("val/miou", 0.3953, "39.53 %"),
        ("val/iou/road", 0.9, "90.00 %"),
        ("val/iou/loss", 0.9, "90.00 %"),  # a class of an unlucky name
        ("val/psnr", 28.416, "28.42"),
        ("val/own", 0.25, "0.25"),
        ("val/loss", None, "–"),
    ],
)
def test_figures_are_read_as_their_metric_is(name, value, text):
    assert format_figure(name, value) == text


def test_figures_of_single_classes_are_details():
    metrics = {"val/loss": 1.0, "val/miou": 0.5, "val/iou/road": 0.9, "val/iou/a/b": 0.1}
    assert [name for name in metrics if is_detail(name)] == ["val/iou/road", "val/iou/a/b"]
    assert details(metrics) == {"val/iou": {"road": 0.9, "a/b": 0.1}}
