"""``paribus backprop``: backpropagation by hand through a network or a layer, each line checked before it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli.derive import Code, Detail, Html, Json, Latex, show
from paribus.cli.words import Overwrite
from paribus.errors import TheoryError

if TYPE_CHECKING:
    from paribus.theory.derivations.derivation import Derivation

BOTH, NET, LAYER = "The example", "A network", "A layer"
MATRIX = '"3 4 5; 2 1 -3", "[[3,4],[2,1]]", or a .json, .npy or .csv file.'


def _option(what: str, panel: str, metavar: str | None = None, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=what, rich_help_panel=panel)


def backprop(
    net: Annotated[
        str,
        typer.Argument(
            metavar="NET",
            help="Widths of a fully connected net, from its inputs to its outputs: 2-2-1; or a layer: conv1d, conv2d, "
            "maxpool2d, avgpool2d, batchnorm, batchnorm2d, layernorm, softmax, cross-entropy, rnn, lstm, gru, "
            "attention, masked-attention, two-heads, argmax-attention, "
            "residual, dropout, roialign, cnn-rnn, conv2d-conv3d.",
        ),
    ],
    latex: Latex = False,
    as_json: Json = False,
    code: Code = False,
    html: Html = None,
    detail: Detail = "full",
    overwrite: Overwrite = False,
    loss: Annotated[
        str | None,
        _option("mse, half-mse, bce or cross-entropy; sum or mean of the outputs of a convolution.", BOTH, "NAME"),
    ] = None,
    values: Annotated[
        Path | None,
        _option(
            "Numbers for the example: W1, b1, …, x, y, lr; also for rnn, lstm, gru, attention and residual.",
            BOTH,
            "FILE.json",
        ),
    ] = None,
    seed: Annotated[
        int | None, _option("Seed of the example's numbers where none are given; 0 by default.", BOTH, "N")
    ] = None,
    hidden: Annotated[
        str | None,
        _option(
            "Hidden activation: identity, tanh (by default), sigmoid, relu, leaky-relu, elu, silu, gelu, softplus "
            "or sin; also of residual.",
            NET,
            "NAME",
        ),
    ] = None,
    output: Annotated[
        str | None, _option("Output activation: one of these, sigmoid by default, or softmax.", NET, "NAME")
    ] = None,
    no_bias: Annotated[bool, _option("A net without biases.", NET, None, "--no-bias")] = False,
    input: Annotated[str | None, _option(f"What goes in, also of a net: {MATRIX}", LAYER, "MATRIX")] = None,
    filter: Annotated[str | None, _option("The filter of a convolution.", LAYER, "MATRIX")] = None,
    upstream: Annotated[str | None, _option("The gradient that arrives at the outputs.", LAYER, "MATRIX")] = None,
    target: Annotated[
        str | None,
        _option("The right class, 0 by default, or the probabilities of all; the targets of a net.", LAYER, "CLASS"),
    ] = None,
    stride: Annotated[str | None, _option("Steps between windows: 2 or 2,1.", LAYER, "N")] = None,
    padding: Annotated[str | None, _option("Zeros around the input.", LAYER, "N")] = None,
    dilation: Annotated[str | None, _option("Steps between what a window sees.", LAYER, "N")] = None,
    groups: Annotated[int | None, _option("Groups of channels.", LAYER, "N")] = None,
    window: Annotated[str | None, _option("Size of a pooling window; 2 by default.", LAYER, "N")] = None,
    size: Annotated[
        str | None,
        _option(
            "Channels in and out; inputs and outputs before a batch norm; bins of roialign; channels and filter "
            "width of cnn-rnn.",
            LAYER,
            "A,B",
        ),
    ] = None,
    steps: Annotated[int | None, _option("Length of a sequence.", LAYER, "T")] = None,
    rate: Annotated[float | None, _option("Rate of dropout; .5 by default.", LAYER, "P")] = None,
    eps: Annotated[float | None, _option("ε of a norm; 1e-5 by default.", LAYER, "E")] = None,
    gamma: Annotated[
        str | None, _option("γ of a norm, one number for each channel; ones by default.", LAYER, "ROW")
    ] = None,
    beta: Annotated[str | None, _option("β of a norm; zeros by default.", LAYER, "ROW")] = None,
    inference: Annotated[bool, _option("Batch norm with running averages.", LAYER, None, "--inference")] = False,
    box: Annotated[str | None, _option("Box of RoI Align, inside the map.", LAYER, '"Y0 X0 Y1 X1"')] = None,
    samples: Annotated[
        int | None, _option("Samples in a bin of a box, along each axis; 2 by default.", LAYER, "N")
    ] = None,
) -> None:
    """Backpropagation by hand through a fully connected network or a layer, in formulas and with numbers.

    Every line is checked against the derivative of the forward pass at random values before it is shown.

    Examples:

    - `paribus backprop 2-2-1 --hidden tanh --output sigmoid --loss mse`

    - `paribus backprop conv2d --input "3 4 5; 2 1 -3; 4 -2 0" --filter "2 0; -3 1" --loss mean`

    - `paribus backprop batchnorm --detail brief`
    """
    from paribus.theory.networks.code import as_code

    options = {key: value for key, value in locals().items() if key not in OURS}
    work_out = derive_network if net[:1].isdigit() else derive_layer
    found = work_out(net, options)
    sheet = found.folded(detail)
    show(found if code else sheet, latex, as_json, code, html, overwrite, as_code)


OURS = {"net", "detail", "latex", "as_json", "code", "html", "overwrite", "as_code"}
MATRICES = ("input", "filter", "upstream", "target", "box", "gamma", "beta")
SIZES = ("stride", "padding", "dilation", "window", "size")


def derive_network(network: str, options: dict[str, Any]) -> Derivation:
    """Backpropagation through the net that was asked for; options that are None or False were not given."""
    from paribus.theory.networks import dense
    from paribus.theory.networks.numbers import parse_array, read_values

    given = _given(options)
    known = ("hidden", "output", "loss", "no_bias", "values", "seed", "input", "target")
    if foreign := [name for name in given if name not in known]:
        raise TheoryError(
            "this option is for layers, not for networks",
            got=f"--{foreign[0]}",
            hint="name a layer instead of widths",
        )
    if "values" in given:
        given["values"] = read_values(given["values"])
    sample: dict[str, Any] = {
        name: parse_array(given.pop(option)) for option, name in (("input", "x"), ("target", "y")) if option in given
    }
    return dense(network, bias=not given.pop("no_bias", False), **sample, **given)


def derive_layer(name: str, options: dict[str, Any]) -> Derivation:
    """The layer that was asked for; options that are None or False were not given."""
    from paribus.theory.networks import layer
    from paribus.theory.networks.numbers import parse_array, read_values

    given = _given(options)
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


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {option: value for option, value in options.items() if value is not None and value is not False}


def _sizes(option: str, text: str) -> int | tuple[int, ...]:
    """``2`` → 2, ``2,1`` → (2, 1)."""
    try:
        sizes = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise TheoryError(f"--{option} is a whole number, or one for each axis", got=text, hint="2 or 2,1") from None
    return sizes if len(sizes) > 1 else sizes[0]
