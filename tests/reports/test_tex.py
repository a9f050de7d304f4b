r"""Texts and tables for LaTeX: what stands in a name is printed, and never obeyed."""

from __future__ import annotations

import pytest

from paribus.reports.page import Table
from paribus.reports.tex import escape, foreign, tabular


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("50 % of $x_1 & {y} #3", r"50~\% of \$x\_1 \& \{y\} \#3"),
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


def test_a_table_has_its_rules():
    lines = tabular(Table(("arm", "mean"), (("a", "0.5"), ("[b]", "0.25")), "lr")).splitlines()
    assert lines[:5] == [r"\begin{tabular}{@{}lr@{}}", r"\toprule", r"arm & mean \\", r"\midrule", r"a & 0.5 \\"]
    assert lines[5:] == [r"{[}b{]} & 0.25 \\", r"\bottomrule", r"\end{tabular}"]


def test_long_names_stand_on_lines_of_their_own():
    lines = tabular(Table(("arm", "mean"), (("a" * 40, "0.5"), ("b", "0.25")), "lr")).splitlines()
    assert lines[4:7] == [
        rf"\multicolumn{{2}}{{@{{}}p{{\linewidth}}@{{}}}}{{\raggedright {'a' * 40}}} \\",
        r" & 0.5 \\",
        r"\addlinespace",
    ]
