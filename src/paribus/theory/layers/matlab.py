"""Layers of MATLAB's Deep Learning Toolbox in the notation: ``convolution2dLayer(3, 8, 'Padding', 'same')``."""

from __future__ import annotations

import re

from paribus.errors import TheoryError
from paribus.theory.layers.layer import Shape

LAYER = re.compile(r"\b([A-Za-z]+\d?[A-Za-z]*)Layer\b\s*(?:\(((?:[^()]|\([^()]*\))*)\))?")
PLAIN = {
    "batchNormalization": "bn", "layerNormalization": "ln", "relu": "relu", "leakyRelu": "leaky_relu", "elu": "elu",
    "tanh": "tanh", "sigmoid": "sigmoid", "softmax": "softmax", "swish": "silu", "gelu": "gelu", "flatten": "flatten",
    "clippedRelu": "relu6", "globalAveragePooling2d": "gap, flatten", "globalAveragePooling1d": "gap, flatten",
    "globalMaxPooling2d": "gmp, flatten", "classification": "", "regression": "", "pixelClassification": "",
}  # fmt: skip
WINDOWS = {"convolution": "conv", "transposedConv": "deconv", "maxPooling": "pool", "averagePooling": "avgpool"}


def layered(text: str) -> tuple[str, Shape, str] | None:
    """An array of MATLAB's layers in the notation and its input; None where there is none."""
    plain = re.sub(r"%[^\n]*|\.\.\.", "", text)
    found = LAYER.findall(plain)
    if not found or not re.search(r"\b\w+(?:2d|1d|3d|Input|Connected|lstm)Layer\(|reluLayer", plain):
        return None
    words = list[str]()
    given: Shape = ()
    for name, inside in found:
        args = [arg.strip().strip("'\"") for arg in re.split(r",(?![^\[]*\])", inside) if arg.strip()]
        if name.endswith("Input"):
            sizes = tuple(int(size) for size in re.findall(r"\d+", args[0])) if args else ()
            given = (sizes[-1], *sizes[:-1]) if len(sizes) > 1 else sizes if name == "featureInput" else ()
        elif said := _layer(name, args):
            words.append(said)
    return ", ".join(words), given, "layers of MATLAB, whose pooling moves by 1 unless it says Stride"


def _layer(name: str, args: list[str]) -> str:
    """One layer in the notation; empty for one that only says how it is trained."""
    bare, named = _arguments(args)
    if name in PLAIN:
        return PLAIN[name]
    if window := re.fullmatch(r"(\w+?)[123]d", name):
        kind = WINDOWS.get(window[1], "")
        if kind and len(bare) > (kind in ("conv", "deconv")):
            return _window(kind, bare, named)
    elif name == "fullyConnected" and bare:
        return f"linear {bare[0]}"
    elif name == "dropout":
        return f"dropout {bare[0] if bare else '0.5'}"
    elif name in ("lstm", "bilstm", "gru") and bare:
        cell = f"{name.removeprefix('bi')} {bare[0]}{' bi' if name == 'bilstm' else ''} bias1"
        return f"{cell}, last" if named.get("OutputMode") == "last" else cell
    raise TheoryError(
        "a layer of MATLAB that is not known here", got=f"{name}Layer", hint="write it in words: conv 8 k3 p1, relu"
    )


def _arguments(args: list[str]) -> tuple[list[str], dict[str, str]]:
    """Bare arguments, and those behind a name."""
    first = next((i for i, arg in enumerate(args) if re.fullmatch(r"[A-Za-z]\w*(?:=.*)?", arg)), len(args))
    pairs = [arg.split("=", 1) for arg in args[first:] if "=" in arg]
    names = [arg for arg in args[first:] if "=" not in arg]
    return args[:first], {
        **dict(zip(names[::2], names[1::2], strict=False)),
        **{key.strip(): value.strip() for key, value in pairs},
    }


def _sizes(text: str) -> str:
    return "x".join(re.findall(r"\d+", text))


def _window(kind: str, bare: list[str], named: dict[str, str]) -> str:
    """A convolution or a pooling: its window, then filters."""
    size, padding = _sizes(bare[0]), named.get("Padding", named.get("Cropping", "0"))
    words = [kind, *([bare[1], f"k{size}"] if kind in ("conv", "deconv") else [size])]
    words.append("s" + _sizes(named.get("Stride", "1")))
    if padding == "same" and kind == "deconv":
        hint = "write it in words: deconv 8 k4 s2 p1"
        raise TheoryError("a cropping of 'same' is not known here", got=" ".join(bare), hint=hint)
    words.append("same" if padding == "same" else "p" + _sizes(padding))
    words += ["d" + _sizes(named["DilationFactor"])] if "DilationFactor" in named else []
    return " ".join(words)
