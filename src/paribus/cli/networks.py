"""The options of ``paribus derive`` for networks and layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.errors import TheoryError

if TYPE_CHECKING:
    from paribus.theory.derivations.derivation import Derivation

NET, LAYER = "A network", "A layer"

Network = Annotated[
    str | None,
    typer.Option(
        metavar="WIDTHS", help="A fully connected net, from its inputs to its outputs: 2-2-1.", rich_help_panel=NET
    ),
]
Hidden = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Hidden activation: identity, tanh, sigmoid, relu, softplus.", rich_help_panel=NET
    ),
]
Output = Annotated[
    str | None, typer.Option(metavar="NAME", help="Output activation: one of these or softmax.", rich_help_panel=NET)
]
Loss = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="mse, half-mse, bce or cross-entropy; sum or mean of the outputs of a convolution.",
        rich_help_panel=NET,
    ),
]
NoBias = Annotated[bool, typer.Option("--no-bias", help="A net without biases.", rich_help_panel=NET)]
Numbers = Annotated[
    Path | None,
    typer.Option(
        "--values", metavar="FILE.json", help="Numbers for the example: W1, b1, …, x, y, lr.", rich_help_panel=NET
    ),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of the example's numbers.", rich_help_panel=NET)]
Layer = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="conv1d, conv2d, maxpool2d, avgpool2d, batchnorm, batchnorm2d, cross-entropy, rnn, lstm, attention, "
        "argmax-attention, dropout, roialign, cnn-rnn, conv2d-conv3d.",
        rich_help_panel=LAYER,
    ),
]
Input = Annotated[
    str | None,
    typer.Option(
        metavar="MATRIX", help='What goes in: "3 4 5; 2 1 -3", or a .json, .npy or .csv file.', rich_help_panel=LAYER
    ),
]
Filter = Annotated[
    str | None, typer.Option(metavar="MATRIX", help="The filter of a convolution.", rich_help_panel=LAYER)
]
Upstream = Annotated[
    str | None,
    typer.Option(metavar="MATRIX", help="The gradient that arrives at the outputs.", rich_help_panel=LAYER),
]
Target = Annotated[
    str | None, typer.Option(metavar="CLASS", help="The right class, or all probabilities.", rich_help_panel=LAYER)
]
Stride = Annotated[
    str | None, typer.Option(metavar="N", help="Steps between windows: 2 or 2,1.", rich_help_panel=LAYER)
]
Padding = Annotated[str | None, typer.Option(metavar="N", help="Zeros around the input.", rich_help_panel=LAYER)]
Dilation = Annotated[
    str | None, typer.Option(metavar="N", help="Steps between what a window sees.", rich_help_panel=LAYER)
]
Groups = Annotated[int | None, typer.Option(metavar="N", help="Groups of channels.", rich_help_panel=LAYER)]
Window = Annotated[str | None, typer.Option(metavar="N", help="Size of a pooling window.", rich_help_panel=LAYER)]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="Channels in and out; inputs and outputs before a batch norm; bins of roialign; channels and "
        "filter width of cnn-rnn.",
        rich_help_panel=LAYER,
    ),
]
Steps = Annotated[int | None, typer.Option(metavar="T", help="Length of a sequence.", rich_help_panel=LAYER)]
Rate = Annotated[float | None, typer.Option(metavar="P", help="Rate of dropout.", rich_help_panel=LAYER)]
Eps = Annotated[float | None, typer.Option(metavar="E", help="ε of batch norm.", rich_help_panel=LAYER)]
Inference = Annotated[
    bool, typer.Option("--inference", help="Batch norm with running averages.", rich_help_panel=LAYER)
]
Box = Annotated[str | None, typer.Option(metavar='"Y0 X0 Y1 X1"', help="Box of RoI Align.", rich_help_panel=LAYER)]
Samples = Annotated[int | None, typer.Option(metavar="N", help="Samples in a bin of a box.", rich_help_panel=LAYER)]

MATRICES = ("input", "filter", "upstream", "target", "box")
SIZES = ("stride", "padding", "dilation", "window", "size")


def derive_network(network: str, options: dict[str, Any]) -> Derivation:
    """Backpropagation through the net that was asked for; options that are None or False were not given."""
    from paribus.theory.networks import dense
    from paribus.theory.networks.numbers import read_values

    given = {name: value for name, value in options.items() if value not in (None, False)}
    known = ("hidden", "output", "loss", "no_bias", "values", "seed")
    if foreign := [name for name in given if name not in known]:
        raise TheoryError("this option is for layers, not for networks", got=f"--{foreign[0]}", hint="add --layer NAME")
    if "values" in given:
        given["values"] = read_values(given["values"])
    return dense(network, bias=not given.pop("no_bias", False), **given)


def derive_layer(name: str, options: dict[str, Any]) -> Derivation:
    """The layer that was asked for; options that are None or False were not given."""
    from paribus.theory.networks import layer
    from paribus.theory.networks.numbers import parse_array, read_values

    given = {option: value for option, value in options.items() if value is not None and value is not False}
    for option in MATRICES:
        if option in given:
            given[option] = parse_array(given[option])
    for option in SIZES:
        if option in given:
            given[option] = _sizes(option, given[option])
    if isinstance(given.get("size"), int):
        raise TheoryError("--size has two numbers", got=given["size"], hint="--size 10,20")
    if "values" in given:
        given["values"] = read_values(given["values"])
    return layer(name, **given)


def _sizes(option: str, text: str) -> int | tuple[int, ...]:
    """``2`` → 2, ``2,1`` → (2, 1)."""
    try:
        sizes = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise TheoryError(f"--{option} is a whole number, or one for each axis", got=text, hint="2 or 2,1") from None
    return sizes if len(sizes) > 1 else sizes[0]
