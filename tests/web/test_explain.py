"""Examples that networks draw and what is asked of arms: the answers of the command line, as pages."""

from __future__ import annotations

import base64
import io
import json
import shlex
from pathlib import Path

import pytest
from PIL import Image
from tests.served import page, wait_for
from tests.small import small

import paribus as pb
from paribus.errors import ParibusError, RecipeError
from paribus.inference.sample import sample
from paribus.web.pages import plain
from paribus.web.tasks import arms, explain, samples

TINY = {"budget.epochs": 1, "split.limit": 100}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A study of two arms and two seeds that split alike, a network that draws pictures, and one that writes."""
    root = tmp_path_factory.mktemp("runs")
    study = small(seeds=2, runs=root, name="rates", changes={"chance.split": 0})
    study.run(executor="inprocess", listen=lambda _: None)
    words = root.parent / "words.txt"
    words.write_text("the cat sat on the mat and the dog sat on the cat. " * 60)
    for recipe, changes in (("digits/vae", {}), ("text/lstm", {"data.path": str(words)})):
        pb.Run(recipe, {**TINY, **changes}, runs=root).train(device="cpu")
    return root


def run_of(runs: Path, name: str) -> str:
    return str(next(path.parent for path in runs.rglob("result.json") if name in str(path)))


def test_files_to_predict_for_are_said_in_words(runs):
    asked = {name: explain.about(run_of(runs, name))["predict"] for name in ("rates", "text-lstm")}
    assert asked["rates"] == {"accepts": "image/*", "about": asked["rates"]["about"]}
    assert asked["rates"]["about"].startswith("pictures")
    assert "8 × 8 pixels" in asked["rates"]["about"]
    assert asked["text-lstm"]["accepts"] == ".csv,.txt"
    assert asked["text-lstm"]["about"].startswith("text files")


class TestSamples:
    def test_what_draws_is_asked_with_its_options(self, runs):
        vae = next(one for one in explain.about(run_of(runs, "digits-vae"))["analyses"] if one["what"] == "samples")
        assert {one["path"] for one in vae["options"]} >= {"count", "seed", "walk"}
        lstm = next(one for one in explain.about(run_of(runs, "text-lstm"))["analyses"] if one["what"] == "samples")
        fields = {one["path"]: one for one in lstm["options"]}
        assert fields.keys() >= {"count", "seed", "temperature", "length", "top_k", "top_p", "prompt"}
        assert all(one["about"] for one in fields.values())
        assert "samples" not in {one["what"] for one in explain.about(run_of(runs, "rates"))["analyses"]}

    def test_pictures_are_those_of_the_command_line(self, runs):
        path = run_of(runs, "digits-vae")
        (section,) = explain.ask(path, "samples", {"count": "4", "seed": "3"})["sections"]
        (photo,) = section["photos"]
        drawn = sample(path, 4, 3)
        assert base64.b64decode(photo["url"].partition(",")[2]) == drawn.png()
        assert Image.open(io.BytesIO(drawn.png())).width > 8

    def test_a_walk_is_another_picture_and_text_is_text(self, runs):
        path = run_of(runs, "digits-vae")
        walk, plain_one = (samples.draw(path, {"count": 2, "walk": walk})["sections"] for walk in (True, False))
        assert walk != plain_one
        found = samples.draw(run_of(runs, "text-lstm"), {"count": 1, "length": 20, "prompt": "the cat"})
        assert found["sections"][0]["code"][0].startswith("the cat")

    @pytest.mark.parametrize(
        ("options", "rule"),
        [
            ({"count": "0"}, "count"),
            ({"count": "1000"}, "count"),
            ({"seed": "-1"}, "seed"),
            ({"wolk": "true"}, "wolk"),
            ({"walk": "perhaps"}, "walk"),
        ],
    )
    def test_what_is_no_option_is_refused(self, runs, options, rule):
        with pytest.raises(ParibusError) as caught:
            explain.ask(run_of(runs, "digits-vae"), "samples", options)
        assert rule in str(caught.value)


class TestArms:
    def test_the_table_says_what_is_asked_of_arms(self, runs):
        found = {one["what"]: one for one in arms.about(str(runs / "rates"))["analyses"]}
        assert list(found) == ["ensemble", "class-seeds", "flips"]
        chosen = found["ensemble"]["options"][0]
        assert (chosen["path"], chosen["choices"], chosen["must"]) == ("arm", ["lr=0.05", "lr=0.1"], True)

    @pytest.mark.parametrize("what", ["ensemble", "class-seeds"])
    def test_an_answer_is_that_of_the_command_line(self, runs, what):
        from paribus.analysis.table import find, resolve
        from paribus.studies.ensemble import analyse_arm

        found = arms.ask(str(runs / "rates"), what, {"arm": "lr=0.1"})
        record = analyse_arm(runs / "rates", what, "lr=0.1")
        assert found == json.loads(json.dumps(plain(resolve(find(what).page)(record))))

    def test_arms_are_compared_example_by_example(self, runs):
        found = arms.ask(str(runs / "rates"), "flips", {})
        assert found["sections"]
        with pytest.raises(RecipeError, match="no such option"):
            arms.ask(str(runs / "rates"), "flips", {"shown": "3"})

    def test_the_test_is_not_opened_by_the_way(self, runs):
        with pytest.raises(RecipeError, match="opens the held-out test"):
            arms.ask(str(runs / "rates"), "ensemble", {"split": "test"})

    def test_a_study_with_one_seed_says_what_is_missing(self, tmp_path):
        small(seeds=1, runs=tmp_path, name="one").run(executor="inprocess", listen=lambda _: None)
        found = {one["what"] for one in arms.about(str(tmp_path / "one"))["analyses"]}
        assert found == {"flips"}


def test_the_page_names_the_command_that_asks_the_same(runs):
    with page(runs) as served:
        wanted = served.id("rates")
        assert served.get(f"/api/studies/{wanted}/explain")["analyses"][0]["what"] == "ensemble"
        address = f"/api/studies/{wanted}/explain/ensemble?arm=lr%3D0.1&confidence=0.9"
        found = wait_for(lambda: (one := served.get(address))["state"] == "ready" and one, 60)
        assert shlex.split(found["command"]) == [
            *["paribus", "analyse", "ensemble", str(runs / "rates"), "--arm=lr=0.1", "--set=confidence=0.9"]
        ]
        assert served.ask("/api/studies/0123456789abcdef/explain").status == 404
        run = served.id(str(Path(run_of(runs, "digits-vae")).relative_to(runs)))
        said = served.get(f"/api/explain/{run}/samples?count=2&walk=true")["command"]
        assert shlex.split(said)[:2] == ["paribus", "sample"]
        assert shlex.split(said)[3:] == ["--count=2", "--set=walk=true"]
    with page(runs, read_only=True) as shown:  # nothing is kept of examples that are drawn
        assert shown.ask(f"/api/explain/{run}/samples?count=2").status == 200
