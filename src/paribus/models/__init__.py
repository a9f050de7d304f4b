"""Networks as plain modules of torch: floats (B, *input_shape) in, (B, num_outputs) out."""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, str] = {"mlp": "mlp:MLP", "cnn": "cnn:CNN"}
