"""Tables, JSON and pages of the arena."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from paribus.plots import arena as plots
from paribus.reports.arena import arena_page, as_html, as_json, print_arena_page
from paribus.reports.arena.numbers import number, point, pretty
from paribus.theory import arena


@pytest.fixture(scope="module")
def race() -> arena.Race:
    return arena.race(arena.problem("himmelblau"), [arena.optimizer("adamw"), arena.optimizer("newton")], 8, 50)


def test_a_page_says_what_stands_in_the_record(race: arena.Race) -> None:
    said = arena_page(race)
    rows = {row[0]: row for row in said.tables[0][1].rows}
    reached = race.trajectories[1].summary.reached
    assert rows["Newton"][1] == f"{reached.count}/8"
    assert rows["Newton"][2] == f"[{100 * reached.low:.0f}, {100 * reached.high:.0f}] %"
    assert any("best of 22" in note for note in said.notes)
    assert any("AdamW also shrinks" in note for note in said.notes)
    assert any("autograd" in fact for fact in said.facts)


def test_every_record_is_printed_and_written(race: arena.Race, capsys: pytest.CaptureFixture[str]) -> None:
    beale = arena.problem("beale")
    records = [
        race,
        arena.sweep(beale, [arena.optimizer("adam")], "lr", (0.1, 1.0), 3, 10),
        arena.search(arena.problem("eggholder"), 60),
        arena.at(beale, [0.0, 1.0]),
        arena.convexity(beale, 100),
        arena.convexity(arena.typed("abs(x)"), 100),
        arena.trace(beale, arena.optimizer("lbfgs"), None, 3),
        arena.reddi(3.0, 30),
        arena.race(arena.typed("x**4 - x**2 + y**2"), [arena.optimizer("sgd", {"lr": 9.0})], 3, 20),
    ]
    for record in records:
        print_arena_page(arena_page(record))
        printed = capsys.readouterr().out
        assert arena_page(record).title in printed
        content = json.loads(as_json(record), parse_constant=pytest.fail)
        assert content


def test_json_holds_the_numbers(race: arena.Race) -> None:
    content = json.loads(as_json(race))
    newton = content["optimizers"][1]
    assert newton["optimizer"] == "newton"
    assert newton["reached"]["count"] == race.trajectories[1].summary.reached.count
    assert newton["first_path"] == race.trajectories[1].points[:, 0].tolist()
    assert content["checked"]["hessian"] == race.checked.hessian
    assert len(newton["ends"]) == len(content["starts"]) == 8


def test_the_only_script_of_the_page_is_allowed_by_its_hash(race: arena.Race) -> None:
    page = as_html(arena_page(race), (plots.paths(race),), plots.animation(race), 50)
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=[\"']?http", page)
    still = as_html(arena_page(race), (plots.paths(race),))
    assert "<script" not in still
    assert "script-src" not in still


def test_a_formula_is_text_in_the_page() -> None:
    found = arena.search(arena.typed("x**2 - 3*y**2"), 20)
    page = as_html(arena_page(found), ())
    assert "x**2 - 3*y**2" in page


def test_numbers_and_formulas() -> None:
    assert (number(-0.0), number(float("inf")), number(None), number(-1.5)) == ("0", "∞", "–", "−1.5")
    assert point([1.0, -2.0]) == "(1, −2)"
    assert pretty("x - lr*m_hat / (sqrt(v_hat) + eps)") == "x − lr·m̂ / (√v̂ + ε)"
    assert pretty("beta2*v + (1 - beta2)*g**2") == "β₂·v + (1 − β₂)·g²"
