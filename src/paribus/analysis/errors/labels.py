"""Labels that are suspected to be wrong: confident learning over examples that the asked networks never learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from paribus.analysis.examples import SMALL, Answers, Example, address, likeliest
from paribus.data.deliver.loader import Loader
from paribus.data.prepare.prepared import PreparedData
from paribus.evidence.labels import suspect
from paribus.inference.out_of_fold import unfinished, whole_round
from paribus.inference.trained import Trained, load, loader_of, prepared_with

How = Literal["out-of-fold", "held-out"]


@dataclass(frozen=True)
class Labels:
    """Labels that confident predictions contradict.

    Args:
        how: each example is asked of the network of a cross-validation that did not train on it, or all of one network.
        networks: how many were asked.
        examples: how many labels were judged.
        suspects: how many are suspected.
        noise: the estimated share of wrong labels.
        joint: (K, K) estimated counts of examples with a label (row) that are of a class (column).
        shown: some suspects, the most suspicious first; `said` is the class that each seems to be.
        note: why there are no more than these.
    """

    how: How
    networks: int
    examples: int
    suspects: int
    noise: float
    joint: tuple[tuple[float, ...], ...]
    shown: tuple[Example, ...]
    note: str = ""


def labels(trained: Trained, own: Answers, split: str, most: int, shown: int) -> Labels:
    """Judge the labels of a split, and of all folds where the run is one of a whole round of a cross-validation."""
    runs = whole_round(trained.folder) if split == "val" else []
    found = [own if run.seed == trained.seed else _asked(load(run), split, most) for run in runs] or [own]
    answers = Answers(*(torch.cat([getattr(one, name) for one in found]) for name in ("rows", "labels", "shares")))
    judged = suspect(answers.shares.double().numpy(), answers.labels.numpy())
    pick = list(zip(judged.rows, judged.said, strict=True))[:shown]
    examples = _examples(trained, answers, pick, prepared_with(trained, split))
    note = "" if runs or split != "val" else unfinished(trained.folder)
    how: How = "out-of-fold" if runs else "held-out"
    return Labels(how, len(found), len(answers.rows), len(judged.rows), judged.noise, judged.joint, examples, note)


def _asked(trained: Trained, split: str, most: int) -> Answers:
    """What another network of the round says of its own part."""
    with torch.inference_mode():
        pieces = [
            (batch.rows.cpu(), batch.targets.cpu(), trained.task.predict(trained.network, batch.inputs).cpu())
            for batch in loader_of(prepared_with(trained, split), split, most).in_order()
        ]
    return Answers(*map(torch.cat, zip(*pieces, strict=True)))


def _examples(
    trained: Trained, answers: Answers, pick: Sequence[tuple[int, int]], prepared: PreparedData
) -> tuple[Example, ...]:
    """Suspects with their pictures; what is said of them is what the networks said that never learned them."""
    if not pick:
        return ()
    places = torch.tensor([place for place, _ in pick])
    classes = trained.info.classes
    batches = Loader(prepared.examples, answers.rows[places], len(pick), torch.device("cpu")).in_order()
    with torch.inference_mode():
        seen = trained.task.inspect(trained.network, next(batches))
    shares = answers.shares[places].double()
    given = answers.labels[places]
    losses = -shares.gather(1, given[:, None])[:, 0].clamp(min=1e-12).log()
    return tuple(
        Example(
            int(answers.rows[place]),
            float(losses[at]),
            classes[int(given[at])],
            classes[said],
            likeliest(shares[at], classes),
            tuple(address(one, SMALL) for one in seen.pictures[at]) if seen.pictures is not None else (),
            text=seen.texts[at] if seen.texts else "",
        )
        for at, (place, said) in enumerate(pick)
    )
