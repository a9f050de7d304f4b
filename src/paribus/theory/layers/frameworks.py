"""What frameworks mean where a layer's call does not say it, and in which order its arguments stand: one line each.

torch's, Keras's and the notation's own defaults agree, and need none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FLAX, STAX, EQUINOX = r"(?:flax\.)?(?:nn|linen|nnx|flax\.linen|flax\.nnx)", r"(?:\w+\.)*stax", r"(?:eqx|equinox)\.nn"
DEFAULTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (rf"{FLAX}\.Conv|(?:hk|haiku)\.Conv[123]D", {"padding": "same"}),
    (rf"{FLAX}\.(?:max|avg)_pool|{STAX}\.(?:Max|Avg)Pool|{EQUINOX}\.(?:Max|Avg)Pool[123]d", {"stride": 1}),
    (r"(?:tf\.contrib\.|\w+\.)?slim\.conv2d|tf\.contrib\.layers\.conv2d", {"padding": "same", "activation": "relu"}),
    (r"(?:tf\.contrib\.|\w+\.)?slim\.fully_connected|tf\.contrib\.layers\.fully_connected", {"activation": "relu"}),
    (r"(?:tf\.contrib\.|\w+\.)?slim\.(?:max|avg)_pool2d", {"stride": 2}),
    (r"mindspore\.Conv[12]d", {"padding": "same", "bias": False}),
    (r"mindspore\.(?:Max|Avg)Pool[12]d", {"stride": 1}),
    (r"(?:chainer\.functions|F)\.max_pooling_2d", {"ceil": True}),
)
ORDERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(?:flax\.)?nnx\.Conv(?:Transpose)?", ("in", "out", "kernel", "stride")),
    (r"(?:flax\.)?nnx\.Linear", ("in", "out")),
    (r"(?:chainer\.links|L)\.(?:Dec|C)onvolution2D", ("in", "out", "kernel", "stride", "padding")),
    (r"(?:chainer\.links|L)\.BatchNormalization", ("in",)),
    (r"(?:flax\.)?nnx\.(?:BatchNorm|LayerNorm)", ("in",)),
    (r"(?:flax\.)?nnx\.Embed", ("words", "width")),
)


def defaults_of(name: str) -> Mapping[str, Any]:
    """What a call means by saying nothing, by the names of our options."""
    return next((meant for pattern, meant in DEFAULTS if re.fullmatch(pattern, name)), {})


def order_of(name: str) -> tuple[str, ...] | None:
    """The order of its arguments, where it is its framework's own."""
    return next((order for pattern, order in ORDERS if re.fullmatch(pattern, name)), None)
