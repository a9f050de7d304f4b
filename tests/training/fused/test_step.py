"""Steps taken together are those that each training takes alone, to the rounding of the kernels.

The same products are added in another order, so a sum of n numbers may be off by n·2⁻²⁴ of the sum of their sizes; here
n is below 300, and a few steps of momentum carry it on. Adam divides by the root of slopes, and Muon by the singular
values of their matrices, which enlarges what rounding leaves of small ones.
"""

from __future__ import annotations

import copy

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from paribus.training.fused.clusters import optimizer_of
from paribus.training.fused.step import Fused
from paribus.training.step import step

STEPS = 4
CLOSE = {"rtol": 2e-5, "atol": 2e-6}
MUON = {"rtol": 1e-3, "atol": 1e-3}


def both(made, again):
    """Take the same steps alone and together; gives the sessions of both, in order."""
    fused = Fused([dues[0].session for dues in again])
    for number in range(STEPS):
        for dues in made:
            step(dues[number].session, dues[number].batch, dues[number].time)
        fused.step([dues[number] for dues in again])
    return [dues[0].session for dues in made], [dues[0].session for dues in again], fused


def assert_same(alone, together, close=CLOSE):
    for one, other in zip(alone, together, strict=True):
        mine, theirs = one.state(), other.state()
        for part in ("network", "average"):
            for name, tensor in mine[part].items():
                torch.testing.assert_close(
                    theirs[part][name], tensor, **close, msg=lambda said, at=name: f"{at}: {said}"
                )
        for states in zip(optimizer_of(one).state.values(), optimizer_of(other).state.values(), strict=True):
            assert states[0].keys() == states[1].keys()
            for name, value in states[0].items():
                torch.testing.assert_close(states[1][name], value, **close, msg=lambda said, at=name: f"{at}: {said}")
        assert (mine["step"], mine["batches_done"]) == (theirs["step"], theirs["batches_done"]) == (STEPS, STEPS)
        assert one.meter.figures() == pytest.approx(other.meter.figures(), rel=1e-4)
        assert one.rate == other.rate


GRID = {
    "sgd": ("digits/mlp", {}),
    "seeds of Adam": ("digits/mlp", {"optimizer": "adam", "model.norm": "layer"}),
    "AdamW, warm-up": ("digits/mlp", {"optimizer": "adamw", "schedule": "warmup", "training.ema": 0.9}),
    "Nadam": ("digits/mlp", {"optimizer": "nadam", "model.activation": "gelu"}),
    "Adamax": ("digits/mlp", {"optimizer": "adamax", "model.final_activation": "softmax"}),
    "RMSprop": ("digits/mlp", {"optimizer": "rmsprop", "schedule": "cosine"}),
    "Adagrad": ("digits/mlp", {"optimizer": "adagrad", "model.activation": "tanh"}),
    "penalties": ("digits/mlp", {"training.l1": 1e-3, "training.l2": 1e-2, "training.clip_norm": 0.5}),
    "smoothed": ("digits/mlp", {"task.label_smoothing": 0.1, "augment": "mixup"}),
    "focal": ("digits/mlp", {"task.loss": "focal", "model.norm": "batch"}),
    "dropout": ("digits/mlp", {"model.dropout": 0.4, "model.norm": "batch"}),
    "convolutions": ("digits/cnn", {"model.norm": "batch", "model.dropout": 0.3, "model.conv_dropout": 0.2}),
    "strides": ("digits/cnn", {"model.norm": "group", "model.pooling": "stride", "augment": "flip"}),
    "pieces": ("digits/mlp", {"training.accumulate": 3, "model.dropout": 0.2, "model.norm": "batch"}),
    "parts": ("digits/cnn", {"training.norm_parts": 2, "training.accumulate": 2, "model.norm": "batch"}),
    "LSTM": (
        "seasons/lstm",
        {
            "data.steps": 300,
            "data.length": 12,
            "data.horizon": 4,
            "model.depth": 2,
            "model.dropout": 0.2,
            "optimizer": "sgd",
        },
    ),
    "GRU": ("seasons/lstm", {"data.steps": 300, "data.length": 8, "data.horizon": 4, "model.use": "gru"}),
    "both directions": ("lookahead/bilstm", {"data.sequences": 300, "model.width": 4, "optimizer": "sgd"}),
    "means": ("digits/cnn", {"model.norm": "instance", "model.head": "global_average", "optimizer": "adam"}),
}


@pytest.mark.parametrize("case", GRID)
def test_seeds_train_together_as_alone(trainings, case):
    name, common = GRID[case]
    seeds = [{}, {}, {}]
    alone, together, fused = both(trainings(seeds, name, **common), trainings(seeds, name, **common))
    assert len(fused.clusters._found) == 1  # one optimizer for all
    assert_same(alone, together)


class Operations(TorchDispatchMode):
    """A block in which operations are counted, each of which would start a kernel or two on a GPU."""

    count = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.count += not operation.is_view
        return operation(*args, **(kwargs or {}))


def test_a_common_step_has_no_more_operations_for_more_runs(trainings):
    found = {}
    for runs in (2, 5):
        made = trainings([{}] * runs, "digits/cnn", **{"model.norm": "batch", "optimizer": "adam"})
        fused = Fused([dues[0].session for dues in made])
        fused.step([dues[0] for dues in made])
        with Operations() as seen:
            fused.step([dues[1] for dues in made])
        found[runs] = seen.count
    with Operations() as alone:
        step(made[0][2].session, made[0][2].batch, made[0][2].time)
    assert found[5] == found[2]
    assert alone.count < found[5] < 3 * alone.count


def test_scales_of_targets_that_follow_the_split_are_those_of_each_training(trainings):
    common = {"name": "diabetes_progression/linear", "model.use": "mlp", "optimizer": "sgd"}
    splits = [{"chance.split": 1}, {"chance.split": 2}]
    alone, together, fused = both(trainings(splits, **common), trainings(splits, **common))
    assert fused._own.keys() == {"mean", "deviation"}
    assert_same(alone, together)


def test_muon_steps_every_network_by_itself(trainings):
    common = {"optimizer": "muon", "model.norm": "batch"}
    alone, together, fused = both(trainings([{}, {}], **common), trainings([{}, {}], **common))
    assert len(fused.clusters._found) == 2
    assert_same(alone, together, MUON)


def test_arms_keep_their_own_numbers(trainings):
    arms = [
        {"optimizer.lr": 0.01, "model.dropout": 0.0},
        {"optimizer.lr": 0.2, "model.dropout": 0.5, "optimizer.momentum": 0.5},
        {"optimizer.weight_decay": 0.1, "training.clip_norm": 0.1, "schedule": "cosine"},
        {"optimizer.lr": 0.01, "model.dropout": 0.2, "training.ema": 0.5},
        {"training.l1": 0.01, "schedule": "one_cycle"},
        {"training.lookahead": 2, "optimizer.lr": 0.1},
    ]
    alone, together, fused = both(trainings(arms), trainings(arms))
    assert_same(alone, together)
    assert 1 < len(fused.clusters._found) <= 6
    assert len({session.rate for session in together}) == 5


def test_one_run_is_the_same_whoever_is_beside_it(trainings):
    two, five = trainings([{}] * 2), trainings([{}] * 5)
    for made in (two, five):
        fused = Fused([dues[0].session for dues in made])
        for number in range(STEPS):
            fused.step([dues[number] for dues in made])
    for name, tensor in two[0][0].session.network.state_dict().items():
        torch.testing.assert_close(five[0][0].session.network.state_dict()[name], tensor, **CLOSE)


def test_networks_see_the_common_tensors_and_get_their_own_back(trainings):
    made = trainings([{}, {}], "digits/cnn")
    sessions = [dues[0].session for dues in made]
    before = {name: it.stride() for name, it in sessions[0].network.named_parameters()}
    parameters = [dict(session.network.named_parameters()) for session in sessions]
    fused = Fused(sessions)
    name = "model.output.weight"
    own = parameters[1][name]
    place = fused.sessions.index(sessions[1])
    assert own.data_ptr() == fused.stack.parameters[name][place].data_ptr()
    fused.step([dues[0] for dues in made])
    inside = copy.deepcopy(sessions[1].state())
    fused.dissolve()
    assert dict(sessions[1].network.named_parameters())[name] is own
    assert own.data_ptr() != fused.stack.parameters[name][place].data_ptr()
    assert {name: it.stride() for name, it in sessions[0].network.named_parameters()} == before
    outside = sessions[1].state()
    for name, tensor in inside["network"].items():
        assert torch.equal(outside["network"][name], tensor)
    held, kept = (state["optimizers"]["model"]["state"] for state in (inside, outside))
    assert all(torch.equal(held[key]["momentum_buffer"], kept[key]["momentum_buffer"]) for key in held)
    step(sessions[1], made[1][1].batch, made[1][1].time)  # goes on alone
    assert sessions[1].step == 2


def test_a_state_that_was_loaded_goes_on(trainings):
    common = {"optimizer": "adam"}
    alone, begun = trainings([{}, {}], **common), trainings([{}, {}], **common)
    for made in (alone, begun):
        for dues in made:
            step(dues[0].session, dues[0].batch, dues[0].time)
    fused = Fused([dues[0].session for dues in begun])
    for number in (1, 2, 3):
        for dues in alone:
            step(dues[number].session, dues[number].batch, dues[number].time)
        fused.step([dues[number] for dues in begun])
    assert_same([dues[0].session for dues in alone], [dues[0].session for dues in begun])


def test_runs_that_stepped_more_often_have_an_optimizer_of_their_own(trainings):
    made = trainings([{}, {}, {}], optimizer="adam")
    step(made[0][0].session, made[0][0].batch, made[0][0].time)
    fused = Fused([dues[0].session for dues in made])
    fused.step([dues[0] for dues in made])
    assert sorted(cluster.end - cluster.start for cluster in fused.clusters._found) == [1, 2]


def test_one_that_is_no_number_any_more_touches_no_other(trainings):
    alone, together = trainings([{}, {}, {}]), trainings([{}, {}, {}])
    with torch.no_grad():
        next(together[1][0].session.network.parameters()).fill_(float("nan"))
    found, hit, _ = both(alone, together)
    assert not hit[1].finite()
    assert_same([found[0], found[2]], [hit[0], hit[2]])


def test_seconds_are_shared_out(trainings):
    made = trainings([{}] * 4)
    fused = Fused([dues[0].session for dues in made])
    before = [session.stopwatch.seconds for session in fused.sessions]
    fused.step([dues[0] for dues in made])
    spent = [session.stopwatch.seconds - old for session, old in zip(fused.sessions, before, strict=True)]
    assert spent == pytest.approx([spent[0]] * 4)
    assert spent[0] > 0
