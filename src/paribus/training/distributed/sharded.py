"""Weights, gradients and the optimizer's state cut along the processes, by torch's ``fully_shard`` (FSDP2).

Each process keeps a part of every tensor; a layer's weights are put together for as long as it computes (Zhao et al.,
2023; Rajbhandari et al., 2020). The first process alone evaluates, saves and shows, so it has a second, whole network,
which is filled anew before it is looked at: the others need not take part in what it does with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from paribus.errors import RecipeError
from paribus.training.distributed.group import Piece, Several

if TYPE_CHECKING:
    from paribus.records.recipe import Recipe
    from paribus.training.execution import Settings

HINT = "leave --shard out"
CHAINS = (nn.Sequential, nn.ModuleList)
VIEWS = "FSDP2-wrapped module"  # how torch begins to say that a gradient may be wrong without an error


class Sharded(Several):
    """Several processes of which each has a part of the weights."""

    def shard(self, network: nn.Module, optimizers: Mapping[str, Optimizer]) -> None:
        """Cut a network that all processes have in the same state, and the state of what steps it.

        Raises:
            RecipeError: where that cannot be.
        """
        if len(optimizers) > 1:
            rule, got = "only a network with one loss is cut along the processes", f"stages {', '.join(optimizers)}"
            raise RecipeError(rule, got=got, hint=HINT)
        if unfit := [name for name, one in network.named_parameters() if not one.requires_grad or not one.ndim]:
            rule = "tensors that are cut along the processes are trained, and have a first axis"
            raise RecipeError(rule, got=unfit[0], hint=HINT)
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import FSDPModule, fully_shard

        if not hasattr(FSDPModule, "set_force_sum_reduction_for_comms"):
            hint = f"install a newer one, 2.13 for instance, or {HINT}"
            raise RecipeError("this version of torch cannot add up what it cuts", got=torch.__version__, hint=hint)
        if not self.share.rank:
            self.replica = deepcopy(network)
        names = {id(parameter): name for name, parameter in network.named_parameters()}
        device = next(network.parameters()).device
        if device.type == "cuda":  # or parts would go to the first GPU of the machine, whatever process has them
            torch.cuda.set_device(device)
        mesh = init_device_mesh(device.type, (self.size,))
        whole: list[Any] = [*_blocks(network), network]
        for module in whole:
            module.register_forward_hook(_apart)  # before torch's own
            fully_shard(module, mesh=mesh)
            module.set_gradient_divide_factor(1.0)  # losses are shares of a mean already
            module.set_force_sum_reduction_for_comms(True)  # gloo knows no other
        cut = dict(network.named_parameters())
        for optimizer in optimizers.values():
            _follow(optimizer, names, cut)

    def summed(self, parameters: Any, loss: Tensor) -> Tensor:
        """The gradients have been added up on their way back; only the loss is left."""
        with self._connected(), torch.no_grad():
            return self.total(loss.detach().clone().reshape(1))[0]

    def gathered(self, word: str, tree: Mapping[str, Any]) -> dict[str, Any]:
        """A tree with whole tensors in place of parts: the others hear which one, and come to it."""
        self.call(word)
        with self._connected(), torch.no_grad():
            found: dict[str, Any] = _whole(tree)
        self.done()
        return found

    @contextmanager
    def at(self, piece: Piece, draws: bool) -> Iterator[None]:
        """As for whole weights; what torch holds for doubtful is refused."""
        with super().at(piece, draws), warnings.catch_warnings():
            warnings.filterwarnings("error", f"{VIEWS}.*")
            yield

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Also tell in words where a network cannot be cut."""
        try:
            with super()._connected():
                yield
        except (RuntimeError, UserWarning) as error:
            said = str(error)
            if any(word in said for word in ("DTensor", "FSDP", "fully_shard")):
                rule = "a network can be cut along the processes only if its task calls it as a whole"
                raise RecipeError(rule, got=said.splitlines()[0], hint=HINT) from error
            raise


def check(recipe: Recipe, settings: Settings) -> None:
    """Refuse what looks at whole weights within a step.

    Raises:
        RecipeError: naming it.
    """
    options = recipe.training
    refused = {
        "one process": settings.processes == 1,
        "training.ema": options.ema is not None,
        "training.lookahead": bool(options.lookahead),
        "training.l1": bool(options.l1),
        "training.l2": bool(options.l2),
        "training.precision=fp16": options.precision == "fp16",
        f"optimizer {recipe.optimizer.use}": recipe.optimizer.use in ("lbfgs", "muon"),
    }
    if settings.shard and (found := [name for name, there in refused.items() if there]):
        rule = "weights are cut along several processes, and nothing looks at all of them within a step"
        raise RecipeError(rule, got=", ".join(found), hint=f"{HINT}, or set it otherwise")


def _whole(tree: Any) -> Any:
    """Parts of all processes put together; in the same order in each of them."""
    from torch.distributed.tensor import DTensor

    if isinstance(tree, DTensor):
        return tree.full_tensor()
    if isinstance(tree, Mapping):
        return {key: _whole(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(_whole(value) for value in tree)
    return tree


def _apart(module: nn.Module, inputs: Any, output: Any) -> Any:
    """An output that is no view of another tensor, for torch hangs the way back on what a module returns."""
    return output.clone() if isinstance(output, Tensor) and output._is_view() else output


def _blocks(network: nn.Module) -> list[nn.Module]:
    """The layers of a network that follow one another, whose weights are put together one after the other."""
    chains = [it for it in getattr(network, "model", network).children() if isinstance(it, CHAINS)]
    return [layer for chain in chains for layer in chain if any(True for _ in layer.parameters())]


def _follow(optimizer: Optimizer, names: Mapping[int, str], cut: Mapping[str, Tensor]) -> None:
    """Let an optimizer step the parts, and cut what it remembers as they are cut."""
    from torch.distributed.tensor import distribute_tensor

    before = dict(optimizer.state)
    optimizer.state.clear()
    for group in optimizer.param_groups:
        if group.get("fused"):
            group["fused"] = False  # torch has no fused step of SGD for parts
        for place, parameter in enumerate(group["params"]):
            part: Any = cut[names[id(parameter)]]
            group["params"][place] = part
            if parameter in before:
                optimizer.state[part] = {
                    name: distribute_tensor(value, part.device_mesh, part.placements)
                    if isinstance(value, Tensor) and value.shape == part.shape and value.ndim
                    else value
                    for name, value in before[parameter].items()
                }
