"""``paribus derive``: worked derivatives, each step checked before it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from paribus.cli import networks
from paribus.errors import TheoryError

if TYPE_CHECKING:
    from paribus.theory.derivations.derivation import Derivation

OURS = {"expression", "wrt", "shape", "symmetric", "hessian", "oracle", "latex", "as_json", "code", "html"}


class Command(typer.core.TyperCommand):
    """A command whose expression may begin with a minus: -y.T @ log(p) is no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words, with an expression that begins with a minus moved behind the options."""
        valued = {option for param in self.params for option in param.opts if not getattr(param, "is_flag", True)}
        return list(super().parse_args(ctx, _minus_last(args, valued)))


def _minus_last(words: list[str], valued: set[str]) -> list[str]:
    if "--" in words:
        return words
    pairs = list(zip(["", *words], words, strict=False))
    behind = [
        word
        for before, word in pairs
        if word.startswith("-") and not word.startswith("--") and word not in ("-", "-h") and before not in valued
    ]
    return [*(word for word in words if word not in behind), "--", *behind] if behind else words


def derive(
    expression: Annotated[
        str | None, typer.Argument(metavar="[EXPR]", help="A function in NumPy notation: x.T @ A @ x.")
    ] = None,
    wrt: Annotated[list[str] | None, typer.Option(metavar="X", help="The variable; several: --wrt W,b.")] = None,
    shape: Annotated[
        list[str] | None, typer.Option(metavar="A=m,n", help="Shape of a name: A=m,n, x=n, x=n,1; a= is a scalar.")
    ] = None,
    symmetric: Annotated[
        list[str] | None, typer.Option(metavar="A", help="A matrix that equals its transpose.")
    ] = None,
    hessian: Annotated[bool, typer.Option("--hessian", help="Second derivatives of a scalar.")] = False,
    oracle: Annotated[
        str, typer.Option(metavar="NAME", help="What answers are held against: complex, fd or torch.")
    ] = "complex",
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    code: Annotated[bool, typer.Option("--code", help="Print a NumPy module with its own test.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page that needs nothing else.")] = None,
    network: networks.Network = None,
    hidden: networks.Hidden = None,
    output: networks.Output = None,
    loss: networks.Loss = None,
    no_bias: networks.NoBias = False,
    values: networks.Numbers = None,
    seed: networks.Seed = None,
    layer: networks.Layer = None,
    input: networks.Input = None,
    filter: networks.Filter = None,
    upstream: networks.Upstream = None,
    target: networks.Target = None,
    stride: networks.Stride = None,
    padding: networks.Padding = None,
    dilation: networks.Dilation = None,
    groups: networks.Groups = None,
    window: networks.Window = None,
    size: networks.Size = None,
    steps: networks.Steps = None,
    rate: networks.Rate = None,
    eps: networks.Eps = None,
    inference: networks.Inference = False,
    box: networks.Box = None,
    samples: networks.Samples = None,
) -> None:
    """Gradient, Jacobian or Hessian with worked steps; or backpropagation by hand through a network or a layer.

    Capital letters are matrices, lower-case letters vectors, lower-case Greek names scalars, unless `--shape` says
    otherwise. Operators are `@ .T * / ** + -`; functions `tr det logdet inv norm sum mean exp log sqrt tanh sigmoid
    relu softmax logsumexp abs sin cos diag outer dot`. Every step is checked at random sizes and values before it is
    shown.

    Examples:

    - `paribus derive "x.T @ A @ x" --wrt x`

    - `paribus derive "sum((W @ x - y)**2)" --wrt W,x --html gradient.html`

    - `paribus derive "logsumexp(z) - y.T @ z" --wrt z --hessian`

    - `paribus derive --network 2-2-1 --hidden tanh --output sigmoid --loss mse`

    - `paribus derive --layer conv2d --input "3 4 5; 2 1 -3; 4 -2 0" --filter "2 0; -3 1" --loss mean`
    """
    options = {key: value for key, value in locals().items() if key not in OURS}
    found = _derive(expression, wrt, shape, symmetric, hessian, oracle, options)
    _show(found, latex, as_json, code, html, by_hand=expression is None)


def _show(found: Derivation, latex: bool, as_json: bool, code: bool, html: Path | None, by_hand: bool) -> None:
    from paribus.reports.derivation import as_html
    from paribus.theory.derivations.code import as_code
    from paribus.theory.derivations.data import as_dict
    from paribus.theory.derivations.latex import as_latex
    from paribus.theory.derivations.text import as_text
    from paribus.theory.networks.code import as_code as as_layer_code

    if html is not None:
        _write(html, as_html(found))
    if as_json:
        print(json.dumps(as_dict(found), indent=2, ensure_ascii=False))
    elif latex:
        print(as_latex(found))
    elif code:
        print(as_layer_code(found) if by_hand else as_code(found), end="")
    elif html is None:
        print(as_text(found))


def _derive(
    expression: str | None,
    wrt: list[str] | None,
    shape: list[str] | None,
    symmetric: list[str] | None,
    hessian: bool,
    oracle: str,
    options: dict[str, Any],
) -> Derivation:
    """What was asked for: a network, a layer, or an expression."""
    network, layer = options.pop("network"), options.pop("layer")
    if sum(asked is not None for asked in (expression, network, layer)) != 1:
        raise TheoryError(
            "one thing is derived at a time: an expression, --network or --layer", hint="see: paribus derive -h"
        )
    if network is not None:
        return networks.derive_network(network, options)
    if layer is not None:
        return networks.derive_layer(layer, options)
    from paribus.theory.derive import derive as work_out

    _refuse(options)
    names = [name for words in wrt or [] for name in words.replace(",", " ").split()]
    if not names:
        raise TheoryError("a derivative is taken with respect to a variable", got=expression, hint="add --wrt X")
    matrices = [name for words in symmetric or [] for name in words.replace(",", " ").split()]
    return work_out(str(expression), names, _shapes(shape), hessian=hessian, symmetric=matrices, oracle=oracle)


def _refuse(options: dict[str, Any]) -> None:
    given = [option for option, value in options.items() if value not in (None, False)]
    if given:
        name = given[0].replace("_", "-")
        raise TheoryError("this option belongs to --network or --layer", got=f"--{name}", hint="leave it out")


def _shapes(words: list[str] | None) -> dict[str, str]:
    """``["A=m,n", "x=n"]`` → ``{"A": "m,n", "x": "n"}``."""
    shapes = {}
    for word in words or []:
        name, sign, sizes = word.partition("=")
        if not sign or not name.strip().isidentifier():
            raise TheoryError(
                "a shape is given as NAME=SIZES", got=word, hint="A=m,n (matrix), x=n (vector), a= (scalar)"
            )
        shapes[name.strip()] = sizes
    return shapes


def _write(path: Path, page: str) -> None:
    from paribus.records.files import write_bytes

    write_bytes(path, page.encode())
    print(f"the derivation is in {path}")
