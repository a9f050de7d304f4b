"""The weights of a trained network: ``python load.py`` lists them, ``from load import weights`` gives them.

This file holds numbers, not the network: no code that computes with them. Build a network whose parameters have these
names and shapes (about.json says of what model with which options they are), then
``network.load_state_dict(weights())``. The formats onnx and pt2 hold the whole network.

Needs torch and safetensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def weights() -> dict[str, Any]:
    """Name → tensor; ``mean`` and ``scale`` bring stored inputs to (inputs − mean) · scale before the model."""
    from safetensors.torch import load_file

    return dict(load_file(HERE / "model.safetensors"))


if __name__ == "__main__":
    for name, tensor in weights().items():
        print(name, tuple(tensor.shape), sep="\t")
