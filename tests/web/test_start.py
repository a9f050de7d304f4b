"""What a person starts on the page: studies and searches, of recipes that ship and of one's own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.served import Page, page

from paribus.web.tasks import plans, recipes

OWN = "base: digits/mlp\nabout: A net of my own.\noptimizer:\n  lr: 0.2\n"
SEARCH = {"kind": "search", "recipe": "digits/mlp", "overrides": {"budget.epochs": "2"}, "vary": {"lr": "1e-3..1"}}


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("runs")) as found:
        yield found


@pytest.fixture
def root(tmp_path) -> str:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "mine.yaml").write_text(OWN)
    (tmp_path / "recipes" / "other.yml").write_text(OWN)
    (tmp_path / "recipes" / "broken.yaml").write_text("model: 3")
    (tmp_path / "linked.yaml").symlink_to("/etc/hostname")
    return str(tmp_path)


class TestRecipes:
    def test_files_of_ones_own_are_listed_by_their_place(self, root):
        assert list(recipes.own(root)) == ["mine.yaml", "recipes/broken.yaml", "recipes/other.yml"]
        found = {one["name"]: one for one in recipes.recipes(root)}
        assert (found["mine.yaml"]["about"], found["mine.yaml"]["family"]) == ("A net of my own.", "your own")
        assert "a name or a mapping" in found["recipes/broken.yaml"]["problem"]
        assert found["digits/mlp"]["family"] == "digits"

    @pytest.mark.parametrize("name", ["linked.yaml", "../mine.yaml", "/etc/hostname", "mine", "recipes/../mine.yaml"])
    def test_only_what_is_listed_is_opened(self, root, name):
        with pytest.raises(recipes.RecipeError, match="no recipe of this name"):
            recipes.source(name, root)

    def test_one_that_is_sent_is_kept_once(self, root):
        assert recipes.keep(root, "sent.yaml", OWN) == recipes.keep(root, "sent", OWN) == "sent.yaml"
        assert Path(root, "sent.yaml").read_text() == OWN
        with pytest.raises(recipes.RecipeError, match="another recipe of this name"):
            recipes.keep(root, "sent", OWN.replace("0.2", "0.3"))
        assert Path(root, "sent.yaml").read_text() == OWN

    @pytest.mark.parametrize(
        ("name", "text", "rule"),
        [
            ("good", OWN + "model: {nonsense: 3}\n", "no model.nonsense"),
            ("../up", OWN, "letters, digits"),
            (".hidden", OWN, "letters, digits"),
            ("a/b", OWN, "letters, digits"),
            ("sent", "base: digits/mlp\noptimzer: {lr: 2}\n", "no such field"),
            ("sent", "base: /etc/passwd.yaml\n", "one that ships"),
            ("sent", "!!python/object/apply:os.system [ls]", "tags are not allowed"),
            ("sent", "just words", "mapping of fields"),
            ("sent", "about: " + "x" * recipes.MOST_SENT, "at most 100,000 letters"),
        ],
    )
    def test_what_is_no_recipe_is_refused_and_not_kept(self, root, name, text, rule):
        before = sorted(Path(root).rglob("*"))
        with pytest.raises(recipes.RecipeError, match=rule) as caught:
            recipes.keep(root, name, text)
        assert "/tmp" not in str(caught.value)
        assert sorted(Path(root).rglob("*")) == before


class TestPlans:
    def test_a_search_is_what_its_command_makes(self, root):
        found = plans.preview({**SEARCH, "trials": "4", "confirm": "2", "sampler": "random"}, root)
        assert found["ok"], found["problems"]
        assert (found["trials"], found["fresh"], found["runs"]) == (4, 4, 8)
        assert shlex.split(found["command"])[1:] == [
            *["tune", "digits/mlp", "budget.epochs=2", "--search", "lr=1e-3..1"],
            *["--trials", "4", "--sampler", "random", "--confirm", "2", "--runs", root],
        ]
        assert found["question"].startswith("Which values do best")

    def test_the_brackets_of_hyperband_say_how_many_trials_there_are(self, root):
        asked = {**SEARCH, "overrides": {"budget.epochs": "9"}, "stop": "hyperband", "confirm": "0"}
        found = plans.preview(asked, root)
        assert (found["ok"], found["fresh"]) == (True, 0)
        assert found["runs"] == found["trials"] > 4
        assert not plans.preview({**asked, "trials": "4"}, root)["ok"]

    @pytest.mark.parametrize(
        ("changed", "rule"),
        [
            ({"vary": {"lr": "1e-3..x"}}, "a range of lr"),
            ({"trials": "many"}, "trials is a whole number"),
            ({"sampler": "magic"}, "no such sampler"),
            ({"recipe": "digits/nothing"}, "no recipe of this name"),
            ({"vary": {}}, "search"),
            ({"overrides": {"--plugin": "evil.py"}}, "no such field"),
            ({"vary": "lr"}, "fields with their values"),
        ],
    )
    def test_what_is_wrong_is_said_as_the_command_line_says_it(self, root, changed, rule):
        found = plans.preview({**SEARCH, **changed}, root)
        assert not found["ok"]
        assert rule in found["problems"][0]["message"]

    def test_a_recipe_of_ones_own_stands_in_the_command_by_its_path(self, root):
        found = plans.preview({"recipe": "mine.yaml", "vary": {"lr": "0.1,0.2"}, "seeds": "2"}, root)
        assert shlex.split(found["command"])[2] == f"{root}/mine.yaml"
        assert sorted(found["arms"]) == ["lr=0.1", "lr=0.2"]


def test_a_recipe_is_sent_filled_in_and_searched(served, monkeypatch):
    monkeypatch.setattr(served.app.state.desk.queue, "start", lambda: None)  # nothing is trained here
    assert served.post("/api/recipes", {"name": "sent", "text": OWN}).json == {"name": "sent.yaml"}
    form = served.get("/api/recipes/sent.yaml/schema")
    fields = {one["path"]: one for section in form["sections"] for one in section["fields"]}
    assert fields["optimizer.lr"]["value"] == "0.2"
    how = {one["path"]: one for one in form["search"]}
    assert "tpe" in how["sampler"]["choices"]
    assert all(one["about"] for one in how.values())
    begun = served.post("/api/start", {**SEARCH, "recipe": "sent.yaml", "trials": "3"})
    assert begun.status == 200
    assert begun.json["kind"] == "search"
    (job,) = served.get("/api/queue")["jobs"]
    assert (job["kind"], job["state"], job["study"]) == ("search", "waiting", begun.json["id"])
    assert shlex.split(job["command"])[:2] == ["paribus", "tune"]


@pytest.mark.parametrize("content", [{}, {"name": "a"}, {"name": 3, "text": OWN}, {"name": "a", "text": " "}])
def test_what_is_sent_has_a_name_and_a_text(served, content):
    assert served.post("/api/recipes", content).status == 400


def test_a_recipe_is_sent_by_the_page_itself_only(served):
    asked = json.dumps({"name": "evil", "text": OWN}).encode()
    assert served.ask("/api/recipes", "POST", asked, Origin="http://evil.example").status == 403
    with page(served.root, read_only=True) as shown:
        assert shown.post("/api/recipes", {"name": "evil", "text": OWN}).status == 403
    assert not (served.root / "evil.yaml").exists()
