"""RNN and LSTM against torch: the sums over time, and each term by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import lstm, rnn


def sequence(steps, rng):
    i, h, o = map(int, rng.integers(1, 5, size=3))
    shapes = {"W": (h, i), "U": (h, h), "b": (h,), "V": (o, h), "h0": (h,)}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    for t in range(1, steps + 1):
        values |= {f"x{t}": rng.normal(size=i), f"y{t}": rng.normal(size=o)}
    return values


def torch_losses(values, steps):
    """All losses by torch, with a copy of U and of W for each step; returns losses, copies, and the shared b and V."""
    own = [{name: torch.tensor(values[name], requires_grad=True) for name in "UW"} for _ in range(steps)]
    shared = {name: torch.tensor(values[name], requires_grad=True) for name in "bV"}
    h, losses = torch.tensor(values["h0"]), []
    for t in range(1, steps + 1):
        h = torch.tanh(own[t - 1]["W"] @ torch.tensor(values[f"x{t}"]) + own[t - 1]["U"] @ h + shared["b"])
        losses.append(((shared["V"] @ h - torch.tensor(values[f"y{t}"])) ** 2).sum() / 2)
    return losses, own, shared


@pytest.mark.parametrize("steps", range(1, 7))
def test_H4_sums_over_time_equal_torch(steps, pasted):
    found, rng = rnn(steps=steps), np.random.default_rng(steps)
    for _ in range(5):
        values = sequence(steps, rng)
        losses, own, shared = torch_losses(values, steps)
        sum(losses).backward()
        names = pasted(found, values)
        for name in "UW":
            assert names[f"d{name}"] == pytest.approx(sum(copy[name].grad for copy in own).numpy(), rel=1e-9, abs=1e-12)
        for name in "bV":
            assert names[f"d{name}"] == pytest.approx(shared[name].grad.numpy(), rel=1e-9, abs=1e-12)


def test_H4_each_term_is_the_gradient_by_one_use_of_the_weights(pasted):
    steps, rng = 4, np.random.default_rng(0)
    values = sequence(steps, rng)
    names = pasted(rnn(steps=steps), values)
    losses, own, _ = torch_losses(values, steps)
    for t in range(1, steps + 1):
        for k in range(1, t + 1):
            for name in "UW":
                (expected,) = torch.autograd.grad(losses[t - 1], own[k - 1][name], retain_graph=True)
                assert names[f"{name}_{t}_{k}"] == pytest.approx(expected.numpy(), rel=1e-9, abs=1e-13)


def test_H4_gathering_from_the_end_gives_the_same(pasted):
    found, values = rnn(steps=3), sequence(3, np.random.default_rng(1))
    names = pasted(found, values)
    gathered = next(s for s in found.steps if s.before.text == "dU" and "delta" in s.after.text)
    assert eval(gathered.after.text, names) == pytest.approx(names["dU"], rel=1e-12)


def test_numbers_of_the_reader():
    values = {"W": [[1.0]], "U": [[0.5]], "b": [0.0], "V": [[2.0]], "x": [1, 0], "y": [0, 1]}
    shown = {row[0]: row[2] for row in rnn(values).tables[0].rows}
    h1 = np.tanh(1.0)
    assert shown["h2"] == f"[{np.tanh(0.5 * h1):.6g}]"
    assert shown["L1"] == f"{(2 * h1) ** 2 / 2:.6g}"


@pytest.mark.parametrize(
    ("values", "steps", "message"),
    [
        (None, 0, "1 to 8 steps"),
        (None, 9, "1 to 8 steps"),
        ({"W": [[1]]}, 1, "without U, b, V, x, y"),
        ({"W": [[1, 2]], "U": [[1]], "b": [0], "V": [[1]], "x": [1], "y": [1]}, 1, "W has the shape"),
        ({"W": [[1]], "U": [[1]], "b": [0], "V": [[1]], "x": [1, 2], "y": [1]}, 1, "a row for each step"),
    ],
)
def test_sequences_that_do_not_fit(values, steps, message):
    with pytest.raises(TheoryError, match=message):
        rnn(values, steps=steps)


def cell_values(rng):
    hidden, inputs = map(int, rng.integers(1, 5, size=2))
    shapes = {"x": inputs, "h0": hidden, "c0": hidden, "G": hidden, "K": hidden}
    values = {name: rng.normal(size=size) for name, size in shapes.items()}
    for gate in "ifgo":
        values[f"W{gate}"] = rng.normal(size=(hidden, inputs))
        values[f"U{gate}"] = rng.normal(size=(hidden, hidden))
        values[f"b{gate}"] = rng.normal(size=hidden)
    return values


def test_lstm_equals_torch(pasted):
    found, rng = lstm(), np.random.default_rng(0)
    for _ in range(10):
        values = cell_values(rng)
        hidden, inputs = values["Wi"].shape
        cell = torch.nn.LSTMCell(inputs, hidden, dtype=torch.float64)
        with torch.no_grad():
            for stem, parameter in zip("WUb", (cell.weight_ih, cell.weight_hh, cell.bias_ih), strict=True):
                parameter.copy_(torch.tensor(np.concatenate([values[f"{stem}{gate}"] for gate in "ifgo"])))
            cell.bias_hh.zero_()
        x, h0, c0 = (torch.tensor(values[name], requires_grad=True) for name in ("x", "h0", "c0"))
        h1, c1 = cell(x, (h0, c0))
        (torch.tensor(values["G"]) @ h1 + torch.tensor(values["K"]) @ c1).backward()
        names = pasted(found, values)
        for stem, parameter in zip("WUb", (cell.weight_ih, cell.weight_hh, cell.bias_ih), strict=True):
            by_hand = np.concatenate([names[f"d{stem}{gate}"] for gate in "ifgo"])
            assert by_hand == pytest.approx(parameter.grad.numpy(), rel=1e-9, abs=1e-12)
        for name, leaf in (("x", x), ("h0", h0), ("c0", c0)):
            assert names[f"d{name}"] == pytest.approx(leaf.grad.numpy(), rel=1e-9, abs=1e-12)


def test_lstm_numbers_that_do_not_fit():
    values = {name: value.tolist() for name, value in cell_values(np.random.default_rng(1)).items()}
    assert lstm(values).answers
    with pytest.raises(TheoryError, match="Wi has the shape"):
        lstm({**values, "Wi": [[1.0] * 9]})
    with pytest.raises(TheoryError, match="without Uf"):
        lstm({name: value for name, value in values.items() if name != "Uf"})
    with pytest.raises(TheoryError, match="x, h0, c0"):
        lstm({"Wi": [[1.0]]})
