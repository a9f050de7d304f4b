"""Tensors out of files of weights: safetensors, NumPy archives, state dicts of torch. No code in them is ever run."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from paribus.cache.archive import check_npz
from paribus.errors import DataError, ParibusError
from paribus.files import limit, open_regular, too_large

MAX_BYTES = 4 << 30  # of all tensors together
NESTED = ("state_dict", "model_state_dict", "model", "net")  # where training scripts put them in a larger dictionary
QUANTISED = (".weight_q", ".scale", ".zero_point")  # weight = scale · (weight_q − zero_point)
OBJECTS = ("GLOBAL", "Unsupported class", "allow_pickle")  # in the words of torch and NumPy where they meet one
NARROW = {torch.float16, torch.bfloat16, torch.float64}  # numbers that are brought to float32


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a file by name, on the CPU: floats as float32, whole numbers as they are.

    Raises:
        DataError: for a file that is damaged, too large, holds code or objects, or values that are not finite.
    """
    most = limit(MAX_BYTES)
    open_regular(path).close()
    if path.stat().st_size > most:
        raise too_large(path, most)
    read = READERS.get(path.suffix, _torch)
    try:
        tensors = {str(name): _checked(path, str(name), tensor) for name, tensor in read(path, most).items()}
    except (ParibusError, MemoryError):
        raise
    except Exception as error:  # whatever the libraries raise for bytes that somebody made up
        raise _unreadable(path, error) from None
    if not tensors:
        raise DataError("this file holds no tensors by name", got=str(path), hint="save model.state_dict()")
    return _dequantised(tensors)


def _safetensors(path: Path, most: int) -> Mapping[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


def _npz(path: Path, most: int) -> Mapping[str, Tensor]:
    import numpy as np

    check_npz(path, most)
    with np.load(path, allow_pickle=False) as archive:
        return {name: torch.as_tensor(archive[name]) for name in archive.files}


def _torch(path: Path, most: int) -> Mapping[str, Tensor]:
    """A state dict as torch saves it; its pickle may hold tensors and plain values, and nothing that acts."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > most:
                raise too_large(path, most)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of older formats, which are read or not
        content = torch.load(path, map_location="cpu", weights_only=True)  # explicitly: else a variable undoes it
    while isinstance(content, Mapping) and not any(isinstance(entry, Tensor) for entry in content.values()):
        inner = next((content[name] for name in NESTED if isinstance(content.get(name), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping):
        raise DataError(
            "this file holds no state dict", got=f"{type(content).__name__} in {path}", hint="save model.state_dict()"
        )
    return {name: entry for name, entry in content.items() if isinstance(entry, Tensor)}


READERS: Mapping[str, Callable[[Path, int], Mapping[str, Tensor]]] = {".safetensors": _safetensors, ".npz": _npz}


def _checked(path: Path, name: str, tensor: Tensor) -> Tensor:
    """A tensor that is what it seems: plain, no larger than its bytes, finite."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
        raise DataError("weights are plain numbers", got=f"{name}: {tensor.dtype}, {tensor.layout}", hint=f"see {path}")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():  # strides of 0 unfold without end
        raise DataError(
            f"{path.name} is damaged: {name} claims {tuple(tensor.shape)}", got=str(path), hint="get a whole copy"
        )
    tensor = tensor.detach().to(torch.float32) if tensor.dtype in NARROW else tensor.detach()
    if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
        broken = int((~tensor.isfinite()).sum())
        hint = "whoever trained them diverged; get others"
        raise DataError(
            f"weights must be finite: {name} of {path.name} has {broken:,} that are not", got=str(path), hint=hint
        )
    return tensor.contiguous()


def _dequantised(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Whole numbers with a scale and a zero point as the floats that they stand for."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        layer = name.removesuffix(QUANTISED[0])
        parts = [tensors.get(layer + suffix) for suffix in QUANTISED]
        if layer != name and all(part is not None for part in parts):
            weight, scale, zero = parts
            found[f"{layer}.weight"] = scale * (weight.float() - zero.float())  # type: ignore[union-attr, operator]
        elif not (name.endswith(QUANTISED[1:]) and f"{name.rpartition('.')[0]}{QUANTISED[0]}" in tensors):
            found[name] = tensor
    return found


def _unreadable(path: Path, error: Exception) -> DataError:
    text = str(error)
    if any(word in text for word in OBJECTS):
        rule = f"{path.name} holds more than tensors, which could be code: it is not read"
        hint = "load it where you trust it, and save model.state_dict() as .safetensors"
        return DataError(rule, got=str(path), hint=hint)
    said = next(iter(text.rpartition("error: ")[2].splitlines()), "")
    said = said if any(map(str.isalpha, said)) else type(error).__name__  # of a missing key the text is the key
    return DataError(f"{path.name} is damaged, or no file of weights: {said}", got=str(path), hint="get a whole copy")
