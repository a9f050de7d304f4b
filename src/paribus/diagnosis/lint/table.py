"""The table of checks, and the eight kinds of leakage that they tell of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from paribus.diagnosis.lint import arms, choice, evaluation, features, fitted, frozen, rate, separation, shapes
from paribus.diagnosis.lint.outcome import Leak, Outcome, Verdict, worst


@dataclass(frozen=True)
class Check:
    """One claim that every run, or study, makes.

    Args:
        name: of it, for lists and scripts.
        claim: what should hold, in a few words.
        look: compares the claim with the records.
    """

    name: str
    claim: str
    look: Callable[..., Verdict]


RUN: tuple[Check, ...] = (
    Check("frozen", "what is frozen stays as it was, statistics of norms included", frozen.frozen),
    Check("evaluation", "evaluation changes no example: two passes agree", evaluation.two_passes),
    Check("figures", "the recorded figures come out again from the final weights", evaluation.figures_again),
    Check("learning rate", "the learning rate used is the one asked for, step by step", rate.learning_rate),
    Check("kept epoch", "the kept epoch was chosen by a validation figure", choice.kept_epoch),
    Check("test", "the test was opened once, and not before choosing", choice.test_opened_once),
    Check("shapes", "outputs and targets are compared shape by shape", shapes.broadcast),
    Check("parts", "no example is in two parts", separation.disjoint),
    Check("groups", "all of a group (patient, camera) is on one side", separation.groups),
    Check("copies", "no example has an exact copy in another part", separation.copies),
    Check("near copies", "no picture has a changed copy in another part", separation.near_copies),
    Check("classes", "each part has the mix of classes that is claimed", separation.stratified),
    Check("preprocessing", "what is fitted before training is fitted on training rows", fitted.preprocessing),
    Check("features", "no feature is, or gives away, the target", features.targets_inside),
    Check("time order", "what has an order is divided in time", features.time_order),
)
STUDY: tuple[Check, ...] = (
    Check("arms", "each arm was trained by its own recipe, and they differ in what is varied", arms.fields),
    Check("data of arms", "in each seed all arms read the same data, divided in the same way", arms.data),
    Check("computing of arms", "all arms ran with one precision, on one kind of device", arms.computing),
    Check("code of arms", "parts of one's own are the same code in all runs", arms.code),
    Check("budget of arms", "all arms were given the same budget", arms.budget),
    Check("seeds", "two seeds are two trainings", arms.seeds_differ),
    Check("test of arms", "the test was opened for the chosen arm, when all was over", arms.test_for_one_arm),
)

NOBODY = "how examples and columns were chosen before the file was written stands in no record"
POPULATION = "whom the figures are for stands in no record; compare where and when the test was taken with that"
LEAKS: Mapping[str, tuple[str, Sequence[str], str]] = {  # number → title, the checks that tell, what none can
    "L1.1": ("no test set of its own", ("parts", "test", "kept epoch"), ""),
    "L1.2": ("preprocessing fitted on training and test", ("preprocessing",), ""),
    "L1.3": ("features selected on training and test", (), NOBODY),
    "L1.4": ("duplicates", ("copies", "near copies"), ""),
    "L2": ("features that are not legitimate", ("features",), ""),
    "L3.1": ("temporal leakage", ("time order",), ""),
    "L3.2": ("training and test are not independent", ("groups",), ""),
    "L3.3": ("sampling bias of the test", (), POPULATION),
}


def leaks(outcomes: Sequence[Outcome]) -> tuple[Leak, ...]:
    """The eight kinds of Kapoor & Narayanan (2023), as the checks of a run tell of them."""
    found = []
    for number, (title, names, reason) in LEAKS.items():
        known = [one for one in outcomes if one.check in names]
        if not known:
            found.append(Leak(number, title, "unchecked", reason or "the checks that tell of it did not run"))
            continue
        state = worst(one.state for one in known)
        telling = [one for one in known if one.state == state]
        found.append(
            Leak(number, title, state, "; ".join(dict.fromkeys(f"{one.check}: {one.says}" for one in telling)))
        )
    return tuple(found)
