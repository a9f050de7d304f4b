"""The report of a study: the same numbers in the record, in HTML and in Markdown; harmless and self-contained."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests import made

from paribus.evidence import Estimate, about_interaction
from paribus.plots.chart import ENGINE
from paribus.records import wording
from paribus.records.result import Effect, StudyResult
from paribus.reports import files as reports
from paribus.reports import tables
from paribus.reports.study import study_page


class Text(HTMLParser):
    """Collects what a reader sees, the tags that there are, and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.parts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.parts))


def rendered(markdown: str) -> Text:
    return Text(MarkdownIt("commonmark").enable("table").render(markdown))


@pytest.fixture(params=made.STUDIES)
def result(request: pytest.FixtureRequest) -> StudyResult:
    return made.STUDIES[request.param]()


def test_html_and_markdown_say_the_same(result: StudyResult) -> None:
    page = study_page(result)
    html, markdown = Text(reports.study_html(result)), rendered(reports.study_markdown(result))
    cells = [cell for section in page.sections for table in section.tables for row in table.rows for cell in row]
    findings = [
        text for answer in page.answers for text in (answer.about, answer.finding, answer.verdict, answer.beside)
    ]
    for text in [*cells, *findings, page.question, page.summary, *page.warnings]:
        assert flat(text) in flat(html.text)
        assert flat(text) in flat(markdown.text)


def flat(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_page_stands_by_itself(result: StudyResult) -> None:
    html = reports.study_html(result)
    page = Text(html)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(page.tags)
    addresses = [value or "" for name, value in page.attributes if name in ("href", "src", "xlink:href", "action")]
    assert all(address.startswith("#") for address in addresses)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "@import" not in html
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)


def test_hostile_names_are_only_text() -> None:
    result = made.hostile()
    page, markdown = Text(reports.study_html(result)), rendered(reports.study_markdown(result))
    assert flat(made.HOSTILE) in flat(page.text)
    assert flat(made.HOSTILE) in flat(markdown.text)
    assert not {"script", "a"} & set(markdown.tags)
    assert markdown.tags.count("img") == len(study_page(result).figures)
    for table in (section.tables for section in study_page(result).sections):
        assert all(len(row) == len(one.heads) for one in table for row in one.rows)


def test_code_cannot_end_its_block() -> None:
    result = replace(made.two_arms(), command="```\n# heading\n````")
    assert "heading" not in [text.strip("# ") for text in headings(reports.study_markdown(result))]


def headings(markdown: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def test_every_number_of_the_answer_is_in_the_record() -> None:
    result = made.factorial()
    for effect, answer in zip(result.effects, study_page(result).answers, strict=True):
        assert answer.about == effect.label
        assert answer.finding.startswith(wording.difference(result.metric, effect.estimate.value))
        assert answer.finding.endswith(f"95 % interval {ends(effect.claims['like-these'].estimate)}")
        assert answer.verdict.startswith(f"{effect.verdict.word} for data like these")
        assert answer.beside.endswith(f"for these data {ends(effect.claims['these'].estimate)}")


def ends(estimate: Estimate) -> str:
    low, high = (f"{100 * end:.2f}".replace("-", "−") for end in (estimate.low, estimate.high))
    return f"[{low}, {high}]"


def test_the_word_of_the_other_claim_stands_beside_where_it_is_another() -> None:
    (effect,) = made.apart().effects
    assert [judged.verdict.word for judged in effect.claims.values()] == ["better", "undecided"]
    (answer,) = study_page(made.apart()).answers
    assert answer.verdict == "undecided for data like these: needs more data, not more seeds"
    assert answer.beside == f"better for these data {ends(effect.claims['these'].estimate)}"
    (row,) = tables.effects(made.apart()).rows
    assert row[6] == "undecided: needs more data, not more seeds"
    assert row[7].replace("\u00a0", " ") == f"better {ends(effect.claims['these'].estimate)}"
    assert tables.effects(made.two_arms()).rows[0][7].startswith("[")
    assert study_page(made.two_arms()).answers[0].beside.startswith("for these data [")  # the same word: not twice


def test_the_narrower_claim_is_the_headline_where_it_is_asked_for() -> None:
    result = made.two_arms(seeds=10, gain=0.0025, claim="these")
    (answer,), (effect,) = study_page(result).answers, result.effects
    assert (answer.verdict, answer.tone) == ("better for these data", "better")
    assert answer.beside == f"undecided for data like these {ends(effect.claims['like-these'].estimate)}"
    heads = tables.effects(result).heads
    assert (heads[2], heads[7]) == ("95 % interval for these data", "95 % interval for data like these")
    assert tables.arms(result).heads[2] == "95 % interval for these data"


def test_where_one_claim_alone_can_be_made_it_is_said_why() -> None:
    result = made.split_fixed()
    page = study_page(result)
    (notes,) = [section.notes for section in page.sections if section.title == "Effects"]
    assert notes == ("verdicts are only for these data: all seeds share one validation split",)
    assert (page.answers[0].verdict, page.answers[0].beside) == ("better for these data", "")
    assert [head for head in tables.effects(result).heads if "interval" in head] == ["95 % interval for these data"]
    terms = [term for section in page.sections for term, _ in section.terms]
    assert "For these data" in terms
    assert "For data like these" not in terms


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"overlap": None}, "the data bring their validation split, which all seeds share"),
        ({"classes": 10}, "these runs are of an earlier version, which did not record how their split was drawn"),
        ({}, ""),
    ],
)
def test_why_there_is_one_claim_follows_from_the_data(data: dict[str, object], why: str) -> None:
    result = made.two_arms()
    alone = tuple(replace(one, claim="these", claims={"these": one.claims["these"]}) for one in result.effects)
    said = tables.about(replace(result, effects=alone, claim="these", data=data))
    assert said == (f"verdicts are only for these data: {why}" if why else "")


def test_runs_without_a_result_are_never_hidden() -> None:
    page = Text(reports.study_html(made.failed()))
    for text in ("4 finished, 1 failed", "the disk is full", "crashed", "running", "new"):
        assert text.replace(" ", "") in flat(page.text)


def test_a_comparison_with_nothing_is_no_estimate() -> None:
    answers = study_page(made.nothing_yet()).answers
    assert [answer.finding for answer in answers] == ["no estimate"]


def test_of_many_comparisons_the_decided_ones_come_first() -> None:
    page = study_page(made.many_arms())
    assert {answer.tone for answer in page.answers} <= {"better", "worse"}
    assert "Of 23 comparisons" in page.summary


def test_delta_is_written_in_the_unit_of_the_metric() -> None:
    result = made.two_arms(gain=0.0, seeds=30)
    assert result.effects[0].verdict.word == "no difference"
    assert study_page(result).answers[0].verdict.startswith("no difference beyond 0.50 points")


def test_R1_what_a_killed_report_left_half_written_goes_with_the_next(tmp_path):
    for place in (tmp_path, tmp_path / "figures"):
        place.mkdir(exist_ok=True)
        (place / ".tmp-0123456789abcdef.html").touch()
        os.utime(place / ".tmp-0123456789abcdef.html", (0, 0))
    reports.write(made.two_arms(), tmp_path)
    assert not list(tmp_path.rglob(".tmp-*"))


def test_writes_three_kinds_of_files_that_fit_together(tmp_path: Path) -> None:
    path = reports.write(made.two_arms(), tmp_path / "study")
    assert path == tmp_path / "study" / "report.html"
    pictures = set(re.findall(r"\]\((figures/[^)]+)\)", (path.parent / "report.md").read_text(encoding="utf-8")))
    assert pictures == {f"figures/{file.name}" for file in (path.parent / "figures").iterdir()}
    assert {file.name for file in path.parent.iterdir()} == {"report.html", "report.md", "figures"}
    assert path.stat().st_size < 200_000


def test_a_rerun_draws_only_pictures_that_are_not_there_as_they_would_be(tmp_path: Path, monkeypatch) -> None:
    reports.write(made.two_arms(), tmp_path)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    drawn, draw = [], ENGINE.draw
    monkeypatch.setattr(ENGINE, "draw", lambda *given: drawn.append(given) or draw(*given))
    reports.write(made.two_arms(), tmp_path)
    assert not drawn

    damaged = next(path for path in before if path.suffix == ".svg")
    damaged.write_bytes(before[damaged].replace(b"</text>", b"!</text>", 1))
    reports.write(made.two_arms(), tmp_path)
    assert len(drawn) == 1
    assert {path: path.read_bytes() for path in before} == before

    reports.write(made.two_arms(gain=0.03), tmp_path)
    assert len(drawn) > 1


def test_the_same_record_gives_the_same_report() -> None:
    assert reports.study_html(made.two_arms()) == reports.study_html(made.two_arms())


def test_intervals_say_the_confidence_that_planned_looks_gave_them() -> None:
    result = made.factorial()
    looked = [made.judged(effect, alpha=0.034) for effect in result.effects]
    page = study_page(replace(result, effects=tuple(looked)))
    assert all("96.6 % interval [" in answer.finding for answer in page.answers)
    (heads,) = [table.heads for section in page.sections for table in section.tables if "p (adjusted)" in table.heads]
    assert heads[2] == "96.6 % intervals for data like these, all 5 together"
    assert heads[7] == "95 % intervals for these data, all 5 together"
    assert page.answers[0].beside.endswith("] (95 %)")
    mixed = tables.effects(replace(result, effects=(looked[0], *result.effects[1:])))
    assert mixed.heads[2] == "intervals for data like these, all 5 together"
    assert [row[2].partition("] ")[2] for row in mixed.rows[:2]] == ["(96.6 %)", "(95 %)"]


def test_an_interaction_is_neither_better_nor_worse() -> None:
    result = made.factorial()
    effects = tuple(interaction(effect) for effect in result.effects)
    page = study_page(replace(result, effects=effects))
    assert {answer.tone for answer in page.answers} == {"interaction", "undecided"}
    assert "3 interaction" in page.summary


def interaction(effect: Effect) -> Effect:
    found = made.judged(effect, verdict=about_interaction(effect.verdict))
    return replace(found, contrast=replace(effect.contrast, kind="interaction"))


def test_how_to_read_explains_both_claims_and_what_looks_like_a_contradiction() -> None:
    text = Text(reports.study_html(made.two_arms())).text
    assert "95 % interval for these data Mean ± t · s · √(1/n) over seeds" in text
    assert "95 % interval for data like these Mean ± t · s · √(1/n + validation examples / training examples)" in text
    assert "on another sample of as many examples from the same source" in text
    assert "The interval lies within ±δ." in text
    noise = Text(reports.study_html(made.noise())).text
    assert "need not sum to 100 %" in noise
    assert re.search(r"remaining – −3\.3 % \[−\d", noise)
