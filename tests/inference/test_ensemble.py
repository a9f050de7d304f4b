"""Networks that predict together, and several views of each picture."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from tests.small import Heard, small

import paribus as pb
from paribus.errors import DataError, RecipeError, RunError, StudyError
from paribus.inference.ensemble import Ensemble, agreement, members
from paribus.inference.predict import to_csv
from paribus.inference.views import views
from paribus.records.parts import Part


@pytest.fixture(scope="module")
def study(session_cache, tmp_path_factory):
    study = small(seeds=3, name="made", runs=tmp_path_factory.mktemp("runs"))
    study.run(jobs=1, listen=Heard())
    return study


@pytest.fixture
def pictures(tmp_path):
    for index, digit in enumerate(load_digits().images[:6]):
        Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8)).save(tmp_path / f"{index}.png")
    (tmp_path / "broken.png").write_text("none")
    return tmp_path


STORED = torch.from_numpy(np.rint(load_digits().images[:6] * 255 / 16).astype(np.uint8))[:, None]


def test_all_seeds_of_an_arm_predict_together(study, pictures):
    found = pb.predict(study, pictures, arm="lr=0.1")
    runs = [pb.load(study.folder / study.design.arms()[1].slug / f"seed-{seed}") for seed in range(3)]
    shares = torch.stack([one.predict(STORED) for one in runs])
    expected = shares.mean(0)
    assert [one.problem == "" for one in found] == [True] * 6 + [False]
    for place, one in enumerate(found[:6]):
        assert list(one.figures.values()) == pytest.approx(expected[place].tolist(), abs=1e-6)
        assert one.label == str(int(expected[place].argmax()))
        agreed = (shares[:, place].argmax(1) == expected[place].argmax()).double().mean()
        assert one.agreement == pytest.approx(float(agreed))
    assert found == pb.predict([one.folder for one in runs], pictures)
    assert found[:6] == pb.predict(study.folder, [pictures / f"{i}.png" for i in range(6)], arm="lr=0.1")
    header, first, *_ = csv.reader(io.StringIO(to_csv(found)))
    assert header[-2:] == ["agreement", "problem"]
    assert float(first[-2]) == pytest.approx(found[0].agreement, abs=1e-6)


def test_one_run_alone_says_what_it_said_before(study, pictures):
    run = members(study, "lr=0.1")[0]
    [one] = pb.predict(run, pictures / "0.png")
    assert one.agreement is None
    assert "agreement" not in to_csv([one])
    assert pb.predict(run, pictures / "0.png", tta=1)[0].figures == pytest.approx(one.figures, abs=1e-6)


def test_a_mirror_image_is_a_second_view(study, pictures):
    run = members(study, "lr=0.1")[0]
    found = pb.predict(run, pictures, tta="flip")
    expected = (run.predict(STORED) + run.predict(STORED.flip(-1))) / 2
    for one, shares in zip(found[:6], expected.tolist(), strict=True):
        assert list(one.figures.values()) == pytest.approx(shares, abs=1e-6)
    turned = pb.predict(run, STORED.flip(-1).numpy(), tta="flip")  # the mean does not see which of both came
    assert [one.figures for one in turned] == [pytest.approx(one.figures, abs=1e-6) for one in found[:6]]


def test_views_are_draws_of_the_recipe_that_do_not_depend_on_other_pictures(study):
    run = members(study, "lr=0.1")[0]
    augment = {"crop": Part("crop", padding=1), "flip": Part("flip")}
    run = replace(run, recipe=run.recipe.override({"augment": augment}))
    seen = [view(STORED) for view in views(run, 8)]
    assert len(seen) == 8
    assert torch.equal(seen[0], STORED)
    assert len({bytes(one.numpy().tobytes()) for one in seen}) > 4
    for view, whole in zip(views(run, 8), seen, strict=True):
        assert torch.equal(view(STORED[3:5]), whole[3:5])
    whole = Ensemble((run,), 8).opinions(STORED)
    torch.testing.assert_close(Ensemble((run,), 8).opinions(STORED[2:3]), whole[:, :, 2:3])


def test_agreement_is_of_members_or_of_the_views_of_one():
    a, b = [0.9, 0.1], [0.2, 0.8]
    opinions = torch.tensor([[[a], [b]], [[a], [a]], [[b], [b]]])  # (3 members, 2 views, 1 example, 2 classes)
    assert agreement(opinions).tolist() == [2 / 3]  # the mean of the first member's views says the first class
    assert agreement(opinions[:1]).tolist() == [0.5]


def test_mistakes(study, pictures, tmp_path):
    with pytest.raises(StudyError, match="this is asked of one arm") as caught:
        pb.predict(study, pictures)
    assert "lr=0.05; lr=0.1" in caught.value.hint
    run = members(study, "lr=0.1")[0]
    with pytest.raises(StudyError, match="a run has no arms"):
        pb.predict(run.folder, pictures, arm="lr=0.1")
    with pytest.raises(RunError, match="an ensemble has members"):
        pb.predict([], pictures)
    for wish in ("flap", 0, 65, True, 2.5):
        with pytest.raises(RecipeError, match="test-time augmentation is flip, or a number"):
            pb.predict(run, pictures, tta=wish)
    flat = replace(run, info=replace(run.info, input_shape=(64,)))
    with pytest.raises(DataError, match="only pictures have several views"):
        Ensemble((flat,), "flip").opinions(STORED)
    with pytest.raises(DataError, match="the same inputs"):
        Ensemble((run, flat))
    odd = replace(run, task=object())
    with pytest.raises(DataError, match="this task has none"):
        Ensemble((odd,), "flip")
