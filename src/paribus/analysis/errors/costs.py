"""What mistakes cost: the cheapest cut of each class against the rest, and the cheapest answer by a table of costs."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paribus import files
from paribus.errors import DataError, EvidenceError, nearest
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.detection import Cheapest, Price, cheapest
from paribus.evidence.estimate import Estimate

ANSWERS = ("fn", "fp", "tp", "tn")
LARGEST = 1 << 24  # bytes of a file with costs
WRITTEN = 'write cost="fn=10 fp=1" for each class against the rest, "CLASS=10" for a class that must not be missed, or '
WRITTEN += '"CLASS>OTHER=10" for one that must not be taken for another'
Table = NDArray[np.float64]


@dataclass(frozen=True)
class Decisions:
    """What answers cost by a table of costs: the likeliest class, or the class of least expected cost.

    Args:
        table: (K, K) the cost of taking a class (row) for another (column).
        changed: share of examples whose answer is another.
        likeliest: cost of an example where the likeliest class is said.
        least: where the class j with the least Σₖ pₖ·cost[k, j] is said (Elkan 2001, eq. 1): no cut is chosen here, so
            it costs the same on other examples like these.
        saved: likeliest − least, of the same examples.
    """

    table: tuple[tuple[float, ...], ...]
    changed: float
    likeliest: Estimate
    least: Estimate
    saved: Estimate


@dataclass(frozen=True)
class Costs:
    """The consequences of costs.

    Args:
        asked: the costs in words, or the file they stand in.
        cuts: class → its cheapest cut against the rest, where costs are those of fn and fp.
        decisions: where there is a table of costs of classes.
    """

    asked: str
    cuts: Mapping[str, Cheapest]
    decisions: Decisions | None = None


def costs(
    text: str, path: Path | None, shares: Tensor, labels: Tensor, classes: Sequence[str], confidence: float
) -> Costs | None:
    """What costs in words or in a file mean for probabilities (N, K); nothing where there are none.

    Raises:
        DataError: for costs that cannot be read, or name no class.
    """
    if text and path is not None:
        got = f"cost={text} cost_table={path}"
        raise DataError("costs stand in words or in a file", got=got, hint="drop one of them")
    if path is not None:
        return Costs(path.name, {}, _decisions(read_table(path, classes), shares, labels, confidence))
    if not text:
        return None
    found = read_words(text, classes)
    if isinstance(found, Price):
        numbers, true = shares.double().numpy(), labels.numpy()
        each = enumerate(classes)
        return Costs(text, {name: cheapest(numbers[:, one], true == one, found, confidence) for one, name in each})
    return Costs(text, {}, _decisions(found, shares, labels, confidence))


def read_words(text: str, classes: Sequence[str]) -> Price | Table:
    """``fn=10 fp=1`` as a price, ``cat=10 dog>cat=5`` as a table (K, K) in which other mistakes cost 1.

    Raises:
        DataError: for words that are neither.
    """
    words = dict(map(_word, _split(text)))
    if words.keys() <= {*ANSWERS} and {"fn", "fp"} <= words.keys() and not words.keys() <= {*classes}:
        try:
            return Price(**words)
        except EvidenceError as error:
            raise DataError(error.rule, got=text) from None
    table = 1 - np.eye(len(classes))
    ordered = sorted(words.items(), key=lambda word: ">" in word[0] and word[0] not in classes)  # pairs come last
    for name, cost in ordered:
        true, arrow, said = (name, "", "") if name in classes else name.partition(">")
        places = [_place(one, classes) for one in ((true, said) if arrow else (true,))]
        if arrow:
            table[places[0], places[1]] = cost
        else:
            table[places[0], np.arange(len(classes)) != places[0]] = cost
    return table


def read_table(path: Path, classes: Sequence[str]) -> Table:
    """A table of costs (K, K) from a CSV file: the classes that are said in its first line, a line for each true one.

    Raises:
        DataError: if it is no such table.
    """
    rule = "a table of costs has the classes in its first line, and a line for each: its name, then a cost for each"
    try:
        text = files.read_regular(path, LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(rule, got=f"{path}, which is no text") from None
    except FileNotFoundError:
        raise DataError("there is no such file", got=str(path), hint="give the path of a CSV file with costs") from None
    head, *lines = [row for row in csv.reader(io.StringIO(text, newline="")) if row] or [[]]
    said, true = [_place(name, classes) for name in head[1:]], [_place(line[0], classes) for line in lines]
    whole = sorted(said) == sorted(true) == [*range(len(classes))]
    if not whole or any(len(line) != len(head) for line in lines):
        raise DataError(rule, got=f"{path}, with {len(lines)} lines of {len(head) - 1}", hint=f"{len(classes)} of each")
    table = np.empty((len(classes),) * 2)
    for row, line in zip(true, lines, strict=True):
        table[row, said] = [_number(cell, str(path)) for cell in line[1:]]
    return table


def _decisions(table: Table, shares: Tensor, labels: Tensor, confidence: float) -> Decisions:
    prices = torch.from_numpy(table)
    said, cheap = shares.argmax(1), (shares.double() @ prices).argmin(1)
    usual, least = (prices[labels, answer].numpy() for answer in (said, cheap))
    paid = (mean_interval(values, confidence) for values in (usual, least, usual - least))
    return Decisions(tuple(map(tuple, table.tolist())), float((said != cheap).double().mean()), *paid)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise DataError("costs are words NAME=NUMBER", got=text, hint="close the quotation") from None


def _word(word: str) -> tuple[str, float]:
    name, equals, value = word.rpartition("=")
    if not equals:
        raise DataError("costs are words NAME=NUMBER", got=word, hint=WRITTEN)
    return name, _number(value, word)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise DataError("a cost is a number", got=f"{text!r} in {where}", hint=WRITTEN)
    return value


def _place(name: str, classes: Sequence[str]) -> int:
    if name.strip() not in classes:
        raise DataError("costs name classes, or fn and fp", got=name, hint=f"{nearest(name, classes)}; {WRITTEN}")
    return list(classes).index(name.strip())
