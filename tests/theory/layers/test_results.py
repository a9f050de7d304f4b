"""Nets with several results: what they share is counted once, and all of them are shown."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # the code below names it so

from paribus.errors import TheoryError
from paribus.theory.layers import measure, table

ENCODER = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(784, 40)
        self.mean = nn.Linear(40, 5)
        self.spread = nn.Linear(40, 5)

    def forward(self, x):
        h = torch.relu(self.shared(x.view(-1, 784)))
        return self.mean(h), self.spread(h)
"""
ACTOR = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 16)
        self.policy, self.value = nn.Linear(16, 2), nn.Linear(16, 1)

    def forward(self, x):
        x = F.relu(self.body(x))
        return {"policy": F.softmax(self.policy(x), dim=-1), "value": self.value(x)}
"""
PYRAMID = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 16, 3, stride=2)

    def forward(self, x):
        first = F.relu(self.a(x))
        return first, F.relu(self.b(first))
"""


@pytest.mark.parametrize(("code", "shape"), [(ENCODER, (1, 28, 28)), (ACTOR, (4,)), (PYRAMID, (3, 16, 16))])
def test_all_results_of_code_are_those_of_torch(code, shape):
    scope = {"nn": nn, "torch": torch, "F": F}
    exec(code, scope)
    net = scope["Net"]()
    out = net(torch.zeros(2, *shape))
    found = table(code, shape)
    assert found.graph.outputs == tuple(
        tuple(one.shape[1:]) for one in (out.values() if isinstance(out, dict) else out)
    )
    assert found.parameters == sum(p.numel() for p in net.parameters())
    assert not any("result" in note for note in found.notes)


def test_models_of_keras_with_two_outputs():
    text = """inputs = keras.Input(shape=(20,))
x = layers.Dense(16, activation="relu")(inputs)
model = keras.Model(inputs, [layers.Dense(2)(x), layers.Dense(2)(x)])"""
    found = table(text)
    assert (found.graph.outputs, found.parameters) == (((2,), (2,)), 20 * 16 + 16 + 2 * (16 * 2 + 2))


def test_results_in_the_notation_are_measured():
    text = "conv 8 k3, relu, [id ~ flatten, linear 3]"
    assert table(text, (1, 9, 9)).graph.outputs == ((8, 7, 7), (3,))
    assert not measure(text, (1, 9, 9)).different


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("linear 8, [linear 2 ~ linear 3], relu", "nothing stands behind several results"),
        ("linear 8, [[linear 2 ~ linear 3] | linear 2]", "nothing stands behind several results"),
        ("linear 8, [linear 2 ~ linear 3 | linear 2]", "branches are results"),
    ],
)
def test_results_stand_at_the_end(text, said):
    with pytest.raises(TheoryError, match=said):
        table(text, (4,))


def test_a_state_beside_the_result_is_said_to_be_left_out():
    code = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells, self.out = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 3)

    def forward(self, x):
        y, state = self.cells(x)
        return self.out(y), state
"""
    found = table(code, (10, 8))
    assert found.output == (10, 3)
    assert any("left out" in note for note in found.notes)


VAE = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(784, 40)
        self.mean, self.spread = nn.Linear(40, 5), nn.Linear(40, 5)
        self.behind, self.out = nn.Linear(5, 40), nn.Linear(40, 784)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return {drawn}

    def forward(self, x):
        h = F.relu(self.shared(x.view(-1, 784)))
        mu, logvar = self.mean(h), self.spread(h)
        z = self.reparameterize(mu, logvar)
        return torch.sigmoid(self.out(F.relu(self.behind(z)))), mu, logvar
"""


@pytest.mark.parametrize("drawn", ["mu + eps * std", "eps.mul(std).add_(mu)", "mu + std * torch.randn(std.size())"])
def test_what_is_drawn_between_encoder_and_decoder_changes_no_size(drawn):
    code = VAE.replace("{drawn}", drawn)
    scope = {"nn": nn, "torch": torch, "F": F}
    exec(code, scope)
    found = table(code, (1, 28, 28))
    assert found.output == tuple(scope["Net"]()(torch.zeros(2, 1, 28, 28))[0].shape[1:])
    assert found.parameters == sum(p.numel() for p in scope["Net"]().parameters())
    assert {note.partition(",")[0] for note in found.notes} >= {"what is done number by number"}
    assert "results on the way to another are not shown" in found.notes


def test_an_encoder_of_keras_that_draws():
    text = """class Sampling(layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        epsilon = tf.random.normal(shape=(tf.shape(mean)[0], tf.shape(mean)[1]))
        return mean + tf.exp(0.5 * log_var) * epsilon

inputs = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(32, 3, activation="relu", strides=2, padding="same")(inputs)
x = layers.Conv2D(64, 3, activation="relu", strides=2, padding="same")(x)
x = layers.Flatten()(x)
x = layers.Dense(16, activation="relu")(x)
mean = layers.Dense(2)(x)
log_var = layers.Dense(2)(x)
encoder = keras.Model(inputs, [mean, log_var, Sampling()([mean, log_var])])"""
    found = table(text)
    assert (found.output, found.parameters) == ((2,), 69_076)  # as its tutorial prints


def test_methods_without_their_class_are_a_net():
    methods = "\n".join(line[4:] for line in PYRAMID.splitlines()[1:])
    assert table(methods, (3, 16, 16)).parameters == (27 + 1) * 8 + (72 + 1) * 16
