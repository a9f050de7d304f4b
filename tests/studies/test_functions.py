"""Studies of a function: how it is called, what it may return, and what is refused before its first run."""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.small import Heard

import paribus as pb
from paribus.errors import Interrupted, RunError, StudyError
from paribus.records.run import RunFolder
from paribus.studies.executors.pool import LocalPool
from paribus.studies.functions import Call, code_of, convention

pytestmark = pytest.mark.usefixtures("here")
CALLS = Path("calls.txt")


def noted(*what: Any) -> None:
    with CALLS.open("a") as file:
        file.write(" ".join(map(str, what)) + "\n")


def calls() -> list[str]:
    return CALLS.read_text().splitlines() if CALLS.exists() else []


def gauss(config, seed):
    noted(config["lr"], seed)
    chance = random.Random(seed).random() / 100 + random.random() / 1000 * (config["lr"] > 0.1)
    return {"accuracy": 0.7 + config["lr"] + chance, "loss": 0.5}


def rows(config, seed):
    for epoch in range(1, 4):
        yield {"accuracy": 0.8 + 0.01 * epoch + config["lr"] / 10 + random.Random(seed).random() / 100, "epoch": epoch}


def study(function=gauss, vary=None, seeds=3, metric="accuracy", **more: Any) -> pb.Study:
    return pb.Study(function, vary={"lr": [0.1, 0.2]} if vary is None else vary, seeds=seeds, metric=metric, **more)


def run(planned: pb.Study, **more: Any):
    return planned.run(**{"jobs": 1, "listen": Heard(), **more})


def test_S24_a_function_is_compared_over_seeds_as_a_recipe_is():
    result = run(study())
    [effect] = result.effects
    assert (effect.label, effect.verdict.word) == ("lr: 0.2 − 0.1", "better")
    assert effect.estimate.value == pytest.approx(0.1, abs=0.002)
    assert (result.design.origin, result.metric.percent, result.complete) == ("function", True, True)
    assert "up to the function gauss" in result.design.uncontrolled
    page = study().report().read_text()
    assert "up to the function gauss" in page
    assert "global generators of Python, NumPy and torch are seeded" in page


def test_a_finished_run_is_never_run_again_and_new_seeds_add_to_them():
    run(study(seeds=2))
    before = calls()
    run(study(seeds=2))
    assert calls() == before
    heard = Heard()
    study(seeds=3).run(jobs=1, listen=heard)
    assert calls() == [*before, "0.1 2", "0.2 2"]
    assert heard.count("known") == 4


def test_rows_that_are_yielded_become_curves_and_the_last_value_counts():
    heard = Heard()
    result = study(rows).run(jobs=1, listen=heard)
    [first, _] = result.arms
    assert [len(curve) for curve in first.curves["accuracy"]] == [3, 3, 3]
    assert first.values[0] == first.curves["accuracy"][0][-1]
    told = [event.progress for event in heard if event.progress]
    assert [now.epoch for now in told[:3]] == [1, 2, 3]


def test_a_generator_may_return_other_final_figures():
    def best(config, seed):
        yield {"accuracy": 0.9, "loss": 1.0}
        yield {"accuracy": 0.7}
        return {"accuracy": 0.9 + config["lr"] / 100}

    result = run(study(best, seeds=1))
    assert result.arms[0].values[0] == pytest.approx(0.901)
    assert RunFolder(pb.RunFolder(study(best, seeds=1).folder / "lr=0.1" / "seed-0").path).metrics["loss"] == 1.0


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_fails_says_why_and_touches_no_other(jobs):
    def sometimes(config, seed):
        if seed == 1 and config["lr"] == 0.2:
            raise ArithmeticError("mischief managed")
        return 0.9 + config["lr"] / 100 + random.random() / 1000

    result = run(study(sometimes), jobs=jobs)
    assert result.arms[1].states == {0: "finished", 1: "failed", 2: "finished"}
    assert "ArithmeticError: mischief managed (test_functions.py, line" in result.arms[1].errors[1]
    assert result.effects[0].estimate.n == 2


def test_functions_with_what_they_close_over_run_in_a_pool():
    shift = np.array([0.01])

    def closed(config, seed):
        return {"accuracy": 0.9 + shift[0] * config["lr"] + random.random() / 100, "pid": os.getpid()}

    result = run(study(closed, seeds=2), jobs=2)
    assert result.complete
    alone = run(study(closed, seeds=2, name="alone"), jobs=1)
    assert [arm.values for arm in alone.arms] == [arm.values for arm in result.arms]
    folder = pb.RunFolder(study(closed, seeds=2).folder / "lr=0.1" / "seed-0")
    assert folder.metrics["pid"] != os.getpid()


@pytest.mark.slow
def test_functions_are_sent_to_workers_that_are_not_forked():
    def closed(config, seed):
        return 0.9 + random.random() / 100 + config["lr"] / 100

    spawned = LocalPool(1)
    spawned.prepare(2)
    assert not spawned.forks
    result = run(study(closed, seeds=1), executor=spawned, threads=2)
    assert result.complete, result.arms[0].errors


def test_one_that_cannot_be_sent_says_so_and_runs_here(caplog):
    held = (number for number in range(3))  # a generator has no copy

    def closed(config, seed):
        return 0.9 + random.random() / 100 + config["lr"] / 100 + 0 * (held is None)

    assert run(study(closed, seeds=1), executor=LocalPool(2), threads=2).complete
    assert "closed cannot be sent to other processes, so runs follow one another" in caplog.text
    assert "generator" in caplog.text


def test_global_generators_are_seeded_and_left_as_they_were():
    def drawn(config, seed):
        return {"loss": random.random() + np.random.rand() + float(torch.rand(())) + config["lr"]}

    before = random.getstate(), torch.get_rng_state()
    one = run(study(drawn, metric="loss", name="one"))
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert [arm.values for arm in run(study(drawn, metric="loss", name="two")).arms] == [arm.values for arm in one.arms]
    assert one.effects[0].estimate.value == pytest.approx(0.1)  # the same chance in both arms
    free = run(study(drawn, metric="loss", name="free", seeding=False))
    assert free.arms[0].values != one.arms[0].values
    assert "seeded" not in free.design.uncontrolled


def test_two_seeds_with_the_same_result_to_the_last_bit_are_said():
    def deaf(config, seed):
        return {"accuracy": 0.9 + config["lr"] / 100}

    result = run(study(deaf))
    [said] = [warning for warning in result.warnings if "last bit" in warning]
    assert "Does the training use its seed?" in said
    assert not [warning for warning in run(study()).warnings if "last bit" in warning]


def test_changed_code_is_refused_or_begins_anew():
    def first(config, seed):
        return 0.9 + config["lr"]

    def second(config, seed):
        return 0.8 + config["lr"]

    first.__name__ = second.__name__ = "train"
    run(study(first, seeds=1, name="mine", metric="loss"))
    with pytest.raises(StudyError, match="the code of function train, or of what it uses, is another one"):
        run(study(second, seeds=1, name="mine", metric="loss"))
    result = run(study(second, seeds=1, name="mine", metric="loss"), data_changed="restart")
    assert result.arms[0].values == {0: pytest.approx(0.9)}
    assert (Path("runs") / "mine--before-1").is_dir()


def test_without_a_metric_the_first_of_known_direction_is_compared():
    def many(config, seed):
        return {"n": 3, "train_accuracy": 1.0, "loss": 0.1, "val": {"accuracy": 0.9 + seed / 100 + config["lr"] / 100}}

    result = run(study(many, metric=None))
    assert (result.metric_name, result.metric.higher_is_better) == ("val/accuracy", True)
    assert run(study(many, metric=None)).design.judged == ()  # nothing else was judged before

    def unknown(config, seed):
        return {"wobble": 1.0}

    with pytest.raises(StudyError, match="which figure is compared is not known") as caught:
        run(study(unknown, metric=None))
    assert "wobble" in caught.value.got
    assert run(study(unknown, metric="wobble", higher_is_better=False, name="unknown--lr")).complete


def test_shares_in_per_cent_are_points_and_mixed_ones_are_refused():
    def points(config, seed):
        return 90.0 + seed + config["lr"] * 10

    for _ in range(2):
        result = run(study(points, delta="1pt"))
        assert (result.metric.percent, result.metric.unit, result.delta) == (False, "points", 1.0)
        assert not result.design.judged

    def mixed(config, seed):
        return 90.0 if seed else 0.9

    with pytest.raises(StudyError, match="shares and percentages"):
        run(study(mixed))


def test_values_may_be_classes_and_objects_that_say_what_they_are():
    class Tree:
        def __init__(self, depth):
            self.depth = depth

        def __repr__(self):
            return f"Tree({self.depth})"

    def fitted(model, seed):
        model.depth += 1  # on a copy
        return 0.9 + model.depth / 1000 + random.random() / 1000

    result = run(study(fitted, {"model": [Tree(1), Tree(2)]}))
    assert [arm.name for arm in result.arms] == ["model=Tree(1)", "model=Tree(2)"]
    assert result.effects[0].estimate.value == pytest.approx(0.001)
    content = RunFolder(study(fitted, {"model": [Tree(1), Tree(2)]}).folder / "model=Tree-1" / "seed-0").read()
    assert any(name.startswith("model ") for name in content["sources"])
    with pytest.raises(pb.ParibusError, match="does not say what it is"):
        study(fitted, {"model": [object(), Tree(2)]})


def test_nested_settings_and_what_all_arms_share():
    def nested(config, seed):
        return {"loss": config["model"]["width"] * config["scale"] + random.random()}

    result = run(study(nested, {"model.width": [1, 2]}, metric="loss", config={"model": {"width": 0}}, scale=3))
    assert result.effects[0].estimate.value == pytest.approx(3)
    assert study(nested, {"model.width": [1, 2]}, metric="loss", scale=4).folder.name == "nested--model.width-2"


def whole(config, seed): ...
def alone(config): ...
def other(c, s): ...
def defaulted(config=None, *, seed=0): ...
def by_name(lr, seed): ...
def by_name_without(lr): ...
def with_default(lr, width=3, random_state=0): ...
def anything(**settings): ...


@pytest.mark.parametrize(
    ("function", "call"),
    [
        (whole, Call(True, "seed")),
        (alone, Call(True, "")),
        (other, Call(True, "s")),
        (defaulted, Call(True, "seed")),
        (by_name, Call(False, "seed")),
        (by_name_without, Call(False, "")),
        (with_default, Call(False, "random_state")),
        (anything, Call(False, "seed")),
        (partial(whole, seed=3), Call(True, "seed")),
    ],
)
def test_functions_are_called_as_they_are_written(function, call):
    assert convention(function, ["lr"]) == call


def takes_other(rate, seed=0, momentum=0): ...
def needs_more(config, seed, data): ...
def lacks(lr, width, seed): ...
def by_place(lr, /, seed): ...
async def later(config, seed): ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda: 1, "function takes no lr"),
        (needs_more, "needs_more needs data"),
        (lacks, "lacks needs width"),
        (by_place, "by place only"),
        (later, "async"),
    ],
)
def test_a_function_that_cannot_be_called_is_refused_before_its_first_run(function, said):
    with pytest.raises(StudyError, match=said):
        study(function)


def test_a_seed_of_another_name_is_the_config_where_nothing_else_can_be():
    assert convention(takes_other, ["lr"]) == Call(True, "seed")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"vary": {"lr": 0.1}}, "the values of lr are a list"),
        ({"vary": {"seed": [1, 2]}}, "every arm has all seeds"),
        ({"vary": {"lr": [0.1, 0.1]}}, "same value twice"),
        ({"vary": {"lr": []}}, "at least one value"),
        ({"seeds": [1, 1]}, "seeds must differ"),
        ({"metric": "wobble"}, "whether more or less of this figure is good"),
        ({"metric": None, "delta": 0.1}, "those of a metric"),
        ({"layout": "noise"}, "noise study"),
        ({"claim": "like-these"}, "draw"),
    ],
)
def test_bad_studies_are_refused_before_the_first_run(more, said):
    with pytest.raises(StudyError, match=said):
        study(**more)


def test_what_is_for_functions_is_refused_for_recipes():
    with pytest.raises(StudyError, match="config is for studies of a function"):
        pb.Study("digits/mlp", config={"a": 1})


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "the function returned no figures"),
        ("0.9", "the function returned no figures"),
        ({}, "there is no accuracy"),
        ({"acc": 0.9}, "there is no accuracy"),
        ({"accuracy": "0.9"}, "accuracy is no number"),
        ({"accuracy": None}, "accuracy is None"),
        ([], "the function yielded nothing"),
        ([None], "the function yielded no figures"),
    ],
)
def test_what_is_no_result_fails_the_run_with_a_reason(returned, said):
    result = run(study(lambda config, seed: returned, seeds=1))
    assert [arm.states[0] for arm in result.arms] == ["failed", "failed"]
    assert said in result.arms[0].errors[0]


def test_a_figure_that_is_no_number_any_more_is_a_run_that_diverged():
    result = run(study(lambda config, seed: float("nan") if config["lr"] > 0.1 else 0.9, seeds=2, metric="loss"))
    assert set(result.arms[1].states.values()) == {"diverged"}
    assert "2 runs diverged" in " ".join(result.warnings)


def test_a_number_without_a_name_is_refused_where_no_metric_is_named():
    with pytest.raises(RunError, match="a number alone does not say what it is"):
        study(lambda config, seed: 0.9, metric=None, seeds=1).run(jobs=1, listen=lambda event: raised(event))


def raised(event) -> None:
    if event.kind == "failed":
        raise RunError(event.error)


def test_an_interrupted_function_begins_again_from_its_start():
    import signal

    def stopped(config, seed):
        noted(config["lr"], seed)
        yield {"accuracy": 0.5}
        if len(calls()) == 2:
            signal.raise_signal(signal.SIGTERM)
        yield {"accuracy": 0.9 + random.random() / 10}

    with pytest.raises(Interrupted):
        run(study(stopped))
    folder = RunFolder(study(stopped).folder / "lr=0.2" / "seed-0")
    assert folder.status.state == "interrupted"
    result = run(study(stopped))
    assert result.complete
    assert calls().count("0.2 0") == 2
    assert calls().count("0.1 0") == 1
    assert len(folder.history) == 2


def test_an_opened_study_shows_its_results_and_says_that_it_cannot_run():
    planned = study()
    run(planned)
    opened = pb.Study.open(planned.folder)
    assert opened.result.effects[0].verdict.word == "better"
    with pytest.raises(StudyError, match="opened from its folder, where its trainings are not"):
        opened.run()
    with pytest.raises(StudyError):
        opened.test("lr=0.1")


def test_seeds_are_added_until_it_is_decided():
    result = run(study(gauss, seeds=3, most=8))
    assert result.design.interim
    assert result.effects[0].verdict.word == "better"


def test_fingerprints_of_partials_methods_and_objects():
    class Trainer:
        def fit(self, config, seed):
            return 1

        def __call__(self, config, seed):
            return 1

    assert code_of(Trainer().fit) == code_of(Trainer.fit)
    assert code_of(Trainer()) == code_of(Trainer)
    assert code_of(partial(gauss, seed=1)) != code_of(partial(gauss, seed=2))


def test_figures_that_only_some_rows_have_are_curves_too():
    def rarely(config, seed):
        for epoch in range(4):
            yield {
                "loss": 1.0 + random.random(),
                **({"val/accuracy": 0.9 + random.random() / 100} if epoch % 2 else {}),
            }

    [arm, _] = run(study(rarely, metric="val/accuracy")).arms
    assert [value is None for value in arm.curves["val/accuracy"][0]] == [True, False, True, False]
    assert arm.values[0] == arm.curves["val/accuracy"][0][-1]
