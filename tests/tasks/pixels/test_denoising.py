"""Denoising: PSNR and SSIM against closed forms and a slow reference, and what Noise2Noise expects."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch import nn

from paribus.chance import seeded
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.tasks.pixels.denoising import LOSSES, Denoising
from paribus.tasks.pixels.similarity import psnr, ssim

INFO = DataInfo(
    (1, 24, 24), (), {"train": 8}, (), (110.0,), (50.0,), {"size": [24, 24], "colour": "grey", "fit": "cut"}
)
DRAW = torch.Generator().manual_seed(0)
CLEAN = torch.randint(0, 256, (8, 1, 24, 24), generator=DRAW, dtype=torch.uint8)
BATCH = Batch(CLEAN, torch.zeros(8, dtype=torch.int64), torch.arange(8))


class Scaled(nn.Module):
    """A network that gives back what it sees, in the scale that networks see."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.float() - 110.0) / 50.0


def test_T12_psnr_of_known_errors():
    truth = torch.full((2, 3, 5, 5), 100.0)
    assert psnr(truth + 255, truth).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert psnr(truth + torch.tensor([1.0, 10.0]).view(2, 1, 1, 1), truth).tolist() == pytest.approx(
        [20 * math.log10(255), 20 * math.log10(25.5)], rel=1e-6
    )
    assert psnr(truth, truth).tolist() == [100, 100]


def slow_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Wang et al. (2004) with scipy's Gaussian, cut off at 5 pixels, over the windows within the picture."""

    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))))


@pytest.mark.parametrize("sigma", [0, 5, 50])
def test_T12_ssim_is_that_of_a_slow_reference(sigma):
    truth = torch.from_numpy(ndimage.gaussian_filter(np.random.default_rng(0).uniform(0, 255, (30, 41)), 2)).float()
    found = truth + sigma * torch.randn(truth.shape, generator=torch.Generator().manual_seed(1))
    expected = slow_ssim(found.double().numpy(), truth.double().numpy())
    # variances are differences of squares about 128² in float32: 7 digits of 16384 against c2 = 58
    assert ssim(found[None, None], truth[None, None]).item() == pytest.approx(expected, abs=1e-4)
    assert ssim(found[None, None], truth[None, None]).item() == pytest.approx(1, abs=1e-6) or sigma


def test_ssim_of_constant_pictures():
    """Without structure only the means count: (2·m·n + c) / (m² + n² + c)."""
    m, n, c = 50.0, 200.0, (0.01 * 255) ** 2
    value = ssim(torch.full((1, 1, 15, 15), m), torch.full((1, 1, 15, 15), n)).item()
    assert value == pytest.approx((2 * m * n + c) / (m * m + n * n + c), abs=1e-4)


def noise_of(task: Denoising) -> torch.Tensor:
    with seeded(3):
        return task.loss("model", Scaled(), BATCH)[1] - CLEAN


def test_the_noise_has_the_deviation_asked_for():
    # 4,608 values: the deviation of an estimated deviation is σ/√(2n) ≈ 1 %
    assert noise_of(Denoising(INFO, sigma=25.0)).std().item() == pytest.approx(25, rel=0.04)
    drawn = noise_of(Denoising(INFO, sigma=(10.0, 60.0))).flatten(1).std(1)
    assert drawn.min() > 9
    assert drawn.max() < 65
    assert drawn.max() - drawn.min() > 15


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_of_doing_nothing(loss):
    with seeded(3):
        value = Denoising(INFO, sigma=25.0, loss=loss).loss("model", Scaled(), BATCH)[0].item()
    noise = noise_of(Denoising(INFO, sigma=25.0)) / 255
    expected = noise.square() if loss == "mse" else noise.abs()
    assert value == pytest.approx(expected.mean().item(), rel=2e-3)


class Level(nn.Module):
    """A network that predicts one grey level for all pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.level.expand_as(x)


@pytest.mark.parametrize("target", ["clean", "noisy"])
def test_T12_noise2noise_has_the_same_expected_gradient(target):
    """E‖f − (x + n)‖² = E‖f − x‖² + σ²: the same minimum, a loss that is σ² higher (Lehtinen et al., 2018)."""
    task, network = Denoising(INFO, sigma=25.0, target=target), Level().train()
    many = Batch(CLEAN.repeat(40, 1, 1, 1), torch.zeros(320), torch.arange(320))
    with seeded(0):
        loss, _ = task.loss("model", network, many)
    loss.backward()
    errors = (110.0 - many.inputs.float()) / 255
    extra = (25 / 255) ** 2 if target == "noisy" else 0
    # 184,320 values: the mean of n has deviation 0.098/429, that of n² − σ² has σ²·√(2/184320) = 3e-5, errors·n 7e-5
    assert loss.item() == pytest.approx(errors.square().mean().item() + extra, abs=4e-4)
    assert network.level.grad.item() == pytest.approx(2 * errors.mean().item() * 50 / 255, abs=4e-4)


def test_validation_compares_with_clean_pictures_whatever_training_does():
    losses = []
    for target in ("clean", "noisy"):
        with seeded(0):
            losses.append(Denoising(INFO, target=target).loss("model", Level().eval(), BATCH)[0].item())
    assert losses[0] == losses[1]


def test_figures_are_means_over_the_pictures():
    task = Denoising(INFO, sigma=40.0)
    meter, predictions = task.meter("val"), []
    for piece in (BATCH.take(rows) for rows in torch.arange(8).split([5, 3])):
        with seeded(1):
            loss, outputs = task.loss("model", Scaled(), piece)
        meter.update("model", loss, outputs, piece)
        predictions.append(outputs.clamp(0, 255))
    figures = meter.figures()
    assert figures["psnr"] == pytest.approx(psnr(torch.cat(predictions), CLEAN).mean().item(), rel=1e-6)
    assert figures["ssim"] == pytest.approx(ssim(torch.cat(predictions), CLEAN).mean().item(), rel=1e-6)
    assert set(task.meter("train").figures()) == set()
    assert [metric.name for metric in task.metrics] == ["psnr", "ssim", "loss"]


def test_files_are_cleaned_at_their_own_size(tmp_path):
    class Darker(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x - 10 - 110.0) / 50.0

    pixels = np.arange(40 * 33, dtype=np.uint8).reshape(40, 33)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    found, missing = Denoising(INFO).predict_files(Darker(), [tmp_path / "one.png", tmp_path / "none.png"])
    assert torch.equal(found.picture[0], torch.from_numpy(np.clip(pixels.astype(int) - 10, 0, 255).astype(np.uint8)))
    assert found.figures == pytest.approx({"removed": 0}, abs=1e-4)  # a shift is no spread
    assert missing.problem


def test_a_preview_shows_noisy_prediction_and_truth():
    with seeded(0):
        seen = Denoising(INFO, sigma=(20.0, 40.0)).preview(Scaled(), BATCH)
    assert seen.columns == ("noisy", "prediction", "truth")
    assert torch.equal(seen.pictures[:, 0], seen.pictures[:, 1])
    assert torch.equal(seen.pictures[:, 2], CLEAN[:4])


@pytest.mark.parametrize(
    ("info", "options"),
    [
        (DataInfo((12,), (), {}, (), (0.0,), (1.0,)), {}),
        (INFO, {"sigma": (30.0, 10.0)}),
    ],
)
def test_what_cannot_be_denoised_says_so(info, options):
    with pytest.raises(RecipeError, match=r"noise is removed from pictures|range from small to large"):
        Denoising(info, **options)
