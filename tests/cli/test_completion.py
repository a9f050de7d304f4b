"""What shells complete: asked of the functions themselves, and of the whole program as bash asks it."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from tests import made

from paribus.cli import completion, vocabulary
from paribus.records.recipe import shipped

HEAVY = {"torch", "numpy", "scipy", "sklearn", "paribus.records.recipe"}  # typer itself may take pydantic
NORMS = ["none", "batch", "layer"]


def asked(complete, incomplete="", recipe="digits/mlp", overrides=(), args=(), **params):
    """The words that a function offers, as typer calls it."""
    context = SimpleNamespace(params={"recipe": recipe, "overrides": [*overrides], **params}, args=[*args])
    return [word for word, _ in complete(context, incomplete)]


def test_the_vocabulary_is_that_of_the_code():
    assert vocabulary.made() == completion.words(), "run: python -m paribus.cli.vocabulary"


def test_recipes_and_recipe_files(here):
    assert [word for word, _ in completion.recipes("digits/")] == [name for name in shipped() if "digits/" in name]
    (here / "own.yaml").write_text("base: digits/cnn\n")
    (here / "sub").mkdir()
    (here / "sub" / "b.yaml").write_text("model: cnn\n")
    assert [word for word, _ in completion.recipes("ow")] == ["own.yaml"]
    assert [word for word, _ in completion.recipes("sub/")] == ["sub/b.yaml"]


def test_fields_are_those_of_the_recipes_own_parts():
    assert "model.widths=" in asked(completion.overrides, "model.")
    assert "model.kernel=" not in asked(completion.overrides, "model.")
    for chosen in (["model=cnn"], ["model.use=cnn"], ["model", "=", "cnn"]):  # the last is how bash tells it
        assert "model.kernel=" in asked(completion.overrides, "model.", overrides=chosen)
    assert {"budget.epochs=", "budget.steps="} == {*asked(completion.overrides, "budget.")}
    assert "augment.crop.padding=" in asked(completion.overrides, "augment.crop.p")


def test_fields_of_a_recipe_file(here):
    (here / "own.yaml").write_text("base: digits/mlp\nmodel: {use: cnn}\n")
    assert "model.kernel=" in asked(completion.overrides, "model.", recipe="own.yaml")
    (here / "torn.yaml").write_text("model: [")
    assert "budget.epochs=" in asked(completion.overrides, "budget.", recipe="torn.yaml")


def test_values_however_the_shell_splits_words():
    whole = [f"model.norm={norm}" for norm in NORMS]
    assert asked(completion.overrides, "model.norm=") == whole
    assert asked(completion.overrides, "model.nor") == ["model.norm_momentum=", "model.norm="]
    scalings = [f"model.input_scaling={one}" for one in ("auto", "data", "imagenet")]
    assert asked(completion.overrides, "model.input_scaling=") == asked(completion.overrides, "model.inp") == scalings
    assert asked(completion.overrides, "model.norm=ba") == ["model.norm=batch"]
    assert asked(completion.overrides, "", overrides=["model.norm", "="]) == NORMS
    assert asked(completion.overrides, "ba", overrides=["model.norm", "="]) == ["batch"]
    assert asked(completion.overrides, "nothing=") == []


def test_what_verdicts_can_be_about():
    assert [word for word, _ in completion.claims("")] == ["these", "like-these", "examples"]
    assert [word for word, _ in completion.claims("l")] == ["like-these"]


def test_factors_take_several_values():
    assert asked(completion.vary, "model.norm=none,b") == ["model.norm=none,batch"]
    assert asked(completion.vary, "model.norm=none,") == ["model.norm=none,batch", "model.norm=none,layer"]
    assert asked(completion.overrides, "none,b", overrides=["="], vary=["model.norm"]) == ["none,batch"]


def test_runs_studies_and_everything_that_is_shown(tmp_path):
    made.run_folder(tmp_path / "study" / "arm" / "seed-0")
    assert asked(completion.runs, runs=tmp_path) == ["last", "study/arm/seed-0"]
    assert asked(completion.runs, "st", runs=tmp_path) == ["study/arm/seed-0"]
    shown = asked(completion.things, runs=tmp_path)
    assert {"last", "study/arm/seed-0", "digits/cnn", "cnn", "sgd", "latent-map"} <= {*shown}
    assert asked(completion.runs, runs=tmp_path / "nowhere") == ["last"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("paribus run digits/", "digits/mlp"),
        ("paribus run digits/mlp model.norm = ba", "batch"),
        ("paribus show la", "last"),
    ],
)
def test_bash_is_answered_without_anything_heavy(line, expected, tmp_path):
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr))\n"
        "from paribus.cli import main; main()"
    )
    place = str(len(line.split(" ")) - 1)
    asking = {**os.environ, "_PARIBUS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": place}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env=asking, timeout=60, check=True)
    assert expected in done.stdout.splitlines()
    assert done.stderr == "[]\n"
