"""Two networks on the same examples: who flips, whether their errors go together, how alike their layers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.analysis.averaging import common
from paribus.analysis.examples import SMALL, Answers, address, likeliest
from paribus.analysis.similarity import FEWEST, aligned, grams
from paribus.data.deliver.loader import Loader
from paribus.errors import DataError
from paribus.evidence.agreement import Consistency, consistency, holm, mcnemar
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.estimate import Estimate
from paribus.inference.trained import Trained, prepared_with
from paribus.tasks.classification import Classification
from paribus.tasks.evaluation import batch_size

MOST, PROBE = 2000, 512  # examples that are asked, and whose features are compared


@dataclass(frozen=True)
class Flip:
    """An example that one network has right and the other wrong.

    Args:
        row: where it stands in the data set.
        truth, first, second: its class, and what either network says.
        likeliest: of either network class → probability, falling.
        pictures: as addresses of HTML, small.
    """

    row: int
    truth: str
    first: str
    second: str
    likeliest: tuple[dict[str, float], dict[str, float]]
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassChurn:
    """The flips of a class: its accuracies, what the second network lost, and won; ``p`` adjusted for all classes."""

    name: str
    examples: int
    first: float
    second: float
    lost: int
    won: int
    p: float


@dataclass(frozen=True)
class Layers:
    """CKA of all layers of two networks (rows: the first), over so many examples; `None` where features do not vary."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    cka: tuple[tuple[float | None, ...], ...]
    examples: int


@dataclass(frozen=True)
class Comparison:
    """Two networks on the examples that are in a split of both.

    Args:
        first, second: the runs.
        split: of the data.
        examples, of: that both were asked, and that both could be asked.
        left_out: in the split of one only.
        both, lost, won, neither: examples that both have right; that only the first has, only the second; none.
        accuracy: of the first, and of the second.
        difference: second − first in accuracy, with its interval over the examples.
        p: that flips are as likely one way as the other, by McNemar's exact test.
        changed: share of examples whose answer is another: churn (Milani Fard et al. 2016); wrong ones count, too.
        together: whether errors go together, against independent ones.
        classes: the same of each class.
        shown: flips to be looked at, those that changed most first: what was lost, then what was won.
        layers: how alike features are; `None` where networks have none.
        why_no_layers: the reason.
    """

    first: str
    second: str
    split: str
    examples: int
    of: int
    left_out: int
    both: int
    lost: int
    won: int
    neither: int
    accuracy: tuple[float, float]
    difference: Estimate
    p: float
    changed: float
    together: Consistency
    classes: tuple[ClassChurn, ...]
    shown: tuple[Flip, ...]
    layers: Layers | None
    why_no_layers: str = ""


def compare(
    first: Trained,
    second: Trained,
    split: str = "val",
    most: int = MOST,
    probe: int = PROBE,
    shown: int = 12,
    confidence: float = 0.95,
) -> Comparison:
    """Compare two networks that say classes.

    Args:
        first, second: they.
        split: examples that are in this split of both are asked, so that neither was trained on them.
        most: examples that are asked, the first ones.
        probe: of these, those whose features are compared.
        shown: flips that are kept, of either kind.
        confidence: of the intervals.

    Raises:
        DataError: if they say no classes, were trained on other data, or have no such example in common.
    """
    _check(first, second)
    whole, left_out = common((first, second), split)
    asked = _loader(first, split, whole.rows[:most]), _loader(second, split, whole.rows[:most])
    one, other = _answers(first, asked[0]), _answers(second, asked[1])
    right, now = one.right, other.right
    lost, won = int((right & ~now).sum()), int((~right & now).sum())
    layers, why = _layers((first, second), asked, probe)
    n = len(one.rows)
    gains = now.double() - right.double()
    return Comparison(
        str(first.folder.path),
        str(second.folder.path),
        split,
        n,
        len(whole.rows),
        left_out,
        int((right & now).sum()),
        lost,
        won,
        int((~right & ~now).sum()),
        (float(right.double().mean()), float(now.double().mean())),
        mean_interval(gains.numpy(), confidence),
        mcnemar(lost, won),
        float((one.shares.argmax(1) != other.shares.argmax(1)).double().mean()),
        consistency(right.numpy(), now.numpy(), confidence),
        _classes(one, right, now, first.info.classes),
        tuple(it for which in (right & ~now, ~right & now) for it in _shown(first, asked[0], one, other, which, shown)),
        layers,
        why,
    )


def _check(first: Trained, second: Trained) -> None:
    """Refuse networks that cannot be asked the same."""
    for one in (first, second):
        if not isinstance(one.task, Classification):
            got = f"{one.folder.path}: {one.recipe.task.use}"
            raise DataError("flips are of classes, and this task has none", got=got)
    if first.info.classes != second.info.classes:
        got = f"{len(first.info.classes)} and {len(second.info.classes)} classes, or others by name"
        raise DataError("runs that are compared know the same classes", got=got, hint="name two runs of the same data")


def _loader(trained: Trained, split: str, rows: Tensor) -> Loader:
    """These examples as the network knows them: two may have decoded the same pictures differently."""
    prepared = prepared_with(trained, split)
    return Loader(prepared.examples, rows, batch_size(prepared.info), torch.device("cpu"))


def _answers(trained: Trained, loader: Loader) -> Answers:
    batches = list(loader.in_order())
    with torch.inference_mode():
        shares = [trained.task.predict(trained.network, batch.inputs).cpu() for batch in batches]
    targets = torch.cat([batch.targets for batch in batches]).cpu()
    return Answers(torch.cat([batch.rows for batch in batches]).cpu(), targets, torch.cat(shares))


def _classes(one: Answers, right: Tensor, now: Tensor, names: Sequence[str]) -> tuple[ClassChurn, ...]:
    found = []
    for place, name in enumerate(names):
        own = one.labels == place
        a, b = right[own], now[own]
        if len(a):
            lost, won = int((a & ~b).sum()), int((~a & b).sum())
            shares = float(a.double().mean()), float(b.double().mean())
            found.append((name, len(a), *shares, lost, won, mcnemar(lost, won)))
    adjusted = holm([row[-1] for row in found])
    return tuple(ClassChurn(*row[:-1], p) for row, p in zip(found, adjusted, strict=True))


def _shown(
    trained: Trained, loader: Loader, one: Answers, other: Answers, which: Tensor, most: int
) -> tuple[Flip, ...]:
    """The flips in which the probability of the true class changed most."""
    true = one.labels[:, None]
    moved = (other.shares.gather(1, true) - one.shares.gather(1, true))[:, 0].abs()
    places = moved.masked_fill(~which, -1).argsort(descending=True)[: min(most, int(which.sum()))]
    if not len(places):
        return ()
    names, rows = trained.info.classes, one.rows[places]
    batch = next(Loader(loader.examples, rows, len(rows), torch.device("cpu")).in_order())
    with torch.inference_mode():
        pictures = trained.task.inspect(trained.network, batch).pictures
    return tuple(
        Flip(
            int(rows[at]),
            names[int(one.labels[place])],
            names[int(one.shares[place].argmax())],
            names[int(other.shares[place].argmax())],
            (likeliest(one.shares[place], names), likeliest(other.shares[place], names)),
            tuple(address(picture, SMALL) for picture in pictures[at]) if pictures is not None else (),
        )
        for at, place in enumerate(places.tolist())
    )


def _layers(both: Sequence[Trained], asked: Sequence[Loader], probe: int) -> tuple[Layers | None, str]:
    """CKA of all pairs of layers, from the first examples."""
    rows = asked[0].rows[:probe]
    if len(rows) < FEWEST:
        return None, f"layers cannot be compared on {len(rows)} examples: {FEWEST} are needed"
    found = [
        grams(one.network, next(Loader(loader.examples, rows, len(rows), loader.device).in_order()).inputs)
        for one, loader in zip(both, asked, strict=True)
    ]
    a, b = ([*one.values()] for one in found)
    table = aligned(a, b).tolist()
    plain = tuple(tuple(None if value != value else value for value in row) for row in table)
    return Layers(tuple(found[0]), tuple(found[1]), plain, len(rows)), ""
