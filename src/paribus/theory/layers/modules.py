"""Modules of torch as layers: how the attributes of each class are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from paribus.theory.layers.build import CLASSES, OverChannels, SameConv, SamePool
from paribus.theory.layers.layer import Layer, Options, per_axis

Reader = Callable[[Any], Layer | None]


def _windows(m: Any) -> Options:
    """Kernel, stride, padding and dilation, each per axis; Conv2d has two."""
    rank = next(int(kind.__name__[-2]) for kind in type(m).__mro__ if kind in READERS)
    padding = {"same": "same", "valid": (0,) * rank}[m.padding] if isinstance(m.padding, str) else None
    return {
        "kernel": per_axis(m.kernel_size, rank),
        "stride": per_axis(m.stride, rank),
        "padding": padding or per_axis(m.padding, rank),
        "dilation": per_axis(getattr(m, "dilation", 1), rank),
    }


def _conv(m: Any) -> Layer | None:
    if m.padding_mode != "zeros":
        return None
    options = {**_windows(m), "bias": m.bias is not None}
    if m.groups == m.in_channels > 1:
        return Layer("dw", {**options, "multiplier": m.out_channels // m.in_channels})
    return Layer("conv", {"out": m.out_channels, "groups": m.groups, **options})


def _deconv(m: Any) -> Layer:
    extra = {"groups": m.groups, "bias": m.bias is not None, "extra": tuple(m.output_padding)}
    return Layer("deconv", {"out": m.out_channels, **_windows(m), **extra})


def _same_conv(m: Any) -> Layer | None:
    inner = _conv(m.conv)
    return None if inner is None else Layer(inner.kind, {**inner.options, "padding": "same"})


def _pool(kind: str) -> Reader:
    return lambda m: Layer(kind, {**_windows(m), "ceil": m.ceil_mode})


def _adaptive(m: Any) -> Layer | None:
    sizes = m.output_size if isinstance(m.output_size, tuple) else (m.output_size,)
    if set(sizes) == {1}:
        return Layer("gmp" if isinstance(m, MAXIMA) else "gap")
    return None if isinstance(m, MAXIMA) or None in sizes else Layer("adaptive", {"size": sizes})


MAXIMA = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)


def _cell(m: Any) -> Layer | None:
    if getattr(m, "proj_size", False):
        return None
    biases = 0 if not m.bias else 2 if "bias_hh_l0" in dict(m.named_parameters()) else 1
    options = {"out": m.hidden_size, "layers": m.num_layers, "bi": m.bidirectional, "biases": biases}
    return Layer(m.mode.lower().split("_")[0], options)  # RNN_TANH is an rnn


def _attention(m: Any) -> Layer | None:
    if not m._qkv_same_embed_dim or m.bias_k is not None:
        return None
    return Layer("attention", {"heads": m.num_heads, "bias": m.in_proj_bias is not None})


def _layer_norm(m: Any) -> Layer:
    bias = getattr(m, "bias", None) is not None or not m.elementwise_affine
    over = {"channels": True} if isinstance(m, OverChannels) else {}
    return Layer("ln", {"affine": m.elementwise_affine, "bias": bias, "shape": tuple(m.normalized_shape), **over})


def _up(m: Any) -> Layer | None:
    factors = m.scale_factor if isinstance(m.scale_factor, tuple) else (m.scale_factor,)
    if None in factors or any(factor != int(factor) for factor in factors) or m.mode not in UP or m.align_corners:
        return None
    return Layer("up", {"factor": tuple(map(int, factors)), "smooth": m.mode != "nearest"})


UP = ("nearest", "linear", "bilinear", "trilinear")


def _flatten(m: Any) -> Layer | None:
    if m.start_dim < 1 or m.end_dim != -1:
        return None
    return Layer("flatten", {"start": m.start_dim} if m.start_dim > 1 else {})


def _glu(m: Any) -> Layer | None:
    if m.dim < -1 or m.dim == 0:
        return None
    return Layer("glu", {"last": True} if m.dim == -1 else {"axis": m.dim})


def _lp_pool(m: Any) -> Layer:
    rank = int(type(m).__name__[-2])
    stride = m.kernel_size if m.stride is None else m.stride
    sizes = {"kernel": per_axis(m.kernel_size, rank), "stride": per_axis(stride, rank)}
    return Layer("lppool", {**sizes, "padding": (0,) * rank, "dilation": (1,) * rank, "ceil": m.ceil_mode})


def _activation(name: str) -> Reader:
    return lambda m: Layer(name, {"inplace": bool(getattr(m, "inplace", False))})


READERS: Mapping[type[nn.Module], Reader] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _conv),
    **dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _deconv),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _pool("pool")),
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _pool("avgpool")),
    **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _adaptive),
    **dict.fromkeys((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _adaptive),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), lambda m: Layer("bn", {"affine": m.affine})),
    **dict.fromkeys(
        (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), lambda m: Layer("instance", {"affine": m.affine})
    ),
    nn.GroupNorm: lambda m: Layer("gn", {"groups": m.num_groups, "affine": m.affine}),
    **dict.fromkeys((OverChannels, nn.LayerNorm), _layer_norm),
    **dict.fromkeys((nn.LPPool1d, nn.LPPool2d), _lp_pool),
    nn.PixelShuffle: lambda m: Layer("shuffle", {"factor": (m.upscale_factor,) * 2}),
    nn.GLU: _glu,
    nn.Linear: lambda m: Layer("linear", {"out": m.out_features, "bias": m.bias is not None}),
    nn.Flatten: _flatten,
    nn.Upsample: _up,
    **dict.fromkeys(
        (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d),
        lambda m: Layer("dropout", {"rate": float(m.p), "inplace": m.inplace}),
    ),
    nn.Embedding: lambda m: Layer("embedding", {"words": m.num_embeddings, "width": m.embedding_dim}),
    **dict.fromkeys((nn.RNN, nn.LSTM, nn.GRU), _cell),
    nn.MultiheadAttention: _attention,
    SameConv: _same_conv,
    SamePool: lambda m: Layer("pool", {**_windows(m.pool), "ceil": m.pool.ceil_mode, "padding": "same"}),
    **{kind: _activation(name) for name, kind in CLASSES.items()},
    nn.PReLU: lambda m: Layer("prelu", {} if m.num_parameters == 1 else {"slopes": m.num_parameters}),
}


def layer_of(module: nn.Module) -> Layer | None:
    """The layer that a module is; None for one that has to be followed inside."""
    kind = next((kind for kind in READERS if isinstance(module, kind)), None)
    if kind is None or type(module).forward is not kind.forward:
        return None  # unknown, or its forward is its own
    return READERS[kind](module)


def reads_words(net: nn.Module) -> bool:
    """Whether the first layer with parameters is an embedding, which takes word numbers."""
    first = next((module for module in net.modules() if list(module.parameters(recurse=False))), None)
    return isinstance(first, nn.Embedding | nn.EmbeddingBag)
