"""Classification against scikit-learn and torch's own losses."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    recall_score,
    roc_auc_score,
)
from sklearn.utils.class_weight import compute_sample_weight
from torch import nn

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import DataError
from paribus.models.network import assemble
from paribus.records.parts import Part
from paribus.tasks.classification import Classification, final_activation, focal_loss, macro_f1

COUNTS = (50, 30, 15, 5)
CLASSES = ("a", "b", "c", "d")
INFO = DataInfo((6,), CLASSES, {"train": 100}, COUNTS, (0.0,) * 6, (1.0,) * 6)
TARGETS = torch.arange(4).repeat_interleave(torch.tensor(COUNTS))[
    torch.randperm(100, generator=torch.Generator().manual_seed(0))
]
INPUTS = torch.randn(100, 6, generator=torch.Generator().manual_seed(1)) * 2
BATCH = Batch(INPUTS, TARGETS, torch.arange(100))


def network_with(final: str = "none") -> nn.Module:
    return assemble(Part("mlp", widths=[5], final_activation=final), Classification(INFO), Seeds(0)).eval()


def logits() -> torch.Tensor:
    return network_with("none")(INPUTS).detach()


def metered(task: Classification, network: nn.Module, sizes: list[int], split: str = "val") -> dict[str, float]:
    meter = task.meter(split)
    for rows in torch.arange(len(BATCH)).split(sizes):
        batch = BATCH.take(rows)
        loss, outputs = task.loss("model", network, batch)
        meter.update("model", loss.detach(), outputs.detach(), batch)
    return meter.figures()


def told_by(shares) -> dict[str, float]:
    """What scikit-learn says of probabilities (100, 4)."""
    confidence, hits = shares.max(1), shares.argmax(1) == TARGETS.numpy()
    rights, means = calibration_curve(hits, confidence, n_bins=15, strategy="uniform")
    sizes, _ = np.histogram(confidence, np.linspace(0, 1, 16))
    return {
        "balanced_accuracy": balanced_accuracy_score(TARGETS, shares.argmax(1)),
        "auroc": roc_auc_score(TARGETS, shares, multi_class="ovr", average="macro"),
        "brier": brier_score_loss(TARGETS, shares, scale_by_half=False),
        "ece/if_calibrated": expected_ece(confidence),
        "ece": float((np.abs(rights - means) * sizes[sizes > 0]).sum() / 100),
    }


def expected_ece(confidence) -> float:
    """Mean distance of hits from confidences in 15 bins, if those are true."""
    places = np.digitize(confidence, np.linspace(0, 1, 16))
    spread = np.bincount(places, confidence * (1 - confidence))
    return float(np.sqrt(2 / np.pi * spread).sum() / len(confidence))


def recalls(guesses) -> dict[str, float]:
    found = recall_score(TARGETS, guesses, average=None, zero_division=0)
    return {f"recall/{name}": share for name, share in zip(CLASSES, found, strict=True)}


@pytest.mark.parametrize("sizes", [[100], [1] * 100, [33, 33, 33, 1]])
def test_figures_are_those_of_scikit_learn(sizes):
    shares = logits().double().softmax(1).numpy()
    guesses = shares.argmax(1)
    expected = {
        "loss": log_loss(TARGETS, shares),
        "accuracy": accuracy_score(TARGETS, guesses),
        "macro_f1": f1_score(TARGETS, guesses, average="macro", zero_division=0),
    }
    told = {**expected, **told_by(shares), **recalls(guesses)}
    assert metered(Classification(INFO), network_with(), sizes) == pytest.approx(told, rel=1e-6)
    training = metered(Classification(INFO), network_with(), sizes, "train")
    assert training == pytest.approx({name: expected[name] for name in ("loss", "accuracy")}, rel=1e-6)


@pytest.mark.parametrize("sizes", [[100], [1] * 100, [60, 40]])
def test_balanced_weights_are_those_of_scikit_learn(sizes):
    weights = compute_sample_weight("balanced", TARGETS.numpy())
    expected = log_loss(TARGETS, logits().double().softmax(1).numpy(), sample_weight=weights)
    figures = metered(Classification(INFO, class_weights="balanced"), network_with(), sizes)
    assert figures["loss"] == pytest.approx(expected, rel=1e-6)


def loss_of(final: str = "none", **options) -> float:
    return Classification(INFO, **options).loss("model", network_with(final), BATCH)[0].item()


@pytest.mark.parametrize("final", ["none", "softmax", "sigmoid"])
@pytest.mark.parametrize("options", [{}, {"class_weights": "balanced"}, {"label_smoothing": 0.1}], ids=str)
def test_a_focal_loss_without_gamma_is_the_cross_entropy(final, options):
    assert loss_of(final, loss="focal", gamma=0.0, **options) == loss_of(final, **options)
    assert loss_of(final, loss="focal", gamma=1e-4, **options) == pytest.approx(loss_of(final, **options), rel=1e-3)


def test_a_focal_loss_is_its_formula():
    own = logits().double().softmax(1).gather(1, TARGETS[:, None])[:, 0]
    expected = ((1 - own) ** 2 * -own.log()).mean().item()
    assert loss_of(loss="focal") == pytest.approx(expected, rel=1e-5)
    assert loss_of("softmax", loss="focal") == pytest.approx(expected, rel=1e-5)
    p = logits().double().sigmoid()
    truth = torch.where(F.one_hot(TARGETS, 4).bool(), p, 1 - p)  # what each yes-or-no gives to the truth
    assert loss_of("sigmoid", loss="focal", gamma=3.0) == pytest.approx(
        ((1 - truth) ** 3 * -truth.log()).sum(1).mean().item(), rel=1e-5
    )


def test_a_focal_loss_has_the_gradient_of_finite_differences():
    shares = F.one_hot(TARGETS[:6], 4).double() * 0.9 + 0.025
    for final, outputs in (("none", logits()), ("softmax", logits().softmax(1)), ("sigmoid", logits().sigmoid())):
        start = outputs[:6].double().requires_grad_()
        assert torch.autograd.gradcheck(lambda given, final=final: focal_loss(final, given, shares, 2.0), start)


def test_a_focal_loss_forgets_what_is_right_and_stays_finite():
    sure = torch.tensor([[90.0, 0, 0, 0], [-90.0, 0, 0, 0]], requires_grad=True)
    losses = focal_loss("none", sure, F.one_hot(torch.tensor([0, 0]), 4).float(), 0.5)
    losses.sum().backward()
    assert losses[0] == 0
    assert losses[1].item() == pytest.approx(90 + np.log(3), rel=1e-4)
    assert sure.grad.isfinite().all()


def test_effective_numbers_lie_between_equal_and_balanced_weights():
    def weights(**options):
        return Classification(INFO, **options).weights.tolist()

    expected = np.array([(1 - 0.9) / (1 - 0.9**n) for n in COUNTS])
    expected *= 100 / (expected * COUNTS).sum()
    assert weights(class_weights="effective", beta=0.9) == pytest.approx(expected.tolist(), rel=1e-6)
    assert weights(class_weights="effective", beta=0.0) == pytest.approx([1.0] * 4)
    nearly = weights(class_weights="effective", beta=1 - 1e-7)
    assert nearly == pytest.approx(weights(class_weights="balanced"), rel=1e-3)


@pytest.mark.parametrize("scheme", ["balanced", "effective"])
def test_weights_of_a_class_without_training_examples_are_refused(scheme):
    info = replace(INFO, class_counts=(50, 0, 15, 5))
    with pytest.raises(DataError, match=r"(?s)training examples of each class.*received: b"):
        Classification(info, class_weights=scheme)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_is_the_loss_of_softer_targets(smoothing):
    soft = F.one_hot(TARGETS, 4) * (1 - smoothing) + smoothing / 4
    expected = -(soft * logits().log_softmax(1)).sum(1).mean()
    assert loss_of(label_smoothing=smoothing) == pytest.approx(expected.item(), rel=1e-5)
    sigmoid = F.binary_cross_entropy_with_logits(logits(), soft, reduction="none").sum(1).mean()
    assert loss_of("sigmoid", label_smoothing=smoothing) == pytest.approx(sigmoid.item(), rel=1e-5)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"class_weights": "balanced"}], ids=str)
def test_a_softmax_head_gives_the_loss_of_its_logits(options):
    assert loss_of("softmax", **options) == pytest.approx(loss_of("none", **options), rel=1e-5)


@pytest.mark.parametrize("final", ["softmax", "sigmoid"])
def test_gradients_of_a_head_are_those_of_its_logits(final):
    network = network_with(final)
    Classification(INFO).loss("model", network, BATCH)[0].backward()
    plain = network_with("none")
    soft = F.one_hot(TARGETS, 4).float()
    outputs = plain(INPUTS)
    by_logits = {
        "softmax": lambda: F.cross_entropy(outputs, TARGETS),
        "sigmoid": lambda: F.binary_cross_entropy_with_logits(outputs, soft, reduction="none").sum(1).mean(),
    }
    by_logits[final]().backward()
    for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=1e-4)


def test_a_sigmoid_head_weighs_examples_by_their_class():
    weights = torch.from_numpy(compute_sample_weight("balanced", TARGETS.numpy()))
    losses = F.binary_cross_entropy_with_logits(logits(), F.one_hot(TARGETS, 4).float(), reduction="none").sum(1)
    expected = (losses * weights).mean().item()
    assert loss_of("sigmoid", class_weights="balanced") == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("final", ["none", "softmax", "sigmoid", "relu"])
def test_predictions_are_probabilities(final):
    network = network_with(final)
    shares = Classification(INFO).predict(network, INPUTS)
    outputs = network(INPUTS)
    expected = {
        "none": outputs.softmax(1),
        "relu": outputs.softmax(1),
        "softmax": outputs,
        "sigmoid": outputs / outputs.sum(1, keepdim=True),
    }[final]
    torch.testing.assert_close(shares, expected)
    torch.testing.assert_close(shares.sum(1), torch.ones(100))
    assert torch.equal(shares.argmax(1), outputs.argmax(1))


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize(
    ("final", "said"), [("none", "none"), ("relu", "none"), ("softmax", "softmax"), ("sigmoid",) * 2]
)
def test_the_model_says_what_it_applies_last(model, final, said):
    info = DataInfo((1, 8, 8), CLASSES, {"train": 100}, COUNTS, (0.0,), (1.0,))
    network = assemble(Part(model, final_activation=final), Classification(info), Seeds(0))
    assert final_activation(network) == final_activation(network.model) == said
    assert final_activation(nn.Linear(1, 1)) == "none"


@pytest.mark.parametrize("split", ["train", "val"])
def test_R5_a_meter_goes_on_from_its_state(split):
    task, network = Classification(INFO), network_with()
    pieces = [BATCH.take(rows) for rows in torch.arange(len(BATCH)).split(30)]
    whole, first, second = (task.meter(split) for _ in range(3))
    for meter, batches in ((whole, pieces), (first, pieces[:2])):
        for batch in batches:
            meter.update("model", *task.loss("model", network, batch), batch)
    second.load(first.state())
    for batch in pieces[2:]:
        second.update("model", *task.loss("model", network, batch), batch)
    assert second.figures() == whole.figures()


CONFUSIONS = {  # true × predicted
    "perfect": [[3, 0], [0, 2]],
    "one class is never said": [[3, 0], [2, 0]],
    "one class is never seen": [[2, 1], [0, 0]],
    "three": [[5, 2, 0], [1, 7, 3], [4, 0, 6]],
}


@pytest.mark.parametrize("confusion", CONFUSIONS.values(), ids=CONFUSIONS)
def test_macro_f1_is_that_of_scikit_learn(confusion):
    table = np.array(confusion)
    truth = np.repeat(np.indices(table.shape)[0].ravel(), table.ravel())
    guess = np.repeat(np.indices(table.shape)[1].ravel(), table.ravel())
    expected = f1_score(truth, guess, average="macro", labels=range(len(table)), zero_division=0)
    assert macro_f1(torch.tensor(confusion)) == pytest.approx(expected)


def test_only_what_can_be_trained_is():
    network = network_with()
    network.model.hidden.requires_grad_(False)
    stages = Classification(INFO).stages(network)
    assert list(stages) == ["model"]
    assert list(map(id, stages["model"])) == list(map(id, network.model.output.parameters()))
