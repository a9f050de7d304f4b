"""What functions and methods make of a net's value: ``F.max_pool2d(x, 2)``, ``x.view(-1, 400)``, ``out[:, -1]``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.expressions import beyond
from paribus.theory.layers.kinds import ACTIVATIONS
from paribus.theory.layers.notation import RESULTS
from paribus.theory.layers.python import Python
from paribus.theory.layers.spellings import TORCH, kind_of
from paribus.theory.layers.values import (
    HINT,
    Alike,
    Chain,
    Made,
    Scope,
    Signal,
    State,
    Unsaid,
    behind,
    joined,
    opened,
    unsaid,
    words,
)

FREE = {*ACTIVATIONS, "pool", "avgpool", "gap", "gmp", "dropout", "flatten", "up", "id", "adaptive"}  # used twice
SAME = {
    "expand_as",
    "expand",
    "contiguous",
    "float",
    "clone",
    "to",
    "cuda",
    "detach",
    "type",
    "cast",
    "astype",
    "stop_gradient",
    "identity",
}
EACH = {"exp", "log", "sqrt", "square", "abs", "neg", "clamp", "clip", "sin", "cos"}  # value by value, of the same size
METHODS = {"add": ast.Add(), "sub": ast.Sub(), "mul": ast.Mult(), "multiply": ast.Mult(), "div": ast.Div()}
QUIET = {"__init__", "apply", "build", "compile", "cpu", "cuda", "double", "eval", "fit", "float", "half",
         "hybridize", "init_weights", "initialize", "load_state_dict", "parameters", "print", "register_buffer",
         "requires_grad_", "reset_parameters", "save", "save_hyperparameters", "state_dict", "summary", "to",
         "train"}  # fmt: skip
EASED = "what is done number by number, as exp, factors and noise, is passed over: it changes no size"
LAZY = ("Linear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "BatchNorm1d", "BatchNorm2d")
FUNCTIONS = re.compile(r"\b(?:layers|slim|sym|symbol)\.")  # functions that make weights of their own


@dataclass
class Steps(Python):
    """Layers that do what the code does with a value, said behind the layers that made it.

    Args:
        last: whether channels come last.
    """

    last: bool = False
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = count()

    def reshaped(self, value: Signal, name: str, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """``F.max_pool2d(x, 2)``, ``x.view(-1, 400)``: the layer that does the same."""
        base = name.rpartition(".")[2].rstrip("_")
        if base == "permute" and (turned := tuple(flat(args))) in ((0, 2, 3, 1), (0, 3, 1, 2)):
            if value.pixels == (turned == (0, 2, 3, 1)):
                raise beyond(node)
            return replace(value, pixels=not value.pixels)
        if value.pixels and base not in SAME | QUIET | EACH and kind_of(base) not in ACTIVATIONS:
            raise beyond(node)
        if base in SAME or base in QUIET:
            return value
        if (found := self.headed(value, base, args)) is not None:
            return found
        if base.endswith("_like"):
            return Alike(ast.unparse(node))
        if base in EACH:
            return self.passed(value)
        if base in METHODS and name.startswith(".") and len(args) == 1:
            return self.operated(METHODS[base], value, args[0], node)
        if base in ("size", "dim", "ndim", "shape"):
            return Unsaid(ast.unparse(node))
        args = tuple(flat(args)) if base in ("view", "reshape", "permute") else args
        if base in ("view", "reshape"):
            return self.viewed(value, args, node)
        if base in ("ravel", "batch_flatten"):
            return self.behind(value.chain, "flatten")
        if base in ("transpose", "permute", "swapaxes", "moveaxis"):
            turned = tuple(args)
            if turned in ((0, 1), (1, 0), (1, 0, 2)):
                return value  # steps before examples
            if turned in ((1, 2), (2, 1), (0, 2, 1), (-1, -2), (-2, -1), ((0, 2, 1),)):
                return self.behind(value.chain, "transpose")
            raise beyond(node)
        if base == "pad" and args and any(isinstance(one, Unsaid) for one in flat(args)):
            self.said.append("what F.pad adds is computed from sizes: it was taken as nothing, and sizes must agree")
            return value
        if base in ("mean", "reduce_mean", "amax", "reduce_max"):
            return self.averaged(value, args, named, node)
        if base == "max":
            return self.averaged(value, args, named, node), Unsaid("indices")
        if base in ("squeeze", "unsqueeze"):
            ends = value.chain[-1][1].lower() if value.chain else ""
            if base == "squeeze" and re.search(r"gap|gmp|global|adaptive|avgpool", ends):
                return self.behind(value.chain, "flatten")
            if base == "squeeze" and re.search(r"flatten", ends):
                return value
            if (
                base == "unsqueeze"
                and args in ((-1,), (2,), (3,))
                and re.search(r"flatten(?!.*conv)", words(value.chain))
            ):
                ones = re.fullmatch(r"reshape 0((?:x1)+)", ends)
                return self.behind(value.chain, f"reshape 0{ones[1] if ones else ''}x1")
            raise beyond(node)
        kind = "" if base in ("max", "min", "do", "drop", "last") else kind_of(base)
        if kind in ("avgpool", "pool") and any(isinstance(one, Unsaid) for one in (*args, *named.values())):
            return self.behind(value.chain, "gap" if kind == "avgpool" else "gmp")
        if (
            not kind
            or kind in ("reshape", "transpose")
            or (kind not in FREE and "." in name and not FUNCTIONS.search(name))
        ):
            rule = "this step of the code is none of the layers that are known"
            raise TheoryError(rule, got=ast.unparse(node).splitlines()[0], hint=HINT)
        modes = {"training", "train", "deterministic", "use_running_average", "is_training", "inplace"}
        args = tuple(_inner(one) for one in args)
        kept = {key: _inner(one) for key, one in named.items() if key not in modes}
        return replace(self.behind(value.chain, written(Made(name, args, kept))), pixels=value.pixels)

    def passed(self, value: Signal) -> Signal:
        """A value after something that is done to each of its numbers, and is no layer."""
        if value.chain and EASED not in self.said:
            self.said.append(EASED)
        return value

    def viewed(self, value: Signal, sizes: tuple[Any, ...], node: ast.AST) -> Signal:
        """The values of each example in another shape."""
        if len(sizes) == 1 and sizes[0] == -1:
            return self.behind(value.chain, "flatten")
        if len(sizes) == 2 and (isinstance(sizes[0], Unsaid) or -1 in sizes):
            return self.behind(value.chain, "flatten")
        if len(sizes) > 2 and all(isinstance(size, int) and size > 0 for size in sizes[1:]):
            shape = (sizes[-1], *sizes[1:-1]) if self.last and len(sizes) == 4 else sizes[1:]
            return self.behind(value.chain, f"reshape {'x'.join(map(str, shape))}")
        if len(sizes) > 2 and all(size == 1 for size in sizes[2:]):  # a value for each channel
            return self.behind(value.chain, f"reshape {'x'.join(map(str, (0, *sizes[2:])))}")
        raise beyond(node)

    def averaged(self, value: Signal, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Signal:
        """A mean or a maximum over positions or over steps."""
        kind = "gap" if "mean" in ast.unparse(node.func if isinstance(node, ast.Call) else node) else "gmp"
        axes = named.get("dim", named.get("axis", args[0] if args else None))
        flat = "" if named.get("keepdim", named.get("keepdims", False)) else ", flatten"
        pairs = ([1, 2],) if self.last else ([2, 3], [-2, -1], [-1, -2], [1, 2])
        if isinstance(axes, tuple | list) and list(axes) in pairs:
            return self.behind(value.chain, f"{kind}{flat}")
        if axes == 1 and flat:
            return self.behind(value.chain, f"transpose, {kind}, flatten")
        if axes in (2, -1) and not self.last and re.search(r"conv1d", words(value.chain), re.IGNORECASE):
            return self.behind(value.chain, f"{kind}{flat}")
        raise beyond(node)

    def picked(self, owner: Any, node: ast.Subscript, scope: Scope) -> Any:
        """``out[:, -1]`` is the last step, ``lstm(x)[0]`` what comes first of several, ``h[-1]`` the last state."""
        at = re.sub(r"[\s()]", "", ast.unparse(node.slice))
        if isinstance(owner, State):
            at = at.removesuffix(",...").replace(",:", "")
            if at in ("-1", "0", "-2", "1") and owner.both:
                return State(owner.chain, True, half=True)
            return self.behind(owner.chain, "last") if at in ("-1", "0") else Unsaid(ast.unparse(node))
        if not isinstance(owner, Signal):
            return Unsaid(ast.unparse(node))
        if owner.pixels:
            raise beyond(node)
        if not owner.chain and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return owner  # features["x"], of what goes in by names
        if at in (":,-1", ":,-1,:", "...,-1,:") or (at == "-1" and owner.state):
            return self.behind(owner.chain, "last")
        if at in ("0", "1") and owner.state:
            return Signal(owner.chain) if at == "0" else owner.state
        if at == "0" and owner.chain and "ttention" in owner.chain[-1][1]:
            return owner
        if owner.heads and at in ("0", "1", "2"):  # of queries, keys and values
            return owner
        if at in (":,:,None,None", "...,None,None"):
            return self.behind(owner.chain, "reshape 0x1x1")
        raise TheoryError("this part of a value is none that is known", got=ast.unparse(node), hint=HINT)

    def along(self, given: list[Signal], axis: Any, name: str, node: ast.AST) -> None:
        """Refuse values that are set side by side along another axis than channels or features."""
        flat = all(re.search(r"last|flatten|gap", words(one.chain), re.IGNORECASE) or not one.chain for one in given)
        if name == "add" or axis in (None, 1) or (axis == -1 and (self.last or flat)) or (axis == 3 and self.last):
            return
        if not (axis == 0 and not self.last):  # equinox has no batch
            raise beyond(node)

    def headed(self, value: Signal, base: str, args: tuple[Any, ...]) -> Any:
        """A value whose features are shared among heads."""
        raise NotImplementedError

    def joined(self, given: list[Signal], sign: str) -> Signal:
        """Chains that meet."""
        if any(one.pixels for one in given):
            raise TheoryError("values meet whose channels stand last", got=sign, hint=HINT)
        return Signal(joined([one.chain for one in given], sign, next(self.numbers)))

    def results(self, given: list[Signal]) -> Signal:
        """All that a net gives; where brackets cannot say what they share, those that hold the others' layers."""
        several = list({one.chain: one for one in given}.values())
        held = [frozenset[int]().union(*(numbers for numbers, _ in one.chain)) for one in several]
        last = [one for one, its in zip(several, held, strict=True) if not any(its < other for other in held)]
        for results in (several, last):
            if len(results) == 1:
                break
            with suppress(TheoryError):
                return self.joined(results, RESULTS)
        said = (
            "of several results the first is shown" if len(last) > 1 else "results on the way to another are not shown"
        )
        self.said += [said] * (len(several) > 1)
        return last[0]

    def behind(self, value: Chain, text: str) -> Signal:
        """A chain and one more layer."""
        return Signal(behind(value, text, next(self.numbers)))


def written(made: Made) -> str:
    """A layer in words; what goes in may be unsaid, for it is seen."""
    takes = TORCH.get(made.base) or ("",)
    first = made.args[0] if made.args else made.named.get("in_features", made.named.get("in_channels"))
    if isinstance(first, Unsaid) and takes[0] == "in":
        if made.base in ("LSTM", "GRU"):
            raise unsaid(first)
        if made.base in LAZY:
            named = {key: one for key, one in made.named.items() if key not in ("in_features", "in_channels")}
            return str(Made(f"nn.Lazy{made.base}", made.args[1:], named))
    return str(made)


def pixelwise(made: Made) -> Made:
    """What a layer of features is where these are the channels of each pixel.

    Raises:
        TheoryError: a layer that is none of features.
    """
    if made.base == "LayerNorm":
        return Made("LayerNorm2d", made.args, made.named)
    if made.base == "Linear":
        told = {**dict(zip(("in_features", "out_features", "bias"), made.args, strict=False)), **made.named}
        if {*told} >= {"in_features", "out_features"}:
            bias = {"bias": told["bias"]} if "bias" in told else {}
            return Made("nn.Conv2d", (told["in_features"], told["out_features"], 1), bias)
    if kind_of(made.base) in (*ACTIVATIONS, "dropout", "id"):
        return made
    raise TheoryError("this layer is not known where channels stand last", got=made.name, hint=HINT)


def _inner(value: Any) -> Any:
    """Sizes of a window without those of batch and channels: [1, 2, 2, 1]."""
    four = isinstance(value, tuple | list) and len(value) == 4 and value[0] == value[3] == 1
    return tuple(value[1:3]) if four else value


def flat(given: Any) -> list[Any]:
    """What lists in lists hold."""
    return list(opened(given, listed))


def listed(one: Any) -> Iterable[Any] | None:
    """What is in a list; nothing is in anything else."""
    return one if isinstance(one, list | tuple) else None
