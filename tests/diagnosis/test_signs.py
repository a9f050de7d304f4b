"""Two weak signs make a fault, and each alone a warning or nothing: of records that were made up."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from paribus.diagnosis import generator
from paribus.diagnosis.case import Case
from paribus.diagnosis.checks import classes, fitting, inputs, labels, propagation, steps
from paribus.diagnosis.rates import coordinate_heat, coordinate_rate, gradient_heat, gradient_rate
from paribus.diagnosis.record import Record
from paribus.records.run import Status
from paribus.records.signals import Look

ADAM = {"optimizer": {"use": "adam", "lr": 0.003}, "training": {"batch_size": 32}}
SOUND, BEHIND = 0.95, 0.35  # figures of four classes: as healthy runs have them, and of such as learned little


def record(accuracy: float = SOUND, steps: int = 600, epochs: int = 20, looks: Any = None, **recipe: Any) -> Record:
    """A training of four classes whose loss has come to rest, with what healthy runs have beside."""
    merged = {name: {**ADAM.get(name, {}), **recipe.get(name, {})} for name in {**ADAM, **recipe}}
    apart = steps // epochs
    rows = [
        {"epoch": at, "step": at * apart, "train/loss": 0.9 if at == 1 else 0.3, "val/accuracy": accuracy}
        for at in range(1, epochs + 1)
    ]
    begin = Look(0, 0, probed=True, loss_eval={"model": 1.4}, weight_norm={"a": 1.0}, weight_deviation={"a": 0.1})
    after = Look(1, apart, update_ratio={"a": 0.02}, weight_norm={"a": 1.1}, weight_deviation={"a": 0.1})
    after = dataclasses.replace(after, **(looks or {}))
    info = {"class_counts": [50] * 4, "classes": list("abcd"), "input_shape": (6,), "sizes": {"train": 200, "val": 100}}
    figures = {"val/accuracy": accuracy}
    return Record(Status("finished"), rows, figures, info, merged, Path("none"), (begin, after), steps)


def said(check: Any, one: Record) -> list[tuple[str, str]]:
    return [(found.cause, found.severity) for found in check(Case.of(one))]


def test_a_record_without_a_fault_has_none():
    checks = (steps.too_high, steps.too_low, steps.clipped, steps.too_few, inputs.tiny_batches)
    assert [said(check, record()) for check in checks] == [[]] * 5


@pytest.mark.parametrize(
    ("optimizer", "accuracy", "expected"),
    [
        ({"use": "adam", "lr": 0.06}, SOUND, []),
        ({"use": "adam", "lr": 0.06}, BEHIND, [("lr-too-high", "fault")]),
        ({"use": "sgd", "lr": 0.06, "momentum": 0.9}, BEHIND, []),  # there it is a usual rate
    ],
)
def test_a_rate_is_judged_by_what_its_optimizer_takes(optimizer, accuracy, expected):
    assert said(steps.too_high, record(accuracy, optimizer=optimizer)) == expected


@pytest.mark.parametrize(
    ("growth", "update", "rise", "expected"),
    [
        (3.0, 0.2, 3.0, [("lr-too-high", "fault")]),
        (1.2, 0.2, 3.0, []),
        (3.0, 0.02, 3.0, []),
        (3.0, 0.2, 1.0, []),
    ],
)
def test_long_steps_are_too_long_where_the_loss_is_rough(growth, update, rise, expected):
    made = record(looks={"weight_norm": {"a": growth}, "update_ratio": {"a": update}})
    rows = [{**row, "val/loss": 0.4 if row["epoch"] < 20 else 0.4 * rise} for row in made.rows]
    assert said(steps.too_high, dataclasses.replace(made, rows=rows)) == expected


@pytest.mark.parametrize(
    ("optimizer", "accuracy", "expected"),
    [
        ({"use": "sgd", "lr": 0.02, "momentum": 0.0}, SOUND, []),
        ({"use": "sgd", "lr": 0.02, "momentum": 0.0}, BEHIND, [("lr-too-low", "fault")]),
        ({"use": "adam", "lr": 0.003}, BEHIND, []),
        ({"use": "adagrad", "lr": 0.003}, BEHIND, [("lr-too-low", "fault")]),
        ({"use": "adagrad", "lr": 0.05}, BEHIND, []),
    ],
)
def test_a_rate_that_suits_another_optimizer_is_too_low_where_little_is_learned(optimizer, accuracy, expected):
    assert said(steps.too_low, record(accuracy, optimizer=optimizer)) == expected


@pytest.mark.parametrize(
    ("lr", "accuracy", "falls", "expected"),
    [
        (0.008, BEHIND, 0.04, [("lr-too-low", "fault")]),
        (0.008, SOUND, 0.04, []),
        (0.008, BEHIND, 0.0, []),
        (0.02, BEHIND, 0.04, []),
    ],
)
def test_a_rate_that_hardly_anybody_takes_is_too_low_where_little_is_learned_and_the_loss_falls(
    lr, accuracy, falls, expected
):
    made = record(accuracy, optimizer={"use": "sgd", "lr": lr, "momentum": 0.9})
    rows = [{**row, "train/loss": 1.2 - falls * row["epoch"]} for row in made.rows]
    made = dataclasses.replace(made, rows=rows)
    assert said(steps.too_low, made) == expected
    smoothed = dataclasses.replace(made, recipe={**made.recipe, "task": {"label_smoothing": 0.1}})
    assert said(steps.too_low, smoothed) == []  # its loss cannot fall as far


def test_the_rate_of_another_optimizer_is_too_low_while_much_is_left_and_the_loss_falls():
    made = record(optimizer={"use": "adagrad", "lr": 0.005})
    for falls, expected in ((0.03, [("lr-too-low", "fault")]), (0.0, [])):
        rows = [{**row, "train/loss": 0.6 + falls * (20 - row["epoch"])} for row in made.rows]
        assert said(steps.too_low, dataclasses.replace(made, rows=rows)) == expected


@pytest.mark.parametrize(("made", "expected"), [(38, [("too-few-epochs", "fault")]), (600, [])])
def test_so_few_steps_are_too_few_while_the_loss_falls_faster_than_they_grow(made, expected):
    short = record(steps=made, epochs=3)
    rows = [{**row, "train/loss": 1.2 / row["epoch"] ** 1.6} for row in short.rows]
    assert said(steps.too_few, dataclasses.replace(short, rows=rows)) == expected


@pytest.mark.parametrize(
    ("units", "loss", "expected"),
    [
        (2, 0.08, [("capacity-too-small", "fault")]),
        (2, 0.01, [("capacity-too-small", "warning")]),
        (16, 0.08, []),
    ],
)
def test_a_layer_of_two_units_is_a_fault_where_some_of_a_number_is_left(units, loss, expected):
    made = record(model={"widths": [32, units]})
    rows = [{"epoch": at, "step": 30 * at, "train/loss": loss if at > 1 else 0.9} for at in range(1, 21)]
    info = {"target_shape": (), "sizes": made.info["sizes"], "input_shape": (6,)}
    made = dataclasses.replace(made, rows=rows, info=info, figures={"val/r2": 1 - loss})
    begin = dataclasses.replace(made.looks[0], loss_eval={"model": 1.0})
    assert said(fitting.narrow, dataclasses.replace(made, looks=(begin, made.looks[1]))) == expected


@pytest.mark.parametrize(
    ("pace", "expected"), [(0.0077, "fault"), (0.1, "warning"), (1.0, ""), (60.0, "warning"), (400.0, "fault")]
)
def test_a_network_that_stands_still_beside_the_other_is_a_fault_whatever_is_drawn(pace, expected):
    sides = {"discriminator.a": 0.01 * pace, "generator.a": 0.01}
    made = record(looks={"update_ratio": sides})
    found = generator._of_the_steps(Case.of(made)).findings
    assert "".join(one.severity for one in found) == expected


@pytest.mark.parametrize(
    ("factor", "accuracy", "expected"),
    [
        (0.15, SOUND, []),
        (0.15, BEHIND, [("clipped-to-nothing", "fault")]),
        (0.5, BEHIND, []),
        (0.005, SOUND, [("clipped-to-nothing", "warning")]),
    ],
)
def test_a_clipped_gradient_is_a_fault_where_little_is_learned(factor, accuracy, expected):
    looks = {"clipped": {"model": 1.0}, "clip_factor": {"model": factor}}
    assert said(steps.clipped, record(accuracy, looks=looks, training={"clip_norm": 0.01})) == expected


@pytest.mark.parametrize(
    ("made", "accuracy", "expected"),
    [
        (60, SOUND, []),
        (60, BEHIND, [("too-few-epochs", "fault")]),
        (600, BEHIND, []),
    ],
)
def test_few_steps_of_many_examples_are_too_few_where_little_is_learned(made, accuracy, expected):
    assert said(steps.too_few, record(accuracy, steps=made)) == expected


@pytest.mark.parametrize(
    ("size", "lr", "norm", "accuracy", "expected"),
    [
        (32, 0.003, "batch", BEHIND, []),
        (3, 0.0003, "none", SOUND, [("batches-too-small", "warning")]),
        (3, 0.0003, "none", BEHIND, [("batches-too-small", "fault")]),
        (1, 0.01, "none", SOUND, [("batches-too-small", "fault")]),  # a rate that suits many
        (3, 0.0003, "batch", SOUND, [("batches-too-small", "warning")]),
        (3, 0.004, "batch", SOUND, [("batches-too-small", "fault")]),
        (2, 0.0003, "batch", SOUND, [("batches-too-small", "fault")]),  # of columns two values a channel
    ],
)
def test_tiny_batches_are_a_fault_with_a_second_sign(size, lr, norm, accuracy, expected):
    made = record(accuracy, training={"batch_size": size}, optimizer={"lr": lr}, model={"norm": norm})
    assert said(inputs.tiny_batches, made) == expected


@pytest.mark.parametrize(("bent", "expected"), [(0.27, []), (0.004, [("linear-network", "fault")])])
def test_activations_that_give_back_what_they_are_given_make_a_line_whatever_else_bends(bent, expected):
    layers = dict.fromkeys("abc", 0.1)
    made = record(looks={"probed": True, "weight_deviation": layers, "bends": {"act": bent}})
    assert said(propagation.straight, made) == expected


@pytest.mark.parametrize(("dead", "expected"), [(0.0, ["linear-network", "exploding-gradients"]), (1.0, [])])
def test_dead_units_bend_nothing_and_pass_no_gradient_and_are_their_own_cause(dead, expected):
    layers = dict.fromkeys("abc", 0.1)
    made = record(BEHIND, looks={"probed": True, "weight_deviation": layers, "outputs": {"bend": 0.0}})
    begin = dataclasses.replace(
        made.looks[0], probed=True, weight_deviation=layers, outputs={"bend": 0.0}, zeros={"act": 0.5},
        dead={"act": dead}, gradient={"a": 80.0, "b": 1.0, "c": 1.0},
    )  # fmt: skip
    made = dataclasses.replace(made, looks=(begin, made.looks[1]))
    found = [*said(propagation.straight, made), *said(propagation.exploding, made)]
    assert [cause for cause, _ in found] == expected
    assert [cause for cause, _ in said(propagation.dead, made)] == ["dead-units"] * bool(dead)


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0.3, 0.3, ["initial-weights-too-large"]), (0.0, 0.3, []), (0.3, 0.1, [])]
)
def test_units_that_begin_and_stay_at_their_ends_had_weights_too_large(start, end, expected):
    made = record(looks={"probed": True, "saturated": {"rnn": end}})
    begin = dataclasses.replace(made.looks[0], probed=True, saturated={"rnn": start})
    made = dataclasses.replace(made, looks=(begin, made.looks[1]))
    assert [cause for cause, _ in said(propagation.wide_start, made)] == expected


@pytest.mark.parametrize(("train", "expected"), [(2400, ["noisy-inputs"]), (40, [])])
def test_of_a_few_examples_the_nearest_is_far_without_any_noise(train, expected):
    made = record(BEHIND)
    begin = dataclasses.replace(made.looks[0], agreement={"kappa": 0.1, "error": 0.05, "distance": 0.9})
    info = {**made.info, "mean": [0.5], "sizes": {"train": train, "val": 100}, "class_counts": [train // 4] * 4}
    made = dataclasses.replace(made, looks=(begin, made.looks[1]), info=info)
    assert [cause for cause, _ in said(inputs.noisy, made)] == expected


@pytest.mark.parametrize(("pictures", "expected"), [(12, ["overfitting"]), (150, [])])
def test_a_few_pictures_are_learned_by_heart_where_others_have_many_times_the_mistakes(pictures, expected):
    made = record()
    rows = [{**row, "train/pixel_accuracy": 0.998, "val/pixel_accuracy": 0.97} for row in made.rows]
    info = {
        **made.info,
        "sizes": {"train": pictures, "val": 50},
        "class_counts": [60_000, 9_000],
        "classes": ["a", "b"],
    }
    figures = {"val/pixel_accuracy": 0.97, "val/miou": 0.8}
    made = dataclasses.replace(made, rows=rows, info=info, figures=figures)
    assert [cause for cause, _ in said(fitting.overfitted, made)] == expected


@pytest.mark.parametrize(("loss", "expected"), [(2.5, ["over-regularised"]), (2.2, [])])
def test_where_no_right_answers_are_counted_losses_tell_what_dropout_holds_back(loss, expected):
    made = record(model={"dropout": 0.8})
    rows = [{"epoch": row["epoch"], "step": row["step"], "train/loss": loss, "val/loss": 2.4} for row in made.rows]
    made = dataclasses.replace(made, rows=rows, info={"sizes": made.info["sizes"]}, figures={"val/perplexity": 11.0})
    begin = dataclasses.replace(made.looks[0], loss_eval={"model": 4.0})
    made = dataclasses.replace(made, looks=(begin, made.looks[1]))
    assert [cause for cause, _ in said(fitting.over_regularised, made)] == expected


@pytest.mark.parametrize(
    ("kappa", "vary", "expected"),
    [(0.01, 0.2, [("labels-permuted", "fault")]), (0.5, 0.2, []), (0.01, 0.9, [])],
)
def test_masks_belong_to_other_pictures_where_neighbours_and_outputs_say_so(kappa, vary, expected):
    made = record(looks={"probed": True, "outputs": {"variation": vary, "deviation": 1.0}})
    begin = dataclasses.replace(made.looks[0], agreement={"mask_kappa": kappa, "mask_error": 0.04})
    made = dataclasses.replace(
        made,
        rows=[{**row, "val/pixel_accuracy": 0.9} for row in made.rows],
        figures={"val/pixel_accuracy": 0.9, "val/miou": 0.8},
        looks=(begin, made.looks[1]),
    )
    assert said(labels.permuted, made) == expected


@pytest.mark.parametrize(("deviation", "given"), [(1.0, True), (0.04, False)])
def test_what_neighbours_say_of_classes_is_no_first_cause_where_inputs_are_not_scaled(deviation, given):
    made = record(BEHIND)
    table = {"0": (10.0, 10.0, 0.0), "1": (10.0, 10.0, 0.0), "2": (0.0, 0.0, 20.0)}
    begin = dataclasses.replace(made.looks[0], neighbours=table, inputs={"deviation": (deviation,) * 6})
    figures = {"val/accuracy": BEHIND, **{f"val/recall/{name}": 0.4 + 0.3 * (name == "c") for name in "abc"}}
    info = {**made.info, "classes": list("abc"), "class_counts": [60] * 3, "mean": [0.5]}
    made = dataclasses.replace(made, looks=(begin, *made.looks[1:]), figures=figures, info=info)
    assert [found.given for found in classes.twice(Case.of(made))] == [given]


def test_rates_are_on_scales_of_their_own():
    sgd = record(optimizer={"use": "sgd", "lr": 0.02, "momentum": 0.9})
    assert gradient_rate(sgd) == pytest.approx(0.2)
    assert gradient_heat(sgd) == pytest.approx(0.2 / 32)
    assert coordinate_rate(sgd) is None
    adagrad = record(optimizer={"use": "adagrad", "lr": 0.02}, steps=400)
    assert coordinate_rate(adagrad) == pytest.approx(0.002)
    assert coordinate_heat(adagrad) == pytest.approx(0.002 / 32**0.5)
    assert gradient_rate(adagrad) is None
    dense = dataclasses.replace(adagrad, info={**adagrad.info, "target_shape": (8, 8)})
    assert coordinate_heat(dense) is None
