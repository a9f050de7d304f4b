"""One step of several trainings: one forward pass, one backward pass and one update for all of their weights."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy, deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from paribus.data import trees
from paribus.data.deliver.loader import Batch
from paribus.tasks.task import Task
from paribus.training.distributed.group import Piece
from paribus.training.fused.clusters import Clusters, Gradients, alike, optimizer_of
from paribus.training.fused.graph import numbers_of
from paribus.training.fused.kernels import Kernels
from paribus.training.fused.noise import Chance, share_dropout
from paribus.training.fused.recurrent import share_recurrent
from paribus.training.fused.stack import Stack
from paribus.training.loop import Due
from paribus.training.penalty import add_l2, shrink
from paribus.training.session import Session


class Fused:
    """Trainings of one graph that take their steps together, each on its own batch.

    ``torch.vmap`` runs the task's own loss once over all networks: a matrix product of each becomes one batched product
    of all, convolutions become one with groups. Sessions stay what they are, with views of the common tensors.

    Args:
        sessions: R trainings at the same batch of their epochs, which :func:`.graph.apart` finds nothing against.
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = sorted(sessions, key=lambda session: repr(alike(session)))
        first = self.sessions[0]
        self.chance = Chance()
        network = deepcopy(first.network)
        networks = [session.network for session in self.sessions]
        share_dropout(network, networks, self.chance)
        share_recurrent(network, networks, self.chance)
        self._loss = Loss(network, copy(first.task), first.autocast)
        self._own = numbers_of([session.task for session in self.sessions])
        self.stack = Stack(networks)
        self.stack.lend()
        self.clusters = Clusters(self.sessions, self.stack)
        self._all = vmap(self._of_one, randomness="error")

    def step(self, dues: Sequence[Due]) -> Gradients:
        """Take the step that each training comes to, in any order; gives the gradients (R, …) by name."""
        began = time.perf_counter()
        of = {id(due.session): due for due in dues}
        dues = [of[id(session)] for session in self.sessions]
        for session, due in zip(self.sessions, dues, strict=True):
            factor = session.schedule.factor(due.time)
            for group in optimizer_of(session).param_groups:
                group["lr"] = group["initial_lr"] * factor
        gradients = self.gradients([due.batch for due in dues])
        self.clusters.step(gradients)
        for session in self.sessions:
            if session.training.l1:
                self._show(session, gradients)
                shrink(optimizer_of(session), session.training.l1)
            if session.lookahead is not None:
                session.lookahead.update(session.step + 1, of[id(session)].time.steps)
            if session.average is not None:
                session.average.update_parameters(session.network)
            session.step += 1
            session.batches_done += 1
        share = (time.perf_counter() - began) / len(self.sessions)
        for session in self.sessions:
            session.stopwatch.seconds += share
        return gradients

    def gradients(self, batches: Sequence[Batch]) -> Gradients:
        """Of every training's loss on its batch, penalties and clipping included; its meter counts the batch."""
        self.chance.begin([session.noise_key + session.step for session in self.sessions])
        trained = list(self.stack.trained)
        total: list[Tensor | None] = []  # gradients of all pieces so far
        cut = [session.group.pieces(batch) for session, batch in zip(self.sessions, batches, strict=True)]
        for pieces in zip(*cut, strict=True):
            found = self._piece(pieces, len(pieces[0].batch) / len(batches[0]))
            total = [_sum(*pair) for pair in zip(total, found, strict=True)] if total else found
        # kernels that step all numbers of a tensor read it in the order of the memory, as that of its parameter
        laid_out = [None if gradient is None else gradient.contiguous() for gradient in total]
        gradients = dict(zip(trained, laid_out, strict=True))
        for session in self.sessions:
            self._penalise(session, gradients)
        return gradients

    def _piece(self, pieces: Sequence[Piece], share: float) -> list[Tensor | None]:
        """Gradients (R, …) of all parameters by one piece of every training's batch, which is such a share of it."""
        batches, stack = [piece.batch for piece in pieces], self.stack
        inputs, targets = (trees.collate([getattr(batch, it) for batch in batches]) for it in ("inputs", "targets"))
        rows = torch.stack([batch.rows for batch in batches])
        tensors = {**stack.parameters, **stack.buffers}
        with self.sessions[0].group.at(pieces[0], False):  # all have as many examples, and take figures alike
            losses, outputs = self._all(tensors, inputs, targets, rows, self._own)  # (R,), (R, B, …)
        whole = losses.sum() if share == 1 else (losses * share).sum()
        found = torch.autograd.grad(whole, list(stack.trained.values()), allow_unused=True)
        parts = zip(self.sessions, losses.detach().unbind(), unbound(trees.detach(outputs)), batches, strict=True)
        for session, loss, output, batch in parts:
            session.meter.update("model", loss, output, batch)
        return list(found)

    def dissolve(self) -> None:
        """Give every training its own weights and its own optimizer's state again."""
        self.stack.give_back()
        self.clusters.release()
        for session in self.sessions:
            optimizer_of(session).zero_grad()

    def _of_one(
        self, tensors: dict[str, Tensor], inputs: Any, targets: Any, rows: Tensor, own: dict[str, Tensor]
    ) -> tuple[Tensor, Any]:
        vars(self._loss.task).update(own)
        named = {f"network.{name}": tensor for name, tensor in tensors.items()}
        found: tuple[Tensor, Any] = functional_call(self._loss, named, (inputs, targets, rows))
        return found

    def _penalise(self, session: Session, gradients: Gradients) -> None:
        """What the loop does to a gradient before it is stepped along: in place, on the training's part of it."""
        options = session.training
        if not options.l2 and options.clip_norm is None:
            return
        self._show(session, gradients)
        if options.l2:
            add_l2(optimizer_of(session), options.l2)
        if options.clip_norm is not None:
            parameters = [parameter for group in optimizer_of(session).param_groups for parameter in group["params"]]
            norm = nn.utils.clip_grad_norm_(parameters, options.clip_norm)
            session.signals.clipped("model", norm, options.clip_norm)

    def _show(self, session: Session, gradients: Gradients) -> None:
        """Let the parameters of a training have their parts of the gradients."""
        place = self.sessions.index(session)
        for name, parameter in session.network.named_parameters():
            gradient = gradients.get(name)
            parameter.grad = None if gradient is None else gradient[place]


class Loss(nn.Module):
    """The loss of a task as a module, whose network can be given other tensors."""

    def __init__(self, network: nn.Module, task: Task, autocast: Any) -> None:
        super().__init__()
        self.network, self.task, self.autocast = network, task, autocast

    def forward(self, inputs: Any, targets: Any, rows: Tensor) -> tuple[Tensor, Any]:
        """Of one batch, with what the network made of it."""
        with self.autocast(), Kernels():
            return self.task.loss("model", self.network, Batch(inputs, targets, rows))


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Of two gradients; what neither piece has a gradient of has none."""
    return one + other if one is not None and other is not None else one if other is None else other


def unbound(tree: Any) -> list[Any]:
    """A tree of tensors (R, …) as R trees."""
    if isinstance(tree, Tensor):
        return list(tree.unbind())
    return [trees.apply(lambda leaf, place=place: leaf[place], tree) for place in range(len(trees.first(tree)))]  # type: ignore[misc]
