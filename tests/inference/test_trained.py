"""A trained network comes back as it was, or not at all."""

import json

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import Interrupted, RecipeError, RunError
from paribus.inference.trained import load
from paribus.models.weights import hash_of
from paribus.records import parts
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings


def test_what_is_loaded_is_what_was_trained(run):
    trained = load(run)
    result = run.result
    assert hash_of(trained.network.state_dict()) == result.weights_sha256
    assert not trained.network.training
    assert (trained.seed, trained.recipe.identity) == (3, run.recipe.identity)
    prepared = prepare(trained.recipe, Seeds(3))
    assert trained.info == prepared.info
    rows = prepared.rows["val"]
    shares = trained.predict(prepared.examples.inputs[rows])
    accuracy = (shares.argmax(1) == prepared.examples.targets[rows]).float().mean().item()
    assert accuracy == pytest.approx(result.metrics["val/accuracy"])
    loss = nn.functional.nll_loss(shares.log(), prepared.examples.targets[rows]).item()
    assert loss == pytest.approx(result.metrics["val/loss"], rel=1e-5)


def test_predictions_are_the_networks_own_whatever_the_batches(run):
    trained = load(run)
    inputs = torch.randint(0, 256, (300, 1, 8, 8), dtype=torch.uint8)
    with torch.no_grad():
        expected = trained.network(inputs).softmax(1)
    for batch_size in (1, 7, 256, 300):
        torch.testing.assert_close(trained.predict(inputs, batch_size), expected, atol=1e-6, rtol=1e-5)


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "a flipped bit": flip,
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-10]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "other weights": lambda path: path.write_bytes(other_weights()),
}


def other_weights() -> bytes:
    from paribus.models.weights import pack

    return pack({"mean": torch.zeros(1)})


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "of an earlier version"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_tampered_weights_are_refused(run, damage, sealed):
    if not sealed:
        content = json.loads((run.path / "result.json").read_text())
        (run.path / "result.json").write_text(json.dumps({**content, "digests": {}}))
    DAMAGE[damage](run.weights)
    says = "this finished run is damaged" if sealed else "the weights are damaged"
    if damage == "missing":
        says = "this run has lost its weights"
    with pytest.raises(RunError, match=rf"{says}(.|\n)*weights.safetensors(.|\n)*train again"):
        load(run)


def test_an_unfinished_run_has_no_weights(tmp_path):
    def interrupt(progress):
        raise Interrupted("enough")

    folder = RunFolder(tmp_path / "unfinished")
    with pytest.raises(Interrupted):
        loop.train(folder, Recipe.load("digits/mlp"), 0, Settings("cpu", 1), interrupt)
    with pytest.raises(RunError, match=r"only a finished run has weights(.|\n)*is interrupted"):
        load(folder)


def test_a_run_without_its_info_says_so(run):
    (run.path / "info.json").unlink()
    with pytest.raises(RunError, match=r"no info\.json"):
        load(run)


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(RunError):
        load(RunFolder(tmp_path))


def own(width: int):
    class Mine(nn.Module):
        def __init__(self, num_outputs: int) -> None:
            super().__init__()
            self.output = nn.Linear(64, num_outputs)

        def forward(self, x):
            return self.output(x.flatten(1))

    return Mine


def test_R22_a_run_with_its_authors_own_parts_asks_for_them(tmp_path):
    recipe = Recipe.read({"data": "digits", "model": own(1), "budget": {"epochs": 1}})
    folder = RunFolder(tmp_path / "own")
    parts.register_own(recipe.parts())
    loop.train(folder, recipe, 0, Settings("cpu", 1))
    assert load(folder).recipe.identity == recipe.identity
    parts._registered["model"].clear()
    with pytest.raises((RunError, RecipeError), match=r"model.Mine(.|\n)*--plugin"):
        load(folder)
    content = json.loads((folder.path / "recipe.json").read_text())
    (folder.path / "recipe.json").write_text(json.dumps({**content, "sources": {"model.Mine": "0" * 64}}))
    folder.write_result(folder.result)  # sealed as if it had been so
    parts.register("model", own(1))
    with pytest.raises(RunError, match="has changed since"):
        load(folder)
