"""Word vectors: foretell the words around a word, or a word from those around it, against words drawn by chance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.deliver.surroundings import NOTHING, Surroundings, distances
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.data.sources.text.file import read
from paribus.errors import DataError, RecipeError, nearest
from paribus.models.word_vectors import WordVectors
from paribus.ranks import as_share
from paribus.records.metric import LOSS, Metric
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.sequences.association import Association, associations
from paribus.tasks.task import Task

SHOWN = 12  # words of which neighbours are shown while training
NEAREST = 8  # neighbours of each
RANK = 60  # the most frequent words, such as "the", say little of themselves
SUM = re.compile(r"\s*([+-])\s*")


class Words(Task):
    """Learn vectors of words from the words around them.

    Skip-gram foretells each word around from the one in the middle, CBOW the one in the middle from the mean of those
    around it. Each true word stands against ``negatives`` drawn by chance (Mikolov et al., 2013), of which those of a
    skip-gram serve all words around the same one; or against all words there are, which is the reference, and slow.

    The dot product of two vectors then comes to log P(pair) / (P(word)·Q(other)) − log negatives, where Q is how words
    are drawn (Levy & Goldberg, 2014). ``pmi`` is the correlation with that, over the pairs of a split that training
    holds as well; of CBOW, whose dot products mean something else, it is low.

    Args:
        direction: what is foretold from what.
        negatives: words drawn by chance for each true one; 0 stands for all words.
        power: words are drawn in proportion to their frequency to this power.
        dynamic: whether each word sees a window of its own size, evenly drawn, so that near words count more.
        subsample: words are left out with the chance 1 − √(subsample / share of the text), where that is positive; 0
            leaves none out.
    """

    reads: ClassVar[str] = "text files, with a word on every line, or a sum such as king - man + woman"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("pmi", higher_is_better=True), LOSS)

    def __init__(
        self,
        info: DataInfo,
        direction: Literal["skipgram", "cbow"] = "skipgram",
        negatives: Annotated[int, Field(ge=0)] = 5,
        power: Annotated[float, Field(ge=0, le=1)] = 0.75,
        dynamic: bool = True,
        subsample: Annotated[float, Field(ge=0)] = 1e-3,
    ) -> None:
        super().__init__(info)
        if info.text is None or not info.class_counts or len(info.input_shape) != 1:
            raise RecipeError("this task learns from words of a text", got=info.input_shape, hint="set data.use=words")
        self.direction, self.negatives, self.power = direction, negatives, power
        self.dynamic, self.subsample = dynamic, subsample
        self.number = {word: number for number, word in enumerate(info.classes)}
        counts = torch.tensor(info.class_counts, dtype=torch.float64)
        drawn = counts.clamp(min=1) ** power
        self.bounds = (drawn / drawn.sum()).cumsum(0).float()
        share = counts.clamp(min=1) / counts.sum()
        self.kept = (subsample / share).sqrt().clamp(max=1).float() if subsample else torch.ones(len(counts))
        self.far = torch.tensor(distances(info.input_shape[0] // 2)).abs()
        self.known: Association | None = None

    def prepare(self, prepared: PreparedData) -> None:
        """Count which words stand around which in the training split."""
        if isinstance(prepared.examples, Surroundings):
            self.known = associations(prepared.examples, prepared.rows["train"], self.power)

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of all pairs that count, and sums from which the correlation is made."""
        model, inputs = vectors_of(network), batch.inputs
        self._place(inputs["centre"].device)
        counts = self._counts(inputs, network.training)  # (B, 2·window)
        asked, true, of = (
            self._skipgram(model, inputs, counts) if self.direction == "skipgram" else self._cbow(model, inputs, counts)
        )
        losses = self._softmax(model, asked, true, of) if not self.negatives else self._drawn(model, asked, true, of)
        said = {} if network.training or self.known is None else {"pmi": self._moments(model, inputs)}
        pairs = as_share(torch.tensor(len(true)), len(batch), least=1).to(losses.device)
        return losses.sum() / pairs, {"pairs": torch.tensor(len(true)), "nats": losses.sum(), **said}

    def meter(self, split: str) -> WordMeter:
        """Loss, and in evaluation the correlation with the pointwise mutual information."""
        return WordMeter()

    def predict(self, network: nn.Module, inputs: Any) -> Tensor:
        """The vectors of the words in the middle (B, width)."""
        found: Tensor = vectors_of(network).inner(inputs["centre"])
        return found

    def neighbours(self, network: nn.Module, question: str, count: int = NEAREST) -> list[tuple[str, float]]:
        """The words whose vectors point most nearly where a word's or a sum's does, with the cosine.

        Args:
            network: whose vectors they are.
            question: a word, or words with + and − between them: ``king - man + woman``.
            count: how many.

        Raises:
            DataError: for a word that the text does not hold often enough.
        """
        unit = F.normalize(vectors_of(network).inner.weight.float(), dim=1)
        first, *rest = SUM.split(question.strip().lower())
        terms = [("+", first), *zip(rest[::2], rest[1::2], strict=True)]
        for _, word in terms:
            if word not in self.number:
                raise DataError(
                    "the text does not hold this word often enough", got=word, hint=nearest(word, self.number)
                )
        rows = [self.number[word] for _, word in terms]
        signs = torch.tensor([1.0 if sign == "+" else -1.0 for sign, _ in terms], device=unit.device)
        cosines = unit @ F.normalize(signs @ unit[rows], dim=0)
        cosines[rows] = -torch.inf  # a word is no neighbour of itself
        best = cosines.topk(min(count, len(cosines) - len(rows)))
        return [(self.info.classes[row], value) for value, row in zip(*map(Tensor.tolist, best), strict=True)]

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """The nearest words of some frequent ones."""
        words = self.info.classes[RANK : RANK + SHOWN] or self.info.classes[:SHOWN]
        lines = (f"{word}: {', '.join(one for one, _ in self.neighbours(network, word))}" for word in words)
        return Preview(text="\n".join(lines))

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The nearest words of every line of text files: a word, or a sum such as ``king - man + woman``."""
        return [found for path in files for found in self._file(network, path)]

    def _file(self, network: nn.Module, path: Path) -> list[Prediction]:
        try:
            lines = [line.strip() for line in read(path).splitlines() if line.strip()]
        except DataError as error:
            return [Prediction(str(path), problem=str(error).replace("\n", ";"))]
        return [self._line(network, f"{path}: {line}", line) for line in lines]

    def _line(self, network: nn.Module, name: str, line: str) -> Prediction:
        try:
            found = self.neighbours(network, line)
        except DataError as error:
            return Prediction(name, problem=str(error).replace("\n", ";"))
        table: dict[str, list[float | str]] = {"word": [w for w, _ in found], "cosine": [value for _, value in found]}
        return Prediction(name, ", ".join(word for word, _ in found), table=table)

    def _counts(self, inputs: Mapping[str, Tensor], training: bool) -> Tensor:
        """Which of the words around count (B, 2·window): by chance in training, else all."""
        around, centre = inputs["around"], inputs["centre"]
        counts = around != NOTHING
        if not training:
            return counts
        if self.dynamic:
            window = len(self.far) // 2
            counts &= self.far <= torch.randint(1, window + 1, (len(around), 1), device=around.device)
        if self.subsample:
            counts &= torch.rand(around.shape, device=around.device) < self.kept[around.clamp(min=0)]
            counts &= (torch.rand(centre.shape, device=around.device) < self.kept[centre])[:, None]
        return counts

    def _skipgram(
        self, model: WordVectors, inputs: Mapping[str, Tensor], counts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What asks (B, width), the true words (n,), and which asks for each (n,)."""
        of, place = counts.nonzero(as_tuple=True)
        return model.inner(inputs["centre"]), inputs["around"][of, place], of

    def _cbow(self, model: WordVectors, inputs: Mapping[str, Tensor], counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same: the mean of the words around asks for the one in the middle."""
        weights = counts / counts.sum(1, keepdim=True).clamp(min=1)
        asked = torch.einsum("bk,bkw->bw", weights.float(), model.inner(inputs["around"].clamp(min=0)))
        of = counts.any(1).nonzero().squeeze(1)
        return asked, inputs["centre"][of], of

    def _drawn(self, model: WordVectors, asked: Tensor, true: Tensor, of: Tensor) -> Tensor:
        """−log σ(u·v) − Σ log σ(−u·v′) of every true word (n,), with words v′ drawn once for each that asks."""
        places = torch.rand(len(asked), self.negatives, device=asked.device)
        others = torch.searchsorted(self.bounds, places).clamp(max=len(self.bounds) - 1)
        against = F.softplus(torch.einsum("bw,bkw->bk", asked, model.outer(others))).sum(1)  # (B,)
        found: Tensor = F.softplus(-(asked[of] * model.outer(true)).sum(1)) + against[of]
        return found

    def _softmax(self, model: WordVectors, asked: Tensor, true: Tensor, of: Tensor) -> Tensor:
        """−log P(true word) among all words (n,)."""
        logs = (asked @ model.outer.weight.T).log_softmax(1)  # (B, V)
        return -logs[of, true]

    def _moments(self, model: WordVectors, inputs: Mapping[str, Tensor]) -> Tensor:
        """n, Σx, Σy, Σx², Σy², Σxy of dot products x and associations y, over pairs that training holds."""
        assert self.known is not None
        of, place = (inputs["around"] != NOTHING).nonzero(as_tuple=True)
        first, second = inputs["centre"][of], inputs["around"][of, place]
        y, there = self.known.of(first, second)
        x = model.dots(first, second).double()
        x, y = x[there], y[there]
        return torch.stack([torch.ones_like(x), x, y, x * x, y * y, x * y]).sum(1)

    def _place(self, device: torch.device) -> None:
        self.bounds, self.kept, self.far = self.bounds.to(device), self.kept.to(device), self.far.to(device)


class WordMeter:
    """Sums over pairs."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}

    def update(self, stage: str, loss: Tensor, outputs: Mapping[str, Tensor], batch: Batch) -> None:
        """Count one batch."""
        for name, value in outputs.items():
            total = value.detach().to(torch.float64)
            self.sums[name] = self.sums[name].to(total.device) + total if name in self.sums else total

    def figures(self) -> dict[str, float]:
        """Loss in nats per pair, and in evaluation the correlation."""
        loss = float(self.sums["nats"] / self.sums["pairs"].clamp(min=1))
        return {"pmi": correlation(self.sums["pmi"]), "loss": loss} if "pmi" in self.sums else {"loss": loss}

    def state(self) -> dict[str, Any]:
        """The sums."""
        return {"sums": self.sums}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.sums = dict(state["sums"])


def correlation(moments: Tensor) -> float:
    """Pearson's r of n, Σx, Σy, Σx², Σy², Σxy; 0 where one of the two does not vary."""
    n, x, y, xx, yy, xy = moments.tolist()
    spread = (n * xx - x * x) * (n * yy - y * y)
    return (n * xy - x * y) / spread**0.5 if spread > 0 else 0.0


def vectors_of(network: nn.Module) -> WordVectors:
    """The word vectors of a network.

    Raises:
        RecipeError: if it has none.
    """
    model = getattr(network, "model", network)
    if not isinstance(model, WordVectors):
        raise RecipeError("task=words trains word vectors", got=type(model).__name__, hint="set model.use=word_vectors")
    return model
