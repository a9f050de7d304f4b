"""``paribus derive``: worked derivatives, each step checked before it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from paribus.cli.words import Overwrite
from paribus.errors import TheoryError

if TYPE_CHECKING:
    from paribus.theory.derivations.derivation import Derivation

Latex = Annotated[bool, typer.Option("--latex", help="Print LaTeX.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Code = Annotated[bool, typer.Option("--code", help="Print a NumPy module with its own test.")]
Detail = Annotated[str, typer.Option(metavar="brief|full", help="All steps, or the turning points only.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page that needs nothing else.")]


class Command(typer.core.TyperCommand):
    """A command whose expression may begin with a minus: -y.T @ log(p) is no option."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """``derive --network 2-2-1`` and ``derive --layer rnn`` go to ``backprop``, which was a part of this."""
        words = [word for each in args if (word := re.sub("^--(network|layer)(=|$)", "", each))]
        if parent is not None and words != args:
            return parent.command.commands["backprop"].make_context("backprop", words, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

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
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A function: x.T @ A @ x, xᵀAx, or LaTeX.")],
    wrt: Annotated[
        list[str] | None,
        typer.Option(metavar="X", help="The variable, where there are several; more than one: --wrt W,b."),
    ] = None,
    shape: Annotated[
        list[str] | None, typer.Option(metavar="A=m,n", help="Shape of a name: A=m,n, x=n, x=n,1; a= is a scalar.")
    ] = None,
    symmetric: Annotated[
        list[str] | None, typer.Option(metavar="A", help="A matrix that equals its transpose.")
    ] = None,
    definite: Annotated[
        list[str] | None, typer.Option(metavar="A", help="A symmetric positive definite matrix.")
    ] = None,
    diagonal: Annotated[list[str] | None, typer.Option(metavar="A", help="A diagonal matrix.")] = None,
    lower: Annotated[list[str] | None, typer.Option(metavar="A", help="A lower triangular matrix.")] = None,
    orthogonal: Annotated[list[str] | None, typer.Option(metavar="A", help="An orthogonal matrix.")] = None,
    hessian: Annotated[bool, typer.Option("--hessian", help="Second derivatives of a scalar.")] = False,
    oracle: Annotated[
        str, typer.Option(metavar="NAME", help="What answers are held against: complex, fd or torch.")
    ] = "complex",
    detail: Detail = "full",
    latex: Latex = False,
    as_json: Json = False,
    code: Code = False,
    html: Html = None,
    overwrite: Overwrite = False,
) -> None:
    """Gradient, Jacobian or Hessian of an expression, with worked steps.

    Capital letters are matrices, lower-case letters vectors, lower-case Greek names scalars, unless the operations
    around them or `--shape` say otherwise; what was read is printed first. NumPy, PyTorch, LaTeX and typeset signs are
    read, MATLAB and R as well: `x.T @ A @ x`, `xᵀAx`, `‖Ax − b‖²`, `Σᵢ (yᵢ − wᵀxᵢ)²`, `softmax(Q @ K.T, axis=-1) @ V`.
    The text is read a second time by Python itself, and every step is checked at random sizes and values, before
    anything is shown.

    Examples:

    - `paribus derive "x.T @ A @ x" --wrt x`

    - `paribus derive "sum((W @ x - y)**2)" --wrt W,x --html gradient.html`

    - `paribus derive "logsumexp(z) - y.T @ z" --wrt z --hessian`

    - `paribus derive "log det S + tr(S⁻¹A)" --wrt S --definite S --detail brief`
    """
    from paribus.theory.derivations.code import as_code
    from paribus.theory.derive import derive as work_out

    forms = {
        "symmetric": symmetric,
        "definite": definite,
        "diagonal": diagonal,
        "lower": lower,
        "orthogonal": orthogonal,
    }
    structures = {form: _names(names) for form, names in forms.items()}
    found = work_out(expression, _names(wrt), _shapes(shape), hessian=hessian, oracle=oracle, **structures)
    found = found.folded(detail)
    show(found, latex, as_json, code, html, overwrite, as_code)


def show(
    found: Derivation,
    latex: bool,
    as_json: bool,
    code: bool,
    html: Path | None,
    overwrite: bool,
    as_code: Callable[[Any], str],
) -> None:
    """Print or write a derivation in the form that was asked for."""
    from paribus.theory.derivations.data import as_dict
    from paribus.theory.derivations.latex import as_latex

    if html is not None:
        from paribus.files import save
        from paribus.reports.derivation import as_html

        save(html, as_html(found), overwrite)
        print(f"the derivation is in {html}")
    if as_json:
        print(json.dumps(as_dict(found), indent=2, ensure_ascii=False))
    elif latex:
        print(as_latex(found))
    elif code:
        print(as_code(found), end="")
    elif html is None:
        print(found)


def _names(words: list[str] | None) -> list[str]:
    """``["W,b", "x"]`` → ``["W", "b", "x"]``."""
    return [name for word in words or [] for name in word.replace(",", " ").split()]


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
