"""The game: who moves when, whose weights change, and what is recorded of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.metadata import PointsInfo
from paribus.data.sources.points.gaussians import ring
from paribus.errors import DataError, RecipeError
from paribus.models.network import assemble
from paribus.records.parts import Part
from paribus.tasks.generators.adversarial import RULES
from paribus.tasks.generators.extractor import Values
from paribus.tasks.generators.gan import Adversarial, adversaries

PICTURES = DataInfo((1, 8, 8), ("a", "b"), {"train": 20}, (10, 10), (80.0,), (90.0,))
CENTRES = PointsInfo(tuple(map(tuple, ring(4).tolist())), deviation=0.1)
POINTS = DataInfo((2,), tuple("abcd"), {"train": 20}, (5,) * 4, (0.3, -0.2), (1.4, 1.5), points=CENTRES)


def game(info: DataInfo = PICTURES, **options):
    task = Adversarial(info, **options)
    model = Part("dcgan", latent=4, widths=[4, 6]) if info is PICTURES else Part("gan", latent=4, widths=[8])
    network = assemble(model, task, Seeds(0))
    generator = torch.Generator().manual_seed(1)
    if info is PICTURES:
        inputs = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8, generator=generator)
    else:
        inputs = torch.randn(12, 2, generator=generator)
    return task, network, Batch(inputs, torch.zeros(12), torch.arange(12))


def moved(task, network, batch, stage: str) -> dict[str, set[str]]:
    """Which weights one step of a stage changed, and which have a gradient: by the network they belong to."""
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    optimizer = torch.optim.SGD(task.stages(network)[stage], lr=0.1)
    task.loss(stage, network, batch)[0].backward()
    optimizer.step()
    after = dict(network.named_parameters())
    return {
        "changed": {name.split(".")[1] for name in after if not torch.equal(before[name], after[name])},
        "gradient": {name.split(".")[1] for name in after if after[name].grad is not None},
    }


@pytest.mark.parametrize("loss", RULES)
@pytest.mark.parametrize("stage", ["discriminator", "generator"])
@pytest.mark.parametrize("info", [PICTURES, POINTS], ids=["pictures", "points"])
def test_T14_each_stage_moves_its_own_weights_alone(loss, stage, info):
    assert moved(*game(info, loss=loss, r1=0.5), stage) == {"changed": {stage}, "gradient": {stage}}


def test_the_critic_moves_more_often():
    task, _, _ = game(critic_steps=3)
    assert [step for step in range(9) if task.due("generator", step)] == [2, 5, 8]
    assert all(task.due("discriminator", step) for step in range(9))


def draws(monkeypatch, network) -> list[int]:
    """How many examples the generator draws, call by call."""
    model, counted = adversaries(network), []
    generate = model.generate
    monkeypatch.setattr(model, "generate", lambda z: counted.append(len(z)) or generate(z))
    return counted


def both(task, network, batches) -> None:
    for stage in ("discriminator", "generator"):
        for batch in batches:
            task.loss(stage, network, batch)[0].backward() if torch.is_grad_enabled() else task.loss(
                stage, network, batch
            )


def test_both_stages_look_at_the_same_drawings_where_both_move(monkeypatch):
    task, network, batch = game()
    counted = draws(monkeypatch, network)
    both(task, network, [batch])
    assert counted == [12]
    assert all(value.grad is not None for value in network.parameters())
    both(task, network, list(batch.chunks(2)))  # pieces of a batch cannot wait for each other
    assert counted[1:] == [6, 6, 6, 6]
    counted.clear()
    with torch.inference_mode():
        both(task, network, [batch])
    assert counted == [12, 12]


def test_sharing_depends_on_the_step_and_not_on_the_batch_object(monkeypatch):
    task, network, batch = game()
    counted = draws(monkeypatch, network)
    task.at(0, 0.0)
    task.loss("discriminator", network, batch)[0].backward()
    copy = Batch(batch.inputs.clone(), batch.targets.clone(), batch.rows.clone())
    task.loss("generator", network, copy)[0].backward()
    assert counted == [12]
    task.at(1, 0.0)
    task.loss("discriminator", network, batch)[0].backward()
    task.at(2, 0.0)
    task.loss("generator", network, batch)[0].backward()  # the same object in another step
    assert counted == [12, 12, 12]


def test_a_discriminator_that_moves_alone_draws_for_itself(monkeypatch):
    task, network, batch = game(critic_steps=2)
    counted = draws(monkeypatch, network)
    task.at(0, 0.0)
    task.loss("discriminator", network, batch)[0].backward()
    assert task.shared is None
    task.at(1, 0.0)
    both(task, network, [batch])
    assert counted == [12, 12]


def test_penalties_are_left_out_where_there_are_no_gradients():
    task, network, batch = game(loss="wasserstein_gp", r1=1.0)
    with torch.inference_mode():
        loss, scores = task.loss("discriminator", network, batch)
    assert loss.item() == pytest.approx((scores[:, 1] - scores[:, 0]).mean().item(), abs=1e-6)
    torch.manual_seed(0)
    assert task.loss("discriminator", network, batch)[0] > loss


def test_the_losses_are_those_of_the_scores():
    task, network, batch = game(loss="hinge")
    network.eval()
    torch.manual_seed(0)
    loss, scores = task.loss("discriminator", network, batch)
    torch.manual_seed(0)
    fake = network.model.generate(torch.randn(12, 4))
    expected = torch.stack([network.model(batch.inputs / 127.5 - 1), network.model(fake)], 1)
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)
    assert loss.item() == pytest.approx((torch.relu(1 - expected[:, 0]) + torch.relu(1 + expected[:, 1])).mean().item())
    torch.manual_seed(0)
    loss, drawn = task.loss("generator", network, batch)
    torch.testing.assert_close(drawn, fake)
    assert loss.item() == pytest.approx(-expected[:, 1].mean().item(), abs=1e-5)


def test_the_discriminators_hits_are_counted():
    task, _, batch = game()
    meter = task.meter("train")
    scores = torch.tensor([[1.0, -1.0]] * 9 + [[-1.0, -1.0]] * 2 + [[-1.0, 1.0]])  # 9 of 12 real, 11 of 12 generated
    meter.update("discriminator", torch.tensor(0.7), scores, batch)
    figures = meter.figures()
    assert figures == {"discriminator_loss": pytest.approx(0.7), "discriminator_accuracy": pytest.approx(20 / 24)}
    again = task.meter("train")
    again.load(meter.state())
    assert again.figures() == figures


def test_least_squares_scores_are_read_at_one_half():
    task, _, batch = game(loss="least_squares")
    meter = task.meter("train")
    meter.update("discriminator", torch.tensor(0.0), torch.tensor([[0.6, 0.4]] * 12), batch)
    assert meter.figures()["discriminator_accuracy"] == 1


def test_points_are_compared_in_the_units_of_the_data():
    task, _, batch = game(POINTS)
    task.extractor = Values(torch.tensor(CENTRES.centres), reach=0.3)
    centres = torch.tensor(CENTRES.centres)
    drawn = (centres.repeat(3, 1) - torch.tensor(POINTS.mean)) / torch.tensor(POINTS.deviation)  # as a generator would
    meter = task.meter("val")
    meter.update("generator", torch.tensor(0.0), drawn, replace(batch, inputs=centres.repeat(3, 1)))
    figures = meter.figures()
    assert (figures["modes"], figures["quality"]) == (4, 1)
    assert figures["frechet"] == pytest.approx(0, abs=1e-6)
    assert (figures["precision"], figures["recall"]) == (1, 1)


def test_pictures_come_and_go_without_loss():
    task, network, batch = game()
    assert torch.equal(task.stored(task.real(network, batch.inputs)), batch.inputs)


def test_what_people_look_at_comes_from_the_same_noise():
    task, network, batch = game()
    network.eval()
    torch.manual_seed(5)
    first = task.preview(network, batch)
    torch.manual_seed(5)
    assert torch.equal(first.pictures, task.preview(network, batch).pictures)
    assert first.pictures.shape == (12, 9, 1, 8, 8)
    assert torch.equal(first.pictures[:, 0], batch.inputs)
    with torch.no_grad():
        assert task.sample(network, 7).pictures.shape == (3, 3, 1, 8, 8)
        assert task.sample(network, 3, walk=True).pictures.shape == (3, 10, 1, 8, 8)


def test_points_are_a_picture():
    task, network, batch = game(POINTS)
    with torch.no_grad():
        for seen in (task.preview(network, batch), task.sample(network, 50)):
            assert seen.pictures.shape == (1, 1, 3, 480, 480)
            assert len(seen.pictures.flatten(3).unique(dim=3)[0, 0].T) in (2, 3)  # ground, points, and maybe the data


def test_points_are_scaled_by_the_data_alone():
    task, network, batch = game(POINTS)
    network.model.input_scaling = (0.0, 1.0)
    with pytest.raises(RecipeError, match="the data's own mean"):
        task.loss("discriminator", network, batch)


def test_mistakes_are_explained():
    with pytest.raises(RecipeError, match="generator and a discriminator"):
        adversaries(assemble(Part("mlp"), Adversarial(PICTURES), Seeds(0)))
    task, _, _ = game()
    with pytest.raises(DataError, match="no predictions for files"):
        task.predict_files(None, [])
