"""Optimizers: torch's, with the options that people vary under their usual names.

Fused where torch can: one pass over the weights instead of one per operation, which small networks feel.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from paribus.errors import RecipeError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

PARTS: Mapping[str, str] = {
    name: f":{name}"
    for name in ("sgd", "adam", "adamw", "amsgrad", "nadam", "adamax", "rmsprop", "adagrad", "muon", "lbfgs")
}

Rate = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]


def sgd(
    params: Iterable[Tensor],
    lr: Rate = 0.05,
    momentum: Decay = 0.9,
    nesterov: bool = False,
    weight_decay: NotNegative = 0.0,
) -> Optimizer:
    """Stochastic gradient descent with momentum (Polyak, 1964; Nesterov, 1983).

    Args:
        lr: learning rate, the size of a step along the gradient.
        momentum: share of the last step that is kept; 0 is plain gradient descent.
        nesterov: whether the gradient is taken where the momentum leads.
        weight_decay: pull of the weights towards zero, the factor of the L2 penalty ½λ‖w‖².
    """
    if nesterov and momentum == 0:
        raise RecipeError("optimizer.nesterov needs momentum", got="momentum=0", hint="set optimizer.momentum=0.9")
    return _of_torch("SGD")(params, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, fused=True)


def adam(
    params: Iterable[Tensor],
    lr: Rate = 0.001,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: Rate = 1e-8,
    weight_decay: NotNegative = 0.0,
    amsgrad: bool = False,
) -> Optimizer:
    """Adam: steps scaled by running moments of the gradient (Kingma & Ba, 2015).

    Args:
        lr: learning rate, about the largest change of a weight in one step.
        beta1: decay of the running mean of the gradient.
        beta2: decay of the running mean of its square.
        eps: added to the root of the second moment.
        weight_decay: factor of the L2 penalty, added to the gradient (and so rescaled with it).
        amsgrad: whether the second moment may only grow (Reddi, Kale & Kumar, 2018).
    """
    return _of_torch("Adam")(
        params, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, fused=True
    )


def adamw(
    params: Iterable[Tensor],
    lr: Rate = 0.001,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: Rate = 1e-8,
    weight_decay: NotNegative = 0.01,
) -> Optimizer:
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter, 2019).

    Args:
        lr: learning rate, about the largest change of a weight in one step.
        beta1: decay of the running mean of the gradient.
        beta2: decay of the running mean of its square.
        eps: added to the root of the second moment.
        weight_decay: share of a weight, times the learning rate, that is taken away in each step.
    """
    return _of_torch("AdamW")(params, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay, fused=True)


def amsgrad(
    params: Iterable[Tensor],
    lr: Rate = 0.001,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: Rate = 1e-8,
    weight_decay: NotNegative = 0.0,
) -> Optimizer:
    """AMSGrad: Adam whose second moment may only grow (Reddi, Kale & Kumar, 2018); the same as adam(amsgrad=true).

    Args:
        lr: learning rate, about the largest change of a weight in one step.
        beta1: decay of the running mean of the gradient.
        beta2: decay of the running mean of its square.
        eps: added to the root of the largest second moment so far.
        weight_decay: factor of the L2 penalty, added to the gradient (and so rescaled with it).
    """
    return adam(params, lr, beta1, beta2, eps, weight_decay, amsgrad=True)


def nadam(
    params: Iterable[Tensor],
    lr: Rate = 0.002,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: Rate = 1e-8,
    momentum_decay: NotNegative = 0.004,
    weight_decay: NotNegative = 0.0,
) -> Optimizer:
    """Nadam: Adam with Nesterov's momentum (Dozat, 2016).

    Args:
        lr: learning rate, about the largest change of a weight in one step.
        beta1: decay of the running mean of the gradient.
        beta2: decay of the running mean of its square.
        eps: added to the root of the second moment.
        momentum_decay: how fast the momentum's warm-up ends; 0 has none.
        weight_decay: factor of the L2 penalty, added to the gradient (and so rescaled with it).
    """
    betas = beta1, beta2
    return _of_torch("NAdam")(
        params, lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay, weight_decay=weight_decay
    )


def adamax(
    params: Iterable[Tensor],
    lr: Rate = 0.002,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: Rate = 1e-8,
    weight_decay: NotNegative = 0.0,
) -> Optimizer:
    """AdaMax: Adam scaled by the largest recent gradient instead of its root mean square (Kingma & Ba, 2015, §7.1).

    Args:
        lr: learning rate, about the largest change of a weight in one step.
        beta1: decay of the running mean of the gradient.
        beta2: decay of the running largest gradient.
        eps: added to the size of the gradient.
        weight_decay: factor of the L2 penalty, added to the gradient (and so rescaled with it).
    """
    return _of_torch("Adamax")(params, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)


def rmsprop(
    params: Iterable[Tensor],
    lr: Rate = 0.001,
    alpha: Decay = 0.99,
    momentum: Decay = 0.0,
    eps: Rate = 1e-8,
    weight_decay: NotNegative = 0.0,
) -> Optimizer:
    """RMSprop: steps divided by a running root mean square of the gradient (Tieleman & Hinton, 2012).

    Args:
        lr: learning rate.
        alpha: decay of the running mean of the squared gradient.
        momentum: share of the last step that is kept.
        eps: added to the root.
        weight_decay: factor of the L2 penalty.
    """
    return _of_torch("RMSprop")(params, lr=lr, alpha=alpha, momentum=momentum, eps=eps, weight_decay=weight_decay)


def adagrad(
    params: Iterable[Tensor],
    lr: Rate = 0.01,
    lr_decay: NotNegative = 0.0,
    eps: Rate = 1e-10,
    weight_decay: NotNegative = 0.0,
) -> Optimizer:
    """Adagrad: steps divided by the root of the sum of all squared gradients (Duchi, Hazan & Singer, 2011).

    Args:
        lr: learning rate.
        lr_decay: how fast the learning rate falls with the number of steps.
        eps: added to the root.
        weight_decay: factor of the L2 penalty.
    """
    return _of_torch("Adagrad")(params, lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay, fused=True)


def muon(
    params: Iterable[Tensor],
    hidden: Collection[Tensor],
    lr: Rate = 0.001,
    momentum: Decay = 0.95,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: Rate = 1e-8,
    weight_decay: NotNegative = 0.01,
) -> Optimizer:
    """Muon for hidden matrices and convolutions (Jordan et al., 2024); AdamW for the output layer and all else.

    A step of either has the size of one of AdamW (Liu et al., 2025), so one learning rate serves both.

    Args:
        lr: learning rate, about the largest change of a weight in one step of AdamW.
        momentum: decay of Muon's running mean of the gradient, Nesterov's.
        beta1: of AdamW, decay of the running mean of the gradient.
        beta2: of AdamW, decay of the running mean of its square.
        eps: of AdamW, added to the root of the second moment.
        weight_decay: share of a weight, times the learning rate, that is taken away in each step.
    """
    from paribus.training.muon import Muon
    from paribus.training.uncompiled import uncompiled

    own = {"lr": lr, "momentum": momentum, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
    return uncompiled(Muon)(params, hidden, **own)


def lbfgs(
    params: Iterable[Tensor],
    lr: Rate = 1.0,
    iterations: Annotated[int, Field(ge=1)] = 1,
    history: Annotated[int, Field(ge=1)] = 10,
    line_search: Literal["strong_wolfe", "none"] = "strong_wolfe",
) -> Optimizer:
    """L-BFGS: a quasi-Newton method for full batches without chance (Liu & Nocedal, 1989): training.batch_size=full.

    Args:
        lr: size of the first step that a line search tries; without one, of every step.
        iterations: steps of the method for each update that is counted.
        history: how many earlier steps the curvature is estimated from.
        line_search: whether the length of each step is sought so that it descends enough, or is the learning rate.
    """
    from paribus.training.quasi_newton import LBFGS
    from paribus.training.uncompiled import uncompiled

    search = None if line_search == "none" else line_search
    evaluations = 25 * iterations  # as many as its line search takes at most, so that the iterations are what ends it
    return uncompiled(LBFGS)(params, lr, iterations, evaluations, history_size=history, line_search_fn=search)


def _of_torch(name: str) -> Callable[..., Optimizer]:
    """An optimizer of torch by its name there."""
    from torch import optim

    from paribus.training.uncompiled import uncompiled

    return uncompiled(getattr(optim, name))
