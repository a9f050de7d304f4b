"""The page of a diagnosis: findings with evidence, consequences below them, and what cannot be checked."""

from __future__ import annotations

from dataclasses import replace

from paribus.diagnosis.finding import Diagnosis, Finding, Trace
from paribus.diagnosis.treatment import Treated
from paribus.notebook import html
from paribus.reports.diagnosis import diagnosis_page
from paribus.reports.render import draw, to_html, to_markdown
from paribus.reports.terminal import print_page

BELOW = Finding("dead-units", "All are dead. Nothing passes.", {"dead": 1.0}, severity="warning")
FOUND = Finding(
    "inputs-not-scaled",
    "Values are far.",
    {"mean": 7.0},
    {"data.scale": "standard"},
    "Or do it by hand.",
    consequences=(BELOW,),
    trace=Trace(
        "losses", "epoch", "loss", {"train/loss": [(1.0, 2.0), (2.0, 1.0)]}, (0.5, 1.5), {"a guess": 2.3}, True
    ),
)
TREATED = Treated(
    cause="inputs-not-scaled",
    field="data.scale",
    before="none",
    after="standard",
    word="confirmed",
    says="scale: standard − none: +3.00 points [1.00, 5.00], better",
    metric="val/accuracy",
    difference=0.03,
    low=0.01,
    high=0.05,
    n=5,
    confidence=0.95,
    diverged=(0, 0),
    study="runs/x--y",
)


def test_findings_are_printed_with_mechanism_treatment_and_consequences(capsys):
    print_page(diagnosis_page(Diagnosis((FOUND,), run="runs/a/b/seed-0")))
    said = capsys.readouterr().out
    assert said.startswith("What is wrong with this training?\n\nFault: the inputs are not scaled\nValues are far.")
    for line in (
        "treatment: data.scale=standard",
        "Or do it by hand.",
        "follows from it: rectified units are dead (All are dead)",
        "confidence: not measured: it has not been graded",
        "id: inputs-not-scaled",
    ):
        assert line in said
    assert "(LeCun, Bottou, Orr and Müller 1998, 4.3)" in " ".join(said.split())


def test_confidence_is_counted_in_cases(capsys):
    print_page(diagnosis_page(Diagnosis((replace(FOUND, confidence=1.0, graded=12),), run="runs/a/b/seed-0")))
    assert "confidence: right in 12 of 12 graded cases" in capsys.readouterr().out


def test_what_became_of_a_treatment_stands_with_its_finding(capsys):
    print_page(diagnosis_page(Diagnosis((FOUND,), run="runs/a/b/seed-0", treated=TREATED)))
    said = " ".join(capsys.readouterr().out.split())
    assert "data.scale: none → standard, 5 seeds" in said
    assert "confirmed" in said


def test_no_finding_is_no_all_clear(capsys):
    unchecked = ("labels: nobody knows", "dead units: no signals", "steps: no signals")
    print_page(diagnosis_page(Diagnosis((), ("weights", "loss"), unchecked, "runs/a/b/seed-0")))
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("runs/a/b/seed-0: none of the faults that were looked for; this does not say that the run")
    assert rest[-2:] == [
        "looked for: weights; loss",
        "cannot be checked: labels: nobody knows; dead units, steps: no signals",
    ]


def test_the_page_has_a_picture_and_the_record_is_json():
    found = Diagnosis((FOUND,), run="runs/a/b/seed-0", treated=TREATED)
    page = diagnosis_page(found)
    written = to_html(page, draw(page))
    assert written.count("<svg") >= 1
    assert "The green band is where healthy runs lie." in written
    assert "data.scale=standard" in to_markdown(page)
    assert "the inputs are not scaled" in html(found)
    plain = found.plain()
    assert plain["findings"][0]["consequences"][0]["cause"] == "dead-units"
    assert plain["treated"]["word"] == "confirmed"
