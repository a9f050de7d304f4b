"""The formats that a network can be exported to. A new one is two functions and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from paribus.errors import ParibusError


@dataclass(frozen=True)
class Format:
    """A format that a network can be exported to: ``write_NAME`` and ``read_NAME`` of :mod:`.writers`.

    Args:
        about: what is written.
        file: its name.
        packages: all of which must be installed.
    """

    about: str
    file: str
    packages: tuple[str, ...] = ()


FORMATS: Mapping[str, Format] = {
    "onnx": Format("the network, for onnxruntime", "model.onnx", ("onnx", "onnxscript", "onnxruntime")),
    "pt2": Format("the network, for torch.export.load", "model.pt2"),
    "safetensors": Format("the weights alone", "model.safetensors"),
}


def require(name: str) -> Format:
    """A format whose packages are installed.

    Raises:
        ParibusError: with those that are not.
    """
    chosen = FORMATS[name]
    if lacking := [package for package in chosen.packages if find_spec(package) is None]:
        rule = f"to export to {name} takes {', '.join(chosen.packages)}"
        raise ParibusError(rule, got=f"without {', '.join(lacking)}", hint=f"pip install {' '.join(lacking)}")
    return chosen
