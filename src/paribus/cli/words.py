"""Words that several commands share: options, overrides, and how folders are named."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli import completion
from paribus.errors import RecipeError, RunError, StudyError
from paribus.records.claims import CLAIMS

if TYPE_CHECKING:
    from paribus.records.claims import Claim
    from paribus.records.inputs import OnChange
    from paribus.records.run import RunFolder
    from paribus.studies.executors.job import Executor

RecipeName = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A recipe's name (see: paribus list) or the path of a recipe file.",
        autocompletion=completion.recipes,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FIELD=VALUE]...",
        help="Changes to the recipe, such as optimizer.lr=0.01.",
        autocompletion=completion.overrides,
    ),
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of the run folders.", envvar="PARIBUS_RUNS")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Plugin = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="Python file with models or other parts of your own."),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Runs at the same time; by default one per core, two on a GPU; 1 trains in this process."),
]
On = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="WHERE",
        help="Where runs are computed: auto (processes of this machine), pool, inprocess, or ray, a cluster: "
        "ray:HOST:PORT, ray:auto for the one that runs here, ray:local for one of this machine alone; or slurm, jobs "
        "of SLURM's, with options of sbatch: slurm:partition=gpu,time=240 (minutes).",
        autocompletion=completion.executors,
    ),
]
CpusPerRun = Annotated[
    float | None,
    typer.Option(help="Processors that a run asks of the cluster: 2, or 0.5; by default as many as its threads."),
]
GpusPerRun = Annotated[
    float | None,
    typer.Option(help="GPUs that it asks for: 1, or 0.25 for four runs on each; by default 1 where there are any."),
]
Collect = Annotated[
    bool,
    typer.Option("--collect", help="Send run folders back from the cluster's nodes, where they share no disk."),
]
Threads = Annotated[int, typer.Option(min=1, help="Processor threads of every run.")]
DataChanged = Annotated[
    str,
    typer.Option(
        "--data-changed",
        metavar="refuse|restart",
        help="What to do where data, or code of your own, changed since a run began: refuse, or start it anew.",
    ),
]
OneAtATime = Annotated[
    bool,
    typer.Option("--one-at-a-time", help="Change one factor at a time from the reference, not all combinations."),
]
Tune = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=LOW..HIGH",
        help="A field of which every arm gets its own best value before the seeds run, judged on examples of its own.",
        autocompletion=completion.vary,
    ),
]
Trials = Annotated[int | None, typer.Option(help="How many values of --tune each arm tries; 8 by default.")]
Delta = Annotated[
    str | None,
    typer.Option(
        metavar="DELTA",
        help="Smallest difference that matters: 1pt (one point) or .01 of a share, else in the metric's unit.",
    ),
]
About = Annotated[
    str | None,
    typer.Option(
        "--claim",
        metavar="these|like-these",
        help="What verdicts are about: these data, or data like these; the latter wherever seeds draw the split. Where "
        "all seeds share one, data like these are other examples to evaluate on.",
        autocompletion=completion.claims,
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write over files that are there already.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and print what would be done, and train nothing.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON: raw numbers, with their units in the names.")]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="Write the tables as CSV, raw numbers; several give FILE-arms.csv and so on; - prints them.",
        allow_dash=True,
    ),
]
Keep = Annotated[
    str,
    typer.Option(
        metavar="WHICH",
        help="Epochs whose weights and state stay: best, last, all, every:5, several with commas between, or none.",
    ),
]
Signals = Annotated[
    bool,
    typer.Option(
        "--signals/--no-signals",
        help="Record what training looks like from inside, in signals.jsonl; it costs next to nothing.",
    ),
]

RUNS = Path("runs")


class Command(typer.core.TyperCommand):
    """A command with a recipe, whose fields are no options: who writes ``--lr 0.1`` is told to write ``lr=0.1``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words, read.

        Raises:
            RecipeError: for a field that is written like an option.
        """
        own = {option for param in self.params for option in param.opts}
        for word, after in zip(args, [*args[1:], ""], strict=False):
            name, equals, value = word.removeprefix("--").partition("=")
            if word.startswith("--") and f"--{name}" not in own:
                _refuse_field(args[0], word, name.replace("-", "_"), value if equals else after)
        return list(super().parse_args(ctx, args))


def _refuse_field(recipe: str, word: str, name: str, value: str) -> None:
    """Refuse an option that is a field of the recipe; one that is nothing is refused elsewhere."""
    from paribus.records.recipe import read
    from paribus.records.shortcuts import is_field

    try:
        known = is_field(name, read(recipe))
    except RecipeError:  # whoever reads it says what is wrong with it
        return
    if known:
        hint = f"write {name}={value or 'VALUE'}"
        raise RecipeError("a field of the recipe is written without dashes", got=word, hint=hint)


def parse_overrides(words: list[str] | None, read: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """``["optimizer.lr=0.01"]`` → ``{"optimizer.lr": 0.01}``; ``read`` reads a value, as YAML by default."""
    from paribus.records.yaml import parse_value

    return {field: (read or parse_value)(value) for field, value in _pairs(words, "set").items()}


def parse_vary(words: list[str] | None, read: Callable[[str], Any] | None = None) -> dict[str, list[Any]]:
    """``["model.norm=none,batch"]`` → ``{"model.norm": ["none", "batch"]}``; ``read`` as above."""
    from paribus.records.yaml import parse_value, split

    varied = _pairs(words, "varied").items()
    return {field: [(read or parse_value)(value) for value in split(values)] for field, values in varied}


def parse_tune(words: list[str] | None) -> dict[str, str]:
    """``["optimizer.lr=1e-4..1"]`` → ``{"optimizer.lr": "1e-4..1"}``."""
    return _pairs(words, "tuned")


def parse_search(words: list[str] | None) -> dict[str, str]:
    """``["optimizer.lr=1e-3..1"]`` → ``{"optimizer.lr": "1e-3..1"}``."""
    return _pairs(words, "searched")


def as_written(text: str) -> Any:
    """A value for a command: a number, or the text as it stands there (``True``, ``007``), as programs expect."""
    from paribus.records.yaml import scalar

    value = scalar(text.strip())
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and not re.search(r"^[+-]?0\d|_", text.strip()) else text


def read_changes(recipe: str, words: list[str] | None) -> dict[str, Any]:
    """The changes to a recipe by dotted field; what was taken for what is said."""
    from paribus.records.recipe import read
    from paribus.records.shortcuts import expand

    changes, said = expand(parse_overrides(words), read(recipe))
    tell(said)
    return changes


def read_factors(recipe: str, changes: dict[str, Any], words: list[str] | None) -> dict[str, list[Any]]:
    """What varies in a changed recipe, by dotted field; what was taken for what is said."""
    from paribus.records.recipe import override, read
    from paribus.records.shortcuts import expand_factors

    factors, said = expand_factors(parse_vary(words), override(read(recipe), changes))
    tell(said)
    return factors


def tell(said: Iterable[str]) -> None:
    """Say beside the answer what it rests on."""
    for sentence in said:
        print(sentence, file=sys.stderr)


def on_change(word: str) -> OnChange:
    """What ``--data-changed`` says.

    Raises:
        StudyError: for another word.
    """
    if word not in ("refuse", "restart"):
        raise StudyError("--data-changed is refuse or restart", got=word, hint="write --data-changed restart")
    return "restart" if word == "restart" else "refuse"


def read_claim(word: str | None) -> Claim | None:
    """What ``--claim`` says.

    Raises:
        StudyError: for another word.
    """
    if word is None or word in CLAIMS:
        return word
    hint = "--claim these for these data, --claim like-these for data like these"
    raise StudyError("--claim is these, like-these or examples", got=word, hint=hint)


def executor(on: str, jobs: int | None, device: str, **options: Any) -> Executor | str | None:
    """Where runs are computed, as ``--on`` and the options of clusters say; nothing where nobody has said it.

    Raises:
        StudyError: for a place that does not exist, or an option that it does not have.
    """
    from paribus.studies.executors import AUTO, make, option

    given = {name: value for name, value in options.items() if value not in (None, False)}
    if on == AUTO and given:
        raise StudyError(
            f"{option(next(iter(given)))} is for runs on a cluster", got="no cluster", hint="say --on ray or --on slurm"
        )
    return make(on, jobs, device, **given) if given else on


def load_plugins(files: list[Path] | None) -> None:
    """Run the user's plug-in files."""
    for file in files or ():
        from paribus.records.plugins import load_plugin

        load_plugin(file)


def finished(name: str, runs: Path, split: str = "val") -> list[RunFolder]:
    """The run that somebody means, or all finished runs of the study.

    Raises:
        RunError: if the study has none.
        StudyError: if it has several arms, and the split is that of the test.
    """
    from paribus.records import store
    from paribus.records.run import RunFolder

    found = store.find(name, runs, "run", "study")
    if not (found / store.MARKERS["study"]).exists():
        return [RunFolder(found)]
    if split == "test":
        _one_arm(found)
    folders = [run.folder for run in store.runs_of(found) if run.figures is not None]
    if not folders:
        raise RunError("this study has no finished run", got=str(found), hint="run the study first")
    return folders


def _one_arm(study: Path) -> None:
    """Refuse to open the test of all arms at once."""
    from paribus.records.study import StudyDesign
    from paribus.studies.held_out import SPENT

    if len(StudyDesign.open(study).arms()) > 1:
        hint = "name a run of the arm that you have chosen, or open the test by: paribus test STUDY --arm ARM"
        raise StudyError(f"the test split is for one arm; {SPENT}", got=str(study), hint=hint)


def find_folder(name: str, runs: Path, *kinds: str) -> Path:
    """The folder that somebody means: see :func:`paribus.records.store.find`."""
    from paribus.records.store import MARKERS, find  # not before it is needed: it takes pydantic

    found = find(name, runs, *kinds)
    if name == "last" and (found.parents[1] / MARKERS["study"]).exists():
        print(f"last: the study {found.parents[1].name}, of which this is the newest run: {found}", file=sys.stderr)
    return found


def _pairs(words: list[str] | None, done: str) -> dict[str, str]:
    """Fields and what is written for them; a field that stands there twice contradicts itself."""
    found: dict[str, str] = {}
    for field, value in map(_pair, words or []):
        if field in found and (done != "set" or value != found[field]):
            both = f"{field}={found[field]} and {field}={value}"
            hint = f"write --vary {field}=VALUE,VALUE once, with all values" if done == "varied" else "drop one of them"
            raise StudyError(f"{field} is {done} twice", got=both, hint=hint)
        found[field] = value
    return found


def _pair(word: str) -> tuple[str, str]:
    field, equals, value = word.partition("=")
    if not equals or not field:
        raise RecipeError("changes are written FIELD=VALUE", got=word, hint="for example optimizer.lr=0.01")
    return field.strip(), value
