"""Pretexts against definitions written out, and as a start for what comes after them."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import inputs_of, prepare, reads_by_seed
from paribus.data.prepare.split import few
from paribus.errors import DataError, MissingData, RecipeError
from paribus.inference.predict import predict
from paribus.inference.trained import load
from paribus.models.network import assemble
from paribus.models.stored import read_tensors
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.records.weights import started_from
from paribus.tasks.pretext.contrast import found, nt_xent
from paribus.tasks.pretext.joint import Joint
from paribus.tasks.pretext.pretext import Pretext
from paribus.tasks.pretext.reconstruction import masks
from paribus.tasks.pretext.rotation import turned
from paribus.training import loop
from paribus.training.execution import Settings

CPU = Settings("cpu", 1)
KINDS = ("rotation", "simclr", "masked", "denoising")
QUICK = {"model.widths": [4], "model.norm": "batch", "budget.epochs": 1, "split.limit": 60, "training.batch_size": 20,
         "training.precision": "fp32"}  # fmt: skip
INFO = DataInfo((3, 8, 8), ("a", "b"), {"train": 8}, (4, 4), (100.0,) * 3, (50.0,) * 3)


def recipe(kind: str, **more) -> Recipe:
    return Recipe.load("digits/cnn", {**QUICK, "task": {"use": "pretext", "kind": kind}, **more})


def trained(chosen: Recipe, folder, seed: int = 0) -> RunFolder:
    loop.train(RunFolder(folder), chosen, seed, CPU)
    return RunFolder(folder)


def batch(size: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(1)
    pictures = torch.randint(0, 256, (size, 3, 8, 8), dtype=torch.uint8, generator=generator)
    return Batch(pictures, torch.arange(size) % 2, torch.arange(size))


class TestViews:
    def test_nt_xent_is_equation_1_of_chen_et_al(self):
        z = F.normalize(torch.randn(10, 3, generator=torch.Generator().manual_seed(0), dtype=torch.double), dim=1)
        total = 0.0
        for i in range(10):
            j = (i + 5) % 10
            others = sum(math.exp(float(z[i] @ z[k]) / 0.3) for k in range(10) if k != i)
            total -= math.log(math.exp(float(z[i] @ z[j]) / 0.3) / others)
        assert float(nt_xent(z, 0.3)) == pytest.approx(total / 10, rel=1e-12)

    def test_its_gradient_is_that_of_finite_differences(self):
        z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.double, requires_grad=True)
        assert torch.autograd.gradcheck(lambda z: nt_xent(F.normalize(z, dim=1), 0.5), z)

    def test_views_that_are_alike_are_found_and_others_are_not(self):
        z = torch.eye(4).repeat(2, 1)
        assert found(z).all()
        assert not found(torch.eye(2)[[0, 0, 1, 1]]).any()  # each lies on a view of the other picture

    def test_one_picture_alone_has_nothing_to_be_told_from(self):
        assert float(nt_xent(F.normalize(torch.randn(2, 3), dim=1), 0.5)) == 0

    def test_the_two_views_differ_and_repeat_with_the_seed(self):
        task = Pretext(INFO, "simclr")
        torch.manual_seed(3)
        first = task.objective.two(batch())
        torch.manual_seed(3)
        again = task.objective.two(batch())
        assert not torch.equal(*first)
        assert all(map(torch.equal, first, again))


class TestTurns:
    def test_each_picture_is_turned_by_its_own_number_of_quarters(self):
        pictures = batch().inputs
        turns = torch.tensor([0, 1, 2, 3, 1, 0])
        for picture, turn, given in zip(turned(pictures, turns), turns.tolist(), pictures, strict=True):
            assert torch.equal(picture, given.rot90(turn, (1, 2)))

    def test_in_evaluation_every_picture_comes_in_all_four(self):
        inputs, turns = Pretext(INFO).objective.puzzle(batch().inputs, training=False)
        assert torch.equal(turns.bincount(), torch.full((4,), 6))
        assert torch.equal(inputs[6:12], batch().inputs.rot90(1, (2, 3)))

    def test_pictures_that_are_not_square_are_refused(self):
        info = DataInfo((3, 8, 6), ("a", "b"), {"train": 8}, (4, 4), (1.0,) * 3, (1.0,) * 3)
        with pytest.raises(DataError, match="square"):
            Pretext(info)


class TestReconstruction:
    def test_masks_hide_whole_patches_and_as_many_of_every_picture(self):
        hidden = masks(5, (8, 8), 4, 0.5, torch.device("cpu"))
        assert torch.equal(hidden.sum((1, 2, 3)), torch.full((5,), 32))
        patches = hidden.unflatten(3, (2, 4)).unflatten(2, (2, 4)).float().mean((3, 5))
        assert set(patches.unique().tolist()) == {0.0, 1.0}

    def test_what_is_not_hidden_stays_and_what_is_hidden_is_the_mean(self):
        task = Pretext(INFO, "masked")
        network = assemble(Part("cnn"), task, Seeds(0))
        spoilt, hidden = task.objective.spoil(network, batch().inputs)
        everywhere = hidden.expand_as(spoilt)
        assert torch.equal(spoilt[~everywhere], batch().inputs.float()[~everywhere])
        assert (spoilt[everywhere] == 100).all()

    def test_a_decoder_that_gives_the_mean_has_the_variance_as_its_loss(self):
        task = Pretext(INFO, "denoising")
        network = assemble(Part("cnn"), task, Seeds(0))
        for parameter in network.companion.parameters():
            torch.nn.init.zeros_(parameter)
        loss, _ = task.loss("model", network, batch())
        wanted = ((batch().inputs.double() - 100) / 50).square().mean()
        assert float(loss.detach()) == pytest.approx(float(wanted), rel=1e-5)

    def test_patches_that_do_not_fit_are_refused(self):
        with pytest.raises(RecipeError, match="whole patches"):
            Pretext(INFO, "masked", patch=3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_trains_predicts_and_shows_what_it_does(kind, session_cache, tmp_path):
    folder = trained(recipe(kind), tmp_path)
    assert all(math.isfinite(value) for value in folder.result.metrics.values())
    assert (folder.previews / "final.png").is_file()
    one = load(folder)
    inputs = prepare(one.recipe, one.recipe.seeds(0)).sample(3).inputs
    answers = one.task.predict_inputs(one.network, inputs)
    assert len(answers) == 3
    assert all(answer.label for answer in answers)
    assert one.task.inspect(one.network, Batch(inputs, torch.zeros(3).long(), torch.arange(3))).errors.shape == (3,)


def test_a_run_repeats_bit_exactly(session_cache, tmp_path):
    once, again = (trained(recipe("simclr"), tmp_path / name).result for name in ("once", "again"))
    assert once.weights_sha256 == again.weights_sha256


def test_pictures_are_predicted_from_files(session_cache, tmp_path):
    from PIL import Image

    Image.new("L", (8, 8), 90).save(tmp_path / "a.png")
    folder = trained(recipe("rotation"), tmp_path / "run")
    (answer,) = predict(load(folder), [tmp_path / "a.png"])
    assert answer.label.startswith("turned by ")
    assert sum(answer.figures.values()) == pytest.approx(1, abs=1e-5)


def test_examples_that_are_no_pictures_are_refused():
    with pytest.raises(DataError, match="pictures"):
        Pretext(DataInfo((5,), (), {"train": 3}, (), (0.0,) * 5, (1.0,) * 5))


class TestStart:
    """Networks that start from a pretext."""

    def test_the_body_is_taken_and_the_companion_left_behind(self, session_cache, tmp_path):
        first = trained(recipe("simclr"), tmp_path / "first")
        tensors = read_tensors(first.weights)
        assert any(name.startswith("companion.") for name in tensors)
        second = Recipe.load("digits/cnn", {**QUICK, "model.weights": str(first.path), "budget.epochs": 0})
        after = read_tensors(trained(second, tmp_path / "second").weights)
        assert not any(name.startswith("companion.") for name in after)
        body = "model.stages.0.layers.0.conv.weight"
        assert torch.equal(after[body], tensors[body])

    def test_T25_each_seed_starts_from_the_run_of_its_own_seed(self, session_cache, tmp_path):
        arm = tmp_path / "arm"
        runs = [trained(recipe("rotation"), arm / f"seed-{seed}", seed) for seed in (0, 1)]
        second = Recipe.load("digits/cnn", {**QUICK, "model.weights": str(arm), "budget.epochs": 0})
        assert reads_by_seed(second)
        read = [inputs_of(second, seed) for seed in (0, 1)]
        assert read[0].files != read[1].files
        assert read[0].identity(second.identity) != read[1].identity(second.identity)
        assert read[0].setting(second.identity) == read[1].setting(second.identity)
        one = Recipe.load("digits/cnn", {**QUICK, "model.weights": str(runs[0].path), "budget.epochs": 0})
        assert inputs_of(one, 0).by_seed == ()
        body = "model.stages.0.layers.0.conv.weight"
        for seed, run in enumerate(runs):
            after = read_tensors(trained(second, tmp_path / f"after-{seed}", seed).weights)
            assert torch.equal(after[body], read_tensors(run.weights)[body])
            assert started_from(second, seed).path.name == f"seed-{seed}"
        with pytest.raises(MissingData, match="no run of seed 2"):
            inputs_of(second, 2)


class TestJoint:
    def test_T25_it_knows_the_labels_that_split_limit_would_keep(self, session_cache):
        chosen = Recipe.load("digits/cnn", {"task": {"use": "joint", "labelled": 50}})
        prepared = prepare(chosen, Seeds(3))
        task = Joint(prepared.info, labelled=50)
        task.check(prepared)
        limited = prepare(Recipe.load("digits/cnn", {"split.limit": 50}), Seeds(3))
        inputs, labels = limited.examples.take(limited.rows["train"])
        assert torch.equal(task.known[0], inputs)
        assert torch.equal(task.known[1], labels)
        with pytest.raises(DataError, match=r"task\.labelled must not exceed"):
            Joint(prepared.info, labelled=5000).check(prepared)

    def test_all_labels_beyond_those_are_never_read(self, session_cache):
        chosen = Recipe.load("digits/cnn", {"task": {"use": "joint", "labelled": 50}})
        prepared = prepare(chosen, Seeds(0))
        task = Joint(prepared.info, labelled=50)
        task.check(prepared)
        network = assemble(chosen.model, task, Seeds(0)).train()
        some = prepared.sample(8)
        torch.manual_seed(0)
        one, _ = task.loss("model", network, some)
        torch.manual_seed(0)
        other, _ = task.loss("model", network, Batch(some.inputs, some.targets.flip(0), some.rows))
        assert float(one.detach()) == float(other.detach())

    def test_its_classes_are_the_first_outputs_alone(self, session_cache):
        prepared = prepare(Recipe.load("digits/cnn"), Seeds(0))
        task = Joint(prepared.info)
        network = assemble(Part("cnn"), task, Seeds(0)).eval()
        inputs = prepared.sample(5).inputs
        assert network(inputs).shape == (5, 14)
        assert torch.equal(task.predict(network, inputs), network(inputs)[:, :10].softmax(1))

    @pytest.mark.parametrize("weight", [0.0, 1.0])
    def test_it_trains_with_and_without_the_pretext(self, weight, session_cache, tmp_path):
        changes = {**QUICK, "split.limit": 100, "task": {"use": "joint", "labelled": 20, "weight": weight}}
        folder = trained(Recipe.load("digits/cnn", changes), tmp_path)
        assert "val/accuracy" in folder.result.metrics
        assert ("train/pretext_loss" in folder.history[-1]) == bool(weight)

    def test_a_function_behind_the_last_layer_is_refused(self, session_cache, tmp_path):
        changes = {**QUICK, "task": {"use": "joint", "labelled": 20}, "model.final_activation": "softmax"}
        with pytest.raises(RecipeError, match="final_activation"):
            trained(Recipe.load("digits/cnn", changes), tmp_path)


def test_few_is_a_prefix_of_more(session_cache):
    from paribus.data.prepare.divisible import Divisible

    labels = torch.arange(60).numpy() % 3
    examples = Divisible(60, ("a", "b", "c"), labels)
    rows = torch.arange(60).numpy()
    small, large = (set(few(rows, examples, size, Seeds(0)).tolist()) for size in (6, 30))
    assert small < large
