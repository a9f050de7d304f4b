"""Optimizers of stacked parameters: one for all neighbours in the stack that step alike.

Optimizers that treat every number by itself take the same step of a stack as of its parts, so one of torch's kernels
steps all networks whose rate, decay and momenta agree. Others, such as Muon, step each network by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.optim import Optimizer

from paribus.training.fused.stack import Stack, stacked
from paribus.training.session import Session

NUMBER_BY_NUMBER = (optim.SGD, optim.Adam, optim.AdamW, optim.NAdam, optim.Adamax, optim.RMSprop, optim.Adagrad)
Gradients = Mapping[str, Tensor | None]


def optimizer_of(session: Session) -> Optimizer:
    """The one of a training of one stage."""
    (optimizer,) = session.optimizers.values()
    return optimizer


def alike(session: Session) -> Hashable:
    """What networks must share to be stepped by one optimizer: its kind, its numbers, how often it stepped each."""
    optimizer = optimizer_of(session)
    if not isinstance(optimizer, NUMBER_BY_NUMBER):
        return id(session)
    numbers = [
        sorted((name, repr(it)) for name, it in group.items() if name != "params") for group in _groups(optimizer)
    ]
    states = [optimizer.state.get(it, {}) for it in _parameters(optimizer)]  # of those that have not thawed, none
    kept = [
        sorted((name, repr(float(it)) if not _shaped(it) else "") for name, it in state.items() if it is not None)
        for state in states
    ]
    return type(optimizer).__name__, repr(numbers), repr(kept)


class Clusters:
    """The optimizers of a stack.

    Args:
        sessions: in the order of the stack, those that are :func:`alike` side by side.
        stack: lent to their networks.
    """

    def __init__(self, sessions: Sequence[Session], stack: Stack) -> None:
        self.sessions, self.stack = list(sessions), stack
        self._found: list[_Cluster] = []

    def step(self, gradients: Gradients) -> None:
        """Step all parameters along their gradients (R, …); every optimizer has its rate for this step."""
        if not self._found or any(cluster.differs() for cluster in self._found):
            self._regroup()
        for cluster in self._found:
            cluster.step(gradients)

    def release(self) -> None:
        """Give every optimizer a state of its own; its network has its own parameters already."""
        self._found = []
        for session in self.sessions:
            own_state(optimizer_of(session))

    def _regroup(self) -> None:
        known = [alike(session) for session in self.sessions]
        runs = [[place for place, _ in run] for _, run in groupby(enumerate(known), key=lambda it: it[1])]
        self._found = [_Cluster(self.sessions[run[0] : run[-1] + 1], self.stack, run[0]) for run in runs]


class _Cluster:
    """Neighbours that step alike; one alone is stepped by its own optimizer."""

    def __init__(self, sessions: Sequence[Session], stack: Stack, start: int) -> None:
        self.sessions, self.start, self.end = sessions, start, start + len(sessions)
        own = optimizer_of(sessions[0])
        self.names = [_names(session) for session in sessions]
        self.optimizer, self._linked = own, True
        if len(sessions) == 1:
            return
        groups = [
            {**group, "params": [nn.Parameter(self._part(stack.parameters[name].detach())) for name in names]}
            for group, names in zip(_groups(own), self.names[0], strict=True)
        ]
        self.optimizer, self._linked = copy(own), False
        self.optimizer.state, self.optimizer.param_groups = defaultdict(dict), groups
        for parameter, members in zip(_parameters(self.optimizer), self._members(), strict=True):
            states = [optimizer.state.get(it, {}) for optimizer, it in members]
            if states[0]:
                self.optimizer.state[parameter] = {name: _together([one[name] for one in states]) for name in states[0]}

    def differs(self) -> bool:
        """Whether its members' learning rates have parted."""
        rates = [[group["lr"] for group in _groups(optimizer_of(session))] for session in self.sessions]
        return any(one != rates[0] for one in rates)

    def step(self, gradients: Gradients) -> None:
        """Step its part of the stack."""
        own = optimizer_of(self.sessions[0])
        for group, theirs, names in zip(_groups(self.optimizer), _groups(own), self.names[0], strict=True):
            group["lr"] = theirs["lr"]
            for parameter, name in zip(group["params"], names, strict=True):
                gradient = gradients.get(name)
                if gradient is not None:
                    gradient = gradient[self.start] if self.optimizer is own else self._part(gradient)
                parameter.grad = gradient
        if self.optimizer is not own:
            self._tell_watchers()
        self.optimizer.step()
        if not self._linked:
            self._link()

    def _part(self, tensor: Tensor) -> Tensor:
        return tensor[self.start : self.end]

    def _tell_watchers(self) -> None:
        """Call what waits for a member's optimizer to step; its gradients are in place then."""
        for place, session in enumerate(self.sessions):
            optimizer = optimizer_of(session)
            if not optimizer._optimizer_step_pre_hooks:
                continue
            for parameter, stacked_one in zip(_parameters(optimizer), _parameters(self.optimizer), strict=True):
                parameter.grad = None if stacked_one.grad is None else stacked_one.grad[place]
            for hook in optimizer._optimizer_step_pre_hooks.values():
                hook(optimizer, (), {})

    def _link(self) -> None:
        """Let every member's optimizer see its part of the common state, as a checkpoint reads it."""
        for parameter, members in zip(_parameters(self.optimizer), self._members(), strict=True):
            common = self.optimizer.state.get(parameter, {})
            for place, (optimizer, own) in enumerate(members):
                part = {name: it[place] if _shaped(it) else it for name, it in common.items()}
                if part:
                    optimizer.state[own] = part
        self._linked = True

    def _members(self) -> list[list[tuple[Optimizer, Tensor]]]:
        """For every parameter of an optimizer, the optimizers of all members with their own."""
        optimizers = [optimizer_of(session) for session in self.sessions]
        return [
            list(zip(optimizers, own, strict=True)) for own in zip(*(_parameters(it) for it in optimizers), strict=True)
        ]


def own_state(optimizer: Optimizer) -> None:
    """Copy an optimizer's state into memory of its own, laid out like its parameters."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
            elif isinstance(value, Tensor):
                state[name] = value.clone()


def _names(session: Session) -> list[list[str]]:
    """Of the parameters in each group of an optimizer."""
    known = {id(parameter): name for name, parameter in session.network.named_parameters()}
    return [[known[id(parameter)] for parameter in group["params"]] for group in _groups(optimizer_of(session))]


def _groups(optimizer: Optimizer) -> list[dict[str, Any]]:
    return optimizer.param_groups


def _parameters(optimizer: Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _shaped(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim > 0


def _together(values: Sequence[Any]) -> Any:
    """One state of several that agree in all that has no axis, such as a count of steps."""
    first = values[0]
    if _shaped(first):
        return stacked(values)
    return first.clone() if isinstance(first, Tensor) else first
