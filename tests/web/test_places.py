"""Folders and tables of one's own are looked into as ``paribus data`` looks, and only those that have an id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.served import Page, make_run, page, wait_for

from paribus.data.prepare.scan import scan
from paribus.reports.scans import scan_page
from paribus.web.pages import plain


def pictures(root: Path) -> Path:
    """Two classes, of which one has a file that is no picture, and the other a copy of the first's."""
    chance = np.random.default_rng(0)
    for place in range(4):
        path = root / "ab"[place % 2] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    (root / "a" / "words.png").write_text("no picture")
    (root / "b" / "copy.png").write_bytes((root / "a" / "0.png").read_bytes())
    return root


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("own")
    pictures(found / "pets")
    pictures(found / "plants" / "train")
    (found / "words").mkdir()
    return found


@pytest.fixture(scope="module")
def served(own, tmp_path_factory) -> Iterator[Page]:
    root = tmp_path_factory.mktemp("runs")
    recipe = {
        "data": {"use": "folder", "path": str(own / "pets"), "labels": "folders", "group": None, "size": 8},
        "model": {"use": "cnn"},
    }
    make_run(root / "study" / "arm" / "seed-0", recipe=recipe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARIBUS_DATA", str(own))
        with page(root) as found:
            yield found


def looked(served: Page, wanted: str, query: str = "") -> dict:
    def ready() -> dict | None:
        found = served.get(f"/api/places/{wanted}{query}")
        return found if found["state"] == "ready" else None

    return wait_for(ready, 60)


def test_folders_are_known_from_recipes_and_from_the_own_data(served, own):
    found = {(one["path"], one["origin"]) for one in served.get("/api/places")["places"]}
    assert found == {(str(own / "pets"), "the recipe of study"), (str(own / "plants"), "PARIBUS_DATA")}


def test_a_look_is_what_the_command_line_prints(served, own):
    (wanted, *_) = [one["id"] for one in served.get("/api/places")["places"]]
    found = looked(served, wanted)
    assert found["page"] == json.loads(json.dumps(plain(scan_page(scan(own / "pets")))))
    assert found["command"] == f"paribus data {own / 'pets'}"
    said = json.dumps(found["page"])
    assert "words.png" in said
    assert "identical pictures with different labels" in said


def test_copies_are_looked_for_where_that_is_asked(served):
    wanted = served.get("/api/places")["places"][0]["id"]
    assert looked(served, wanted, "?duplicates=true")["state"] == "ready"


def test_a_run_names_the_place_of_its_data(served):
    run = served.id("study/arm/seed-0")

    def known() -> dict | None:
        with suppress(TimeoutError):  # what reads runs may just be starting, on a busy machine
            return served.get(f"/api/runs/{run}")
        return None

    wanted = wait_for(known, 120)["place"]
    assert wanted in {one["id"] for one in served.get("/api/places")["places"]}


def test_a_place_is_opened_by_its_path_once(served, own, tmp_path):
    table = tmp_path / "patients.csv"
    table.write_text("age,ill\n" + "".join(f"{place % 7 + 20},{place % 2}\n" for place in range(40)))
    opened = served.post("/api/places", {"path": str(table), "target": "ill"}).json
    assert opened == served.post("/api/places", {"path": str(table), "target": "ill"}).json
    assert (opened["kind"], opened["command"]) == ("table", f"paribus data {table} --target=ill")
    heads = looked(served, opened["id"])["page"]["sections"][0]["tables"][0]["rows"]
    assert [row[:2] for row in heads] == [["age", "number"], ["ill", "target"]]
    relative = served.post("/api/places", {"path": "pets"}).json  # below PARIBUS_DATA, as in training
    assert relative["path"] == str(own / "pets")


def test_a_folder_with_masks_is_surveyed(served, tmp_path):
    for folder, values in (("images", 200), ("masks", 2)):
        (tmp_path / folder).mkdir()
        for place in range(3):
            Image.fromarray(np.full((16, 24), values - place % 2, np.uint8)).save(tmp_path / folder / f"{place}.png")
    opened = served.post("/api/places", {"path": str(tmp_path), "masks": "masks"}).json
    assert opened["kind"] == "masks"
    assert "3 good pictures with masks" in looked(served, opened["id"])["page"]["sections"][0]["title"]


@pytest.mark.parametrize("path", ["", "   ", 3, None, "a\0b", "x" * 5000, ["pets"]])
def test_what_is_no_path_is_refused(served, path):
    found = served.post("/api/places", {"path": path})
    assert found.status == 400
    assert found.json["error"]["message"] == "name a folder of pictures, or a table"


def test_what_is_not_there_is_said_with_what_to_do(served):
    found = served.post("/api/places", {"path": "nowhere"})
    assert (found.status, found.json["error"]["got"]) == (404, "nowhere")
    assert "PARIBUS_DATA" in found.json["error"]["hint"]


@pytest.mark.parametrize("wanted", ["0123456789abcdef", "pets", "..%2Fpets", "%2Fetc"])
def test_a_look_needs_an_id_that_is_known(served, wanted):
    assert served.ask(f"/api/places/{wanted}").status == 404


def test_a_folder_without_classes_gets_the_sentence_of_the_command_line(served, own):
    opened = served.post("/api/places", {"path": str(own / "words")}).json
    found = wait_for(lambda: (one := served.ask(f"/api/places/{opened['id']}")).status != 200 and one, 30)
    assert found.status == 400
    assert found.json["error"]["message"]


def test_other_pages_and_read_only_ones_open_nothing(served, own):
    asked = json.dumps({"path": str(own / "pets")}).encode()
    assert served.ask("/api/places", "POST", asked, Origin="http://evil.example").status == 403
    assert served.ask("/api/places", "POST", asked, Cookie=None).status == 401
    with page(served.root, read_only=True) as shown:
        assert shown.post("/api/places", {"path": str(own / "pets")}).status == 403
