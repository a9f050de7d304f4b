"""The weights that training starts from: a function of a key and of each layer's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from paribus import chance
from paribus.models.declarations import loaded

Init = Literal["default", "zeros", "ones", "constant", "uniform", "normal", "xavier", "he", "lecun", "orthogonal"]
Scheme = Callable[[Tensor], object]

SCHEMES: Mapping[str, Scheme | None] = {
    "default": None,  # each layer's own reset_parameters
    "zeros": nn.init.zeros_,
    "ones": nn.init.ones_,
    "constant": lambda w: nn.init.constant_(w, 0.05),
    "uniform": lambda w: nn.init.uniform_(w, -0.05, 0.05),  # as wide as Keras' and as the constant
    "normal": lambda w: nn.init.normal_(w, std=0.01),  # Krizhevsky et al., 2012
    "xavier": nn.init.xavier_uniform_,  # variance 2/(inputs + outputs): Glorot & Bengio, 2010
    "he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),  # variance 2/inputs: He et al., 2015
    "lecun": lambda w: nn.init.normal_(w, std=w[0].numel() ** -0.5),  # variance 1/inputs: LeCun et al., 1998
    "orthogonal": nn.init.orthogonal_,  # Saxe et al., 2014
}

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def initialise(model: nn.Module, key: int, over: str = "") -> None:
    """Draw all weights of a model anew, each layer's from the key and its own name.

    Layers of the same name and shape thus start alike in every arm of a study, whatever stands between them.
    Where ``model.init`` names one of the :data:`SCHEMES`, the weights of linear and convolutional layers, the
    last one included, follow it and their biases are 0; norms keep their own start, scale 1 and shift 0.

    A model whose layers change their names with its options says under which names they are drawn instead:
    ``model.drawn_as = {"features.3": "features.conv2"}``.

    Numbers are drawn on the device of the weights: initialise on the CPU, then move the model.
    Parameters of a module without ``reset_parameters`` stay as its constructor made them, and so do those that
    ``model.loaded`` names (see :mod:`paribus.models.declarations`).

    Where ``over`` names a scheme it is followed whatever the model says: nothing is kept, and an outer module overrules
    nothing of what it contains.
    """
    kept = [] if over else [(tensor, tensor.detach().clone()) for tensor in loaded(model).values()]
    name = over or getattr(model, "init", "default")
    scheme = SCHEMES.get(name) if isinstance(name, str) else None
    lasting: Mapping[str, str] = getattr(model, "drawn_as", {})
    # From the leaves up, the order in which constructors run: an outer module may overrule what it contains.
    modules = list(model.named_modules())
    for path, module in modules if over else reversed(modules):
        parametrized = parametrize.is_parametrized(module)
        if parametrized or next(module.parameters(recurse=False), None) is not None:
            with chance.seeded(chance.key(key, lasting.get(path, path))), torch.no_grad(), parametrize.cached():
                _reset(module, scheme)
                if over == "orthogonal" and isinstance(module, nn.RNNBase):
                    _turn(module)
                if parametrized:
                    _keep_what_was_drawn(module)
    with torch.no_grad():
        for tensor, value in kept:
            tensor.copy_(value)


def _keep_what_was_drawn(module: nn.Module) -> None:
    """Copy values drawn for a parametrised tensor into its original."""
    for name, steps in module.parametrizations.items():  # type: ignore[union-attr, operator]
        if all(hasattr(step, "right_inverse") for step in steps):
            setattr(module, name, getattr(module, name))


def _turn(module: nn.RNNBase) -> None:
    """Make the matrices that a recurrence multiplies its state by orthogonal, gate by gate: nothing grows or fades."""
    for name, weights in module.named_parameters():
        if "weight_hh" in name:
            for gate in weights.split(module.hidden_size):  # (hidden, hidden or projected)
                nn.init.orthogonal_(gate)


def _reset(module: nn.Module, scheme: Scheme | None) -> None:
    if scheme is not None and isinstance(module, WEIGHTED):
        scheme(module.weight)
        if module.bias is not None:
            module.bias.zero_()
        return
    # torch's attention spells it with an underscore.
    reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
    if callable(reset):
        reset()
