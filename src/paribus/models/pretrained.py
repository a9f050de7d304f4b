"""Starting from weights that somebody trained: strictly, or with the names of what does not fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paribus import files
from paribus.data.info import DataInfo
from paribus.errors import DataError, RecipeError
from paribus.models.declarations import matching
from paribus.models.start import Start
from paribus.models.stored import read_tensors
from paribus.records.run import RunFolder
from paribus.records.weights import IMAGENET, NONE, PUBLISHED, Published, cautions, weights_file
from paribus.records.wording import count, show

PREFIXES = ("module.", "model.", "network.", "net.", "_orig_mod.")  # of wrappers: data parallel, compiled, averaged
SHOWN = 3  # tensors of a kind that an error names
COMPANION = "companion"  # what a task trained beside the model, by its name in the weights of a run
COUNTER = "num_batches_tracked"  # of a batch norm: not all files have it, and nothing depends on it here
ScalingValues = tuple[Tensor, Tensor]  # mean, and 1/deviation, each of shape (channels, 1, 1)


@dataclass(frozen=True)
class Loaded:
    """What a model was started from.

    Args:
        source: as the recipe says it.
        file, sha256: what was read.
        tensors: names of all that was loaded.
        numbers: how many numbers those are.
        new: tensors of the model that were drawn instead.
        left_out: tensors of the file that the model does without.
        notes: what was done to them on the way, and what must be known of them.
        scaling: mean and 1/deviation of the inputs that they were trained with, where known.
    """

    source: str
    file: str
    sha256: str
    tensors: tuple[str, ...]
    numbers: int
    new: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    scaling: ScalingValues | None = None

    def plain(self) -> dict[str, Any]:
        """As plain data, for the record of the run."""
        return {name: value for name, value in vars(self).items() if name != "scaling"}


def load_weights(
    model: nn.Module, start: Start, info: DataInfo, settings: Mapping[str, Any], seed: int | None = None
) -> Loaded | None:
    """Replace what was drawn by what ``start.weights`` names; nothing where that is ``none``.

    Args:
        model: with its initial weights.
        start: what the recipe says.
        info: the data; a head that tells other classes apart is not used.
        settings: options of the model, which a published set may prescribe.
        seed: of the run that starts from them, where they may be one run a seed.

    Raises:
        RecipeError: if they do not fit, with the first tensors that differ.
        MissingData, DataError, RunError: if there are none, or they are damaged.
    """
    if start.weights == NONE:
        return None
    path, known = weights_file(start.weights, seed), PUBLISHED.get(start.weights)
    sha256 = files.sha256_of(path)
    if known is not None:
        _check_published(start.weights, known, path, sha256, settings)
    run = _run_of(path)
    tensors, notes = _unwrapped(read_tensors(path), model)
    if run is not None:
        notes = cautions(run)  # its network stands behind the scaling of its inputs: that prefix is ours
    tensors, scaling = _without_scaling(tensors, model)
    if known is not None:
        scaling = _as_tensors(*known.scaling)
        tensors, more = _in_our_order(tensors, known)
        notes += more
    classes = known.classes if known else tuple(run.info().get("classes", ())) if run else ()
    given, new, left_out = _fitting(model, tensors, start, classes, info, known, settings)
    with torch.no_grad():
        state = model.state_dict()
        for name, tensor in given.items():
            state[name].copy_(tensor)
    numbers = sum(tensor.numel() for tensor in given.values())
    return Loaded(
        start.weights, path.name, sha256, tuple(given), numbers, tuple(new), tuple(left_out), tuple(notes), scaling
    )


def head_of(model: nn.Module) -> list[str]:
    """The tensors of the last layer that has weights of its own, a linear one or a convolution.

    A model that stands on the features of another net names all that is its own: ``model.head_modules``.
    """
    if own := getattr(model, "head_modules", ()):
        return matching(model.state_dict(), own, "model.head_modules")
    layers = [path for path, layer in model.named_modules() if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d))]
    return [name for name in model.state_dict() if layers and name.startswith(f"{layers[-1]}.")]


def imagenet_scaling(channels: int) -> ScalingValues:
    """Of pictures in three colours, 0 … 255.

    Raises:
        RecipeError: for others.
    """
    if channels != len(IMAGENET[0]):
        hint = "read the pictures with three, as data.colour=rgb does for folders, or set model.input_scaling=data"
        raise RecipeError("model.input_scaling=imagenet is for three channels", got=f"{channels} channels", hint=hint)
    return _as_tensors(*IMAGENET)


def _as_tensors(mean: Iterable[float], deviation: Iterable[float]) -> ScalingValues:
    values = [torch.tensor(tuple(one), dtype=torch.float32).reshape(-1, 1, 1) for one in (mean, deviation)]
    return values[0], 1 / values[1]


def _check_published(name: str, known: Published, path: Path, sha256: str, settings: Mapping[str, Any]) -> None:
    """Refuse a file that is not the published one, and a net that computes something else than the one it is of."""
    if sha256 != known.sha256:
        got = f"{path}: sha256 {sha256[:16]}…, not {known.sha256[:16]}…"
        raise DataError(f"this file is not the published {name}", got=got, hint="get it again, or name it by its path")
    for option, value in known.options.items():
        if settings.get(option, value) != value:
            hint = " ".join(f"model.{one}={show(wanted)}" for one, wanted in known.options.items())
            rule = f"{name} was trained with {option}={show(value)}; with another the net computes something else"
            raise RecipeError(rule, got=f"model.{option}={show(settings[option])}", hint=f"set {hint}")


def _unwrapped(tensors: dict[str, Tensor], model: nn.Module) -> tuple[dict[str, Tensor], list[str]]:
    """Names without the prefixes of wrappers that the model has not."""
    expected, notes = model.state_dict(), []
    while not expected.keys() & tensors.keys():
        prefix = next((one for one in PREFIXES if any(name.startswith(one) for name in tensors)), None)
        if prefix is None:
            break
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        notes.append(f"the prefix {prefix} of its names was taken off")
    return tensors, notes


def _without_scaling(tensors: dict[str, Tensor], model: nn.Module) -> tuple[dict[str, Tensor], ScalingValues | None]:
    """The weights of a run of paribus hold the scaling of its inputs beside those of the model, and a companion's."""
    tensors = {name: it for name, it in tensors.items() if not name.startswith(f"{COMPANION}.")}
    if not {"mean", "scale"} <= tensors.keys() - model.state_dict().keys():
        return tensors, None
    return {name: it for name, it in tensors.items() if name not in ("mean", "scale")}, (
        tensors["mean"],
        tensors["scale"],
    )


def _in_our_order(tensors: dict[str, Tensor], known: Published) -> tuple[dict[str, Tensor], list[str]]:
    """The first layer with its channels as pictures have them here, and what is to be said of the set."""
    notes = [known.caution] if known.caution else []
    if known.reversed:
        first = next(iter(tensors))
        tensors = {**tensors, first: tensors[first].flip(1).contiguous()}
        notes.append(f"{first} took blue first: its channels were turned round")
    return tensors, notes


def _run_of(path: Path) -> RunFolder | None:
    """The run whose final weights a file holds."""
    folder = RunFolder(path.parent)
    return folder if folder.exists and path == folder.weights else None


def _fitting(
    model: nn.Module,
    tensors: Mapping[str, Tensor],
    start: Start,
    classes: tuple[str, ...],
    info: DataInfo,
    known: Published | None,
    settings: Mapping[str, Any],
) -> tuple[dict[str, Tensor], list[str], list[str]]:
    """What is loaded, what is new, and what is left out."""
    state, head = model.state_dict(), head_of(model)
    others = bool(classes and info.classes) and classes != tuple(info.classes)
    lacking = any(name not in tensors or tensors[name].shape != state[name].shape for name in head)
    drawn = start.new_head == "always" or (start.new_head == "auto" and (others or lacking))
    new = head if drawn else []
    wanted = {name: value for name, value in state.items() if name not in new}
    without = [path for path in getattr(model, "left_out", ()) if any(name.startswith(f"{path}.") for name in tensors)]
    optional = {*matching(tensors, without, "model.left_out")}
    found = Misfit(
        {name: (tensors[name], wanted[name]) for name in wanted if name in tensors},
        [name for name in wanted if name not in tensors and not name.endswith(COUNTER)],
        [name for name in tensors if name not in {*state, *optional} and not name.endswith(COUNTER)],
    )
    if found:
        raise RecipeError(
            f"model.weights do not fit the net: {found}", got=start.weights, hint=found.hint(head, known, settings)
        )
    given = {name: tensors[name] for name in wanted if name in tensors}
    return given, new, [name for name in tensors if name not in given]


@dataclass(frozen=True)
class Misfit:
    """Where weights and a net differ.

    Args:
        both: tensors of the same name: that of the file, and that of the net.
        missing: names that the file has not.
        strange: names that the net has not.
    """

    both: Mapping[str, tuple[Tensor, Tensor]]
    missing: list[str]
    strange: list[str]

    @property
    def shapes(self) -> list[str]:
        """Names of those that differ in shape."""
        return [name for name, (there, here) in self.both.items() if there.shape != here.shape]

    @property
    def types(self) -> list[str]:
        """Names of those of which one are whole numbers."""
        return [
            name for name, (there, here) in self.both.items() if there.is_floating_point() != here.is_floating_point()
        ]

    def __bool__(self) -> bool:
        return bool(self.shapes or self.missing or self.strange or self.types)

    def __str__(self) -> str:
        """The first tensors of each kind by name."""
        both = {name: (tuple(there.shape), tuple(here.shape)) for name, (there, here) in self.both.items()}
        kinds = {name: (there.dtype, here.dtype) for name, (there, here) in self.both.items()}
        return "; ".join(
            filter(
                None,
                (
                    _few([_there_and_here(name, both) for name in self.shapes], "of another shape"),
                    _few(self.missing, "missing there"),
                    _few(self.strange, "unknown here"),
                    _few([_there_and_here(name, kinds) for name in self.types], "of another type"),
                ),
            )
        )

    def hint(self, head: Collection[str], known: Published | None, settings: Mapping[str, Any]) -> str:
        """The way on."""
        wrong = {*self.missing, *self.shapes}
        if not self.strange and wrong and wrong <= {*head}:
            return "set model.new_head=auto: then the last layer is drawn anew"
        first = next((name for name in self.shapes if self.both[name][0].ndim == 4), "")
        if first and not self.strange and wrong - {*head} == {first}:
            there, here = (tensor.shape[1] for tensor in self.both[first])
            return f"they take {there} channels, the data have {here}: for folders set data.colour=rgb or grey"
        if known is not None and (stands_on := settings.get("backbone")):  # a net on the features of another
            fitting = [name for name, one in PUBLISHED.items() if one.model == stands_on]
            ways = " or ".join(f"model.weights={name}" for name in (*fitting, NONE))
            return f"they are of model.backbone={known.model}; for {stands_on} set {ways}"
        if known is not None:
            return " ".join(
                [f"they are of model={known.model}", *(f"model.{k}={show(v)}" for k, v in known.options.items())]
            )
        return "choose the model and the options that they were trained with; see: paribus list models"


def _there_and_here(name: str, what: Mapping[str, tuple[Any, Any]]) -> str:
    return f"{name} is {what[name][0]} there and {what[name][1]} here"


def _few(names: list[str], what: str) -> str:
    """``2 tensors are missing there: a, b``; nothing where there are none."""
    if not names:
        return ""
    more = f", … ({len(names) - SHOWN} more)" if len(names) > SHOWN else ""
    return (
        f"{count(len(names), 'tensor')} {'is' if len(names) == 1 else 'are'} {what}: {', '.join(names[:SHOWN])}{more}"
    )
