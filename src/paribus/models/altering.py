"""What a recipe changes in any model, somebody's own as well: activations, norms, initial weights, and its ending.

These are common options (:class:`paribus.models.start.Start`): fields of a recipe that studies vary, whatever the
model's own constructor takes.
"""

from __future__ import annotations

from typing import NoReturn

from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import ACTIVATIONS
from paribus.models.initialisation import initialise
from paribus.models.start import OWN, Start
from paribus.records.weights import NONE

BETWEEN = (
    *(nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ReLU6, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Hardswish, nn.Hardtanh, nn.Softplus, nn.Softsign, nn.Tanh),
)
"""Activations that stand between layers. Sigmoids are left alone: gates and outputs are made of them."""


def altered(model: nn.Module, start: Start) -> None:
    """Change what the recipe asks of a model that was just built.

    Raises:
        RecipeError: if the model has nothing of that kind.
    """
    if start.activations != OWN:
        _activations(model, start.activations)
    if start.norm_momentum is not None:
        _momentum(model, start.norm_momentum)
    if start.ending == "bare":
        bare(model)


def redrawn(model: nn.Module, start: Start, key: int) -> None:
    """Draw all weights anew, where the recipe asks for that, whatever the model's own code drew or loaded.

    Raises:
        RecipeError: if the recipe loads weights as well.
    """
    if start.redraw == OWN:
        return
    if start.weights != NONE:
        rule = "model.redraw draws the weights anew that model.weights loads"
        raise RecipeError(rule, got="both", hint="leave one of them out")
    initialise(model, key, start.redraw)


def bare(model: nn.Module) -> None:
    """Let a model give what its last layer with weights gives, and leave out what stands behind that.

    Raises:
        RecipeError: if it has no layer; when it is called, if the shapes differ, or if it is read by ``advance``.
    """
    layers = [module for module in model.modules() if _is_layer(module)]
    if not layers:
        rule = "model.ending=bare takes what the last layer gives"
        raise RecipeError(rule, got="a model without layers", hint="leave model.ending as it is")
    last = _Last()
    for layer in layers:
        layer.register_forward_hook(last.heard)
    model.register_forward_pre_hook(last.asked)
    model.register_forward_hook(last.given)
    if callable(getattr(model, "advance", None)):
        model.advance = _unheard  # type: ignore[assignment]


def _unheard(*inputs: object) -> NoReturn:
    rule = "model.ending=bare takes what the last layer gives when the model is called"
    got = "a model that keeps a state, and is read by its advance()"
    raise RecipeError(rule, got=got, hint="leave model.ending as it is")


class _Last:
    """What the layer that was called last gave; let go of as soon as the model has returned."""

    def __init__(self) -> None:
        self.listens = False
        self.value: Tensor | None = None

    def asked(self, model: nn.Module, inputs: object) -> None:
        """Listen from now on: a layer that is called alone says nothing of the model."""
        self.listens, self.value = True, None

    def heard(self, layer: nn.Module, inputs: object, output: object) -> None:
        """Keep it."""
        if self.listens and isinstance(output, Tensor):
            self.value = output

    def given(self, model: nn.Module, inputs: object, output: object) -> Tensor:
        """Give it in the place of the model's output (B, …), whose shape it has."""
        value, self.listens, self.value = self.value, False, None
        there = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        if value is None or tuple(value.shape) != there:
            rule = "model.ending=bare needs outputs of the shape that the last layer with weights gives"
            got = f"{there}, and the layer gives {None if value is None else tuple(value.shape)}"
            raise RecipeError(rule, got=got, hint="leave model.ending as it is")
        return value


def _is_layer(module: nn.Module) -> bool:
    """Whether it has weights of its own and is made of no other modules."""
    alone = next(module.children(), None) is None
    return alone and any(parameter.ndim > 1 for parameter in module.parameters(recurse=False))


def _activations(model: nn.Module, name: str) -> None:
    found = 0
    for module in list(model.modules()):
        for path, child in list(module.named_children()):
            if isinstance(child, BETWEEN):
                setattr(module, path, ACTIVATIONS[name]())
                found += 1
    if not found:
        rule = "model.activations takes the place of activation modules"
        hint = "set model.activation if the model has that, or write them as modules, such as torch.nn.ReLU()"
        raise RecipeError(rule, got="a model without any", hint=hint)


def _momentum(model: nn.Module, momentum: float) -> None:
    norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        rule = "model.norm_momentum is the momentum of batch norms"
        raise RecipeError(rule, got="a model without any", hint="leave it out, or set model.norm=batch")
    for norm in norms:
        norm.momentum = momentum
