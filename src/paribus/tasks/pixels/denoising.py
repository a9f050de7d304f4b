"""Denoising: the clean picture from a noisy one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.records.metric import LOSS, PSNR, SSIM, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.pictures import each, for_every_pixel
from paribus.tasks.pixels.similarity import psnr, ssim
from paribus.tasks.pixels.tiling import anywhere
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

SHOWN = 4  # rows of a preview
CHARBONNIER = 1e-3  # below this, in units of 255, the loss is a parabola

Sigma = Annotated[float, Field(gt=0, le=255)]

LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "charbonnier": lambda x, y: ((x - y).square() + CHARBONNIER**2).sqrt().mean(),  # Charbonnier et al., 1994
}


class Denoising(Task):
    """Remove Gaussian noise, which is drawn anew in every step and is the same in every evaluation.

    The data are clean pictures. Noisy values are not cut off at 0 and 255, as is usual where methods are compared;
    predictions are. PSNR and SSIM are means over the pictures, always against the clean ones.

    Args:
        sigma: standard deviation of the noise in grey levels of 255, or the range from which each picture's is drawn.
        target: what training compares with; the clean picture, or the same with noise of its own (Noise2Noise, Lehtinen
            et al., 2018), which needs no clean pictures and has the same minimum with loss=mse.
        loss: mean squared error, mean absolute error, or a smooth version of it; in units of 255.
    """

    draws: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = (PSNR, SSIM, LOSS)
    scored: ClassVar[tuple[str, ...]] = ("psnr", "ssim")

    def __init__(
        self,
        info: DataInfo,
        sigma: Sigma | tuple[Sigma, Sigma] = 25.0,
        target: Literal["clean", "noisy"] = "clean",
        loss: Literal["mse", "l1", "charbonnier"] = "mse",
    ) -> None:
        super().__init__(info)
        if len(info.input_shape) != 3 or not info.mean:
            hint = "use data with pictures: textures, bsd, or patches for your own"
            raise RecipeError("noise is removed from pictures", got=str(info.input_shape), hint=hint)
        self.sigma = sigma if isinstance(sigma, tuple) else (sigma, sigma)
        if self.sigma[0] > self.sigma[1]:
            raise RecipeError("task.sigma is a number or a range from small to large", got=list(self.sigma))
        self.target, self.compare = target, LOSSES[loss]
        self.mean, self.deviation = (torch.tensor(one).view(-1, 1, 1) for one in (info.mean, info.deviation))

    @property
    def num_outputs(self) -> int:
        """One for every channel."""
        return self.info.input_shape[0]

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the batch, and predictions (B, C, H, W)."""
        clean = batch.inputs.float()
        sigma = torch.empty(len(clean), 1, 1, 1, device=clean.device).uniform_(*self.sigma)
        outputs = self.predict(network, clean + sigma * torch.randn_like(clean))
        noisy = self.target == "noisy" and network.training
        truth = clean + sigma * torch.randn_like(clean) if noisy else clean
        return self.compare(outputs / 255, truth / 255), outputs

    def meter(self, split: str) -> Means:
        """Loss and PSNR; SSIM but for training, where it would take as long as a small network."""
        return Means(_nearness if split == "train" else lambda *given: {**_nearness(*given), **_likeness(*given)})

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Clean pictures (B, C, H, W), as values 0 … 255, from noisy ones; networks give them standardised."""
        outputs = for_every_pixel(network(inputs), inputs)
        self.mean, self.deviation = self.mean.to(outputs.device), self.deviation.to(outputs.device)
        return outputs * self.deviation + self.mean

    def scores(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """PSNR and SSIM of each picture."""
        cleaned = self.loss("model", network, batch)[1].clamp(0, 255)
        return {"psnr": psnr(cleaned, batch.inputs), "ssim": ssim(cleaned, batch.inputs)}

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """Noisy pictures, the predictions, and the clean pictures."""
        clean = batch.inputs[:SHOWN].float()
        sigma = sum(self.sigma) / 2
        noisy = clean + sigma * torch.randn_like(clean)
        shown = [as_bytes(values).cpu() for values in (noisy, self.predict(network, noisy), clean)]
        title = f"Noise of standard deviation {sigma:g}, and what is left of it"
        return Preview(torch.stack(shown, 1), ("noisy", "prediction", "truth"), title=title)

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """How far each prediction is from the clean picture, as a root of the mean squared error in grey levels."""
        clean = batch.inputs.float()
        noisy = clean + sum(self.sigma) / 2 * torch.randn_like(clean)
        cleaned = self.predict(network, noisy).clamp(0, 255)
        shown = torch.stack([as_bytes(values) for values in (noisy, cleaned, clean)], 1)
        errors = (cleaned - clean).square().mean((1, 2, 3)).sqrt()
        return Inspection("error in grey levels", errors, pictures=shown, columns=("noisy", "prediction", "truth"))

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """Each picture, of any size, without what the network takes for noise; how much that was, in grey levels."""
        return each(files, self.info, partial(self._answer, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The same for pictures (B, C, H, W)."""
        return [self._answer(network, "", picture) for picture in inputs]

    def _answer(self, network: nn.Module, file: str, noisy: Tensor) -> Prediction:
        cleaned = self.cleaned(network, noisy.float())
        removed = float((noisy - cleaned).std())
        return Prediction(file, f"σ {removed:.1f} removed", {"removed": removed}, as_bytes(cleaned))

    def cleaned(self, network: nn.Module, noisy: Tensor) -> Tensor:
        """A picture (C, H, W) of any size, as values 0 … 255, without its noise."""
        return anywhere(lambda x: self.predict(network, x), noisy)


def as_bytes(values: Tensor) -> Tensor:
    """Values about 0 … 255 as uint8."""
    return values.clamp(0, 255).round().to(torch.uint8)


def _nearness(outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
    return {"psnr": psnr(outputs.clamp(0, 255), batch.inputs).mean()}


def _likeness(outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
    return {"ssim": ssim(outputs.clamp(0, 255), batch.inputs).mean()}
