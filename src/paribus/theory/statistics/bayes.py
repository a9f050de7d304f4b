"""Multinomial naive Bayes, worked by hand: counts, priors, likelihoods with Laplace smoothing, posterior.

    P(c | d) ∝ P(c) Π_w P(w | c)^{n_w(d)},    P(w | c) = (n_wc + α)/(N_c + α V)

with n_wc how often w occurs in class c, N_c = Σ_w n_wc, V the number of words that are known (Manning, Raghavan and
Schütze 2008, section 13.2).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.record import Table

_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class NaiveBayes:
    """What was counted; every probability follows from it.

    Args:
        documents: how many documents of each class.
        counts: for each class, how often each word occurs.
        vocabulary: the words that occur anywhere, sorted.
        alpha: what is added to every count; 0 is maximum likelihood, 1 is Laplace.
        size: V in the denominator; more than the vocabulary leaves room for words never seen.
    """

    documents: Mapping[str, int]
    counts: Mapping[str, Mapping[str, int]]
    vocabulary: tuple[str, ...]
    alpha: float
    size: int

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order in which they were first met."""
        return tuple(self.documents)

    @cached_property
    def totals(self) -> dict[str, int]:
        """N_c, the number of words of each class."""
        return {c: sum(self.counts[c].values()) for c in self.classes}

    def prior(self, c: str) -> float:
        """P(c), the share of documents."""
        return self.documents[c] / sum(self.documents.values())

    def likelihood(self, word: str, c: str) -> float:
        """P(w | c) = (n_wc + α)/(N_c + α V)."""
        return (self.counts[c].get(word, 0) + self.alpha) / (self.totals[c] + self.alpha * self.size)

    def known(self, document: str | Sequence[str]) -> list[str]:
        """The words of a document that count: all, where V leaves room for unknown ones; else those that were seen."""
        room = self.size > len(self.vocabulary) and self.alpha > 0
        return [word for word in words(document) if room or word in self._seen]

    def posterior(self, document: str | Sequence[str]) -> dict[str, float]:
        """P(c | d) for every class.

        Raises:
            TheoryError: without smoothing, when every class lacks some word of the document: 0/0.
        """
        scores = self.scores(document)
        highest = max(scores.values())
        if highest == -np.inf:
            raise TheoryError(
                "without smoothing a word that a class lacks makes that class impossible; here all classes are",
                got=" ".join(words(document)),
                hint="use alpha above 0",
            )
        odds = {c: float(np.exp(score - highest)) for c, score in scores.items()}
        return {c: value / sum(odds.values()) for c, value in odds.items()}

    def scores(self, document: str | Sequence[str]) -> dict[str, float]:
        """log P(c) + Σ log P(w | c), a sum of logarithms because the product underflows for long documents."""
        found = self.known(document)
        with np.errstate(divide="ignore"):  # log 0 = −∞ is meant
            return {
                c: float(np.log([self.prior(c), *(self.likelihood(word, c) for word in found)]).sum())
                for c in self.classes
            }

    def predict(self, document: str | Sequence[str]) -> str:
        """The most probable class; the first of those that tie."""
        scores = self.scores(document)
        return max(scores, key=lambda c: scores[c])

    def worked(self, document: str | Sequence[str]) -> Table:
        """The calculation for one document as one writes it: factors as fractions, their product, the posterior."""
        posterior = self.posterior(document)
        found = self.known(document)
        documents = sum(self.documents.values())
        rows: list[tuple[str, ...]] = [("P(c)", *(f"{self.documents[c]}/{documents}" for c in self.classes))]
        rows += [(f"P({word} | c)", *(self._fraction(word, c) for c in self.classes)) for word in found]
        products = {c: self.prior(c) * float(np.prod([self.likelihood(w, c) for w in found])) for c in self.classes}
        rows += [("product", *(f"{products[c]:.4g}" for c in self.classes))]
        rows += [("P(c | d)", *(f"{posterior[c]:.4f}" for c in self.classes))]
        title = f"“{' '.join(words(document))}”, α = {self.alpha:g}, V = {self.size}"
        return Table(title, ("", *self.classes), tuple(rows))

    @cached_property
    def _seen(self) -> frozenset[str]:
        return frozenset(self.vocabulary)

    def _fraction(self, word: str, c: str) -> str:
        count, total = self.counts[c].get(word, 0), self.totals[c]
        if self.alpha == 0:
            return f"{count}/{total}"
        return f"({count} + {self.alpha:g})/({total} + {self.alpha * self.size:g})"


def fit(
    documents: Iterable[tuple[str | Sequence[str], str]], alpha: float = 1.0, size: int | None = None
) -> NaiveBayes:
    """Count.

    Args:
        documents: pairs of a text (or its words) and its class.
        alpha: smoothing.
        size: V; by default the number of different words.

    Raises:
        TheoryError: no documents, no words, a negative α, or a V below the number of different words.
    """
    seen: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    for text, c in documents:
        seen[c] += 1
        counts.setdefault(c, Counter()).update(words(text))
    vocabulary = tuple(sorted({word for counter in counts.values() for word in counter}))
    size = len(vocabulary) if size is None else size
    _check(len(counts), vocabulary, alpha, size)
    return NaiveBayes(dict(seen), {c: dict(counter) for c, counter in counts.items()}, vocabulary, alpha, size)


def words(document: str | Sequence[str]) -> list[str]:
    """The words of a text in lower case; a list is taken as it is."""
    return _WORD.findall(document.lower()) if isinstance(document, str) else list(document)


def _check(classes: int, vocabulary: tuple[str, ...], alpha: float, size: int) -> None:
    if not classes or not vocabulary:
        raise TheoryError("naive Bayes counts words of documents", got=f"{classes} classes, {len(vocabulary)} words")
    if not (np.isfinite(alpha) and alpha >= 0):
        raise TheoryError("smoothing adds a number α ≥ 0 to every count", got=alpha)
    if size < len(vocabulary):
        raise TheoryError(
            "V is at least the number of different words, or probabilities add up to more than 1",
            got=f"V = {size}, {len(vocabulary)} words",
        )


HEADLINES = (
    ("early final win", "sport"),
    ("close race win", "sport"),
    ("final leader win", "sport"),
    ("close race", "politics"),
    ("early leader", "politics"),
    ("leader win", "politics"),
    ("final leader", "politics"),
)  # made up so that the posteriors are those of a well-known classroom example: .7141, and smoothed .6144 or .6197

HEADLINE = "early win close final race"
