"""The network of a finished run as a file: written with what must be known of it, and checked against the run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from math import isfinite, prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paribus import files
from paribus.chance import Draws, key
from paribus.errors import DataError, ParibusError, message_of
from paribus.inference.export import loaders, writers
from paribus.inference.export.formats import FORMATS
from paribus.inference.export.writers import Said
from paribus.inference.trained import Trained, prepared_with
from paribus.records.environment import environment
from paribus.tasks.classification import Classification

BATCHES = (1, 2, 7)  # sizes that the written network is checked on
TOLERANCE = 1e-5  # largest difference, as a share of the largest output where that is above 1
ABOUT = "about.json"


def fill(trained: Trained, name: str, folder: Path) -> None:
    """Write a network with all that belongs to it, and refuse one that says something else than the run."""
    chosen, (examples, source) = FORMATS[name], stored_inputs(trained, max(BATCHES))
    outputs = _outputs(trained, examples)
    about = describe(trained, examples, outputs, whole=name != "safetensors")
    path = folder / chosen.file
    try:
        getattr(writers, f"write_{name}")(trained, examples[:2], about, path)
        largest = _difference(trained, getattr(writers, f"read_{name}")(trained, path), examples)
    except (ParibusError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever the exporters raise
        said = message_of(error).strip().splitlines()[0]
        hint = "--to safetensors holds the weights of every network" if name != "safetensors" else ""
        rule = f"this network cannot be exported to {name}"
        raise ParibusError(rule, got=f"{type(error).__name__}: {said}", hint=hint) from error
    allowed = TOLERANCE * max(1.0, float(outputs.abs().max()))
    if not largest <= allowed:
        rule = f"the network in {chosen.file} does not say what the run says, so it was not kept"
        raise ParibusError(rule, got=f"a difference of {largest:.2g}, above {allowed:.2g}")
    check = {"batches": list(BATCHES), "inputs": source, "largest_difference": largest, "allowed": allowed}
    files.write_json(folder / ABOUT, {**about, "check": check})
    (folder / "load.py").write_text(loader(name), encoding="utf-8")


@torch.inference_mode()
def _outputs(trained: Trained, examples: Tensor) -> Tensor:
    return Said(trained)(examples)  # type: ignore[no-any-return]


@torch.inference_mode()
def _difference(trained: Trained, written: Callable[[Tensor], Tensor], examples: Tensor) -> float:
    """The largest difference between the written network and the run, over all sizes of a batch."""
    found = []
    for size in BATCHES:
        expected, said = _outputs(trained, examples[:size]), written(examples[:size])
        if said.shape != expected.shape:
            return float("inf")
        found.append(float((said - expected).abs().max()))
    return max(found) if all(map(isfinite, found)) else float("inf")


def stored_inputs(trained: Trained, count: int) -> tuple[Tensor, str]:
    """Some inputs as they are stored, and where they come from: validation examples, or values where those are missing.

    Raises:
        ParibusError: for inputs that are several tensors.
    """
    try:
        prepared = prepared_with(trained, "val")
        rows = prepared.rows["val"]
        inputs: Any = prepared.loader("val", count, "cpu").take(rows[torch.arange(count) % len(rows)]).inputs
    except DataError:
        return _made_up(trained, count), "made-up values, since the data are not here"
    if not isinstance(inputs, Tensor):
        raise ParibusError("only a network of one input can be exported", got=", ".join(map(str, inputs)))
    return inputs, "validation examples"


def _made_up(trained: Trained, count: int) -> Tensor:
    """Values of the kind that a network was trained on: bytes, tokens or numbers."""
    info, draws = trained.info, Draws(key("export"), torch.arange(count))
    uniform = torch.stack([draws.uniform(str(place), 0, 1) for place in range(prod(info.input_shape))], 1)
    uniform = uniform.reshape(count, *info.input_shape)
    if info.decoding:
        return (uniform * 255).to(torch.uint8)
    if not info.mean:
        return (uniform * len(info.text.vocabulary if info.text else ())).long()
    shape = (-1, *(1 for _ in info.input_shape[1:]))
    mean, deviation = torch.tensor(info.mean).reshape(shape), torch.tensor(info.deviation).reshape(shape)
    return mean + 2 * (uniform - 0.5) * deviation


def describe(trained: Trained, examples: Tensor, outputs: Tensor, *, whole: bool) -> dict[str, Any]:
    """What whoever uses a network must know of it, as plain data; a ``whole`` one scales its inputs itself."""
    info, recipe = trained.info, trained.recipe
    said = inspect.getdoc(type(trained.task).predict) or ""
    names = ["batch", *examples.shape[1:]]
    return {
        "made_by": f"paribus {environment()['packages']['paribus']}",
        "recipe": recipe.name,
        "seed": trained.seed,
        "weights_sha256": trained.folder.result.weights_sha256 if trained.folder.result else "",
        "model": {"use": recipe.model.use, **recipe.settings("model")},
        "task": recipe.task.use,
        "inputs": {"name": "inputs", "shape": names, "type": _type(examples), "what": _stored(trained, examples)},
        "outputs": {
            "name": "outputs",
            "shape": ["batch", *outputs.shape[1:]],
            "type": _type(outputs),
            "what": said.splitlines()[0] if said else "",
            "of_classes": isinstance(trained.task, Classification),
        },
        "scaling": _scaling(trained, whole),
        "classes": list(info.classes),
        "decoding": _decoding(trained),
    }


def _scaling(trained: Trained, whole: bool) -> dict[str, Any] | None:
    """How stored values are scaled, (value − mean) · scale for each channel, and whether the file does it."""
    if not trained.network.scales:
        return None
    mean, scale = trained.network.mean.flatten().tolist(), trained.network.scale.flatten().tolist()
    return {"inside": whole, "mean": mean, "scale": scale}


def _type(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")


def _stored(trained: Trained, examples: Tensor) -> str:
    if examples.dtype == torch.uint8:
        return "values as they are stored, 0 to 255"
    return "numbers of tokens" if not trained.info.mean else "values in the unit of the data"


def _decoding(trained: Trained) -> dict[str, Any] | None:
    """How a picture file becomes an input; ``None`` for a network that takes no pictures."""
    shape = trained.info.input_shape
    if len(shape) != 3 or shape[0] not in (1, 3):
        return None
    usual = {"size": shape[1:], "colour": "rgb" if shape[0] == 3 else "grey", "fit": "pad"}
    found: Mapping[str, Any] = {**usual, **trained.info.decoding}
    return {**found, "size": [found["size"]] * 2 if isinstance(found["size"], int) else list(found["size"])}


def loader(name: str) -> str:
    """The Python file that uses an exported network without paribus."""
    place = Path(str(loaders.__file__)).parent
    text = (place / f"{name}.py").read_text(encoding="utf-8")
    line = next((line for line in text.splitlines(keepends=True) if line.startswith("from paribus.")), None)
    if line is None:
        return text
    shared = (place / "pictures.py").read_text(encoding="utf-8")
    _, _, body = shared.partition("HERE = ")
    imports = (
        "import io\nimport json\nimport sys\nfrom pathlib import Path\nfrom typing import Any\n\nimport numpy as np\n"
    )
    head, _, rest = text.partition("import sys\nfrom typing import Any\n\n" + line)
    return f"{head}{imports}\nHERE = {body.rstrip()}\n{rest}"
