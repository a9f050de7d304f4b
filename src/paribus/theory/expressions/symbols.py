"""How a name is written in print: Greek letters, subscripts, bold vectors and matrices."""

from __future__ import annotations

import re

_LOWER = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
GREEK = frozenset(f"{_LOWER} {_UPPER}".split())
_PARTS = re.compile(rf"^(?P<d>d(?=[A-Z]|(?:[a-z]|{'|'.join(GREEK)})_?\d*_?$))?(?P<stem>.*?)_?(?P<index>\d*)_?$")
_LAYER = re.compile(rf"^(?P<stem>[A-Za-z]|{'|'.join(GREEK)})(?P<layer>\d+)$")


def symbol(name: str, rank: int = 0) -> str:
    r"""LaTeX for a name: ``W1`` → ``\mathbf{W}_{1}``, ``lambda_`` → ``\lambda``; bold if ``rank`` is above 0.

    An entry of a layer has both: ``w1_12`` → ``w^{(1)}_{12}``.
    """
    found = _PARTS.match(name)
    assert found is not None  # the pattern fits every name
    stem, index = found["stem"] or name, found["index"]
    layer = _LAYER.match(stem) if index and not rank else None
    stem = layer["stem"] if layer else stem
    letter = f"\\{stem}" if stem in GREEK else stem if len(stem) == 1 else f"\\mathit{{{escape(stem)}}}"
    if rank and stem in GREEK:
        letter = f"\\boldsymbol{{{letter}}}"
    elif rank:
        letter = f"\\mathbf{{{escape(stem)}}}"
    letter = f"{letter}^{{({layer['layer']})}}" if layer else letter
    differential = r"\mathrm{d}" if found["d"] else ""
    return f"{differential}{letter}_{{{index}}}" if index else differential + letter


def escape(text: str) -> str:
    r"""``text`` with the signs that LaTeX reserves made harmless."""
    plain = re.sub(r"([#$%&_{}])", r"\\\1", text.replace("\\", "\0"))
    return re.sub(r"([\^~])", r"\\\1{}", plain).replace("\0", r"\textbackslash{}")
