"""The weights and buffers of several networks, each as one tensor with the networks along its first axis.

While they are lent, a network's own tensors are views of these: whatever reads weights, saves or evaluates them sees
what the common steps have made of them, and needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class Stack:
    """Tensors of networks of one graph.

    Args:
        networks: R of them; they own their tensors until they are lent these.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self.networks = list(networks)
        first = dict(self.networks[0].named_parameters())
        parameters = [dict(network.named_parameters()) for network in self.networks]
        buffers = [dict(network.named_buffers()) for network in self.networks]
        self.parameters = {
            name: stacked([one[name] for one in parameters]).requires_grad_(first[name].requires_grad) for name in first
        }
        self.buffers = {name: stacked([one[name] for one in buffers]) for name in buffers[0]}
        self._strides = {name: tensor.stride() for name, tensor in tensors_of(self.networks[0]).items()}

    @property
    def trained(self) -> dict[str, Tensor]:
        """The parameters that get gradients (R, …), which are leaves."""
        return {name: tensor for name, tensor in self.parameters.items() if tensor.requires_grad}

    def lend(self) -> None:
        """Let every network see its part."""
        own = [tensors_of(network) for network in self.networks]
        for name, tensor in {**self.parameters, **self.buffers}.items():
            for tensors, part in zip(own, tensor.detach().unbind(), strict=True):
                tensors[name].data = part

    def give_back(self) -> None:
        """Give every network tensors of its own again, laid out in memory as they were."""
        for network in self.networks:
            for name, tensor in tensors_of(network).items():
                own = torch.empty_strided(tensor.shape, self._strides[name], dtype=tensor.dtype, device=tensor.device)
                tensor.data = own.copy_(tensor.detach())
            for layer in network.modules():
                if isinstance(layer, nn.RNNBase):
                    layer.flatten_parameters()  # cuDNN reads its weights from one piece of memory; elsewhere nothing


def stacked(tensors: Sequence[Tensor]) -> Tensor:
    """(R, …) of R tensors, in new memory."""
    return torch.stack([tensor.detach() for tensor in tensors]).contiguous()


def tensors_of(network: nn.Module) -> Mapping[str, Tensor]:
    """Parameters and buffers by name."""
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}
