"""Evaluation sees the examples as they are: two passes agree, and the recorded figure comes out again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from paribus.chance import key, seeded
from paribus.data import trees
from paribus.data.deliver.loader import Batch, Loader
from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject
from paribus.records.wording import count
from paribus.tasks import evaluation

LOOKED_AT = 256  # validation examples of the two passes
CHANCES = (key("first look"), key("second look"))
CLOSE = 2e-3  # relative: other devices and other numbers of threads round in other ways


def two_passes(subject: Subject) -> Verdict:
    """The same examples under two states of chance: what differs was drawn at random.

    Where a task draws noise by its nature (``Task.draws``), as denoising does, the network must still give the same for
    the same inputs.
    """
    task, network = subject.task, subject.network
    batch = _examples(subject)
    calls: list[list[tuple[Any, Any]]] = []
    figures = []
    for chance in CHANCES:
        with _listening(network) as heard, evaluation.evaluating(task, network), seeded(chance):
            figures.append([float(task.loss(stage, network, batch)[0]) for stage in task.stages(network)])
        calls.append(heard)
    first, second = calls
    inputs_agree = len(first) == len(second) and all(map(_equal, (one for one, _ in first), (one for one, _ in second)))
    awake = [name for name, module in network.eval().named_modules() if module.training]
    if not inputs_agree and not task.draws:
        return broken(
            f"two passes over the same {count(len(batch), 'example')} gave the network other inputs: they are changed"
            " at random in evaluation as well",
            "change examples by augment of the recipe, or in the task only while network.training; a task that draws"
            " noise by its nature says so: draws = True",
            loss_of_the_first_pass=figures[0][0],
            loss_of_the_second=figures[1][0],
        )
    if (inputs_agree and not task.draws and figures[0] != figures[1]) or _is_random(network, first):
        return broken(
            "two passes over the same inputs gave other outputs: the network draws at random in evaluation",
            "let layers draw in training mode only: nn.Dropout in place of F.dropout(x), and no train() of your own",
            loss_of_the_first_pass=figures[0][0],
            loss_of_the_second=figures[1][0],
            still_in_training_mode=", ".join(awake[:3]) or "none",
        )
    return kept(f"two passes over {count(len(batch), 'validation example')} agree to the last bit")


def figures_again(subject: Subject) -> Verdict:
    """The loss that was recorded of the final weights comes out again on the validation split as it is stored."""
    task, network, prepared = subject.task, subject.network, subject.prepared
    recorded = {name: value for name, value in subject.result.metrics.items() if name.startswith("val/")}
    if not recorded:
        raise Unchecked("no validation figure was recorded")
    trained = len(prepared.rows["train"])
    at_once = trained if not subject.stepped else subject.recipe.training.batch(trained)
    size = evaluation.batch_size(prepared.info, at_once)
    loader = Loader(prepared.examples, prepared.rows["val"], size, torch.device("cpu"))
    found = evaluation.evaluate(task, network, loader, "val")
    least = 1.5 / len(prepared.rows["val"])  # a share may tip by one example
    same = [name for name, value in recorded.items() if _near(value, found.get(name), least)]
    off = [name for name in recorded if name not in same and name in found]
    if not off:
        return kept(f"{count(len(same), 'validation figure')} of the final weights come out again")
    worst = max(off, key=lambda name: _distance(recorded[name], found[name]))
    return broken(
        f"{len(off)} of {count(len(recorded), 'validation figure')} do not come out again from the final weights and"
        " the validation examples as they are stored",
        "see what the evaluation while training looked at: augmented, other or fewer examples, or other weights",
        figure=worst,
        recorded=_shown(recorded[worst]),
        found=_shown(found[worst]),
    )


def _examples(subject: Subject) -> Batch:
    prepared = subject.prepared
    return prepared.loader("val", LOOKED_AT, "cpu").take(prepared.rows["val"][:LOOKED_AT])


@contextmanager
def _listening(network: nn.Module) -> Iterator[list[tuple[Any, Any]]]:
    """What the network is given, and what it gives."""
    heard: list[tuple[Any, Any]] = []
    hook = network.register_forward_hook(lambda _, given, made: heard.append((given, made)))
    try:
        yield heard
    finally:
        hook.remove()


def _is_random(network: nn.Module, calls: list[tuple[Any, Any]]) -> bool:
    """Whether the network gives other outputs for inputs that it has seen."""
    network.eval()
    for given, made in calls:
        with torch.inference_mode(), seeded(CHANCES[1]):
            if not _equal(network(*given), made):
                return True
    return False


def _equal(one: Any, other: Any) -> bool:
    pairs = list(zip(trees.leaves(one), trees.leaves(other), strict=True))
    return all(isinstance(a, Tensor) and isinstance(b, Tensor) and _bits_equal(a, b) for a, b in pairs)


def _bits_equal(one: Tensor, other: Tensor) -> bool:
    """Whether all values are the same; what is missing, NaN, is missing in both."""
    if one.shape != other.shape:
        return False
    same = one == other
    return bool((same | (one.isnan() & other.isnan()) if one.is_floating_point() else same).all())


def _near(recorded: float | None, found: float | None, least: float) -> bool:
    if recorded is None or found is None or not math.isfinite(found):
        return recorded is None or found is None or math.isnan(found)
    return math.isclose(recorded, found, rel_tol=CLOSE, abs_tol=max(1e-5, least if 0 <= recorded <= 1 else 0.0))


def _distance(recorded: float | None, found: float | None) -> float:
    return abs((recorded or 0.0) - (found or 0.0)) / max(1e-12, abs(recorded or 0.0))


def _shown(value: float | None) -> float | str:
    return "not a number" if value is None else float(value)
