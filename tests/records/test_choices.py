"""What differs between the arms of a study is marked, wherever it comes from; what is not marked is equal."""

from __future__ import annotations

import pytest
from tests.small import small

from paribus.records.choices import ABSENT, choices, compared

pytestmark = pytest.mark.usefixtures("here")

SGD_ADAM = [{"use": "sgd", "lr": 0.1}, {"use": "adam", "lr": 0.001}]
BY_SGD_ADAM = {
    "optimizer", "optimizer.lr", "optimizer.momentum", "optimizer.nesterov", "optimizer.beta1", "optimizer.beta2",
    "optimizer.eps", "optimizer.amsgrad",
}  # fmt: skip


@pytest.mark.parametrize(
    ("vary", "marked"),
    [
        ({}, set()),
        ({"model.norm": ["none", "batch"]}, {"model.norm"}),
        ({"training.batch_size": [32, 64]}, {"training.batch_size"}),
        ({"model.use": ["mlp", "linear"]}, None),
        ({"model": ["mlp", "linear"]}, None),
        ({"augment": [{}, {"crop": {"padding": 1}}]}, None),
        ({"optimizer": SGD_ADAM}, BY_SGD_ADAM),
        ({"optimizer": SGD_ADAM, "model.norm": ["none", "batch"]}, {*BY_SGD_ADAM, "model.norm"}),
        ({"optimizer.use": ["sgd", "adam"]}, None),
        ({"schedule": ["constant", "cosine"], "optimizer.lr": [0.1, 0.2]}, None),
    ],
)
@pytest.mark.parametrize("layout", ["factorial", "one-at-a-time"])
def test_every_field_that_differs_between_two_arms_is_marked(vary, marked, layout):
    design = small(vary, layout=layout).design
    found = {choice.field: choice for choice in compared(design)}
    arms = {arm.name: {one.field: one.value for one in choices(design.recipe_of(arm))} for arm in design.arms()}
    differs = {field for field in found if len({of_arm.get(field) for of_arm in arms.values()}) > 1}
    assert {field for field, choice in found.items() if choice.varied} == differs
    assert marked is None or differs == marked
    for field, choice in found.items():
        expected = {name: of_arm.get(field, ABSENT) for name, of_arm in arms.items()}
        assert choice.by_arm == (expected if field in differs else {})
        assert choice.varied or choice.value in expected.values()


def test_the_streams_that_a_noise_study_holds_are_marked():
    marked = {choice.field: choice for choice in compared(small(None, layout="noise").design) if choice.varied}
    assert set(marked) == {"chance.initialisation", "chance.order", "chance.noise", "chance.split"}
    assert marked["chance.order"].value == (
        "null (all streams; order only), 0 (initialisation only; noise only; split only)"
    )


def test_values_say_which_arms_have_them():
    found = {choice.field: choice for choice in compared(small({"optimizer": SGD_ADAM}).design)}
    assert found["optimizer"].value == "sgd(lr=0.1), adam(lr=0.001)"
    assert found["optimizer"].meaning.startswith("sgd: Stochastic")
    assert "; adam: Adam" in found["optimizer"].meaning
    assert found["optimizer.lr"].value == "0.1 (sgd(lr=0.1)), 0.001 (adam(lr=0.001))"
    assert found["optimizer.momentum"].value == f"0.9 (sgd(lr=0.1)), {ABSENT} (adam(lr=0.001))"


def test_many_values_stand_in_the_order_of_their_factor():
    nets = [{"use": "mlp", "widths": [width]} for width in range(1, 9)]
    found = {choice.field: choice for choice in compared(small({"model": nets}).design)}
    assert found["model.widths"].value == f"{', '.join(f'[{width}]' for width in range(1, 9))} (by model)"
