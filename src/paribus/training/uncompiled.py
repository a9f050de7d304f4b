"""Optimizers of torch without torch's compiler, whose import takes as long as that of torch itself.

``torch.optim`` marks its methods for ``torch.compile``, and imports ``torch._dynamo`` when the first of them is called:
over a second before the first step, and a few microseconds in each. Here only networks are compiled, never steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import unwrap

import torch
from torch.optim import Optimizer

MARKED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")  # not to be looked into by the compiler


@cache
def uncompiled(kind: type[Optimizer]) -> Callable[..., Optimizer]:
    """The same optimizer, its methods as they were before they were marked.

    A step runs without gradients, as that of an optimizer does which is not ``differentiable``. Hooks work as before.
    """
    methods = {name: unwrap(getattr(kind, name)) for name in MARKED}
    return type(
        kind.__name__, (kind,), {**methods, "step": torch.no_grad()(unwrap(kind.step)), "__doc__": kind.__doc__}
    )
