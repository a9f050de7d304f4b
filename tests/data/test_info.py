"""What a model may know of the data before training: from the training rows, and from nothing else."""

import json

import numpy as np
import pytest
import torch

from paribus.data.dataset import Dataset
from paribus.data.info import DataInfo
from paribus.data.metadata import MaskInfo, PointsInfo, Span, TextInfo
from paribus.data.write.writer import moments
from paribus.records.run import RunFolder

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (60, 3, 5, 4), dtype=np.uint8)
FEATURES = RANDOM.normal(3, [1, 20, 0.1], (60, 3)).astype(np.float32)
ROWS = {"train": torch.arange(0, 40, 2), "val": torch.arange(1, 40, 2), "test": torch.arange(40, 60)}


def dataset(inputs: np.ndarray) -> Dataset:
    targets = torch.arange(len(inputs)) % 5 % 3
    return Dataset(
        torch.from_numpy(inputs), targets, ("a", "b", "c", "d"), {"train": (0, 60)}, torch.from_numpy(moments(inputs))
    )


@pytest.mark.parametrize("inputs", [PICTURES, FEATURES], ids=["pictures", "features"])
def test_mean_and_deviation_are_those_of_numpy_over_the_training_rows(inputs):
    info = dataset(inputs).info(ROWS, {})
    train = inputs[ROWS["train"].numpy()].astype(np.float64)
    axes = (0, 2, 3)[: inputs.ndim - 1]
    assert info.mean == pytest.approx(train.mean(axes), rel=1e-12)
    assert info.deviation == pytest.approx(train.std(axes), rel=1e-9)
    assert info.input_shape == inputs.shape[1:]


def test_nothing_leaks_from_validation_and_test():
    changed = PICTURES.copy()
    changed[ROWS["val"].numpy()] = 0
    changed[ROWS["test"].numpy()] = 255
    before, after = dataset(PICTURES).info(ROWS, {}), dataset(changed).info(ROWS, {})
    assert before == after
    changed[0] = 0
    assert dataset(changed).info(ROWS, {}) != before


def test_a_constant_channel_stays_as_it_is():
    constant = PICTURES.copy()
    constant[:, 1] = 77
    info = dataset(constant).info(ROWS, {})
    assert (info.mean[1], info.deviation[1]) == (77.0, 1.0)


def test_counts_and_sizes():
    info = dataset(PICTURES).info(ROWS, {"size": 5})
    assert info.sizes == {"train": 20, "val": 20, "test": 20}
    assert info.class_counts == (8, 8, 4, 0)
    assert info.decoding == {"size": 5}


def test_info_comes_back_from_json():
    info = dataset(FEATURES).info(ROWS, {"size": 5, "colour": "grey"})
    assert DataInfo.read(json.loads(json.dumps(info.plain()))) == info


OLD = {  # what an earlier version wrote as facts.json
    "input_shape": [2, 48],
    "classes": [],
    "sizes": {"train": 100, "validation": 20, "test": 20},
    "class_counts": [],
    "mean": [1.5, 2.5],
    "deviation": [1.0, 2.0],
    "decoding": {"time": "time"},
    "target_shape": [12, 1],
    "about": {
        "columns": ["value", "wind"],
        "targets": 1,
        "frequency": "hourly",
        "season": 24,
        "series": [{"name": "", "rows": 200, "offset": 7}],
        "merged": 0,
        "filled": 1,
        "filled_values": 2,
        "length": 48,
        "horizon": 12,
        "seasonal_errors": [[0.5]],
        "baselines": {"validation": {"naive": 1.0, "seasonal": 0.5}, "test": {"naive": 2.0, "seasonal": 1.5}},
        "ranges": {name: {"mean": [1.0], "deviation": [1.0]} for name in ("train", "validation", "test")},
        "optimal": {"mae": 0.25, "rmse": 0.5},
    },
}


def test_R32_a_folder_of_an_earlier_version_can_be_read(tmp_path):
    (tmp_path / "facts.json").write_text(json.dumps(OLD))
    assert RunFolder(tmp_path).info()["sizes"]["val"] == 20
    info = DataInfo.read(RunFolder(tmp_path).info())
    assert info.sizes == {"train": 100, "val": 20, "test": 20}
    assert info.series.columns == ("value", "wind")
    assert info.series.series == (Span("", 200, 7),)
    assert set(info.series.baselines) == {"val", "test"}
    assert set(info.series.ranges) == {"train", "val", "test"}
    assert info.series.optimal["mae"] == 0.25
    assert DataInfo.read(json.loads(json.dumps(info.plain()))) == info


@pytest.mark.parametrize(
    ("about", "name", "expected"),
    [
        ({}, "more", {}),
        (
            {"vocabulary": ["a", "b"], "unit": "words", "unknown": True},
            "text",
            TextInfo(("a", "b"), "words", unknown=True),
        ),
        ({"ignore": 255, "colours": ["#ff0000"]}, "masks", MaskInfo(255, ("#ff0000",))),
        ({"ignore": 255}, "masks", MaskInfo(255)),
        ({"centres": [[0, 1], [1, 0]], "deviation": 0.1}, "points", PointsInfo(((0, 1), (1, 0)), 0.1)),
        ({"mine": 3}, "more", {"mine": 3}),
    ],
)
def test_R32_whatever_was_known_is_still_known(about, name, expected):
    assert getattr(DataInfo.read({**OLD, "about": about}), name) == expected
