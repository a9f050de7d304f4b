"""A trained network for torch: ``python load.py PICTURE …``, or ``from load import run``.

Needs torch and numpy, and Pillow for picture files.
"""

from __future__ import annotations

import sys
from typing import Any

from paribus.inference.export.loaders.pictures import HERE, about, read, say


def run(inputs: Any) -> Any:
    """Outputs for inputs (N, …) as they are stored; about.json says of which shape and type, and what comes out."""
    import torch

    network = torch.export.load(HERE / "model.pt2").module()
    with torch.inference_mode():
        return network(torch.as_tensor(inputs)).numpy()


if __name__ == "__main__":
    say(sys.argv[1:], run(read(sys.argv[1:], about())), about())
