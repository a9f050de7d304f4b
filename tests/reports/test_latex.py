r"""A study for a paper: numbers and words of the record, in LaTeX that compiles."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from tests import made

from paribus.errors import ParibusError, RunError
from paribus.records import wording
from paribus.reports.files import write_latex
from paribus.reports.latex import study_latex
from paribus.reports.method import method, references
from paribus.reports.tex import escape

DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx}
\begin{document}
\input{%s}
\end{document}
"""


def rows(tex: str) -> list[list[str]]:
    """The cells of all rows of all tables."""
    return [
        [cell.strip() for cell in line.removesuffix(r" \\").split(" & ")] for line in tex.splitlines() if " & " in line
    ]


def test_every_comparison_has_a_row_for_each_claim():
    result = made.two_arms()
    [effect] = result.effects
    tex = study_latex(result, {})
    head, these, alike, *_ = rows(tex)
    assert head == ["comparison", "difference", "about", "interval", "p", "verdict"]
    for row, claim, about in ((these, "these", "these data"), (alike, "like-these", "data like these")):
        judged = effect.claims[claim]
        assert row[2] == about
        assert row[3] == escape(wording.difference_interval(result.metric, judged.estimate))
        assert row[5] == judged.verdict.word
    assert these[:2] == ["norm: batch $-$ none", "+2.03"]
    assert alike[:2] == ["", ""]


def test_one_claim_needs_no_column_and_uneven_pairs_get_one():
    head, *_ = rows(study_latex(made.split_fixed(), {}))
    assert head == ["comparison", "difference", "interval", "p", "verdict"]
    uneven = study_latex(made.diverged(), {})
    assert "n" in rows(uneven)[0]
    assert "n = 0 to 3" in uneven


def test_the_method_is_that_of_the_study():
    result = made.factorial()
    text = method(result)
    assert "paired t-test over seeds (Student, 1908)" in text
    assert "corrected resampled t-test (Nadeau and Bengio, 2003)" in text
    assert "(1/n + 0.111)" in text
    assert f"The {len(result.effects)} comparisons share the level equally (Bonferroni)" in text
    assert "The verdict is that for data like these." in text
    assert [line.partition(" (")[0] for line in references(result)] == [
        "Student",
        "Nadeau, C. and Bengio, Y.",
        "Schuirmann, D. J.",
    ]


def test_the_method_names_nothing_that_was_not_done():
    text = method(replace(made.split_fixed(), delta=None))
    assert "Nadeau" not in text
    assert "Bonferroni" not in text
    assert "one-sided" not in text
    assert "4 runs diverged" not in text
    assert "7 runs diverged" in method(made.diverged())
    assert "4 runs did not finish" in method(made.failed())
    assert method(made.one_arm()).startswith("Figures are means")


def test_planned_and_unplanned_looks_are_told():
    result = made.two_arms()
    design = result.design.model_copy(update={"interim": (3, 5), "extended": (3,)})
    text = method(replace(result, design=design))
    assert "looks that were planned before, after 3, 5 seeds" in text
    assert "looked at without a plan after 3 seeds" in text


def test_runs_that_nothing_pairs_are_compared_as_welch_does():
    result = made.two_arms()
    loose = result.design.model_copy(update={"origin": "numbers", "paired": False})
    text = method(replace(result, design=loose))
    assert text.startswith("Effects are differences of means in validation accuracy of n = 5 or more runs of each arm")
    assert "Welch's t-test (Welch, 1947)" in text
    assert "paired" not in text


def test_room_for_skewness_is_told():
    result = made.two_arms(seeds=10)
    [effect] = result.effects
    text = method(replace(result, effects=(made.estimated(effect, skewness=0.7),)))
    assert "longer tail of the differences (Hall, 1992)" in text


def test_intervals_that_hold_at_every_look_are_told():
    result = made.two_arms()
    text = method(replace(result, looks=replace(result.looks, rule="anytime")))
    assert "anytime-valid t-test over seeds, and hold at every look (Wang and Ramdas, 2024)" in text
    assert "as the corrected resampled t-test does" in text


def test_captions_say_n_confidence_and_claims():
    tex = study_latex(made.factorial(), {})
    caption = re.search(r"\\caption\{(Effects.*)\}", tex)[1]
    for text in (
        "in percentage points",
        "n = 5",
        r"hold together with 95~\%",
        "data like these",
        r"$\delta$ = 0.50 points",
    ):
        assert text in caption


@pytest.mark.parametrize("name", made.STUDIES)
def test_braces_close_and_environments_end(name):
    tex = re.sub(r"\\[{}\\]", "", study_latex(made.STUDIES[name](), {}))
    assert tex.count("{") == tex.count("}")
    for kind in ("table", "tabular"):
        assert tex.count(f"\\begin{{{kind}}}") == tex.count(f"\\end{{{kind}}}")
    for line in tex.splitlines():
        assert "\\input{" not in line or line.startswith("%")


def test_figures_are_pdfs_beside_it(tmp_path):
    written = write_latex(made.two_arms(), tmp_path / "norms.tex")
    assert [path.name for path in written][:3] == ["norms.tex", "norms-effects.pdf", "norms-arms.pdf"]
    for path in written[1:]:
        assert path.read_bytes()[:5] == b"%PDF-"
        assert f"{{{path.name}}}" in written[0].read_text()


def test_another_file_stays_and_another_ending_is_refused(tmp_path):
    (tmp_path / "a.tex").write_text("mine")
    with pytest.raises(RunError, match="there already"):
        write_latex(made.one_arm(), tmp_path / "a.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tex"]
    with pytest.raises(ParibusError, match=r"file\.tex"):
        write_latex(made.one_arm(), tmp_path / "a.txt")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", made.STUDIES)
def test_pdflatex_sets_it_without_a_word(name, tmp_path):
    write_latex(made.STUDIES[name](), tmp_path / "study.tex")
    (tmp_path / "paper.tex").write_text(DOCUMENT % "study")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, errors="replace")
    assert said.returncode == 0, said.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
