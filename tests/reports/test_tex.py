r"""Texts and tables for LaTeX: what stands in a name is printed, and never obeyed."""

from __future__ import annotations

import pytest

from paribus.reports.page import Table
from paribus.reports.tex import escape, foreign, tabular


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("50 % of $x_1 & {y} #3", r"50 \% of \$x\_1 \& \{y\} \#3"),
        (r"\input{secret}", r"\textbackslash{}input\{secret\}"),
        ("a^b~c", r"a\textasciicircum{}b\textasciitilde{}c"),
        ("−1 × δ ± …", r"$-$1 $\times$ $\delta$ $\pm$ \ldots{}"),
        ("--verbose", "-{}-verbose"),
        ("[1, 2]*", "{[}1, 2{]}{*}"),
        ("a\nb\x00", "a b"),
        ("é ß", "é ß"),
    ],
)
def test_a_text_is_printed_as_it_stands(text, found):
    assert escape(text) == found


def test_what_pdflatex_cannot_set_is_found():
    assert foreign("é δ − 中 α 😀") == ["中", "😀"]


def test_a_table_has_its_rules_and_long_names_are_broken():
    made = tabular(Table(("arm", "mean"), (("a" * 40, "0.5"), ("[b]", "0.25")), "lr"))
    lines = made.splitlines()
    assert lines[:4] == [r"\begin{tabular}{@{}lr@{}}", r"\toprule", r"arm & mean \\", r"\midrule"]
    assert r"\parbox[t]{0.36\linewidth}{\raggedright " + "a" * 40 in lines[4]
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
