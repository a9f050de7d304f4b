"""The list of everything: what is searched, sorted, counted and cut on the server."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator

import pytest
from tests.served import Page, make_run, page

from paribus.web.known import Known


def recipe(lr: float, width: int = 8) -> dict:
    return {"model": {"use": "mlp", "width": width}, "optimizer": {"use": "sgd", "lr": lr}, "augment": {}}


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Page]:
    root = tmp_path_factory.mktemp("runs")
    for place, lr in enumerate((0.1, 0.01, 0.001)):
        for seed in range(2):
            when = 1e9 + 100 * place + seed
            make_run(root / "rates" / f"lr={lr}" / f"seed-{seed}", seed=seed, recipe=recipe(lr), started=when)
    make_run(root / "one" / "abc" / "seed-0", "interrupted", 2, recipe=recipe(1.0, 16), name="digits/cnn", epochs=9)
    make_run(root / "bad" / "abc" / "seed-0", "diverged", 0, recipe=recipe(9.0), error="loss is nan")
    make_run(root / "ill" / "abc" / "seed-0", "failed", 1, recipe=recipe(2.0), error="no memory")
    (make_run(root / "torn" / "abc" / "seed-0") / "recipe.json").write_text('{"format": 1, "na')
    with page(root) as found:
        yield found


def names(served: Page, query: str) -> list[str]:
    return [row["name"] for row in served.get(f"/api/home?kind=all&{query}")["rows"]]


def test_everything_is_there_with_its_state(served):
    states = {name: row["state"] for name, row in served.rows().items()}
    assert len(states) == 10
    assert states["one/abc/seed-0"] == "interrupted"
    assert states["bad/abc/seed-0"] == "diverged"
    assert states["ill/abc/seed-0"] == "crashed"
    assert states["torn/abc/seed-0"] == "damaged"
    assert served.rows()["ill/abc/seed-0"]["problem"] == "no memory"


def test_the_newest_comes_first_and_what_never_began_last(served):
    found = [row["started"] for row in served.get("/api/home?kind=all")["rows"]]
    known = [started for started in found if started is not None]
    assert known == sorted(known, reverse=True)
    assert found[: len(known)] == known


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query=cnn", ["one/abc/seed-0"]),
        ("query=digits/cnn", ["one/abc/seed-0"]),
        ("query=recipe=digits/cnn", ["one/abc/seed-0"]),
        ("query=diverged", ["bad/abc/seed-0"]),
        ("query=state=crashed", ["ill/abc/seed-0"]),
        ("query=optimizer.lr=0.010", [f"rates/lr=0.01/seed-{seed}" for seed in (0, 1)]),
        ("query=optimizer.lr%3C0.05+seed=1", ["rates/lr=0.001/seed-1", "rates/lr=0.01/seed-1"]),
        ("query=optimizer.lr%3E%3D2", ["bad/abc/seed-0", "ill/abc/seed-0"]),
        ("query=model.width!=8", ["one/abc/seed-0", "torn/abc/seed-0"]),
        ("query=val/accuracy%3E0.505+lr=0.1", ["rates/lr=0.1/seed-1"]),
        ("query=optimizer.lr%3Cx", []),
        ("query=nothing-like-it", []),
        ("state=interrupted,diverged", ["bad/abc/seed-0", "one/abc/seed-0"]),
    ],
)
def test_rows_are_searched_by_words_fields_and_figures(served, query, expected):
    assert sorted(names(served, query)) == expected


def test_states_are_counted_before_one_is_chosen(served):
    found = served.get("/api/home?kind=all&state=diverged")
    assert found["states"] == {"finished": 6, "interrupted": 1, "diverged": 1, "crashed": 1, "damaged": 1}
    assert found["total"] == 1


@pytest.mark.parametrize("name", ["name", "val/accuracy", "optimizer.lr", "seconds", "progress", "state", "recipe"])
@pytest.mark.parametrize("descending", [0, 1])
def test_any_column_sorts_and_gaps_come_last(served, name, descending):
    from paribus.web.api import listing
    from paribus.web.api.home import RECIPES

    runs = served.app.state.desk.known.now().runs
    rows = served.get(f"/api/home?kind=all&sort={name}&descending={descending}")["rows"]
    values = [listing.value_of(name, row, RECIPES.of(runs[row["id"]])) for row in rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=bool(descending))
    assert values == known + [None] * (len(values) - len(known))


def test_pages_of_rows_join_to_all(served):
    whole = names(served, "sort=name")
    parts = [name for first in range(0, 10, 3) for name in names(served, f"sort=name&offset={first}&limit=3")]
    assert parts == whole
    assert names(served, "offset=100") == []


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "limit=1e3", "offset=99999999999999999999"])
def test_numbers_that_are_none_are_refused(served, query):
    found = served.ask(f"/api/home?{query}")
    assert (found.status, "whole number" in found.json["error"]["message"]) == (400, True)


def test_columns_are_chosen_among_fields_and_figures(served):
    found = served.get("/api/home?kind=all&query=lr=0.01&columns=optimizer.lr,model,val/loss,nothing")
    assert found["rows"][0]["columns"] == {"optimizer.lr": 0.01, "model": "mlp", "val/loss": 1.0, "nothing": None}
    kinds = {column["name"]: column["kind"] for column in found["columns"]}
    assert kinds["optimizer.lr"] == kinds["model"] == "field"
    assert kinds["val/accuracy"] == "metric"


def test_a_run_that_goes_on_shows_its_last_figures_and_how_far_it_is(served):
    row = served.rows()["one/abc/seed-0"]
    assert row["progress"] == {"done": 2, "of": 9, "unit": "epoch", "left_seconds": None}
    assert row["figures"] == {"val/loss": 1.0, "val/accuracy": pytest.approx(2 / 3)}


def test_an_empty_folder_says_how_to_make_the_first(tmp_path):
    for root in (tmp_path, tmp_path / "nowhere"):
        with page(root) as found:
            answer = found.get("/api/home")
            assert (answer["total"], answer["rows"]) == (0, [])
            assert "paribus study digits/cnn" in answer["hint"]
            assert str(root) in answer["hint"]
            assert found.app.state.desk.reading._process is None  # nothing is started for nothing


def test_folders_of_other_versions_and_damaged_files_hide_no_others(tmp_path):
    make_run(tmp_path / "good" / "a" / "seed-0")
    other = make_run(tmp_path / "other" / "a" / "seed-0")
    content = json.loads((other / "recipe.json").read_text())
    (other / "recipe.json").write_text(json.dumps({**content, "format": 99}))
    (make_run(tmp_path / "bad" / "a" / "seed-0") / "status.json").write_text("[")
    (make_run(tmp_path / "rows" / "a" / "seed-0") / "metrics.jsonl").write_bytes(b"\x00\xff{]\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.json").write_text("{")
    (tmp_path / "file").write_text("x")
    with page(tmp_path) as found:
        rows = found.rows()
        assert rows["good/a/seed-0"]["state"] == "finished"
        assert rows["other/a/seed-0"]["problem"].startswith("this version of paribus reads run folders of format 1")
        assert rows["bad/a/seed-0"]["state"] == "damaged"
        for row in rows.values():
            subject = {"run": "runs", "study": "studies"}[row["kind"]]
            answer = found.ask(f"/api/{subject}/{row['id']}")
            assert answer.status in (200, 409, 422)
            assert b"Traceback" not in answer.body
        assert found.get(f"/api/runs/{rows['rows/a/seed-0']['id']}/curves")["metrics"] == {}


def test_a_run_that_is_deleted_while_it_is_shown_is_one_clear_sentence(tmp_path):
    folder = make_run(tmp_path / "a" / "b" / "seed-0")
    with page(tmp_path) as found:
        wanted = found.rows()["a/b/seed-0"]["id"]
        shutil.rmtree(tmp_path / "a")
        for path in ("", "/curves", "/log", "/files/recipe.json"):
            answer = found.ask(f"/api/runs/{wanted}{path}")
            assert answer.status == 404
            assert "deleted" in answer.json["error"]["message"] + answer.json["error"]["hint"]
        found.look_again()
        assert found.rows() == {}
    assert not folder.exists()


def test_what_came_a_moment_ago_is_found_though_nobody_watches(tmp_path):
    make_run(tmp_path / "a" / "b" / "seed-0")
    with page(tmp_path) as found:
        assert list(found.rows()) == ["a/b/seed-0"]
        make_run(tmp_path / "a" / "b" / "seed-1")
        address = f"/api/runs/{found.id('a/b/seed-1')}/curves"
        assert found.ask(address).status == 200


def test_two_servers_on_one_folder_say_the_same(tmp_path):
    make_run(tmp_path / "a" / "b" / "seed-0")
    with page(tmp_path) as one, page(tmp_path) as other:
        assert one.rows() == other.rows()


def test_ids_are_those_of_folders_and_last_as_long_as_they(tmp_path):
    make_run(tmp_path / "a" / "b" / "seed-0")
    first, second = Known(tmp_path), Known(tmp_path)
    assert first.now().runs.keys() == second.now().runs.keys()
    (wanted,) = first.now().runs
    assert len(wanted) == 16
    assert first.run(wanted).path == tmp_path / "a" / "b" / "seed-0"


def test_what_is_asked_by_many_is_made_once(tmp_path):
    known, made = Known(tmp_path), []
    for mark in (1, 1, 2, 2, 1):
        known.once(("x",), mark, lambda: made.append(mark))  # noqa: B023
    assert made == [1, 2, 1]


def test_what_is_not_finite_is_null(tmp_path):
    folder = make_run(tmp_path / "a" / "b" / "seed-0", rows=0)
    rows = [{"epoch": 1, "train/loss": 1.5}, {"epoch": 2, "train/loss": math.inf}, {"epoch": 3, "train/loss": math.nan}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with page(tmp_path) as found:
        curve = found.get(f"/api/runs/{found.id('a/b/seed-0')}/curves")["metrics"]["train/loss"]
        assert curve["y"] == [1.5, None, None]
