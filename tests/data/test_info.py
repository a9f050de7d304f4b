"""What a model may know of the data before training: from the training rows, and from nothing else."""

import json

import numpy as np
import pytest
import torch

from paribus.data.dataset import Dataset
from paribus.data.info import DataInfo
from paribus.data.write.writer import moments

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
