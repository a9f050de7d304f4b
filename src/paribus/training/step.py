"""One training step: everything that changes weights happens in these functions."""

from __future__ import annotations

from functools import partial, reduce
from operator import add

from torch import Tensor, nn
from torch.optim import Optimizer

from paribus.chance import set_seed
from paribus.data.deliver.loader import Batch
from paribus.data.trees import detach
from paribus.records.time import Time
from paribus.training.fitting import fit
from paribus.training.penalty import add_l2, shrink
from paribus.training.quasi_newton import LBFGS
from paribus.training.session import Session


def step(session: Session, batch: Batch, time: Time) -> None:
    """One step of every stage that is due, on one batch; a model that is fitted at once takes all of it in one."""
    if session.fitted:
        fit(session, batch)
        return
    task, network, scaler, options = session.task, session.network, session.scaler, session.training
    session.group.call("step")
    set_seed(session.noise_key + session.step)  # dropout and the like: a function of the step, so resuming repeats it
    before = session.group.drawn()
    task.at(session.step, time.epoch)
    rate_factor = session.schedule.factor(time)

    for stage, optimizer in session.optimizers.items():
        if not task.due(stage, session.step):
            continue
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * rate_factor

        loss = gradient(session, stage, optimizer, batch)
        if isinstance(optimizer, LBFGS):
            optimizer.search(loss, partial(gradient, session, stage, optimizer, batch, watched=False))
        else:
            scaler.step(optimizer)
            scaler.update()
        if options.l1:
            shrink(optimizer, options.l1)

    session.draws = session.group.drawn() != before  # where nothing was drawn, as a rule nothing will be
    if session.lookahead is not None:
        session.lookahead.update(session.step + 1, time.steps)
    if session.average is not None:
        session.average.update_parameters(network)
    session.group.done()
    session.step += 1
    session.batches_done += 1


def gradient(session: Session, stage: str, optimizer: Optimizer, batch: Batch, watched: bool = True) -> Tensor:
    """Leave the gradient of a stage's loss on a batch in its parameters, and give that loss.

    Of a training on several processes this one has its share of the batch; the gradient is that of all shares.
    """
    task, network, scaler, options = session.task, session.network, session.scaler, session.training
    group = session.group
    optimizer.zero_grad()
    pieces = group.pieces(batch)
    examples = sum(piece.span.of for piece in pieces)
    losses = []
    for piece in pieces:
        share = len(piece.batch) / examples
        with group.at(piece, session.draws):
            with session.autocast():
                loss, outputs = task.loss(stage, network, piece.batch)
            scaler.scale(loss if share == 1 else loss * share).backward()
        seen = loss.detach()
        if watched:
            session.meter.update(stage, seen, detach(outputs), piece.batch)
        losses.append(seen if share == 1 else seen * share)

    parameters = [parameter for each in optimizer.param_groups for parameter in each["params"]]
    whole = group.summed(parameters, reduce(add, losses))
    if options.l2 or options.clip_norm is not None:
        scaler.unscale_(optimizer)
    if options.l2:
        whole = whole + add_l2(optimizer, options.l2)
    if options.clip_norm is not None:
        norm = nn.utils.clip_grad_norm_(parameters, options.clip_norm)
        session.signals.clipped(stage, norm, options.clip_norm)
    return whole
