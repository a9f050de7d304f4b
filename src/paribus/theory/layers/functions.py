"""What a module's own code does between its layers: functions of torch as layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from paribus.theory.layers.kinds import ACTIVATIONS
from paribus.theory.layers.layer import Layer, Shape, per_axis

Reader = Callable[[Any, Any, Tensor, list[Shape]], Layer | None]


def operation(
    function: Any, args: Any, kwargs: Any, out: Tensor, sources: list[Shape], shape: Shape, moved: bool = False
) -> Layer | None:
    """The layer that a function was; None where its result is its input under another name.

    Args:
        function: of torch.
        args: its arguments.
        kwargs: its named arguments.
        out: its result.
        sources: shapes of the arguments that came through the net, without the batch.
        shape: of the result, without the batch.
        moved: whether the batch is not the first axis somewhere, for which few rules hold.
    """
    name = getattr(function, "__name__", "op").strip("_")
    in_place = {"inplace": True} if args and out is args[0] else {}
    if moved and name in ("getitem", "select") and shape == sources[0][1:] and len(sources[0]) == 2:
        return Layer("last") if args[1] in (-1, (-1,)) else Layer("op", {"name": name, "shape": shape})
    if not moved and (reader := FUNCTIONS.get(name)) and (layer := reader(args, kwargs, out, sources)):
        return replace(layer, options={**layer.options, **in_place})
    if name in (ALIASES | ({"transpose", "permute", "swapaxes"} if moved else set())) and shape == sources[0]:
        return None
    known = name in ELEMENTWISE and shape == sources[0] and len(sources) == 1
    return Layer("op", {"name": name, **in_place, **({} if known else {"shape": shape})})


def _joint(kind: str) -> Reader:
    return lambda args, kwargs, out, sources: Layer(kind) if len(sources) == 2 and sources[0] == sources[1] else None


def _cat(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer | None:
    dim = kwargs.get("dim", args[1] if len(args) > 1 else 0)
    return Layer("cat") if dim in (1, 1 - out.dim()) and len(sources) == len(args[0]) else None


def _flat(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer | None:
    return Layer("flatten") if out.dim() == 2 and out.shape[0] == args[0].shape[0] and len(sources[0]) > 1 else None


def _mean(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer | None:
    dims = kwargs.get("dim", args[1] if len(args) > 1 else ())
    rank = args[0].dim()
    chosen = {d % rank for d in (dims if isinstance(dims, list | tuple) else [dims])}
    if rank < 3 or chosen != set(range(2, rank)):
        return None
    return Layer("gap") if out.dim() == rank else Layer("op", {"name": "mean", "shape": tuple(out.shape[1:])})


def _pooling(kind: str) -> Reader:
    names = {
        "pool": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
        "avgpool": ("kernel_size", "stride", "padding", "ceil_mode"),
    }[kind]

    def read(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer:
        given = {**dict(zip(names, args[1:], strict=False)), **kwargs}
        rank = len(sources[0]) - 1
        stride = given.get("stride")
        options = {
            "kernel": per_axis(given["kernel_size"], rank),
            "stride": per_axis(given["kernel_size"] if stride is None else stride, rank),
            "padding": per_axis(given.get("padding", 0), rank),
            "dilation": per_axis(given.get("dilation", 1), rank),
            "ceil": given.get("ceil_mode", False),
        }
        return Layer(kind, options)

    return read


def _adaptive(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer:
    sizes = tuple(out.shape[2:])
    return Layer("gap") if set(sizes) == {1} else Layer("adaptive", {"size": sizes})


def _swap(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer | None:
    return Layer("transpose") if len(sources[0]) == 2 and tuple(out.shape[1:]) == sources[0][::-1] else None


def _item(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer | None:
    index = args[1]
    last = isinstance(index, tuple) and len(index) == 2 and index[0] == slice(None) and index[1] == -1
    return Layer("last") if last and len(sources[0]) == 2 else None


def _activation(name: str) -> Reader:
    return lambda args, kwargs, out, sources: Layer(name, {"inplace": bool(kwargs.get("inplace", False))})


def _dropout(args: Any, kwargs: Any, out: Tensor, sources: list[Shape]) -> Layer:
    rate = kwargs.get("p", args[1] if len(args) > 1 else 0.5)
    return Layer("dropout", {"rate": float(rate), "inplace": bool(kwargs.get("inplace", False))})


ARITHMETIC = {"add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul", "truediv", "div", "neg"}
ELEMENTWISE = ARITHMETIC | {"exp", "log", "sqrt", "pow", "abs", "clamp", "batch_norm", "to", "float", "prelu"}
ALIASES = {"view", "reshape", "contiguous", "flatten", "to", "float", "clone", "detach", "as_strided"}
FUNCTIONS: Mapping[str, Reader] = {  # names with the underscores of x.__add__ and x.add_ taken away
    **dict.fromkeys(("add", "iadd", "radd"), _joint("add")),
    **dict.fromkeys(("mul", "imul", "rmul"), _joint("mul")),
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    **dict.fromkeys(("flatten", "view", "reshape"), _flat),
    "mean": _mean,
    **{f"max_pool{n}d": _pooling("pool") for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _pooling("avgpool") for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _adaptive for n in (1, 2, 3)},
    **dict.fromkeys(("transpose", "permute", "swapaxes"), _swap),
    "getitem": _item,
    **{f"dropout{n}": _dropout for n in ("", "1d", "2d", "3d")},
    **{name: _activation(name) for name in ACTIVATIONS if name != "prelu"},
}
