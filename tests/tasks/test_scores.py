"""Ranks and calibration against scikit-learn, closed forms and limits."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss, roc_auc_score

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.tasks import scores
from paribus.tasks.classification import Classification
from paribus.tasks.scores import Scores, auroc, brier, ece, ece_if_calibrated, reliability


def drawn(count, classes, seed=0, digits=None):
    """Probabilities and classes; rounded ones have many ties."""
    generator = torch.Generator().manual_seed(seed)
    shares = (torch.randn(count, classes, generator=generator) * 2).softmax(1)
    targets = torch.multinomial(shares, 1, generator=generator)[:, 0]
    return shares if digits is None else shares.mul(10**digits).round() / 10**digits, targets


@pytest.mark.parametrize("digits", [None, 1, 0])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_auroc_of_each_class_is_that_of_scikit_learn_also_with_ties(classes, digits):
    shares, targets = drawn(400, classes, digits=digits)
    expected = [roc_auc_score(targets == label, shares[:, label]) for label in range(classes)]
    assert auroc(shares, targets).tolist() == pytest.approx(expected, abs=1e-12)


def test_auroc_of_a_class_without_examples_or_without_rest_is_unknown():
    shares, _ = drawn(10, 3)
    assert auroc(shares, torch.tensor([0, 1] * 5)).isnan().tolist() == [False, False, True]
    assert auroc(shares, torch.zeros(10, dtype=torch.int64)).isnan().all()


@pytest.mark.parametrize("classes", [2, 5])
def test_brier_score_is_that_of_scikit_learn(classes):
    shares, targets = drawn(300, classes)
    exact = shares.double() / shares.double().sum(1, keepdim=True)
    expected = brier_score_loss(targets, exact, labels=range(classes), scale_by_half=False)
    assert brier(shares, targets).mean().item() == pytest.approx(expected, rel=1e-6)


def test_ece_of_known_bins():
    shares = torch.tensor([[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 6)
    targets = torch.tensor([0, 0, 0, 1] + [1] * 6)  # 75 % right where 90 % was said, 0 % where 60 %
    assert ece(reliability(shares, targets)) == pytest.approx(0.4 * 0.15 + 0.6 * 0.6)
    assert ece(reliability(torch.tensor([[1.0, 0.0]]), torch.tensor([0]))) == 0


def test_ece_of_true_probabilities_falls_with_the_root_of_the_number_of_examples():
    few, many = (ece(reliability(*drawn(n, 4))) for n in (400, 40_000))
    assert few > 0
    assert many < few / 4  # 1/10 is expected


@pytest.mark.parametrize("count", [60, 1000])
def test_ece_of_true_probabilities_is_what_is_expected_of_them(count):
    bins = [reliability(*drawn(count, 4, seed)) for seed in range(300)]
    assert np.mean([ece(one) for one in bins]) == pytest.approx(
        np.mean([ece_if_calibrated(one) for one in bins]), rel=0.05
    )


def figures(targets, classes=3, count=None):
    info = DataInfo((2,), tuple("abcdef"[:classes]), {}, (1,) * classes, (), ())
    task = Classification(info)
    meter = task.meter("val")
    targets = torch.tensor(targets)
    outputs, _ = drawn(len(targets), classes)
    meter.update("model", torch.tensor(1.0), outputs.log(), Batch(outputs, targets, targets))
    return meter.figures()


def test_what_a_split_does_not_say_is_left_out():
    whole, two, one = figures([0, 1, 2, 0]), figures([0, 1, 1, 0]), figures([1, 1, 1, 1])
    assert {"auroc", "recall/c"} <= {*whole}
    assert {*whole} - {*two} == {"recall/c"}
    assert {*whole} - {*one} == {"recall/a", "recall/c", "auroc"}
    assert all(np.isfinite(value) for found in (whole, two, one) for value in found.values())


def test_of_more_probabilities_than_are_kept_there_is_no_auroc(monkeypatch):
    shares, targets = drawn(100, 3)
    monkeypatch.setattr(scores, "KEPT", 299)
    found = Scores(3, lambda given: given)
    found.add(shares[:50], targets[:50])
    found.add(shares[50:], targets[50:])
    assert found.figures().keys() == {"ece", "ece/if_calibrated", "brier"}
    assert not found._kept


@pytest.mark.parametrize(
    ("targets", "said"), [([0, 1, 2], []), ([0, 1, 0], ["example of c:"]), ([1, 1, 1], ["of a, c:", "no AUROC"])]
)
def test_classes_that_a_split_lacks_are_named(caplog, targets, said):
    info = DataInfo((2,), ("a", "b", "c"), {}, (1, 1, 1), (), ())
    prepared = SimpleNamespace(examples=SimpleNamespace(labels=torch.tensor(targets)), rows={"val": torch.arange(3)})
    with caplog.at_level(logging.WARNING):
        Classification(info).prepare(prepared)
    assert bool(caplog.messages) == bool(said)
    assert all(words in caplog.text for words in said)
