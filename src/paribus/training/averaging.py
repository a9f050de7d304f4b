"""Averages of the weights over the steps: beside a training, or taken back into it. None makes a GPU be waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils._foreach_utils import _group_tensors_by_device_and_dtype as grouped

EACH_STEP = 0.95  # share of the slow weights that stays for each step between two looks, at the end of a training


class Average(AveragedModel):
    """The exponential moving average of parameters and buffers, as torch's but for one thing.

    torch asks a tensor whether it has begun, and moves it to the device, in every step: a GPU is then waited for.

    Args:
        network: what is averaged.
        decay: share of the average that stays in a step.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
        self._begun: bool | None = None  # unknown where a state has been loaded

    def update_parameters(self, model: nn.Module) -> None:
        """Take a step's weights in; the first are the average."""
        if self._begun is None:
            self._begun = bool(self.n_averaged)
        own, news = ([it.detach() for it in _tensors(net)] for net in (self.module, model))
        with torch.no_grad():
            if not self._begun:
                torch._foreach_copy_(own, news)
            else:
                for (ours, theirs), _ in grouped([own, news]).values():  # type: ignore[list-item]
                    self.multi_avg_fn(ours, theirs, 0)  # type: ignore[misc, arg-type]
            self.n_averaged += 1
        self._begun = True

    def load_state_dict(self, state_dict: Mapping[str, Any], *_: Any, **__: Any) -> Any:
        """Go on from a saved average."""
        self._begun = None
        return super().load_state_dict(state_dict)


class Lookahead:
    """Slow weights that follow a training and are put in its place every few steps (Zhang et al., 2019).

    The share of the slow weights that stays rises with the cube of the time, from none to :data:`EACH_STEP` for each of
    the steps between (Jordan, 2024), so that the beginning is free and the end is an average. Behind the last step the
    weights are the slow ones. Statistics of norms follow as parameters do.

    Args:
        network: on its device; it is changed.
        every: steps between two looks.
    """

    def __init__(self, network: nn.Module, every: int) -> None:
        self.network, self.every = network, every
        self._slow = {name: it.clone() for name, it in self._fast().items()}

    def update(self, step: int, steps: int) -> None:
        """Behind step number ``step``, counted from 1, of ``steps``."""
        if step % self.every and (step < steps or step < self.every):  # of so few steps the slow ones know nothing
            return
        fast, slow = list(self._fast().values()), list(self._slow.values())
        if not step % self.every:
            stays = EACH_STEP**self.every * (step / steps) ** 3
            torch._foreach_lerp_(slow, fast, 1 - stays)
        torch._foreach_copy_(fast, slow)

    def _fast(self) -> dict[str, Tensor]:
        """Those of the network, wherever they lie now: trainings that step together lend it others."""
        return {name: it for name, it in self.network.state_dict().items() if it.is_floating_point()}

    def state(self) -> dict[str, Tensor]:
        """The slow weights."""
        return dict(self._slow)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from saved ones."""
        for name, value in state.items():
            self._slow[name].copy_(value)


def _tensors(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()
