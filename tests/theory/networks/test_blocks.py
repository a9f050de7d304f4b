"""GRU, layer norm, softmax, a residual block; own numbers; nothing printed that no lecturer would write."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import LAYERS, dense, layer
from paribus.theory.networks.align import EDGES, _point_by_point
from paribus.theory.networks.numbers import parse_array

RANDOM = np.random.default_rng(0)


def leaf(values, name):
    return torch.tensor(values[name], dtype=torch.float64, requires_grad=True)


def test_gru_is_torchs(pasted):
    h, n = 3, 2
    values = {
        f"{stem}{g}": RANDOM.normal(size={"W": (h, n), "U": (h, h), "b": (h,)}[stem]) for stem in "WUb" for g in "rzn"
    }
    values |= {"c": RANDOM.normal(size=h), "x": RANDOM.normal(size=n), "h0": RANDOM.normal(size=h), "G": np.ones(h)}
    found = pasted(layer("gru", values=values), values)
    cell = torch.nn.GRUCell(n, h, dtype=torch.float64)
    with torch.no_grad():
        for parameter, stem in ((cell.weight_ih, "W"), (cell.weight_hh, "U"), (cell.bias_ih, "b")):
            parameter.copy_(torch.tensor(np.concatenate([values[f"{stem}{g}"] for g in "rzn"])))
        cell.bias_hh.copy_(torch.tensor(np.concatenate([np.zeros(2 * h), values["c"]])))
    x, h0 = leaf(values, "x"), leaf(values, "h0")
    cell(x, h0).sum().backward()
    np.testing.assert_allclose(found["dx"], x.grad, rtol=1e-10)
    np.testing.assert_allclose(found["dh0"], h0.grad, rtol=1e-10)
    np.testing.assert_allclose(np.concatenate([found[f"dU{g}"] for g in "rzn"]), cell.weight_hh.grad, rtol=1e-10)
    np.testing.assert_allclose(found["dc"], cell.bias_hh.grad[2 * h :], rtol=1e-10)


@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_layer_norm_is_torchs(pasted, shape):
    values = {"X": RANDOM.normal(size=shape), "G": RANDOM.normal(size=shape)}
    values |= {"gamma": RANDOM.normal(size=shape[-1]), "beta": RANDOM.normal(size=shape[-1])}
    own = {"input": values["X"], "upstream": values["G"], "gamma": values["gamma"], "beta": values["beta"]}
    found = pasted(layer("layernorm", **own, eps=1e-3), values)
    x, gamma, beta = (leaf(values, name) for name in ("X", "gamma", "beta"))
    torch.nn.functional.layer_norm(x, shape[-1:], gamma, beta, 1e-3).backward(torch.tensor(values["G"]))
    for name, twin in {"X": x, "gamma": gamma, "beta": beta}.items():
        np.testing.assert_allclose(found[f"d{name}"], twin.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_softmax_is_torchs(pasted, shape):
    values = {"z": RANDOM.normal(size=shape), "G": RANDOM.normal(size=shape)}
    found = pasted(layer("softmax", input=values["z"], upstream=values["G"]), values)
    z = leaf(values, "z")
    torch.softmax(z, -1).backward(torch.tensor(values["G"]))
    np.testing.assert_allclose(found["dz"], z.grad, rtol=1e-10)


@pytest.mark.parametrize(
    ("hidden", "twin"),
    [
        ("relu", torch.relu),
        ("silu", torch.nn.functional.silu),
        ("gelu", torch.nn.functional.gelu),
        ("elu", torch.nn.functional.elu),
        ("leaky-relu", torch.nn.functional.leaky_relu),
        ("sin", torch.sin),
        ("softplus", torch.nn.functional.softplus),
        ("identity", lambda z: z),
    ],
)
def test_residual_block_with_every_activation(pasted, hidden, twin):
    values = {"W1": (3, 2), "b1": (3,), "W2": (2, 3), "b2": (2,), "x": (2,), "G": (2,)}
    values = {name: RANDOM.normal(size=shape) for name, shape in values.items()}
    found = pasted(layer("residual", values=values, hidden=hidden), values)
    x, w1, w2 = (leaf(values, name) for name in ("x", "W1", "W2"))
    y = x + w2 @ twin(w1 @ x + torch.tensor(values["b1"])) + torch.tensor(values["b2"])
    y.backward(torch.tensor(values["G"]))
    for name, one in {"x": x, "W1": w1, "W2": w2}.items():
        np.testing.assert_allclose(found[f"d{name}"], one.grad, rtol=1e-10, atol=1e-14)


def test_every_edge_of_a_box_has_its_derivative(pasted):
    """By central differences of the published definition, point by point: error of order h² ~ 1e-10."""
    found, box = layer("roialign", seed=3), np.array([0.4, 0.7, 3.4, 3.7])
    given = {row[0]: row[2] for row in found.tables[0].rows if row[1] == "given"}
    values = {"X": np.array(eval(given["X"])), "G": np.ones((2, 2)), **dict(zip(EDGES, box, strict=True))}
    gradients = pasted(found, values)
    for i, edge in enumerate(EDGES):
        ends = [_point_by_point({**values, edge: box[i] + h}, (2, 2), 2).sum() for h in (1e-5, -1e-5)]
        assert gradients[f"d{edge}"] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("text", ["[[2, 0], [-3, 1]]", "[[2,0],[-3,1]]", "2 0; -3 1", " [ [2.0, 0], [-3, 1.] ] "])
def test_matrices_as_python_writes_them(text):
    assert parse_array(text).tolist() == [[2, 0], [-3, 1]]


@pytest.mark.parametrize("text", ["[[2,0],[1]]", "[[a]]", "[" * 500, "[]", "[[1, 'x']]", "[{}]", "[1,"])
def test_what_is_no_matrix_is_refused(text):
    with pytest.raises(TheoryError, match=r"matrix"):
        parse_array(text)


def test_own_numbers_everywhere():
    net = dense("2-2-1", x=[1.0, -2.0], y=[0.25])
    given = {row[0]: row[2] for row in net.tables[0].rows if row[1] == "given"}
    assert (given["x1"], given["x2"], given["y"]) == ("1", "-2", "0.25")
    norm = layer("batchnorm", gamma=[2.0, 3.0], beta=[0.5, -1.0], eps=0.1)
    given = {row[0]: row[2] for row in norm.tables[0].rows if row[1] == "given"}
    assert (given["gamma"], given["beta"]) == ("[[2, 3]]", "[[0.5, -1]]")
    with pytest.raises(TheoryError, match=r"gamma has the shape \(2,\)"):
        layer("batchnorm", gamma=[2.0, 3.0, 4.0])


def test_each_entry_of_a_convolutions_input_gradient():
    found = layer("conv2d", input=np.arange(9.0).reshape(3, 3), filter=[[2.0, 0.0], [-3.0, 1.0]])
    table = next(table for table in found.tables if "entry of dX" in table.title)
    entries = {row[0]: (row[1], float(row[2])) for row in table.rows}
    assert entries["dX[1, 1]"] == ("1·1 + 1·(-3) + 1·0 + 1·2", 0.0)
    for terms, value in entries.values():
        assert eval(terms.replace("·", "*")) == pytest.approx(value)


NETS = ["2-2-1", "1-1-1", "2-3-2", "3-1", "1-2-3-1"]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("loss", ["mse", "half-mse", "bce", "cross-entropy"])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_nothing_is_printed_that_cancels(net, loss, output):
    if output == "softmax" and net.endswith("-1"):
        return
    printed = str(dense(net, "relu", output, loss, x=[0.0] * int(net[0])))
    calculations = printed.partition("The example with numbers")[2]
    assert not re.search(r"·-0\b|\(-0\)|-0\b(?!\.)", calculations)
    assert "((-" not in calculations
    assert not re.search(r"/ (yhat\d*) \* \1\b", printed.replace("dyhat", ""))


@pytest.mark.parametrize("name", LAYERS)
def test_no_layer_prints_a_negative_zero(name):
    assert not re.search(r"[\[ ]-0[,\]\s]", str(layer(name)))
