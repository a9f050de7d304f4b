"""What a network looks for, and what it finds in a picture: filters of its first layer, maps of any layer."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.analysis.examples import address
from paribus.analysis.pictures import viewable
from paribus.chance import key, seeded
from paribus.data.deliver.loader import Batch
from paribus.errors import DataError
from paribus.inference.activations import activations, called, layer_of, layers_of
from paribus.inference.trained import SplitName, Trained, prepared_with
from paribus.tasks.pictures import decoded

BESIDE = 8  # channels in a row of a sheet
DEFAULT = 6  # layers that are shown where none are named
BELOW, ABOVE = (0, 114, 178), (213, 94, 0)  # of values below and above 0, which is white: two of Okabe and Ito's
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class Sheet:
    """Filters or maps as small pictures.

    Args:
        layer: whose they are.
        shape: of all of them: (filters, channels, height, width) of weights, (channels, height, width) of maps; what a
            layer without positions gives is (units,).
        low, high: the smallest and the largest value of all.
        zeros: share of values that are exactly 0.
        silent: how many channels or units are 0 everywhere.
        shown: how many are in the picture, the first ones.
        colour: whether they are shown in the colours that they look for; else 0 is white, orange above, blue below.
        picture: as an address of HTML; empty where nothing has a height and a width.
    """

    layer: str
    shape: tuple[int, ...]
    low: float
    high: float
    zeros: float
    silent: int
    shown: int
    colour: bool
    picture: str


@dataclass(frozen=True)
class Features:
    """What layers make of one example.

    Args:
        example: which: "row 17 of the data, in the val split", or the name of a file.
        truth, said: its class, and the one that the network says; empty where there is none.
        picture: as an address of HTML; empty where it is none.
        filters: of the first layer with weights; nothing where those are not of pictures.
        maps: of the layers.
    """

    example: str
    truth: str
    said: str
    picture: str
    filters: Sheet | None
    maps: tuple[Sheet, ...]


def features(
    trained: Trained,
    *,
    layers: tuple[str, ...] = (),
    row: Annotated[int, Field(ge=0)] | None = None,
    file: Path | None = None,
    split: SplitName = "val",
    channels: Annotated[int, Field(ge=1, le=256)] = 32,
) -> Features:
    """Show the filters of the first layer, and what layers make of one example.

    Args:
        trained: the network.
        layers: names as of paribus layers; by default some of the convolutions, spread over the network, or of the
            layers with weights where it has none.
        row: where the example stands in the data set, as on other pages; the first of the split by default.
        file: a picture file instead, decoded as in training.
        split: where the example is taken from if neither is given.
        channels: of a layer that are shown, at most.

    Raises:
        DataError: if there is no such layer or example, or the file is no picture that the network takes.
    """
    batch, example = _example(trained, row, file, split)
    names = layers or _default_layers(trained, batch)
    with torch.inference_mode(), seeded(key("features")):
        found, said = activations(trained, names, batch)
    classes = trained.info.classes if said.ndim == 2 and said.shape[1] == len(trained.info.classes) else ()
    true = batch.targets if file is None and isinstance(batch.targets, Tensor) and batch.targets.ndim == 1 else None
    picture = viewable(batch.inputs)
    return Features(
        example,
        classes[int(true[0])] if classes and true is not None else "",
        classes[int(said[0].argmax())] if classes else "",
        "" if picture is None else address(picture[0]),
        _filters(trained, channels),
        tuple(_maps(name, output[0], channels) for name, (output, _) in found.items()),
    )


def _example(trained: Trained, row: int | None, file: Path | None, split: str) -> tuple[Batch, str]:
    """The example that is asked about, as a batch of one, and what it is called."""
    if file is not None:
        pixels, problems = decoded([file], trained.info)
        if problems:
            raise DataError("this file cannot be read as a picture", got=f"{file}: {problems[file]}")
        return Batch(pixels, torch.zeros(1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)), file.name
    prepared = prepared_with(trained, split)
    place = int(prepared.rows[split][0]) if row is None else row
    where = next((name for name, rows in prepared.rows.items() if bool((rows == place).any())), "")
    if not where:
        raise DataError("no split has an example of this row", got=f"row={place}", hint="paribus explain RUN errors")
    if where == "test" != split:
        raise DataError("this row is in the test split", got=f"row={place}", hint="split=test opens that, on record")
    batch = prepared.loader("train", 1, "cpu").take(torch.tensor([place]))
    return batch, f"example {place}, {where} split"


def _default_layers(trained: Trained, batch: Batch) -> tuple[str, ...]:
    """Some convolutions from the first to the last one; of a network without any, layers with weights."""
    known = {name: layer_of(trained, name) for name in called(trained, batch)}
    names = [name for name, layer in known.items() if isinstance(layer, CONVOLUTIONS)]
    names = names or [name for name, layer in known.items() if isinstance(layer, nn.Linear)]
    if not names:
        rule = "the network has no convolutions and no linear layers, so its layers must be named"
        raise DataError(rule, got=trained.recipe.model.use, hint=f"layers=[{next(iter(known), 'NAME')}]")
    places = torch.linspace(0, len(names) - 1, min(DEFAULT, len(names))).round().long().tolist()
    return tuple(names[place] for place in places)


def _maps(name: str, output: Tensor, channels: int) -> Sheet:
    """What a layer gives for one example: (C, H, W) or (units,), whatever else flattened to these."""
    output = output.float()
    flat = output.flatten(1) if output.ndim > 1 else output[:, None]
    shown = min(channels, len(output))
    return Sheet(
        name,
        tuple(output.shape),
        float(output.min()),
        float(output.max()),
        float((output == 0).float().mean()),
        int((flat == 0).all(1).sum()),
        shown if output.ndim == 3 else 0,
        False,
        sheet_of(diverging(output[:shown])) if output.ndim == 3 else "",
    )


def _filters(trained: Trained, channels: int) -> Sheet | None:
    """The weights of the first layer, where they are of the pictures themselves: convolutions, or units of an MLP."""
    weighted = (*CONVOLUTIONS, nn.Linear)
    name = next((name for name, layer in layers_of(trained).items() if isinstance(layer, weighted)), None)
    shape = trained.info.input_shape
    if name is None or len(shape) != 3:
        return None
    weights = layer_of(trained, name).get_parameter("weight").detach().float()
    if weights.ndim == 2 and weights.shape[1] == shape[0] * shape[1] * shape[2]:
        weights = weights.view(-1, *shape)
    if weights.ndim != 4 or weights.shape[1] not in (1, 3):
        return None
    some = weights[:channels]
    colour = weights.shape[1] == 3
    return Sheet(
        name,
        tuple(weights.shape),
        float(weights.min()),
        float(weights.max()),
        float((weights == 0).float().mean()),
        int((weights.flatten(1) == 0).all(1).sum()),
        len(some),
        colour,
        sheet_of(coloured(some) if colour else diverging(some[:, 0])),
    )


def diverging(values: Tensor) -> Tensor:
    """Values (n, H, W) as colours (n, 3, H, W) uint8: white is 0, full colours the largest size among all of them."""
    share = values / values.abs().max().clamp(min=1e-30)
    ends = torch.where(share[:, None] < 0, _colour(BELOW), _colour(ABOVE))
    return (255 + share.abs()[:, None] * (ends - 255)).round().to(torch.uint8)


def coloured(filters: Tensor) -> Tensor:
    """Filters (n, 3, H, W) as the colours that they look for, uint8: grey is 0, each by its own largest size."""
    largest = filters.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-30)
    return (127.5 + 127.5 * filters / largest).round().to(torch.uint8)


def _colour(rgb: tuple[int, int, int]) -> Tensor:
    return torch.tensor(rgb, dtype=torch.float32)[:, None, None]


def sheet_of(pictures: Tensor) -> str:
    """Pictures (n, 3, H, W) uint8 in rows on one sheet, as an address of HTML."""
    from paribus.tasks.sheet import sheet

    beside = min(BESIDE, len(pictures))
    blank = -len(pictures) % beside
    padded = torch.cat([pictures, pictures.new_full((blank, *pictures.shape[1:]), 255)])
    target = BytesIO()
    sheet(padded.view(-1, beside, *pictures.shape[1:])).save(target, "png", optimize=True)
    return f"data:image/png;base64,{b64encode(target.getvalue()).decode()}"
