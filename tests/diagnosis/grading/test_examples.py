"""Examples are spoiled as much as it says, and nothing else of them."""

import numpy as np
import pytest

from paribus.diagnosis.grading import examples


@pytest.fixture(scope="module")
def digits():
    return examples.digits()


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_so_many_labels_are_wrong(digits, share):
    found = examples.wrong_labels(digits, share)
    assert (found.targets != digits.targets).mean() == pytest.approx(share, abs=0.001)
    assert {*found.targets} <= {*range(10)}
    assert found.val_targets is digits.val_targets
    assert found.inputs is digits.inputs


def test_permuted_targets_are_the_same_ones(digits):
    found = examples.permuted(digits, 1.0)
    assert np.bincount(found.targets).tolist() == np.bincount(digits.targets).tolist()
    shares = np.bincount(digits.targets) / len(digits.targets)
    assert (found.targets == digits.targets).mean() == pytest.approx(shares @ shares, abs=0.03)


def test_the_largest_class_has_two_labels(digits):
    found = examples.doubled(digits, 1.0)
    largest = np.bincount(digits.targets).argmax()
    assert len(found.classes) == 11
    assert (found.targets == 10).sum() == (found.targets == largest).sum() == (digits.targets == largest).sum()
    assert np.sort(found.inputs[found.targets == 10], axis=0).tolist() == (
        np.sort(digits.inputs[digits.targets == largest], axis=0).tolist()
    )


def test_a_class_is_thinned(digits):
    found = examples.thinned(digits, 0.95)
    before, after = np.bincount(digits.targets), np.bincount(found.targets)
    assert after[0] == pytest.approx(0.05 * before[0], abs=1)
    assert after[1:].tolist() == before[1:].tolist()


def test_few_are_left_of_every_class(digits):
    found = examples.reduced(digits, 0.02)
    assert np.bincount(found.targets).tolist() == [2] * 10


@pytest.mark.parametrize("made", [examples.digits, examples.cells])
def test_noise_has_the_deviation_that_it_should(made):
    whole = made()
    found = examples.noisy(whole, 0.5)
    added = found.inputs.astype(float) - whole.inputs
    if whole.inputs.dtype == np.uint8:  # what leaves 0 … 255 is cut off
        inside = (whole.inputs > 100) & (whole.inputs < 155)
        assert added[inside].std() / whole.inputs.std() == pytest.approx(0.5, rel=0.1)
    else:
        assert added.std(0) / whole.inputs.std(0) == pytest.approx(0.5, rel=0.15)


def test_validation_is_apart():
    whole = examples.gratings()
    seen = {picture.tobytes() for picture in whole.inputs}
    assert not seen & {picture.tobytes() for picture in whole.val_inputs}
    assert len(whole.inputs) == len(whole.targets) == 900
