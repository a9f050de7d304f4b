"""The shipped recipes reach on real data what they should, on the held-out test."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.inference.held_out import test as open_test
from paribus.models.network import assemble
from paribus.models.stored import read_tensors
from paribus.records.parts import Part
from paribus.records.weights import weights_file
from paribus.run import Run
from paribus.tasks.classification import Classification

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.skipif("PARIBUS_DATA" not in os.environ, reason="PARIBUS_DATA is not set"),
]


@pytest.mark.parametrize(
    ("recipe", "epochs", "reach"),
    [
        pytest.param("fashion_mnist/mlp", 6, 0.88, id="T1"),
        pytest.param("mnist/cnn", 4, 0.99, id="T2"),  # one less than the recipe has, .9921 with this seed
    ],
)
@pytest.mark.timeout(900)
def test_shipped_recipe_reaches_published_accuracy(recipe: str, epochs: int, reach: float, tmp_path: Path) -> None:
    assert Run(recipe, runs=tmp_path).recipe.budget.epochs >= epochs
    run = Run(recipe, {"budget.epochs": epochs}, runs=tmp_path)
    run.train(threads=1)  # with neighbours on the machine several threads wait for each other
    assert open_test(run.folder).metrics["test/accuracy"] >= reach


@pytest.mark.timeout(900)
def test_T11_a_unet_finds_nuclei(tmp_path: Path) -> None:
    # as many steps as two epochs of the recipe have, on half as many pictures each
    run = Run("nuclei/unet", {"budget.epochs": 1, "training.batch_size": 4}, runs=tmp_path)
    run.train(threads=1)  # with neighbours on the machine several threads wait for each other
    # saying "background" everywhere gives .47; this much training gave .775 with this seed, the whole recipe .85
    assert open_test(run.folder).metrics["test/miou"] >= 0.75


@pytest.mark.timeout(900)
def test_T21_a_transformer_translates_short_sentences(tmp_path: Path) -> None:
    # sentences of up to ten pieces: most of the time went into writing those of the validation split
    run = Run("deu/transformer", {"budget.epochs": 1, "split.limit": 12000, "data.longest": 10}, runs=tmp_path)
    run.train(threads=1)
    assert run.metrics["val/perplexity"] <= 95  # of 2,500 pieces; 76 with this seed, in a small part of the recipe


@pytest.mark.timeout(900)
def test_T22_word_vectors_agree_with_mutual_information(tmp_path: Path) -> None:
    run = Run("text/words", {"budget.epochs": 7}, runs=tmp_path)
    run.train(threads=1)
    assert run.metrics["val/pmi"] >= 0.3  # the whole recipe gave .44


@pytest.mark.timeout(900)
def test_published_weights_of_a_resnet_reach_their_accuracy(tmp_path: Path) -> None:
    changes = {"model.weights": "cifar10_resnet20", "budget.epochs": 0, "training.precision": "fp32"}
    run = Run("cifar10/resnet20", changes, runs=tmp_path)
    run.train(threads=1)
    assert open_test(run.folder).metrics["test/accuracy"] >= 0.92  # of .9230 on these 2,000 test pictures


@pytest.mark.timeout(900)
def test_T10_a_frozen_body_stays_and_serves_other_classes(tmp_path: Path) -> None:
    changes = {"budget.epochs": 1, "schedule": "constant", "split.limit": 2000, "optimizer.lr": 0.3}
    run = Run("cifar100/resnet20-transfer", {**changes, "augment": {}}, runs=tmp_path)
    run.train(threads=1)
    stored = read_tensors(weights_file("cifar10_resnet20"))
    found = load_file(run.folder.weights)
    body = [name for name in stored if not name.startswith("linear.")]
    assert len(body) == 95
    assert all(torch.equal(found[f"model.{name}"], stored[name]) for name in body)  # statistics of norms too
    assert run.metrics["val/accuracy"] >= 0.04  # by chance .01


STORED = {"squeezenet": "squeezenet11_imagenet", "mobilenet_v2": "mobilenetv2_imagenet"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("model", STORED)
def test_T8_T9_imagenets_weights_serve_small_sets_of_pictures(model: str, tmp_path: Path) -> None:
    changes = {"data.path": "xray", "data.size": 64, "budget.epochs": 4, "task.class_weights": "balanced"}
    run = Run(f"folder/{model}", changes, runs=tmp_path)
    run.train(threads=1)
    weights = run.folder.environment()["weights"]
    assert weights["source"] == STORED[model]
    assert len(weights["new"]) == 2
    held_out = open_test(run.folder)
    assert held_out.metrics["test/accuracy"] >= 0.6  # the largest of the three classes is .45 of the test
    assert run.result is not None
    assert run.result.parameters < 700_000


def test_the_stored_mobilenet_computes_what_its_file_describes() -> None:
    """Against a forward pass straight from the file: folded norms, TensorFlow's padding, (x − 128) / 128."""
    about = DataInfo((3, 65, 96), tuple(map(str, range(1000))), {"train": 4}, (1,) * 1000, (99.0,) * 3, (50.0,) * 3)
    part = Part("mobilenet_v2", weights="mobilenetv2_imagenet", norm="none", padding="same")
    net = assemble(part, Classification(about), Seeds(0)).eval()
    pictures = torch.randint(0, 256, (2, 3, 65, 96), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    with torch.inference_mode():
        torch.testing.assert_close(net(pictures), _mobilenet((pictures.float() - 128) / 128), rtol=1e-3, atol=1e-3)


def _mobilenet(x: torch.Tensor) -> torch.Tensor:
    with np.load(weights_file("mobilenetv2_imagenet")) as stored:
        raw = {name: torch.as_tensor(stored[name]) for name in stored.files}

    def conv(x: torch.Tensor, layer: str, stride: int = 1) -> torch.Tensor:
        weight = raw[f"{layer}.scale"] * (raw[f"{layer}.weight_q"].float() - raw[f"{layer}.zero_point"].float())
        kernel, groups = weight.shape[-1], x.shape[1] // weight.shape[1]
        for axis, side in enumerate((x.shape[3], x.shape[2])):
            whole = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            x = functional.pad(x, (0, 0) * axis + (whole // 2, whole - whole // 2))
        return functional.conv2d(x, weight, raw[f"{layer}.bias"], stride=stride, groups=groups)

    x = conv(x, "features.0.0", 2).clamp(0, 6)
    for block in range(1, 18):
        before, stride, name = x, 2 if block in (2, 4, 7, 14) else 1, f"features.{block}.conv"
        if block > 1:
            x = conv(x, f"{name}.0.0").clamp(0, 6)
        x = conv(x, f"{name}.{min(block, 2) - 1}.0", stride).clamp(0, 6)
        x = conv(x, f"{name}.{min(block, 2)}")
        x = x + before if x.shape == before.shape else x
    x = conv(x, "features.18.0").clamp(0, 6).mean((2, 3))
    weight = raw["classifier.1.scale"] * (raw["classifier.1.weight_q"].float() - raw["classifier.1.zero_point"].float())
    return x @ weight.T + raw["classifier.1.bias"]


@pytest.mark.parametrize(
    ("recipe", "reach"), [("diabetes/linear", 0.72), ("heart/linear", 0.75), ("breast_cancer/linear", 0.93)]
)
def test_T31_medical_tables_reach_published_accuracy(recipe: str, reach: float, tmp_path: Path) -> None:
    """About .77, .83 and .96 are published; over ten seeds we saw .776 ± .027, .823 ± .050 and .956 ± .012."""
    run = Run(recipe, runs=tmp_path)
    run.train(threads=1)
    assert (run.metrics["val/accuracy"] or 0) >= reach
