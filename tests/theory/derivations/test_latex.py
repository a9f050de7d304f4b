"""LaTeX of derivations: it compiles, and long lines are broken where a reader would break them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from tests.theory.textbook import ROWS

from paribus.theory.derivations.latex import as_latex, broken
from paribus.theory.derive import derive

DOCUMENT = r"""\documentclass{article}
\usepackage[margin=1.5cm,landscape]{geometry}
\usepackage{amsmath,amssymb,mathtools}
\allowdisplaybreaks
\begin{document}
%s
\end{document}
"""


def test_a_long_sum_is_broken_before_its_signs_and_nowhere_else():
    long = r"\left(a + b\right) \, c + \frac{d + e}{f} - x + y + z + u + v + w"
    pieces = broken(long, 10)
    assert "".join(piece.removeprefix("{}") for piece in pieces) == long
    assert len(pieces) > 2
    assert all(
        piece.count("{") == piece.count("}") and piece.count(r"\left") == piece.count(r"\right") for piece in pieces
    )
    assert len(pieces) > 2


def sheets():
    for _, wrt, _, _, spellings, *more in ROWS[::6]:
        shapes = dict(word.split("=") for word in (more[0] if more else "").partition(";")[0].split())
        yield as_latex(derive(spellings[0], wrt, shapes))
    yield as_latex(derive("a.T @ softmax(W @ softmax(C @ x))", "x", hessian=True))
    yield as_latex(derive("norm(X, 2) + norm(X, 'nuc')", "X"))
    yield as_latex(derive("sum(einsum('bij,bjk->bik', A, B)**2)", "A", {"A": "b,i,j", "B": "b,j,k"}))
    yield as_latex(derive(r"\lVert Ax - b\rVert^2 + x^\top x", "x"))


@pytest.mark.skipif(not (shutil.which("pdflatex") or shutil.which("tectonic")), reason="needs pdflatex or tectonic")
def test_sheets_compile(tmp_path):
    source = tmp_path / "sheets.tex"
    source.write_text(DOCUMENT % "\n\\newpage\n".join(sheets()))
    engine = ["tectonic"] if shutil.which("tectonic") else ["pdflatex", "-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run(
        [*engine, source.name], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert not re.findall(r"Overfull \\[hv]box.*", done.stdout), "a line or a sheet runs out of the page"
