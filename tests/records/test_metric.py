"""Figures and their details."""

from paribus.records.metric import details, is_detail


def test_figures_of_single_classes_are_details():
    metrics = {"val/loss": 1.0, "val/miou": 0.5, "val/iou/road": 0.9, "val/iou/a/b": 0.1}
    assert [name for name in metrics if is_detail(name)] == ["val/iou/road", "val/iou/a/b"]
    assert details(metrics) == {"val/iou": {"road": 0.9, "a/b": 0.1}}
