"""Of a study: arms differ in nothing but what is varied, seeds really differ, the test was opened for one arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject
from paribus.files import dumps
from paribus.records import opened
from paribus.records.recipe import flatten
from paribus.records.run import COUNTERS
from paribus.records.study import Arm, StudyDesign
from paribus.records.wording import count

COMPUTING = ("device", "precision", "channels_last")  # of the execution: these decide more than the last bits
VERSIONS = ("python", "packages", "accelerator")  # of the environment
SHOWN = 3
TELLING = 3  # figures of two runs that are not all the same by chance


@dataclass(frozen=True)
class Whole:
    """A study that is checked.

    Args:
        design: of it.
        runs: arm → seed → the run, those that were begun.
    """

    design: StudyDesign
    runs: Mapping[str, Mapping[int, Subject]]

    @cached_property
    def arms(self) -> Sequence[Arm]:
        """Those of the design."""
        return self.design.arms()

    def seeds(self) -> Iterator[tuple[int, dict[str, Subject]]]:
        """The runs of each seed, by arm, where several arms have it."""
        for seed in self.design.seeds:
            found = {arm: of_arm[seed] for arm, of_arm in self.runs.items() if seed in of_arm}
            if len(found) > 1:
                yield seed, found

    def differing(self, of: Callable[[Subject], Any]) -> tuple[int, dict[str, str]] | None:
        """The first seed in which arms say different things, and what each says; what is not known is left out."""
        for seed, found in self.seeds():
            said = {arm: dumps(value) for arm, run in found.items() if (value := of(run)) not in (None, {}, "")}
            if len(set(said.values())) > 1:
                return seed, said
        return None


def fields(study: Whole) -> Verdict:
    """Each arm was trained by its own recipe: the base with the arm's settings, and nothing else."""
    if study.design.foreign:
        return _foreign_fields(study)
    wrong = []
    for arm in study.arms:
        asked = study.design.recipe_of(arm).content["recipe"]
        for seed, run in study.runs[arm.name].items():
            found = run.content["recipe"]
            if found != asked:
                one, other = flatten(found), flatten(asked)
                names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
                wrong.append((arm.name, seed, names))
    if not wrong:
        return kept(f"{count(len(study.arms), 'arm')} differ in {', '.join(study.design.factors) or 'nothing'} only")
    name, seed, names = wrong[0]
    return broken(
        f"{count(len(wrong), 'run')} of other recipes than their arms say: {', '.join(names[:SHOWN])}",
        "train these runs again: delete their folders and run the study",
        arm=name,
        seed=float(seed),
    )


def _foreign_fields(study: Whole) -> Verdict:
    """Of trainings of one's own: what they were given differs in the factors only."""
    for seed, found in study.seeds():
        given = {arm: flatten(run.content.get("recipe", {})) for arm, run in found.items()}
        names = {name for one in given.values() for name in one}
        varied = {*study.design.factors, *(name.rpartition(".")[2] for name in study.design.factors)}
        other = [
            name
            for name in sorted(names)
            if len({dumps(one.get(name)) for one in given.values()}) > 1 and name.rpartition(".")[2] not in varied
        ]
        if other:
            return broken(
                f"arms differ in more than what is varied: {', '.join(other[:SHOWN])}",
                "vary these fields on purpose, or hold them",
                seed=float(seed),
            )
    if not any(run.content.get("recipe") for of_arm in study.runs.values() for run in of_arm.values()):
        raise Unchecked("nothing is recorded of what these trainings were given")
    return kept("what the trainings were given differs in what is varied only, as far as it is recorded")


def data(study: Whole) -> Verdict:
    """In each seed all arms read the same data, divided in the same way."""
    varied = [field for field in study.design.factors if field.partition(".")[0] in ("data", "split", "chance")]
    if varied or study.design.layout == "noise":
        return kept(f"what is read is varied: {', '.join(varied) or 'streams of chance'}")
    checks: dict[str, Callable[[Subject], Any]] = {
        "read other data": lambda run: run.content.get("inputs", {}).get("data", {}).get("digest"),
        "divided them differently": lambda run: run.environment.get("began", {}).get("rows"),
        "had other numbers of examples": lambda run: dict(run.folder.info().get("sizes", {})),
    }
    known = 0
    for what, of in checks.items():
        if found := study.differing(of):
            seed, said = found
            return broken(
                f"arms of the same seed {what}",
                "bring the data back to one state, and train the study anew (--data-changed restart)",
                seed=float(seed),
                **{f"arm_{place}": f"{arm}: {text[:60]}" for place, (arm, text) in enumerate(said.items(), 1)},
            )
        known += any(of(run) for _, runs in study.seeds() for run in runs.values())
    if not known:
        raise Unchecked("no run recorded what it read")
    return kept("in each seed all arms read the same data, divided in the same way")


def computing(study: Whole) -> Verdict:
    """In each seed all arms ran with the same precision and versions, on the same kind of device."""
    for what, of in (("precision or device", _execution), ("versions", _versions)):
        if found := study.differing(of):
            seed, said = found
            return broken(
                f"arms of the same seed ran with different {what}",
                "say training.precision and --device, and train all arms with one installation",
                seed=float(seed),
                **{f"arm_{place}": f"{arm}: {text[:90]}" for place, (arm, text) in enumerate(said.items(), 1)},
            )
    if not any(_versions(run) for _, runs in study.seeds() for run in runs.values()):
        raise Unchecked("no run recorded where it took place")
    return kept("in each seed all arms ran with the same precision, versions and kind of device")


def _execution(run: Subject) -> dict[str, Any]:
    known = run.folder.result.execution if run.folder.result else run.environment.get("execution", {})
    return {name: known[name] for name in COMPUTING if name in known}


def _versions(run: Subject) -> dict[str, Any]:
    return {name: run.environment[name] for name in VERSIONS if run.environment.get(name) is not None}


def code(study: Whole) -> Verdict:
    """Parts of one's own are the same code in all runs."""
    prints: dict[str, set[str]] = {}
    for of_arm in study.runs.values():
        for run in of_arm.values():
            for part, digest in run.content.get("sources", {}).items():
                prints.setdefault(part, set()).add(digest)
    if several := sorted(part for part, digests in prints.items() if len(digests) > 1):
        return broken(
            f"runs of this study were trained by different code of {', '.join(several[:SHOWN])}",
            "train the study anew with one version: --data-changed restart",
            versions=float(len(prints[several[0]])),
        )
    if not prints and study.design.foreign:
        raise Unchecked("no fingerprint of the code was recorded")
    return kept(
        f"{count(len(prints), 'own part')}, each of one version" if prints else "there are no parts of one's own"
    )


def budget(study: Whole) -> Verdict:
    """All arms were trained for as many epochs, unless that is varied or a rule stopped them."""
    varied = [field for field in study.design.factors if field.partition(".")[0] in ("budget", "stopping")]
    varied += [field for field in study.design.factors if field.startswith("model")]  # some are fitted at once
    planned = study.differing(lambda run: run.content.get("recipe", {}).get("budget"))
    if planned and not any(field.startswith("budget") for field in study.design.factors):
        return broken("arms were given different budgets", "give all arms the same budget", seed=float(planned[0]))
    results = {
        (arm, seed): run.folder.result
        for arm, of_arm in study.runs.items()
        for seed, run in of_arm.items()
        if run.folder.result is not None
    }
    epochs = {arm: {one.epochs for (name, _), one in results.items() if name == arm} for arm, _ in results}
    stopped = any(one.stopped_early for one in results.values())
    if len(set.union(set(), *epochs.values())) > 1 and not varied and not stopped:
        return broken(
            "arms were trained for different numbers of epochs, and no rule stopped them",
            "train the shorter ones again",
            **{f"arm_{place}": f"{arm}: {sorted(found)}" for place, (arm, found) in enumerate(epochs.items(), 1)},
        )
    if lost := [arm for arm, of_arm in study.runs.items() if len(of_arm) < len(study.design.seeds)]:
        raise Unchecked(f"not all seeds of {', '.join(lost[:SHOWN])} were begun")
    if not results:
        raise Unchecked("no run has finished")
    return kept("all arms have the same budget" + ("; a rule stopped some" if stopped else ""))


def seeds_differ(study: Whole) -> Verdict:
    """Runs of two seeds of an arm begin with other weights, or another order, and end with other figures."""
    looked = 0
    for arm, of_arm in study.runs.items():
        if len(of_arm) < 2:
            continue
        looked += 1
        ends = _same(of_arm, lambda run: _trace(run))
        if ends:
            return broken(
                f"seeds {ends} of an arm are the same training to the last bit",
                "let the training use its seed: a generator of your own must not be seeded by a constant",
                arm=arm,
            )
        began = _same(of_arm, _drawn)
        if began:
            return broken(
                f"seeds {began} of an arm begin with the same weights",
                "draw the initial weights from the seed: no torch.manual_seed in a network of your own",
                arm=arm,
            )
    if not looked:
        raise Unchecked("no arm has two seeds")
    return kept(f"the seeds of {count(looked, 'arm')} are different trainings")


def _trace(run: Subject) -> Any:
    """What two trainings that differ cannot both have left behind; ``None`` where too little is known."""
    result = run.folder.result
    if result is None:
        return None
    figures = [[value for name, value in row.items() if name not in (*COUNTERS, "lr")] for row in run.rows]
    numbers = {value for row in figures for value in row if value is not None}
    return [figures, result.weights_sha256] if len(numbers) >= TELLING and not result.execution.get("fitted") else None


def _same(of_arm: Mapping[int, Subject], of: Callable[[Subject], Any]) -> str:
    """The first two seeds that say the same."""
    known: dict[str, int] = {}
    for seed, run in of_arm.items():
        if (value := of(run)) is not None and (first := known.setdefault(dumps(value), seed)) != seed:
            return f"{first} and {seed}"
    return ""


def _drawn(run: Subject) -> str | None:
    """The hash of the weights that a run began with, where they are drawn from its seed."""
    held = run.content.get("recipe", {}).get("chance", {}).get("initialisation") is not None
    return None if held or "weights" in run.environment else run.environment.get("began", {}).get("weights")


def test_for_one_arm(study: Whole) -> Verdict:
    """The test was opened for the arm that was chosen, when all runs were over."""
    metric = study.design.metric or ""
    if metric.startswith("test"):
        return broken(
            f"arms are compared by {metric}: the test chooses",
            "compare a validation figure (--metric val/…), and open the test of the chosen arm once",
            metric=metric,
        )
    tests = {
        arm: [(run, held) for run in of_arm.values() if (held := opened.read(run.folder.path)) is not None]
        for arm, of_arm in study.runs.items()
    }
    tests = {arm: found for arm, found in tests.items() if found}
    if len(tests) > 1:
        said = [held.because for found in tests.values() for _, held in found if held.because]
        return broken(
            f"the test was opened for {len(tests)} arms: the best of several figures is too good",
            "report the figure of the arm that was chosen on validation figures, and say that others were opened",
            arms="; ".join(list(tests)[:SHOWN]),
            because=said[0] if said else "nobody said why",
        )
    if not tests:
        return kept("the test is closed")
    first = min(held.opened for found in tests.values() for _, held in found)
    late = [
        run.folder for of_arm in study.runs.values() for run in of_arm.values() if run.folder.status.started > first
    ]
    if late:
        return broken(
            f"{count(len(late), 'run')} began after the test was opened: what it said may have decided about them",
            "open the test when all is trained and chosen",
            first="/".join(late[0].path.parts[-2:]),
        )
    return kept(f"the test was opened for {next(iter(tests))} only, when all runs were over")
