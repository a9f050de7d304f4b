"""A trained network for onnxruntime: ``python load.py PICTURE …``, or ``from load import run``.

Needs onnxruntime and numpy, and Pillow for picture files.
"""

from __future__ import annotations

import sys
from typing import Any

from paribus.inference.export.loaders.pictures import HERE, about, read, say


def run(inputs: Any) -> Any:
    """Outputs for inputs (N, …) as they are stored; about.json says of which shape and type, and what comes out."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"inputs": inputs})[0]


if __name__ == "__main__":
    say(sys.argv[1:], run(read(sys.argv[1:], about())), about())
