"""How each format of exported networks is written, and read back for the check."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paribus.inference.trained import Trained
from paribus.streams import errors_alone

KEY = "paribus"  # of the metadata in a file
Run = Callable[[Tensor], Tensor]


class Said(nn.Module):
    """What a run says of stored inputs, as one network: scaling, model, and what its task makes of the outputs."""

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.network, self.task = trained.network, trained.task

    def forward(self, inputs: Tensor) -> Tensor:
        """From inputs (B, *input_shape) as they are stored to the task's prediction: for classes probabilities."""
        return self.task.predict(self.network, inputs)


def graph(trained: Trained, inputs: Tensor) -> Any:
    """The network as torch exports it, for batches of any size.

    Raises:
        Exception: of many kinds, for a network that depends on its values or on the size of its batch.
    """
    batch = torch.export.Dim("batch", min=1)
    with quiet():
        return torch.export.export(Said(trained).eval(), (inputs,), dynamic_shapes={"inputs": {0: batch}})


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the exporters tell their own authors."""
    with errors_alone("torch.onnx"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def write_onnx(trained: Trained, inputs: Tensor, about: Mapping[str, Any], path: Path) -> None:
    """An ONNX graph, the metadata in its properties."""
    names: dict[str, Any] = {"input_names": ["inputs"], "output_names": ["outputs"], "verbose": False}
    with quiet():
        program = torch.onnx.export(graph(trained, inputs), (), dynamo=True, **names)
        assert program is not None
        program.model.metadata_props[KEY] = json.dumps(about)
        program.save(str(path))


def read_onnx(trained: Trained, path: Path) -> Run:
    """As onnxruntime runs it on the processor."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda inputs: torch.from_numpy(session.run(None, {"inputs": inputs.numpy()})[0])


def write_pt2(trained: Trained, inputs: Tensor, about: Mapping[str, Any], path: Path) -> None:
    """A program of torch, the metadata as a file in it."""
    with quiet():
        torch.export.save(graph(trained, inputs), path, extra_files={KEY: json.dumps(about)})


def read_pt2(trained: Trained, path: Path) -> Run:
    """As torch runs it."""
    with quiet():
        return torch.export.load(path).module()


def write_safetensors(trained: Trained, inputs: Tensor, about: Mapping[str, Any], path: Path) -> None:
    """The weights, the metadata in their header."""
    from paribus.models.weights import pack

    path.write_bytes(pack(trained.network.state_dict(), {KEY: json.dumps(about)}))


def read_safetensors(trained: Trained, path: Path) -> Run:
    """The weights in a network that is built anew."""
    from safetensors.torch import load_file

    from paribus.chance import Seeds
    from paribus.models.network import assemble

    network = assemble(trained.recipe.model, trained.task, Seeds(trained.seed + 1))  # others, all to be replaced
    network.load_state_dict(load_file(path))
    network.eval()
    return lambda inputs: trained.task.predict(network, inputs)
