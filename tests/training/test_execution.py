"""Precision, layout, device and threads: decided as documented, and recorded."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import RunError
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.training import execution
from paribus.training.execution import Execution, Settings, choose, multiplications

CPU = Settings("cpu", 1)


def network_of(recipe):
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    return task, assemble(recipe.model, task, Seeds(0)), prepared.sample()


CHOICES = {  # model, wish, hardware has bf16, work from which it pays → precision
    "asked for fp32": ("cnn", "fp32", True, 0, "fp32"),
    "asked for bf16": ("mlp", "bf16", False, 0, "bf16"),
    "auto, hardware and work": ("cnn", "auto", True, 0, "bf16"),
    "auto, too little work": ("cnn", "auto", True, 10**9, "fp32"),
    "auto, no hardware": ("cnn", "auto", False, 0, "fp32"),
    "auto, no convolution": ("mlp", "auto", True, 0, "fp32"),
    "auto, patches are convolved, the rest is not": ("vit", "auto", True, 0, "fp32"),
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_precision_is_chosen_as_documented(digits, monkeypatch, choice):
    model, wish, native, work, expected = choice
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    monkeypatch.setattr(execution, "BF16_PAYS", work)
    recipe = digits({"training.precision": wish}, "mlp" if model == "mlp" else "cnn")
    if model == "vit":
        recipe = recipe.override({"model": {"use": "vit", "patch": 4, "width": 8, "depth": 1, "heads": 2}})
    chosen = choose(recipe.training, CPU, *network_of(recipe))
    assert chosen == Execution("cpu", expected, channels_last=model != "mlp", threads=1)


def test_fp16_on_a_cpu_is_refused(train, digits):
    with pytest.raises(RunError, match=r"fp16 needs a GPU(.|\n)*bf16"):
        train(digits({"training.precision": "fp16"}))


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta:0:0"])
def test_a_device_that_is_not_there_is_an_error(train, digits, device):
    with pytest.raises(RunError, match=r"cannot be used(.|\n)*--device auto"):
        train(digits(), device=device)


@pytest.mark.parametrize(("pays", "threads"), [(0, 3), (10**12, 1)])
def test_threads_by_default_follow_the_work(digits, monkeypatch, pays, threads):
    monkeypatch.setattr(execution, "THREADS_PAY", pays)
    monkeypatch.setattr(execution, "cores", lambda: 3)
    recipe = digits({})
    assert choose(recipe.training, Settings("cpu"), *network_of(recipe)).threads == threads == torch.get_num_threads()


def test_threads_are_set_and_recorded(train, digits):
    folder, result = train(digits(), threads=2)
    assert torch.get_num_threads() == 2
    assert result.execution["threads"] == 2
    assert folder.environment()["execution"] == result.execution


def test_bf16_rounds_and_is_recorded(train, digits):
    kinds = set()
    original = nn.functional.linear

    def linear(*arguments):
        outputs = original(*arguments)
        kinds.add(outputs.dtype)
        return outputs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.functional, "linear", linear)
        _, rough = train(digits({"training.precision": "bf16"}, "cnn"), "bf16")
    _, exact = train(digits({}, "cnn"), "fp32")
    assert torch.bfloat16 in kinds
    assert (rough.execution["precision"], exact.execution["precision"]) == ("bf16", "fp32")
    assert rough.weights_sha256 != exact.weights_sha256
    assert rough.metrics["val/loss"] == pytest.approx(exact.metrics["val/loss"], rel=0.05)


def test_channels_last_changes_no_more_than_the_last_bits(digits):
    recipe = digits({"model.norm": "batch"}, "cnn")
    inputs = prepare(recipe, Seeds(0)).examples.inputs[:64]
    losses, gradients = [], []
    for layout in (False, True):
        network = Execution("cpu", "fp32", channels_last=layout, threads=1).place(network_of(recipe)[1])
        strides = network.model.stages[1].layers[0].conv.weight.stride()
        assert (strides[1] == 1) is layout
        loss = nn.functional.cross_entropy(network(inputs), torch.arange(64) % 10)
        loss.backward()
        losses.append(loss)
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-6, rtol=1e-4)


def test_multiplications_of_a_cnn(digits):
    task, network, sample = network_of(digits({}, "cnn"))
    by_hand = 8 * 8 * 4 * 9 + 4 * 4 * 8 * 4 * 9 + 32 * 10
    assert multiplications(task, network, sample) == (by_hand, by_hand, by_hand - 32 * 10)
    assert not any(layer._forward_hooks for layer in network.modules())


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.cuda
@needs_cuda
def test_cuda_auto_takes_bf16_and_keeps_the_data_on_the_device(train, digits):
    seen = set()
    _, result = train(digits({"training.precision": "auto"}, "cnn"), device="auto")
    assert result.execution["device"] == "cuda"
    assert result.execution["precision"] == (
        "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    )
    prepared = prepare(digits(), Seeds(0)).on("cuda")
    for part in ("train", "val"):
        loader = prepared.loader(part, 32, "cuda")
        seen |= {loader.inputs.data_ptr(), *(tensor.device.type for batch in loader.in_order() for tensor in batch)}
    assert len(seen) == 2  # one copy of the data, one kind of device


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("final", ["none", "softmax", "sigmoid"])
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_cuda_every_final_activation_trains_in_low_precision(train, digits, final, precision):
    _, result = train(digits({"training.precision": precision, "model.final_activation": final}, "cnn"), device="cuda")
    assert result.metrics["val/accuracy"] > 0.2


@pytest.mark.cuda
@needs_cuda
def test_R5_cuda_resumes(train, digits, every_step, stop_at):
    from paribus.errors import Interrupted

    recipe = digits({"model.dropout": 0.2, "training.ema": 0.9, "optimizer": {"use": "adam"}}, "mlp")
    expected = train(recipe, "whole", device="cuda")[1].weights_sha256
    with pytest.raises(Interrupted):
        train(recipe, listen=stop_at(11), device="cuda")
    assert train(recipe, device="cuda")[1].weights_sha256 == expected


def test_steps_that_wait_for_each_other_are_not_shared_among_threads():
    """Four threads on a small recurrent step cost far more than they bring."""
    recipe = Recipe.load("seasons/lstm", {"data.steps": 600})
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    network = assemble(recipe.model, task, Seeds(0))
    step, output = 4 * 32 * (1 + 32), 32 * 12  # four gates from one value and 32 units; twelve steps ahead
    assert multiplications(task, network, prepared.sample()) == (48 * step + output, step + output, 0)
    assert choose(recipe.training, Settings("cpu"), task, network, prepared.sample()).threads == 1
