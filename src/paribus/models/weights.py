"""Weights as bytes: hashes and plain safetensors files."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import torch
from torch import Tensor


def hash_of(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over all names, types, shapes and values: equal hashes mean bit-equal weights."""
    digest = sha256()
    for name, tensor in sorted(state.items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)};".encode())
        digest.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def pack(state: Mapping[str, Tensor], facts: Mapping[str, str] | None = None) -> bytes:
    """A state dict, and perhaps words about it, as the content of a plain safetensors file that any library reads."""
    from safetensors.torch import save as serialise

    # copies, since layers may share one tensor and safetensors refuses that
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    return serialise(copies, dict(facts) if facts else None)
