"""Networks, losses and orders that hide a fault do what their number says."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from paribus.chance import Seeds, seeded
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.prepare.prepared import prepare
from paribus.diagnosis.grading import cases, parts
from paribus.diagnosis.grading.hosts import NAMED
from paribus.models.initialisation import initialise
from paribus.records.recipe import Recipe
from paribus.tasks.regression import Regression


@pytest.fixture(autouse=True)
def own_parts():
    parts.plug_in()


def made(plan=0, value=0.0, **inner):
    with seeded(3):
        net = parts.Assembled((1, 8, 8), 5, core="cnn", inner={"widths": [4, 8], **inner}, plan=plan, value=value)
    initialise(net, 7)  # as every run does: what the constructor drew stays
    return net.eval()


X = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def test_a_plain_one_is_the_network_inside():
    net = made()
    assert torch.equal(net(X), net.core(X))
    assert all(torch.equal(one, other) for one, other in zip(made().parameters(), net.parameters(), strict=True))


def test_initial_weights_are_multiplied():
    plain, large = dict(made().named_parameters()), dict(made(1, 30.0).named_parameters())
    for name, weight in plain.items():
        factor = 30.0 if weight.ndim > 1 else 1.0
        torch.testing.assert_close(large[name], weight * factor)


def test_units_are_alike():
    first = next(p for p in made(2, 0.05).parameters() if p.ndim > 1)
    assert first.unique().tolist() == pytest.approx([0.05])


def test_rectifiers_are_silent_below_biases_far_down():
    net, seen = made(3, 30.0), []
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda _, __, out: seen.append(float(out.detach().max())))
    outputs = net(X)
    assert seen
    assert set(seen) == {0.0}
    assert torch.equal(outputs, outputs[:1].expand_as(outputs))


def test_with_slope_one_the_network_is_affine():
    net = made(4, 1.0, pooling="average")
    torch.testing.assert_close(net(0.3 * X[:1] + 0.7 * X[1:2]), 0.3 * net(X[:1]) + 0.7 * net(X[1:2]))
    bent = made(0, 0.0, pooling="average")
    assert not torch.allclose(bent(0.5 * X[:1] - 3 * X[1:2]), 0.5 * bent(X[:1]) - 3 * bent(X[1:2]), atol=1e-3)


@pytest.mark.parametrize(("plan", "value", "low", "high"), [(5, 1.0, 0, 1), (6, 0.0, 0.5, 1), (7, 0.0, 0, torch.inf)])
def test_outputs_end_in_what_stands_behind(plan, value, low, high):
    outputs = made(plan, value)(X)
    assert low <= outputs.min() <= outputs.max() <= high
    if plan == 5:
        torch.testing.assert_close(outputs.sum(1), torch.ones(6))


def test_inputs_are_taken_as_stored_or_made_small():
    assert made(8, 0.5).input_scaling == ((0.0,), (2.0,))
    torch.testing.assert_close(made(9, 255.0)(X), made()(X / 255))


def test_batch_norm_never_updates():
    net = made(10, 0.0, norm="batch").train()
    net(X)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert all(norm.running_mean.abs().max() == 0 and (norm.running_var == 1).all() for norm in norms)


def test_a_recurrence_forgets():
    net = parts.Assembled((3, 12), 4, core="rnn", inner={"width": 6}, plan=11, value=0.0)
    series = torch.rand(2, 3, 12)
    other = series.clone()
    other[:, :, :-1] = 0
    assert torch.equal(net(series), net(other))


def test_biases_are_gone_and_stay_so():
    net = made(12, 1.0)
    biases = [module.bias for module in net.modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
    assert all(float(bias.abs().max()) == 0 and not bias.requires_grad for bias in biases)


def test_losses_are_summed_and_squared():
    info = SimpleNamespace(target_mean=(), classes=tuple("abc"), class_counts=(2, 2, 2), input_shape=(4,))
    batch = Batch(torch.rand(6, 4), torch.tensor([0, 1, 2, 0, 1, 2]), torch.arange(6))
    network = nn.Linear(4, 3)
    losses = {form: parts.Named(info, form).loss("model", network, batch)[0].item() for form in range(5)}
    logits, truth = network(batch.inputs), nn.functional.one_hot(batch.targets, 3)
    assert losses[1] == pytest.approx(6 * losses[0])
    assert losses[2] == pytest.approx(((logits.softmax(1) - truth) ** 2).mean().item())
    assert losses[3] == pytest.approx(((logits - truth) ** 2).mean().item())
    assert losses[4] == pytest.approx(((logits.sigmoid() - truth) ** 2).mean().item())


@pytest.mark.parametrize("form", [0, 1])
def test_a_loss_of_numbers_is_summed(form):
    info = SimpleNamespace(target_mean=(1.0,), target_deviation=(2.0,), classes=(), table=None, input_shape=(4,))
    batch = Batch(torch.rand(6, 4), torch.rand(6), torch.arange(6))
    network = nn.Linear(4, 1)
    plain = Regression(info).loss("model", network, batch)[0]
    own = parts.Numbered(info, form, 2.0).loss("model", network, batch)[0]
    assert own.item() == pytest.approx(plain.item() * (12 if form else 1))


def test_batches_hold_one_class_and_every_example_at_most_once():
    host = NAMED["b1"]
    plan = next(fault for fault in cases.FAULTS if fault.id == "one-class").plan(host, 1)
    recipe = cases.recipe_of(host, plan)
    assert isinstance(recipe, Recipe)
    prepared = prepare(recipe, Seeds(3))
    size = recipe.training.batch_size
    loader = Loader(prepared.examples, prepared.rows["train"], size, torch.device("cpu"))
    batches = list(loader.shuffled(Seeds(3), 0))
    rows = torch.cat([batch.rows for batch in batches])
    pure = [len(batch.targets.unique()) == 1 for batch in batches]
    assert all(len(batch) == size for batch in batches)
    assert sum(pure) >= len(batches) - 1  # one holds the end of a class and the beginning of the next
    assert len(rows.unique()) == len(rows) > 380


def test_restarts_begin_anew():
    from paribus.records.time import Time

    schedule = parts.Restarts(every=4)
    assert [schedule.factor(Time(step, 100, 10)) for step in (0, 40, 80)] == [1.0, 1.0, 1.0]
    assert schedule.factor(Time(20, 100, 10)) == pytest.approx(0.5)
