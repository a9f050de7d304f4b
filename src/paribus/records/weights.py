"""Where weights come from: published sets by name, files, finished runs; each is one file on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.cache import paths
from paribus.errors import MissingData, ParibusError, RecipeError, RunError, nearest

if TYPE_CHECKING:
    from paribus.records.recipe import Recipe
    from paribus.records.run import RunFolder

NONE = "none"
SUFFIXES = (".safetensors", ".npz", ".pt", ".pth", ".th", ".bin", ".ckpt")
IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))  # mean and deviation of red, green, blue in 0 … 255
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Published:
    """A published set of weights.

    Args:
        file: its name in the folder ``weights`` of the user's own data or of the downloads.
        sha256: of its content.
        model: the model that it is of.
        options: what options of that model must be for the net to be the one that was trained.
        scaling: mean and deviation of the inputs that it was trained with, by channel, of 0 … 255.
        classes: names of what it tells apart, where they are few.
        reversed: whether its first layer takes blue before green before red.
        source: who made it, and the licence.
        caution: what those who read its figures must know.
    """

    file: str
    sha256: str
    model: str
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    scaling: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET
    classes: tuple[str, ...] = ()
    reversed: bool = False
    caution: str = ""

    def places(self) -> Iterator[Path]:
        """Where the file is looked for, in this order."""
        if own := paths.own_data():
            yield own / "weights" / self.file
        for root in paths.caches():
            yield root / "downloads" / "weights" / self.file

    def find(self) -> Path:
        """The file.

        Raises:
            MissingData: if it is nowhere, naming the places.
        """
        places = list(self.places())
        for place in places:
            if place.is_file():
                return place
        hint = f"put {self.file} ({self.source}) into {' or '.join(str(place.parent) for place in places)}"
        raise MissingData("these published weights are not on this machine", got=self.file, hint=hint)


_CIFAR = {
    "source": "akamaster/pytorch_resnet_cifar10, BSD-2-Clause",
    "classes": CIFAR10,
    "caution": "trained on all training images of CIFAR-10: figures on those, which validation images are, flatter",
}

PUBLISHED: Mapping[str, Published] = {
    "cifar10_resnet20": Published(
        "cifar10_resnet20.npz",
        "7db2ed048755c815689e055b0e68e2d53db7f9f6e0f9b3bc9b6f837ab168774e",
        "resnet20",
        **_CIFAR,  # type: ignore[arg-type]
    ),
    "cifar10_resnet56": Published(
        "cifar10_resnet56.npz",
        "abef877fda074a20ba288b4e7ec4fe11bd385b585c4d25e01c7fb580b0dae725",
        "resnet56",
        **_CIFAR,  # type: ignore[arg-type]
    ),
    "squeezenet11_imagenet": Published(
        "squeezenet11_imagenet_features.npz",
        "8338bd797f81ca3c066fdd8b5c28bf6c6695364f57fe002afa193002b93413cd",
        "squeezenet",
        "DeepCognition/keras-squeezenet, MIT",
        options={"ceil_mode": False},
        scaling=((123.68, 116.779, 103.939), (1.0, 1.0, 1.0)),
        reversed=True,
        caution="of the features alone: the head is always a new one",
    ),
    "mobilenetv2_imagenet": Published(
        "mobilenetv2_100_224_imagenet_uint8.npz",
        "2f0f7f00b98f3a080597ba9c4dfb1211ac1ce469b6119d8e7e7796e8f01d26c1",
        "mobilenet_v2",
        "google-coral/edgetpu, Apache-2.0",
        options={"norm": "none", "padding": "same"},
        scaling=((128.0,) * 3, (128.0,) * 3),
        caution="rounded to 8 bits, its batch norm folded into the convolutions",
    ),
}


def weights_file(source: str, seed: int | None = None) -> Path:
    """The file behind what ``model.weights`` names; of an arm with several runs that of the seed.

    Raises:
        MissingData: if there is no such file or run, or the published set is not on this machine.
        RecipeError: for ``last``, which names another run every time.
        RunError: for a run that has not finished, or is damaged.
    """
    if source in PUBLISHED:
        return PUBLISHED[source].find()
    path = paths.find_folder(source)
    if path.is_file():
        return path
    if path.suffix in SUFFIXES and not path.is_dir():
        raise MissingData(
            "there is no such file of weights", got=source, hint="give a path from here, or below PARIBUS_DATA"
        )
    return _of_run(source, path if seed is None else _of_seed(source, path, seed))


def started_from(recipe: Recipe, seed: int | None = None) -> RunFolder | None:
    """The run whose weights a recipe starts from with a seed; ``None`` where there is none, or not any more."""
    from paribus.records.run import RunFolder

    source = str(recipe.model.options.get("weights", NONE))
    if source == NONE or source in PUBLISHED:
        return None
    with suppress(ParibusError):
        folder = RunFolder(weights_file(source, seed).parent)
        return folder if folder.exists else None
    return None


def cautions(run: RunFolder) -> list[str]:
    """What whoever goes on from a run must know of the weights that it started from, or of its teacher's."""
    sources = run.environment()
    return [note for name in ("weights", "teacher") for note in (sources.get(name) or {}).get("notes", ())]


def is_arm(source: str) -> bool:
    """Whether this is the folder of an arm with several runs, of which every seed starts from its own."""
    return _arm(source, paths.find_folder(source)) is not None


def _arm(source: str, path: Path) -> Path | None:
    places = (path, runs_folder() / source)
    return next((one for one in places if len(list(one.glob("seed-*/recipe.json"))) > 1), None)


def _of_seed(source: str, path: Path, seed: int) -> Path:
    """The run of a seed where a source is an arm; else the path as it was."""
    if (arm := _arm(source, path)) is None:
        return path
    if (found := arm / f"seed-{seed}").is_dir():
        return found
    seeds = ", ".join(sorted(one.parent.name for one in arm.glob("seed-*/recipe.json")))
    hint = f"there are {seeds}: train it with this seed too, or name one run of it"
    raise MissingData(f"model.weights names an arm that has no run of seed {seed}", got=str(arm), hint=hint)


def runs_folder() -> Path:
    """Where names of runs are looked for."""
    return Path(os.environ.get("PARIBUS_RUNS", "runs"))


def _of_run(source: str, path: Path) -> Path:
    """The final weights of a finished run."""
    from paribus.records.given import run_folder

    if source == "last":
        hint = "give the path or the name of the run: a newer one would change what this recipe means"
        raise RecipeError("model.weights names one run for good", got=source, hint=hint)
    try:
        folder = run_folder(path if path.is_dir() else source, runs_folder())
    except ParibusError as error:
        hint = f"{nearest(source, PUBLISHED)}; or give a file ({', '.join(SUFFIXES)}) or the path of a finished run"
        raise MissingData(f"model.weights names nothing to start from: {error.rule}", got=source, hint=hint) from None
    if folder.result is None:
        got = f"{folder.path} is {folder.status.state}"
        raise RunError("only a finished run has weights", got=got, hint="train it first")
    if not folder.weights.is_file():
        raise MissingData("the weights of this run are gone", got=str(folder.weights), hint="bring them back")
    folder.check_seal()
    return folder.weights
