"""``paribus layers``: sizes, parameters and costs of the layers of a net, predicted and measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli import completion
from paribus.cli.alone import SAID, alone, is_alone
from paribus.cli.words import Overwrite, Plugin, load_plugins, parse_overrides, read_changes
from paribus.errors import TheoryError

if TYPE_CHECKING:
    from torch import nn

    from paribus.theory.layers import Table

CLASSES = 1000  # those of ImageNet, for which published counts of parameters are


def layers(
    context: typer.Context,
    net: Annotated[
        str,
        typer.Argument(
            metavar="[NET]",
            help="A net in text, as PyTorch, Keras or people write it; a recipe (see: paribus list recipes); or a "
            "class or function of a --plugin file.",
            autocompletion=completion.recipes,
        ),
    ] = "",
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=VALUE]...", help="Changes to a recipe or a model, such as model.depth=2."),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="A registered model (see: paribus list models), not a text or a recipe.")
    ] = "",
    classes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Outputs of --model for each example or pixel; 1000.")
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Size of the vocabulary, where --model reads tokens (--input STEPS)."),
    ] = None,
    input: Annotated[
        str,
        typer.Option(
            metavar="C,H,W",
            help="Shape of one example: channels and axes, steps and features, or features; the recipe's by default. "
            "Several inputs with a plus: 3,32,32+10. Not needed where the text names it, as Keras does.",
        ),
    ] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show every number with its formula.")] = False,
    measure: Annotated[bool, typer.Option("--measure", help="Run the net, and set measured beside predicted.")] = False,
    convention: Annotated[
        str, typer.Option(metavar="NAME", help="Bias vectors of recurrent cells: torch (two) or keras (one; GRU two).")
    ] = "torch",
    channels_last: Annotated[
        bool, typer.Option("--channels-last", help="--input names the channels last, as Keras does.")
    ] = False,
    against: Annotated[str, typer.Option(metavar="NET", help="Another net in text, to compare with.")] = "",
    against_input: Annotated[
        str, typer.Option(metavar="C,H,W", help="The other net's input; by default the same.")
    ] = "",
    as_conv: Annotated[
        bool,
        typer.Option(
            "--as-conv", help="Rewrite the fully connected layers as convolutions, and check that both nets are equal."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page that needs nothing else.")] = None,
    overwrite: Overwrite = False,
    plugin: Plugin = None,
) -> None:
    """Sizes, parameters, multiplications, receptive field and memory of every layer, from a text, a recipe or a model.

    Layers stand apart by commas: `conv 64 k3 s2 p1` is a convolution with 64 filters, kernel 3, stride 2 and padding 1.
    Branches stand in brackets: `[conv 8 k3 p1 | id]` adds them, `[conv 8 k1 & conv 8 k3 p1]` joins their channels, `x3`
    repeats. All kinds and options: docs/theory/layers.md.

    Examples:

    - `paribus layers "conv 64 k7 s2 p3, bn, relu, pool 3 s2 p1" --input 3,224,224 --explain`

    - `paribus layers "[[conv 16 k3 p1, bn, relu, conv 16 k3 p1, bn | skip], relu] x3" --input 3,32,32 --measure`

    - `paribus layers digits/cnn model.norm=batch --measure`

    - `paribus layers --model unet --input 3,256,256 --classes 12 model.norm=batch`

    - `paribus layers "conv 32 k5 p2" --input 16,100 --against "rnn 32" --against-input 100,16`

    - `paribus layers "conv 8 k3, relu, flatten, linear 10" --input 1,8,8 --as-conv`
    """
    from paribus.theory.layers import as_convolution, compare, table
    from paribus.theory.layers import measure as run
    from paribus.theory.layers.table import typed_input

    if plugin and not is_alone():
        alone(context.meta[SAID])
    load_plugins(plugin)
    words: dict[str, Any] = {"convention": convention, "channels_last": channels_last}
    subject: str | nn.Module
    shape: Any
    if model:
        changes = [*([net] if net else []), *(overrides or [])]
        subject, shape = _model(model, changes, input, channels_last, classes or CLASSES, tokens or 0, values=measure)
        net, words["channels_last"] = model, False
    else:
        _refuse_for_others(classes=classes, tokens=tokens)
        subject, shape = _own(net, overrides, input, plugin) or _net(net, overrides, input)
    predicted = table(subject, shape, **words)
    if not shape:  # the text named it
        shape, words["channels_last"] = [*predicted.graph.inputs], False
    if as_conv:
        _print(as_convolution(_text_only(subject, "--as-conv"), shape), as_json)
        return
    if against:
        other = table(against, typed_input(against_input) if against_input else shape, **words)
        _print(compare(_named(predicted, net), other), as_json)
        return
    measured = run(subject, shape, **words) if measure else None
    if html is not None:
        from paribus.files import save
        from paribus.reports.layers import layers_page
        from paribus.reports.render import draw, to_html

        page = layers_page(_named(predicted, net), measured)
        save(html, to_html(page, draw(page)), overwrite)
    if as_json:
        found = predicted.plain() if measured is None else {**predicted.plain(), "measured": measured.plain()}
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    from paribus.reports.layers import print_measurement, print_table

    print_table(_named(predicted, net), explain)
    if measured is not None:
        print_measurement(measured)
    if html is not None:
        print(f"page: {html}")


def _print(found: Any, as_json: bool) -> None:
    """A comparison, or a net rewritten."""
    from paribus.reports.layers import print_comparison, print_equality
    from paribus.theory.layers import Comparison

    if as_json:
        print(json.dumps(found.plain(), indent=2, ensure_ascii=False))
    elif isinstance(found, Comparison):
        print_comparison(found)
    else:
        print_equality(found)


def _named(found: Table, name: str) -> Table:
    """A module's table under the name of its recipe."""
    from dataclasses import replace

    from paribus.theory.layers.table import lines

    return replace(found, title=lines(name))


def _text_only(subject: str | nn.Module, option: str) -> str:
    if not isinstance(subject, str):
        raise TheoryError(f"{option} rewrites a net in text, not a recipe's model", hint="write the net out")
    return subject


def _own(name: str, overrides: list[str] | None, shape: str, files: list[Path] | None) -> tuple[nn.Module, Any] | None:
    """A module of a plug-in file: an instance, or what its class or function gives; None if no file has the name.

    Raises:
        TheoryError: without a shape, or if it cannot be made.
    """
    if not files:
        return None
    from paribus.records.plugins import found_in
    from paribus.theory.layers.table import typed_input

    if (made := found_in(files, name)) is None:
        return None
    import torch

    if not shape:
        raise TheoryError("a module needs the shape of its input", got=name, hint="add --input 3,224,224")
    shapes = typed_input(shape)
    options = parse_overrides(overrides or [])
    try:
        net = made if isinstance(made, torch.nn.Module) else made(**options)
        lazy = any(isinstance(p, torch.nn.UninitializedParameter) for p in net.parameters())
        if lazy:  # the first input that comes gives these layers their sizes
            every = shapes if isinstance(shapes, list) else [shapes]
            net(*(torch.zeros(2, *one) for one in every))
    except Exception as error:  # whatever the user's code may raise
        hint = "options go behind the name: width=64"
        raise TheoryError(f"{name} cannot be made: {type(error).__name__}: {error}", got=name, hint=hint) from error
    if not isinstance(net, torch.nn.Module):
        raise TheoryError("what is looked at is a module of torch", got=f"{name} gives {type(net).__name__}")
    return net, shapes


def _net(name: str, overrides: list[str] | None, shape: str) -> tuple[str | nn.Module, Any]:
    """The text and its input's shape, or a recipe's model and the shape of its data."""
    from paribus.theory.layers.table import typed_input

    if not name:
        hint = "a text, a recipe, or --model NAME: paribus layers --help"
        raise TheoryError("it has to be said which net", got="no NET", hint=hint)
    if _is_recipe(name):
        model, input_shape = _recipe(name, overrides)
        return model, typed_input(shape) if shape else input_shape
    if overrides:
        rule = "changes are for recipes, and this is a net in text"
        raise TheoryError(rule, got=", ".join(overrides), hint='put the net between quotes: "conv 8 k3, relu"')
    return name, typed_input(shape) if shape else ()


def _is_recipe(name: str) -> bool:
    """Whether it is a recipe's name or file; a text with spaces or brackets is none, and no recipes are looked for."""
    if name.endswith((".yaml", ".yml", ".json")) or set(name) & set(" ,()[]"):
        return name.endswith((".yaml", ".yml", ".json"))
    from paribus.records.recipe import shipped

    return "/" in name or name in shipped()


def _model(
    name: str, changes: list[str], shape: str, channels_last: bool, classes: int, tokens: int, *, values: bool
) -> tuple[nn.Module, tuple[int, ...]]:
    """A registered model for inputs of a shape; without ``values`` it takes no memory."""
    from paribus.models.alone import alone
    from paribus.records.parts import Part
    from paribus.theory.layers.table import several, typed_input

    if not shape:
        raise TheoryError("a model needs the shape of its input", got=name, hint="add --input 3,224,224")
    options = {field.removeprefix("model."): value for field, value in parse_overrides(changes).items()}
    input_shape = several(typed_input(shape), channels_last)[0]
    return alone(Part(name, **options), input_shape, classes, tokens, values=values), input_shape


def _refuse_for_others(**given: int | None) -> None:
    """Refuse what only models take."""
    if strange := next((name for name, value in given.items() if value is not None), None):
        rule = f"--{strange} is for --model; texts and recipes say it themselves"
        raise TheoryError(rule, got=given[strange], hint=f"leave --{strange} out, or name a model: --model cnn")


def _recipe(name: str, overrides: list[str] | None) -> tuple[nn.Module, tuple[int, ...]]:
    """The model of a recipe for its data, with the weights of seed 0."""
    from paribus.chance import Seeds
    from paribus.data.prepare.prepared import prepare
    from paribus.models.network import assemble
    from paribus.records.parts import build
    from paribus.records.recipe import Recipe

    recipe = Recipe.load(name, read_changes(name, overrides))
    info = prepare(recipe, Seeds(0)).info
    task = build("task", recipe.task, info=info)
    return assemble(recipe.model, task, Seeds(0)).model, info.input_shape
