"""Fully connected nets: the printed rules, pasted, against torch autograd and finite differences."""

from __future__ import annotations

import json
from itertools import pairwise, product

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import dense

SIX_RULES = {
    "w2_11": "2 * (yhat - y) * yhat * (1 - yhat) * h1_1",
    "w2_12": "2 * (yhat - y) * yhat * (1 - yhat) * h1_2",
    "w1_11": "2 * (yhat - y) * yhat * (1 - yhat) * w2_11 * (1 - h1_1**2) * x1",
    "w1_12": "2 * (yhat - y) * yhat * (1 - yhat) * w2_11 * (1 - h1_1**2) * x2",
    "w1_21": "2 * (yhat - y) * yhat * (1 - yhat) * w2_12 * (1 - h1_2**2) * x1",
    "w1_22": "2 * (yhat - y) * yhat * (1 - yhat) * w2_12 * (1 - h1_2**2) * x2",
}
ACTIVATIONS = {
    "identity": lambda z: z,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "softplus": torch.nn.functional.softplus,
    "gelu": torch.nn.functional.gelu,
    "softmax": lambda z: torch.softmax(z, -1),
}
LOSSES = {
    "mse": torch.nn.functional.mse_loss,
    "half-mse": lambda p, y: ((p - y) ** 2).sum() / 2,
    "bce": torch.nn.functional.binary_cross_entropy,
    "cross-entropy": lambda p, y: -(y * p.log()).sum(),
}


def random_values(widths, bias, loss, rng):
    """Weights as arrays (W1, b1, x, y) and one by one (w1_12, b1_2, x1, y1)."""
    values = {"x": rng.normal(size=widths[0]), "y": rng.uniform(0.1, 0.9, size=widths[-1]), "eta": 0.3}
    if loss == "cross-entropy":
        values["y"] /= values["y"].sum()
    between = "_" if max(widths) > 9 else ""
    for layer, (a, b) in enumerate(pairwise(widths), 1):
        values[f"W{layer}"] = rng.normal(size=(b, a)) / np.sqrt(a)
        for i, j in np.ndindex(b, a):
            values[f"w{layer}_{i + 1}{between}{j + 1}"] = values[f"W{layer}"][i, j]
        if bias:
            values[f"b{layer}"] = rng.normal(size=b)
            values |= {f"b{layer}_{i + 1}": values[f"b{layer}"][i] for i in range(b)}
    values |= {f"x{j + 1}": x for j, x in enumerate(values["x"])}
    return values | ({"y1": 0} | {f"y{i + 1}": y for i, y in enumerate(values["y"])})


def torch_gradients(widths, hidden, output, loss, bias, values):
    """Gradients by autograd, under W1, b1, … and w1_12, b1_2, …"""
    names = [f"{stem}{n}" for n in range(1, len(widths)) for stem in ("Wb" if bias else "W")]
    leaves = {name: torch.tensor(values[name], requires_grad=True) for name in names}
    h = torch.tensor(values["x"])
    for n in range(1, len(widths)):
        z = leaves[f"W{n}"] @ h + (leaves[f"b{n}"] if bias else 0)
        h = ACTIVATIONS[output if n == len(widths) - 1 else hidden](z)
    LOSSES[loss](h, torch.tensor(values["y"])).backward()
    return {name: leaf.grad.numpy() for name, leaf in leaves.items()}


def single(gradients, widths):
    between, found = "_" if max(widths) > 9 else "", {}
    for name, g in gradients.items():
        for place in np.ndindex(g.shape):
            number = between.join(str(i + 1) for i in place)
            found[f"{name.lower()}_{number}"] = g[place]
    return found


def test_H2_the_six_rules():
    found = dense("2-2-1", hidden="tanh", output="sigmoid", loss="mse", bias=False)
    assert {name: formula.text for name, formula in found.answers.items()} == SIX_RULES
    updates = {step.before.text: step.after.text for step in found.steps if step.rule == "update rule"}
    assert {name: updates[name] for name in SIX_RULES} == {n: f"{n} - eta * {text}" for n, text in SIX_RULES.items()}


def test_H2_the_six_rules_equal_finite_differences(pasted):
    found = dense("2-2-1", bias=False)
    values = random_values((2, 2, 1), False, "mse", np.random.default_rng(1))
    values["y"] = values["y1"]
    unit_steps = [step for step in found.steps if step.rule == "forward pass"][:7]  # up to the scalar L

    def loss(**moved):
        names = {}
        exec("from paribus.theory.networks.notation import *", names)
        names.update(values, **moved)
        for step in unit_steps:
            exec(f"{step.before.text} = {step.after.text}", names)
        return names["L"]

    by_hand = pasted(found, values)
    h = 1e-6  # error h² ~ 1e-12 of the formula and 1e-16/h ~ 1e-10 of rounding, both below the tolerance
    for name in SIX_RULES:
        slope = (loss(**{name: values[name] + h}) - loss(**{name: values[name] - h})) / (2 * h)
        assert by_hand[f"d{name}"] == pytest.approx(slope, rel=1e-6, abs=1e-9)


NETS = ["2-2-1", "3-4-4-2", "1-1", "2-3", "2-10-2", "3-5-5-3-2", "6-12-4"]
COMBINATIONS = [
    (hidden, output, loss)
    for hidden, output, loss in product(list(ACTIVATIONS)[:5], ACTIVATIONS, LOSSES)
    if loss in ("mse", "half-mse") or output in ("sigmoid", "softmax")
]


@pytest.mark.parametrize("network", NETS)
def test_H2_printed_formulas_equal_torch(network, pasted):
    """All activations, outputs and losses, half of them with biases; of larger nets, each fifth combination."""
    widths = tuple(map(int, network.split("-")))
    rng = np.random.default_rng(len(network))
    for number, (hidden, output, loss) in enumerate(COMBINATIONS[:: 1 if len(network) < 6 else 5]):
        if output == "softmax" and widths[-1] == 1:
            continue
        bias = bool(number % 2)
        found = dense(network, hidden, output, loss, bias)
        values = random_values(widths, bias, loss, rng)
        expected = torch_gradients(widths, hidden, output, loss, bias, values)
        scalar = widths[-1] == 1
        names = pasted(found, values | ({"y": values["y1"]} if scalar and len(found.answers) != len(expected) else {}))
        wanted = expected if set(found.answers) == set(expected) else single(expected, widths)
        assert set(found.answers) == set(wanted)
        for name, gradient in wanted.items():
            assert names[f"d{name}"] == pytest.approx(gradient, rel=1e-9, abs=1e-12), (
                network,
                hidden,
                output,
                loss,
                name,
            )


def test_matrix_form_stands_beside_the_scalars(pasted):
    widths = (3, 4, 4, 2)
    found = dense("3-4-4-2", "relu", "softmax", "cross-entropy")
    values = random_values(widths, True, "cross-entropy", np.random.default_rng(0))
    expected = torch_gradients(widths, "relu", "softmax", "cross-entropy", True, values)
    names = pasted(found, values)
    for name, gradient in expected.items():
        assert names[f"d{name}"] == pytest.approx(gradient, rel=1e-10, abs=1e-13)
    assert len(found.answers) == 3 * 4 + 4 * 4 + 4 * 2 + 4 + 4 + 2
    assert "yhat - y" in [step.after.text for step in found.steps if step.rule == "softmax and cross-entropy cancel"]


def test_one_step_equals_torch_sgd():
    values = {"W1": [[0.15, 0.2], [0.25, 0.3]], "b1": [0.35, 0.35], "W2": [[0.4, 0.45], [0.5, 0.55]], "b2": [0.6, 0.6]}
    values |= {"x": [0.05, 0.1], "y": [0.01, 0.99], "lr": 0.5}
    found = dense("2-2-2", "sigmoid", "sigmoid", "half-mse", values=values)
    arrays = {name: np.array(value) for name, value in values.items()}
    gradients = torch_gradients((2, 2, 2), "sigmoid", "sigmoid", "half-mse", True, arrays)
    after = single({name: arrays[name] - 0.5 * g for name, g in gradients.items()}, (2, 2, 2))
    shown = {row[0].removesuffix(" new"): row[2] for row in found.tables[0].rows if row[0].endswith(" new")}
    assert shown == {name: f"{value:.6g}" for name, value in after.items()}
    assert next(row[2] for row in found.tables[0].rows if row[0] == "L") == "0.298371"  # 0.274811 + 0.023560


def test_examples_without_numbers_are_seeded():
    assert dense("2-2-1", seed=3) == dense("2-2-1", seed=3)
    assert dense("2-2-1", seed=3).tables != dense("2-2-1", seed=4).tables


def test_large_nets_are_shown_in_matrices_only():
    found = dense("8-16-4", "relu", "softmax", "cross-entropy")
    assert list(found.answers) == ["W1", "b1", "W2", "b2"]
    json.dumps([[str(cell) for cell in row] for row in found.tables[0].rows])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("2-x-1",), "widths"),
        (("5",), "widths"),
        (("2-0-1",), "widths"),
        (("2-999-1",), "at most 2000 parameters"),
        (("2-2-1", "tanhh"), "did you mean 'tanh'"),
        (("2-2-1", "softmax"), "no such activation"),
        (("2-2-1", "tanh", "sigmod"), "did you mean 'sigmoid'"),
        (("2-2-1", "tanh", "sigmoid", "mae"), "no such loss"),
        (("2-2-1", "tanh", "identity", "bce"), "between 0 and 1"),
        (("2-2-1", "tanh", "softmax", "mse"), "always 1"),
    ],
)
def test_nets_that_cannot_be(arguments, message):
    with pytest.raises(TheoryError, match=message):
        dense(*arguments)


GOOD = {"W1": [[1.0, 2.0]], "x": [1.0, 2.0], "y": [1.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W1": [[1.0]]}, r"W1 has the shape \(1, 2\)"),
        ({"W1": [[1.0], [2.0, 3.0]]}, "rows of equal length"),
        ({"x": [1.0, float("nan")]}, "finite"),
        ({"W3": [1.0]}, "does not have"),
        ({"lr": -1}, "above 0"),
        ({"x": None}, "x has"),
    ],
)
def test_numbers_that_do_not_fit(change, message):
    with pytest.raises(TheoryError, match=message):
        dense("2-1", bias=False, values={**GOOD, **change})


def test_numbers_that_are_missing():
    with pytest.raises(TheoryError, match="without y"):
        dense("2-1", bias=False, values={"W1": [[1, 2]], "x": [1, 2]})


def test_targets_of_logarithmic_losses():
    with pytest.raises(TheoryError, match="from 0 to 1"):
        dense("2-1", loss="bce", bias=False, values={**GOOD, "y": [2.0]})
    values = {"W1": [[1, 2], [3, 4]], "x": [1, 2], "y": [1, 1]}
    with pytest.raises(TheoryError, match="sum to 1"):
        dense("2-2", output="softmax", loss="cross-entropy", bias=False, values=values)


def test_seeds():
    with pytest.raises(TheoryError, match="from 0"):
        dense("2-1", seed=-1)


def test_numbers_that_overflow():
    with pytest.raises(TheoryError, match="overflow"):
        dense("2-1", loss="bce", bias=False, values={"W1": [[500, 500]], "x": [9, 9], "y": [0.0]})
