"""Any model of the library timm, by its name there."""

from __future__ import annotations

import importlib
from typing import Any

from torch import Tensor, nn

from paribus.errors import RecipeError, message_of
from paribus.models.blocks import FINAL_ACTIVATIONS, FinalActivation, pick
from paribus.models.geometry import picture

INSTALL = 'pip install "paribus[timm]"'


class Timm(nn.Module):
    """A model of timm, the library of image models (Wightman, 2019), with a last layer for these classes.

    With pretrained weights, pictures are scaled as they were for those, and only the last layer is drawn.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        name: of the model in timm, such as resnet26d; timm.list_models() lists them.
        pretrained: whether weights are downloaded by timm; without, all are drawn from the seed.
        settings: further arguments of timm.create_model, such as {img_size: 64}.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        name: str,
        pretrained: bool = False,
        settings: dict[str, bool | int | float | str] | None = None,
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        picture(input_shape, f"timm's {name}")
        self.net = created(name, pretrained, num_outputs, input_shape[0], settings or {})
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()
        self.loaded: list[str] = []
        if pretrained:
            self.loaded = [f"net.{one}" for one in all_but_last(self.net)]
            self.input_scaling = scaling(self.net, input_shape[0])

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.net(x))
        return out


def created(name: str, pretrained: bool, classes: int, channels: int, settings: dict[str, Any]) -> nn.Module:
    """What timm makes of a name.

    Raises:
        RecipeError: if timm is not installed, does not import here, or cannot make it.
    """
    try:
        timm = importlib.import_module("timm")
    except Exception as error:  # absent, or broken: it imports torchvision, which may not fit torch
        raise RecipeError("model=timm needs the package timm", got=message_of(error), hint=INSTALL) from error
    try:
        made: nn.Module = timm.create_model(
            name, pretrained=pretrained, num_classes=classes, in_chans=channels, **settings
        )
    except Exception as error:  # whatever an unknown name, a strange setting or a download raises
        rule = f"timm cannot make the model {name!r}: {message_of(error)}"
        raise RecipeError(
            rule, got=f"{channels} channels, {classes} classes, {settings}", hint="see timm.list_models()"
        ) from error
    return made


def all_but_last(net: Any) -> list[str]:
    """Names of parameters and buffers outside of what timm calls the classifier."""
    last = {id(one) for one in net.get_classifier().parameters()}
    held = [name for name, value in net.named_parameters() if id(value) not in last]
    return held + [name for name, _ in net.named_buffers()]


def scaling(net: Any, channels: int) -> tuple[list[float], list[float]]:
    """Mean and deviation of the pictures that the weights were trained on, in stored values of 0 to 255.

    With another number of channels than those, one mean and one deviation for all.
    """
    known = net.pretrained_cfg
    mean, deviation = ([255 * value for value in known[key]] for key in ("mean", "std"))
    if len(mean) != channels:
        mean, deviation = [sum(mean) / len(mean)], [sum(deviation) / len(deviation)]
    return mean, deviation
