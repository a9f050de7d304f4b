"""Studies of a function: ``train(config, seed)``, called for every arm and seed, returns figures or yields rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from paribus.chance import seeded_everywhere
from paribus.errors import RunError, StudyError, nearest
from paribus.files import dumps
from paribus.records.fingerprint import fingerprint, is_own_code
from paribus.records.metric import Metric
from paribus.records.own import OwnTraining, as_number, numbers, plain
from paribus.records.recording import Recording
from paribus.records.study import Arm, Layout, StudyDesign
from paribus.studies import foreign
from paribus.studies.executors import shared
from paribus.studies.executors.job import Job
from paribus.studies.figures import LATER, figure
from paribus.studies.own import OwnJob
from paribus.training.execution import Settings
from paribus.training.monitor import Listener

SEEDS = ("seed", "random_state")  # what functions call their seed
CONFIGS = ("config", "settings", "cfg", "params", "hparams", "options")  # and what is given in one piece
LENGTHS = ("epochs", "max_epochs", "num_epochs", "n_epochs", "num_train_epochs")  # settings that say how many rows come

SEEDED = (
    "before each call the global generators of Python, NumPy and torch are seeded with the run's seed, and all runs "
    "have the same number of threads; "
)
UNKNOWN = "which other chance the seed fixes, and whether data, split and order are the same in every arm, is up to"


@dataclass(frozen=True)
class Call:
    """How a function takes what it is given.

    Args:
        whole: whether its first parameter is the whole config; else each setting has a parameter of its own.
        seed: the parameter that takes the seed; empty where it takes none.
    """

    whole: bool
    seed: str

    def __call__(self, function: Callable[..., Any], config: dict[str, Any], seed: int) -> Any:
        """Call it."""
        seeds = {self.seed: seed} if self.seed else {}
        return function(config, **seeds) if self.whole else function(**config, **seeds)


def plan(
    function: Callable[..., Any],
    config: Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    seeds: tuple[int, ...],
    most: int | None,
    *,
    metric: str | None,
    higher_is_better: bool | None,
    seeding: bool,
    name: str | None,
    layout: Layout,
    delta: float | str | None,
    **fields: Any,
) -> tuple[StudyDesign, Function]:
    """The design of a study of a function, and what trains its runs; checked before the first run.

    Args:
        function: what is called.
        config: what all arms are given.
        vary: name → values, the first being the reference.
        seeds: which seeds.
        most: with how many seeds to stop if still undecided.
        metric: the figure that is compared; by default the first that the runs record whose direction is known.
        higher_is_better: its good direction, where its name does not say.
        seeding: whether global generators are seeded before each call.
        name: of the study; by default after the function and what is varied.
        layout: how factors are combined.
        delta: the smallest difference that matters, as people write it.
        fields: the other fields of the design.
    """
    if strange := next((path for path, values in vary.items() if not _listed(values)), None):
        rule = f"the values of {strange} are a list, the reference first"
        raise StudyError(rule, got=vary[strange], hint="write [A, B]")
    if metric is None and (delta is not None or higher_is_better is not None):
        raise StudyError("δ and direction are those of a metric", got="no metric", hint="name it: metric='accuracy'")
    if "seed" in {*vary, *config}:
        raise StudyError("every arm has all seeds, so they are no setting", got="seed", hint="write seeds=[...]")
    compared = LATER if metric is None else figure(metric, higher_is_better)
    trainer = Function(function, config, {path: list(values) for path, values in vary.items()}, compared, seeding)
    design = foreign.plan(
        "function",
        compared,
        trainer.factors,
        seeds,
        most,
        name=name or f"{trainer.name}--{'+'.join(trainer.factors) or 'repeat'}",
        layout=layout,
        delta=delta,
        recipe={"config": plain(trainer.config, "config")},
        uncontrolled=trainer.uncontrolled,
        **{**fields, "command": fields.get("command") or _call(trainer, seeds)},
    )
    return design, trainer


def _call(trainer: Function, seeds: Sequence[int]) -> str:
    """The call that makes a study again, in Python."""
    config = f", config={plain(trainer.config, 'config')}" if trainer.config else ""
    metric = f", metric={trainer.metric.name!r}" if trainer.metric.name else ""
    vary = {path: list(values) for path, values in trainer.factors.items()}
    return f"pb.Study({trainer.name}, vary={vary}{config}, seeds={list(seeds)}{metric}).run()"


def _listed(values: Any) -> bool:
    return isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping))


class Function:
    """What trains the runs of a study: a function, with what all arms share and what they differ in.

    Args:
        function: ``train(config, seed)``; or ``train(config)``, or with a parameter for each setting.
        config: what all arms are given.
        vary: dotted name → values, the first being the reference; they may be classes, functions, objects.
        metric: the figure that is compared.
        seeding: whether global generators are seeded before each call.

    Raises:
        StudyError: for a function that cannot be called with these settings, before its first run.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        config: Mapping[str, Any],
        vary: Mapping[str, Sequence[Any]],
        metric: Metric = LATER,
        seeding: bool = True,
    ) -> None:
        self.function, self.config, self.metric, self.seeding = function, dict(config), metric, seeding
        self.name = name_of(function)
        self.factors = {path: tuple(plain(value, path) for value in values) for path, values in vary.items()}
        self._values = {(path, dumps(plain(value, path))): value for path, values in vary.items() for value in values}
        self.call = convention(
            function, self.config_of({path: values[0] for path, values in self.factors.items() if values})
        )
        self.sources = {f"function {self.name}": code_of(function), **self._sources()}
        self.key = f"{self.name} {id(self)}"

    @property
    def uncontrolled(self) -> str:
        """What is not known of its chance, in words."""
        unseeded = "" if self.call.seed else ", which takes no seed"
        return f"{SEEDED if self.seeding else ''}{UNKNOWN} the function {self.name}{unseeded}"

    def config_of(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What the function is given for an arm: copies, so that no run can change what the next one gets."""
        config = deepcopy(self.config)
        for path, value in settings.items():
            put(config, path, deepcopy(self._values[path, dumps(value)]))
        return config

    def training(self, arm: Arm) -> OwnTraining:
        """What stands in place of a recipe in the runs of an arm."""
        settings = plain(self.config_of(arm.settings), "config")
        seeding = {} if self.seeding else {"global generators": "not seeded"}
        known = (self.metric,) if self.metric.name else ()
        return OwnTraining("function", self.name, settings, {**self.sources, **seeding}, known)

    def jobs(self, design: StudyDesign, folder: Path, settings: Settings) -> list[Job]:
        """All runs, seed by seed so that pairs complete early."""
        shared.things[self.key] = self
        arms = [(arm, self.training(arm), self.config_of(arm.settings)) for arm in design.arms()]
        return [
            FunctionJob(
                arm=arm.name,
                seed=seed,
                recipe=training,
                path=folder / arm.slug / f"seed-{seed}",
                settings=settings,
                metric=self.metric.name,
                epochs=next((n for name in LENGTHS if type(n := config.get(name)) is int and n > 0), 0),
                key=self.key,
                given=arm.settings,
            )
            for seed in design.seeds
            for arm, training, config in arms
        ]

    def preflight(self, jobs: Sequence[Job], design: StudyDesign) -> None:
        """Nothing is left to refuse: whether it can be called was looked at when it was given."""

    def train(self, settings: Mapping[str, Any], seed: int) -> Any:
        """Call it for an arm and a seed."""
        return self.call(self.function, self.config_of(settings), seed)

    def _sources(self) -> dict[str, str]:
        """Fingerprints of the user's own classes and functions among the settings."""
        named = [*self.config.items(), *((path, value) for (path, _), value in self._values.items())]
        code = [(path, value if hasattr(value, "__qualname__") else type(value)) for path, value in named]
        return {f"{path} {it.__qualname__}": fingerprint(it) for path, it in code if is_own_code(it)}


@dataclass(frozen=True)
class FunctionJob(OwnJob):
    """A run of a function.

    Args:
        key: its name among what jobs share.
        given: the settings of its arm.
    """

    key: str = ""
    given: Mapping[str, Any] | None = None

    @property
    def needs(self) -> str:
        """The function."""
        return self.key

    def work(self, recording: Recording, listen: Listener) -> Mapping[Any, Any]:
        """Call the function, write down the rows that it yields, and return its figures."""
        function: Function = shared.things[self.key]
        with seeded_everywhere(self.seed) if function.seeding else nullcontext():
            returned = function.train(self.given or {}, self.seed)
            if isinstance(returned, (Iterator, list, tuple)):
                return self._follow(iter(returned), recording, listen)
            return self._figures(returned, "returned")

    def _follow(self, rows: Iterator[Any], recording: Recording, listen: Listener) -> Mapping[Any, Any]:
        """Write down rows as they come; of each figure the last value counts, or the one returned at the end."""
        latest: dict[Any, Any] = {}
        while True:
            try:
                row = self._figures(next(rows), "yielded")
            except StopIteration as end:
                final = end.value
                break
            latest |= row
            step = as_number(row.get("step"))
            listen(self.told(recording, recording.row(numbers(row), None if step is None else int(step))))
        if final is not None:
            return {**latest, **self._figures(final, "returned")}
        if not latest:
            hint = "yield a row for every epoch: {'loss': 0.5}"
            raise RunError("the function yielded nothing", got=self.recipe.name, hint=hint)
        return {name: value for name, value in latest.items() if name not in ("epoch", "step")}

    def _figures(self, found: Any, verb: str) -> Mapping[Any, Any]:
        """Named figures; a single number is the study's own."""
        if isinstance(found, Mapping):
            return found
        number = as_number(found)
        name = self.metric or "accuracy"
        if number is not None and self.metric:
            return {self.metric: number}
        if number is not None:
            hint = f"say which figure it is: metric={name!r}; or give it with its name: {{{name!r}: 0.9}}"
            raise RunError("a number alone does not say what it is", got=number, hint=hint)
        hint = f"return {{{name!r}: 0.9}}, or yield such a row for every epoch"
        raise RunError(f"the function {verb} no figures", got=found, hint=hint)


def name_of(function: Callable[..., Any]) -> str:
    """What people call a function."""
    if isinstance(function, partial):
        return name_of(function.func)
    name = str(getattr(function, "__name__", type(function).__name__))
    return "function" if name == "<lambda>" else name


def code_of(function: Callable[..., Any]) -> str:
    """The fingerprint of a function and all that it uses, of a method or an object that can be called likewise."""
    if isinstance(function, partial):
        bound = plain([list(function.args), function.keywords], name_of(function))
        return f"{code_of(function.func)} {dumps(bound)}"
    function = getattr(function, "__func__", function)
    return fingerprint(function if hasattr(function, "__qualname__") else type(function))


def put(config: dict[str, Any], path: str, value: Any) -> None:
    """Set a field, ``model.width``; within a mapping where the config has one of that name, else as it is written."""
    head, _, rest = path.partition(".")
    if path not in config and rest and isinstance(config.get(head), dict):
        put(config[head], rest, value)
    else:
        config[path] = value


def convention(function: Callable[..., Any], config: Collection[str]) -> Call:
    """How a function takes a config with these names.

    Raises:
        StudyError: if it cannot be called with it.
    """
    name = name_of(function)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise StudyError(
            "a study calls plain functions, and this one is async", got=name, hint="wrap it in asyncio.run"
        )
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        hint = "wrap it: def train(config, seed): ..."
        raise StudyError("the parameters of this function cannot be read", got=name, hint=hint) from None
    rest = any(it.kind is it.VAR_KEYWORD for it in parameters)
    named = {it.name: it for it in parameters if it.kind not in (it.VAR_KEYWORD, it.VAR_POSITIONAL)}
    seed = next((it for it in SEEDS if it in named and it not in config), "")
    others = [it for it in named.values() if it.name != seed]
    required = [it.name for it in others if it.default is it.empty]
    if whole := _takes_all(others, config):
        second = [it for it in required if it != others[0].name]
        if not seed and len(second) == 1 and second[0] not in config:  # train(c, s)
            seed, second = second[0], []
        lacking, strange = second, []
    else:
        lacking = [it for it in required if it not in config]
        strange = [] if rest else [it for it in config if it not in named]
        seed = seed or ("seed" if rest and "seed" not in config else "")
    if lacking:
        hint = "give it in config={...} or vary={...}; the seed is called seed"
        raise StudyError(
            f"{name} needs {lacking[0]}, which nobody gives it", got=f"{name}{_shown(function)}", hint=hint
        )
    if strange:
        known = nearest(strange[0], [it.name for it in others])
        hint = f"{known}; or let it take all of them: def {name}(config, seed)"
        raise StudyError(f"{name} takes no {strange[0]}", got=f"{name}{_shown(function)}", hint=hint)
    by_name = [named[it] for it in ([seed] if whole else [seed, *config]) if it in named]
    if any(it.kind is it.POSITIONAL_ONLY for it in by_name):
        hint = "leave the / out"
        raise StudyError(f"{name} takes its parameters by place only", got=f"{name}{_shown(function)}", hint=hint)
    return Call(whole, seed)


def _takes_all(parameters: Sequence[inspect.Parameter], config: Collection[str]) -> bool:
    """Whether the first parameter is the whole config: it is no setting itself, and must be given or is called so."""
    if not parameters or parameters[0].name in config or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
        return False
    first = parameters[0]
    return first.name in CONFIGS or (first.default is first.empty and not {it.name for it in parameters} & {*config})


def _shown(function: Callable[..., Any]) -> str:
    """Its parameters as people read them."""
    return str(inspect.signature(function))
