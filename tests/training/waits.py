"""What makes a program wait for its GPU, seen on any device: values that are read out of tensors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

READING = {  # operations whose result, or its size, is known on the processor before they return
    *("_local_scalar_dense", "is_nonzero", "equal", "nonzero", "masked_select", "bincount", "histc"),
    *("_unique2", "unique_dim", "unique_consecutive", "repeat_interleave", "allclose"),
}
METHODS = ("tolist", "numpy", "cpu")  # that read without an operation, or are none where the tensor is there already
CHECKED = ("one_hot",)  # functions of torch that read the values they check, on a processor only


class Waits(TorchDispatchMode):
    """Notes every operation within it that would wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Waits:
        for name in METHODS:
            self._patch.setattr(Tensor, name, self._noting(name, getattr(Tensor, name)))
        for name in CHECKED:
            self._patch.setattr(functional, name, self._unnoted(getattr(functional, name)))
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._patch.undo()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        masks = name in ("index", "index_put", "index_put_") and any(
            isinstance(one, Tensor) and one.dtype == torch.bool for one in tree_leaves(args[1])
        )
        sized = name == "repeat_interleave" and (kwargs or {}).get("output_size") is not None
        if masks or (name in READING and not sized):
            self.seen.append(name)
        return func(*args, **(kwargs or {}))

    def _noting(self, name: str, method: Any) -> Any:
        def noting(tensor: Tensor, *given: Any, **named: Any) -> Any:
            self.seen.append(name)
            return method(tensor, *given, **named)

        return noting

    def _unnoted(self, function: Any) -> Any:
        def unnoted(*given: Any, **named: Any) -> Any:
            before = list(self.seen)
            result = function(*given, **named)
            self.seen[:] = before
            return result

        return unnoted
