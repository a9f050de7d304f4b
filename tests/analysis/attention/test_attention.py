"""The whole analysis, on trained runs: the maps, their figures, the certificate, and what is refused."""

from __future__ import annotations

import math

import pytest
import torch
from PIL import Image
from scipy.ndimage import sobel

import paribus as pb
from paribus.analysis.attention import methods
from paribus.analysis.attention.attention import attention, refusal
from paribus.analysis.attention.layers import tapped
from paribus.analysis.attention.methods import Maps, gradcam
from paribus.analysis.attention.question import Question
from paribus.analysis.attention.records import RANDOMISATION
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

FEW = {"tested": 0, "shown": 2}


def test_a_map_has_its_figures(run):
    trained = load(run)
    row = int(attention(trained, **FEW).maps[0].place.removeprefix("example "))
    (one,) = attention(trained, rows=(row,), label=3, tested=0).maps
    inputs = torch.tensor(_picture(trained, row))[None]
    asked = Question(inputs.float(), torch.tensor([3]))
    tap = tapped(trained.network, "stages.1.layers.0", asked)
    raw = gradcam(tap)[0]
    assert (one.label, one.role, one.size) == ("3", "asked for", tuple(raw.shape))
    assert one.logit == pytest.approx(float(tap.outputs[0, 3]), abs=1e-5)
    assert one.probability == pytest.approx(float(tap.outputs[0].softmax(0)[3]), abs=1e-5)
    assert (one.low, one.high) == pytest.approx((float(raw.min()), float(raw.max())))
    assert one.negative == pytest.approx(float((raw < 0).float().mean()))
    assert torch.allclose(torch.tensor(one.values), raw, rtol=1e-3)
    assert one.picture.startswith("data:image/png")


def _picture(trained, row):
    from paribus.inference.trained import prepared_with

    return prepared_with(trained, "val").examples.take(torch.tensor([row]))[0][0].tolist()


def test_the_predicted_and_the_true_class_are_explained_and_the_layer_is_stated(run):
    trained = load(run)
    right = attention(trained, tested=0, shown=1)
    assert right.layer == "stages.1.layers.0"
    assert [one.role for one in right.maps] == ["predicted and true"]
    with torch.no_grad():
        trained.network.model.output.bias[4] += 30.0  # says 4 of everything
    found = attention(trained, tested=16, shown=4).maps
    assert {one.label for one in found if one.role == "predicted"} == {"4"}
    wrong = [one for one in found if one.truth != "4"]
    assert len(wrong) >= 2
    assert [one.role for one in wrong] == ["predicted", "true"] * (len(wrong) // 2)
    assert all(one.label == one.truth for one in wrong[1::2])


def test_the_certificate_says_which_tests_are_passed(run):
    found = pb.explain(run, "attention", tested=12, shown=1)
    certificate = found.certificate
    assert certificate.pictures + certificate.left_out == 12
    assert [test.name for test in certificate.tests] == [RANDOMISATION, *["deletion", "insertion"] * 3]
    assert certificate.likeness[-1].layer == "stages.0.layers.0.conv"
    assert certificate.tests[0].estimate == certificate.likeness[-1].rank
    assert {len(curve) for curve in (*certificate.deletion.values(), *certificate.insertion.values())} == {17}
    for test in certificate.tests[1:]:
        curves = getattr(certificate, test.name)
        ours, theirs = (sum(curves[name]) - (curves[name][0] + curves[name][-1]) / 2 for name in ("map", test.against))
        gain = (theirs - ours) / 16 if test.name == "deletion" else (ours - theirs) / 16
        assert test.estimate.value == pytest.approx(gain, abs=1e-6)
    assert pb.explain(run, "gradcam", tested=12, shown=1) == found  # reread from the folder


def _edges(network, question, way):
    grey = question.inputs.mean(1).double().numpy()
    raw = torch.from_numpy(abs(sobel(grey, 1)) + abs(sobel(grey, 2))).float()
    with torch.no_grad():
        return Maps(raw, network(question.inputs))


def test_a_map_that_survives_random_weights_is_refused(run, monkeypatch):
    monkeypatch.setitem(methods.METHODS, "occlusion", _edges)
    found = attention(load(run), method="occlusion", tested=8, shown=1)
    assert found.verdict == "refused"
    assert found.certificate.tests[0].estimate.low == pytest.approx(1)
    assert found.certificate.tests[0].outcome == "fails"


def test_a_map_without_numbers_or_without_anything_for_the_class_is_refused(run):
    assert refusal(torch.tensor([[1.0, math.nan]])).startswith("it is not finite")
    assert refusal(torch.tensor([[-1.0, 0.0]])).startswith("it is nowhere positive")
    assert refusal(torch.tensor([[-1.0, 0.1]])) == ""
    trained = load(run)
    with torch.no_grad():
        trained.network.model.output.weight.fill_(math.nan)
    found = attention(trained, tested=8, shown=2)
    assert {one.refused for one in found.maps} == {"it is not finite: NaN or infinity"}
    assert found.verdict == "not tested"
    assert found.untested == "a certificate needs at least 4: 0 of 8 pictures have a map that shows something"


def test_mistakes_are_one_message(run, tmp_path):
    trained = load(run)
    for options, kind, message in [
        ({"label": "cat"}, RecipeError, "there is no class of this name"),
        ({"label": 10}, RecipeError, "there is no class of this name"),
        ({"layer": "stagse.1"}, RecipeError, "did you mean 'stages.1'"),
        ({"rows": (10**6,)}, RecipeError, "this row is not in the val split"),
        ({"rows": (1,), "pictures": tmp_path}, RecipeError, "by rows or by files"),
        ({"pictures": tmp_path}, DataError, "there are no pictures"),
        ({"method": "cam"}, DataError, "ends in a global average"),
    ]:
        with pytest.raises(kind, match=message):
            attention(trained, **{**FEW, **options})
    trained.network.train()
    with pytest.raises(DataError, match="training mode"):
        attention(trained, **FEW)


def test_picture_files_are_explained(run, tmp_path):
    Image.new("L", (20, 20), 200).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    (one,) = attention(load(run), pictures=tmp_path / "a.png", tested=0).maps
    assert (one.place, one.truth, one.role) == ("a.png", "", "predicted")
    with pytest.raises(DataError, match="not a picture of a known format"):
        attention(load(run), pictures=tmp_path, tested=0)


@pytest.fixture(scope="module")
def pixels(session_cache, tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("pixels") / "run")
    changes = {"data.pictures": 30, "data.size": 32, "model.width": 2, "model.depth": 2, "budget.epochs": 1}
    loop.train(folder, Recipe.load("shapes/unet", changes), 0, Settings("cpu", 1))
    return folder


@pytest.mark.parametrize("method", ["gradcam", "gradcam++", "integrated_gradients", "occlusion"])
def test_pixels_have_maps_of_their_class(pixels, method):
    found = attention(load(pixels), method=method, tested=0, shown=1, label="ground")
    (one,) = found.maps
    assert one.label == "ground"
    assert one.size == (32, 32)
    assert 0 < one.pixels <= 32 * 32 or one.refused == "no pixel is of this class"
    assert (found.layer == "") == (method in ("integrated_gradients", "occlusion"))


def test_pixels_have_a_certificate_and_a_class_by_default(pixels):
    found = attention(load(pixels), tested=4, shown=1, empty="blur")
    assert {one.role for one in found.maps} == {"predicted", "true"}
    assert found.certificate is not None or "a certificate needs at least 4" in found.untested


def test_what_is_no_picture_is_refused(tmp_path):
    folder = RunFolder(tmp_path / "run")
    loop.train(folder, Recipe.load("wine/mlp", {"budget.epochs": 1}), 0, Settings("cpu", 1))
    with pytest.raises(DataError, match="pictures with 1 or 3 channels"):
        pb.analyse(folder, "gradcam")
    assert "pictures with 1 or 3 channels" in pb.explain(folder).left_out["gradcam"]
