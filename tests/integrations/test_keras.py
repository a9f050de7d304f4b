"""What Keras trains, logged; skipped where Keras 3 is not installed. Its backend is torch here."""

from __future__ import annotations

import os

import numpy as np
import pytest

import paribus as pb

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras", reason="Keras is not installed: pip install keras")
pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore")]


def data(seed: int):
    chance = np.random.default_rng(seed)
    inputs = chance.normal(size=(120, 4)).astype("float32")
    return inputs, (inputs.sum(1) > 0).astype("float32")


def network(lr: float):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(lr), "binary_crossentropy", metrics=["accuracy"])
    return model


def test_S25_epochs_of_keras_are_rows_of_a_run():
    from paribus.integrations.keras import ParibusCallback

    for seed in (0, 1, 2):
        for lr in (0.01, 1.0):
            keras.utils.set_random_seed(seed)
            with pb.log(arm={"lr": lr}, seed=seed, study="dense") as run:
                options = {"epochs": 3, "verbose": 0, "validation_split": 0.25, "callbacks": [ParibusCallback(run)]}
                network(lr).fit(*data(seed), **options)
    rows = pb.RunFolder(run.path).history
    assert len(rows) == 3
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= {*rows.columns}
    result = pb.Study.open("runs/dense").result
    assert (result.metric_name, result.complete) == ("val_accuracy", True)


def test_S24_a_function_that_trains_with_keras_is_as_repeatable_as_its_seed():
    def train(config, seed):
        model = network(config["lr"])
        history = model.fit(*data(seed), epochs=2, verbose=0, validation_split=0.25).history
        for losses in zip(history["val_loss"], history["val_accuracy"], strict=True):
            yield dict(zip(("val_loss", "val_accuracy"), losses, strict=True))

    one, two = [
        pb.Study(train, vary={"lr": [0.01, 1.0]}, seeds=2, metric="val_loss", name=name).run(jobs=1, listen=print)
        for name in ("one", "two")
    ]
    assert one.complete
    assert [arm.values for arm in one.arms] == [arm.values for arm in two.arms]
    assert len({*one.arms[0].values.values()}) == 2
