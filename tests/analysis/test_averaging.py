"""What averaging gains: against figures made by hand, and on examples that no member trained on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss

from paribus.analysis import averaging
from paribus.analysis.averaging import ensemble, tta
from paribus.analysis.kept import analyse
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import load, prepared_with


@pytest.fixture
def trained(run):
    return load(run)


def disturbed(trained, seed: int):
    """A network like a trained one, that knows less."""
    network = load(trained.folder).network
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += (
                0.3 * parameter.std() * torch.randn(parameter.shape, generator=draw) if parameter.numel() > 1 else 0
            )
    return replace(trained, network=network)


def known(trained, split="val"):
    prepared = prepared_with(trained, split)
    rows = prepared.rows[split]
    return prepared.examples.inputs[rows], prepared.examples.targets[rows].numpy()


def test_figures_are_those_of_scikit_learn(trained):
    members = [disturbed(trained, seed) for seed in range(3)]
    inputs, targets = known(trained)
    shares = [one.predict(inputs).double() for one in members]
    shares = [(one / one.sum(1, keepdim=True)).numpy() for one in shares]  # to the last bit, as scikit-learn wishes
    found = ensemble(members)
    assert (found.members, found.views, found.examples, found.left_out) == (3, 1, len(targets), 0)
    assert found.single["accuracy"] == pytest.approx(np.mean([accuracy_score(targets, s.argmax(1)) for s in shares]))
    assert found.averaged["accuracy"] == pytest.approx(accuracy_score(targets, np.mean(shares, 0).argmax(1)))
    labels = list(range(10))
    assert found.single["loss"] == pytest.approx(
        np.mean([log_loss(targets, s, labels=labels) for s in shares]), rel=1e-5
    )
    assert found.averaged["loss"] == pytest.approx(log_loss(targets, np.mean(shares, 0), labels=labels), rel=1e-5)
    said = [s.argmax(1) == np.mean(shares, 0).argmax(1) for s in shares]
    assert found.agreement == pytest.approx(np.mean(said))
    for name, gain in found.gains.items():
        assert gain.value == pytest.approx(found.averaged[name] - found.single[name])
        assert gain.low <= gain.value <= gain.high


def test_averaged_probabilities_never_lose_more_than_single_ones(trained):
    """−log is convex (Jensen): the loss of the mean is at most the mean of the losses, example by example."""
    members = [disturbed(trained, seed) for seed in range(4)]
    assert ensemble(members).gains["loss"].high <= 1e-12


def test_a_network_with_itself_gains_nothing(trained):
    found = ensemble([trained, trained])
    assert found.agreement == 1
    assert [(gain.value, gain.low, gain.high) for gain in found.gains.values()] == [(0, 0, 0)] * 2


def test_only_examples_that_all_left_alone_are_asked(trained, monkeypatch):
    splits = {3: [1, 2, 3, 4, 5], 4: [4, 5, 6, 7, 8], 5: [9, 10]}

    def redrawn(one, split):
        prepared = prepared_with(trained, split)
        return replace(prepared, rows={**prepared.rows, split: torch.tensor(splits[one.seed])})

    monkeypatch.setattr(averaging, "prepared_with", redrawn)
    loader, left_out = averaging.common([trained, replace(trained, seed=4)], "val")
    assert (loader.rows.tolist(), left_out) == ([4, 5], 6)
    with pytest.raises(DataError, match="none that no network was trained on"):
        ensemble([trained, replace(trained, seed=5)])


def test_networks_of_different_data_are_not_asked_together(trained, monkeypatch):
    def others(one, split):
        prepared = prepared_with(trained, split)
        record = replace(prepared.inputs.data, digest=f"digest {one.seed}")
        return replace(prepared, inputs=replace(prepared.inputs, data=record))

    monkeypatch.setattr(averaging, "prepared_with", others)
    with pytest.raises(DataError, match="trained on different data"):
        ensemble([trained, replace(trained, seed=4)])


def test_views_are_averaged_and_kept_with_the_run(run, trained):
    inputs, targets = known(trained)
    both = (trained.predict(inputs) + trained.predict(inputs.flip(-1))) / 2
    found = analyse(run, "tta")
    assert (found.members, found.views) == (1, 2)
    assert found.single["accuracy"] == pytest.approx(run.result.metrics["val/accuracy"])
    assert found.averaged["accuracy"] == pytest.approx(accuracy_score(targets, both.argmax(1)))
    assert analyse(run, "tta") == found
    assert (run.path / "analyses" / "tta.json").exists()


def test_mistakes(run, trained):
    with pytest.raises(RecipeError, match="has none that change single pictures"):
        tta(trained, views=4)
    with pytest.raises(RecipeError, match="is about all seeds of an arm"):
        analyse(run, "ensemble")
    with pytest.raises(RecipeError, match="views"):
        analyse(run, "tta", views=1)
    other = replace(trained, info=replace(trained.info, classes=("a", "b")), folder=SimpleNamespace(path="other"))
    with pytest.raises(DataError, match=r"the same classes(.|\n)*a, b in other"):
        ensemble([trained, other])
