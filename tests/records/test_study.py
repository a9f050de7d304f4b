from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import made

from paribus.chance import STREAMS
from paribus.errors import StudyError
from paribus.records.recipe import Recipe
from paribus.records.study import StudyDesign, find_arm, slug


def design(factors: dict | None = None, **more) -> StudyDesign:
    recipe = Recipe.load("digits/cnn").plain()
    return StudyDesign(name="study", recipe=recipe, factors=factors or {}, **more)


TWO = {"model.norm": ["none", "batch"], "optimizer.lr": [0.1, 0.01, 1e-3]}


def test_a_factorial_crosses_everything():
    arms = design(TWO).arms()
    assert [arm.name for arm in arms] == [
        "norm=none, lr=0.1", "norm=none, lr=0.01", "norm=none, lr=0.001",
        "norm=batch, lr=0.1", "norm=batch, lr=0.01", "norm=batch, lr=0.001",
    ]  # fmt: skip
    assert arms[4].settings == {"model.norm": "batch", "optimizer.lr": 0.01}
    assert arms[4].slug == "norm=batch-lr=0.01"


def test_one_at_a_time_changes_one_from_the_reference():
    arms = design(TWO, layout="one-at-a-time").arms()
    assert [tuple(arm.settings.values()) for arm in arms] == [
        ("none", 0.1), ("batch", 0.1), ("none", 0.01), ("none", 0.001),
    ]  # fmt: skip


def test_without_factors_there_is_one_arm():
    assert [(arm.name, dict(arm.settings)) for arm in design().arms()] == [("base", {})]


def noise_study(recipe: dict, **factors) -> StudyDesign:
    base = Recipe.load("digits/cnn", recipe).plain()
    return StudyDesign(name="study", recipe=base, factors=factors, layout="noise")


def test_a_noise_study_frees_one_stream_at_a_time():
    whole = noise_study({"augment.flip": True})
    arms = whole.arms()
    assert [arm.name for arm in arms] == ["all streams", *(f"{stream} only" for stream in STREAMS)]
    for arm, stream in zip(arms[1:], STREAMS, strict=True):
        chance = whole.recipe_of(arm).chance.model_dump(exclude_none=True)
        assert chance == {other: 0 for other in STREAMS if other != stream}
    assert whole.recipe_of(arms[0]).identity == whole.base.identity
    some = noise_study({}, chance=["order", "split"]).arms()
    assert [arm.name for arm in some] == ["all streams", "order only", "split only"]


@pytest.mark.parametrize(
    ("recipe", "idle"),
    [({}, {"augmentation"}), ({"chance.order": 3}, {"augmentation", "order"}), ({"augment.flip": True}, set())],
)
def test_a_noise_study_leaves_out_streams_that_decide_nothing(recipe, idle):
    names = [arm.name for arm in noise_study(recipe).arms()[1:]]
    assert names == [f"{stream} only" for stream in STREAMS if stream not in idle]


def test_recipes_of_arms_are_the_base_with_their_settings():
    whole = design(TWO)
    recipe = whole.recipe_of(whole.arms()[3])
    assert recipe.identity == Recipe.load("digits/cnn", {"model.norm": "batch", "optimizer.lr": 0.1}).identity


@pytest.mark.parametrize(
    ("factors", "more", "question"),
    [
        ({"model.norm": ["none", "batch"]}, {}, "Does it matter for digits/cnn: model.norm (none, batch)?"),
        ({}, {}, "How well does it do for digits/cnn?"),
        ({}, {"layout": "noise"}, "Where does the spread between seeds come from for digits/cnn?"),
    ],
)
def test_a_study_is_a_question(factors, more, question):
    assert design(factors, **more).question == question


@given(st.text(max_size=300))
def test_slugs_are_portable_folder_names(name):
    text = slug(name.encode(errors="ignore").decode())
    assert 0 < len(text.encode()) <= 80
    assert not set(text) & set('/\\:*?"<>| \0\n\t')
    assert text[0] not in "-." or text == "-"
    assert text[-1] != "."
    assert text.split(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert slug(text) == text  # a folder's name is its own


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("digits/cnn--model.norm", "digits-cnn--model.norm"),
        ("norm=batch, lr=0.1", "norm=batch-lr=0.1"),
        ("..", "run"),
        ("../../etc", "etc"),
        ("", "run"),
        ("größe=1", "größe=1"),
        ("NUL", "NUL-"),
        ("nul.x", "nul.x-"),
        ("console", "console"),
    ],
)
def test_R26_slugs(name, text):
    assert slug(name) == text


def test_long_names_stay_apart():
    names = ["a" * 90 + letter for letter in "xyz"] + ["𝐱" * 90]
    assert len({slug(name) for name in names}) == 4


ARMS = design(
    {
        "optimizer": [{"use": "sgd", "lr": 0.1}, {"use": "adam", "lr": 0.001}],
        "model.norm": ["none", "batch"],
        "model.widths": [[8], [8, 8]],
    }
)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("optimizer=adam(lr=0.001), norm=batch, widths=[8, 8]", ("adam", "batch", [8, 8])),
        ("optimizer=adam, norm=batch, widths=[8, 8]", ("adam", "batch", [8, 8])),
        ("model.norm=batch,optimizer=sgd,model.widths=[8]", ("sgd", "batch", [8])),
        (ARMS.arms()[0].slug, ("sgd", "none", [8])),
    ],
)
def test_an_arm_is_found_by_its_fields(text, settings):
    found = find_arm(ARMS, text).settings
    assert (found["optimizer"]["use"], found["model.norm"], list(found["model.widths"])) == settings


@pytest.mark.parametrize(("text", "says"), [("norm=batch", "more than one"), ("norm=layer", "no such arm"), ("", "no")])
def test_what_names_no_single_arm_is_refused(text, says):
    with pytest.raises(StudyError, match=says):
        find_arm(ARMS, text)


def test_a_design_comes_back_as_it_was(tmp_path):
    whole = design(TWO, seeds=(3, 1), delta=0.01, looks=(2, 4), command="paribus study …", metric="val/loss")
    whole.write(tmp_path)
    assert StudyDesign.open(tmp_path) == whole
    assert [arm.name for arm in StudyDesign.open(tmp_path).arms()] == [arm.name for arm in whole.arms()]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "not a study folder"),
        ("[]", "damaged: it holds no study"),
        ('{"form', "cannot read study.json"),
        ('{"format": 2}', "of format 1"),
        ('{"format": 1}', "damaged: name must be given"),
        ('{"format": 1, "name": "x", "recipe": {}, "seeds": []}', "damaged: seeds"),
        ('{"format": 1, "name": "x", "recipe": {}, "colour": 1}', "damaged: there is no colour"),
    ],
)
def test_R32_damaged_and_foreign_designs_are_named(tmp_path, content, rule):
    if content is not None:
        (tmp_path / "study.json").write_text(content)
    with pytest.raises(StudyError, match=rule) as caught:
        StudyDesign.open(tmp_path)
    assert str(tmp_path) in caught.value.got
    assert caught.value.hint
    if content and '"format": 2' not in content:
        assert "delete this file" in caught.value.hint


@pytest.mark.parametrize(
    ("field", "value"),
    [("delta", 0), ("delta", -1), ("confidence", 0.5), ("confidence", 1), ("seeds", ()), ("layout", "latin"), ("x", 1)],
)
def test_designs_that_make_no_sense_are_refused(field, value):
    with pytest.raises(StudyError, match=field):
        StudyDesign.make(name="x", recipe={}, **{field: value})


def test_results_are_plain_data():
    for result in (made.two_arms(), made.noise(), made.diverged(), made.hostile()):
        content = json.dumps(result.plain(), allow_nan=False)
        assert json.loads(content)["design"]["name"] == "made"
    assert made.two_arms().complete
    assert made.diverged().complete
    assert not made.failed().complete
    assert made.diverged().arms[1].count("diverged") == 2


def test_files_that_call_interim_analyses_looks_are_read(tmp_path):
    planned = design(TWO, seeds=(0, 1), interim=(2, 4))
    planned.write(tmp_path)
    file = tmp_path / "study.json"
    content = json.loads(file.read_text().replace('"interim"', '"looks"'))
    del content["seal"]  # which came later
    file.write_text(json.dumps(content))
    assert StudyDesign.open(tmp_path) == planned


def test_a_line_that_is_lost_from_a_study_file_is_noticed(tmp_path):
    design(TWO, seeds=(0, 1, 2)).write(tmp_path)
    file = tmp_path / "study.json"
    text = file.read_text()
    assert StudyDesign.open(tmp_path).seeds == (0, 1, 2)
    file.write_text(json.dumps(json.loads(text)))  # laid out in another way it says the same
    assert StudyDesign.open(tmp_path).seeds == (0, 1, 2)
    file.write_text(text.replace("    1,\n", "", 1))
    with pytest.raises(StudyError, match=r"(?s)not what was written.*delete this file and run the study again"):
        StudyDesign.open(tmp_path)
