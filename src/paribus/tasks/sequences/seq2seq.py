"""Sequence to sequence: one sequence is read, another one is written from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data import trees
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.sources.pairs.tokens import BEGIN, PAD, Tokens
from paribus.data.sources.text.file import read
from paribus.errors import DataError, RecipeError
from paribus.models.pairs import Writer
from paribus.ranks import as_share, whole
from paribus.records.metric import ACCURACY, LOSS, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.policy import against_others, surrogate
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.sequences.alignment import Alignment, shades
from paribus.tasks.sequences.translations import bleu, bleu_counts, chrf, chrf_counts
from paribus.tasks.sequences.writing import best_of, likeliest
from paribus.tasks.task import Task

SHOWN = 4  # sequences of which pictures are shown
NAMED = 12  # signs of a sequence that stand above its picture
PIECE = 256  # sentences that are written at a time


class Seq2Seq(Task):
    """Write one sequence from another, token by token, by cross-entropy.

    In training each token follows the true ones before it: teacher forcing. Figures of what is written without help are
    ``exact``, the share of sequences that are right from beginning to end; accuracy, perplexity and loss are those of
    single tokens behind the true ones.

    Args:
        forcing: chance that a token in training follows the true one; else it follows what the network, forced itself,
            holds for the likeliest (scheduled sampling in two passes: Mihaylova & Martins, 2019).
        smoothing: share of the probability that the truth leaves to all other tokens.
        beam: beginnings that are kept while a sequence is written; 1 takes the likeliest token each time.
        penalty: how much long sequences are favoured where there are several beginnings.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("exact", higher_is_better=True, percent=True),
        ACCURACY,
        Metric("perplexity", higher_is_better=False),
        LOSS,
    )
    reads: ClassVar[str] = "text files, with one sequence on every line"
    scored: ClassVar[tuple[str, ...]] = ("exact",)

    def __init__(
        self,
        info: DataInfo,
        forcing: Annotated[float, Field(ge=0, le=1)] = 1.0,
        smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        beam: Annotated[int, Field(ge=1)] = 1,
        penalty: Annotated[float, Field(ge=0)] = 0.6,
    ) -> None:
        super().__init__(info)
        if info.pairs is None or info.text is None:
            hint = "set data.use=rewriting, dates, deu or pairs"
            raise RecipeError("this task needs pairs of sequences", got=f"inputs {info.input_shape}", hint=hint)
        self.forcing, self.smoothing, self.beam, self.penalty = forcing, smoothing, beam, penalty
        self.tokens = Tokens(info.text.vocabulary, info.pairs.unit)

    @property
    def num_outputs(self) -> int:
        """One for each token of the vocabulary."""
        return len(self.tokens.vocabulary)

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of all tokens; of each sequence its nats, tokens, right ones, and in evaluation what is written."""
        batch = trimmed(batch)
        known = batch.targets != PAD
        answer, log_chances = self._answer(network, batch)
        logits, targets = answer[known], batch.targets[known]  # (n, V), (n,)
        logs = logits.log_softmax(1)
        nats = -logs.gather(1, targets[:, None]).squeeze(1)
        counted = {
            "nats": _each(nats, known),
            "tokens": known.sum(1),
            "right": _each((logits.argmax(1) == targets).float(), known),
        }
        if not network.training:
            counted["written"] = self.write(network, batch.inputs["source"])
            return nats.mean(), counted
        losses = nats  # summed first: of several processes one may have no token
        if self.smoothing:
            losses = (1 - self.smoothing) * losses - self.smoothing * logs.mean(1)
        if log_chances is not None:
            earned = surrogate(log_chances[known], against_others(-nats.detach()))
            losses = losses + earned - earned.detach()  # of which only the gradient counts
        return losses.sum() / as_share(known.sum(), len(batch)), counted

    def meter(self, split: str) -> SequenceMeter:
        """What single tokens say while training; also what is written otherwise."""
        return SequenceMeter()

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """What is written from each sequence: tokens (B, T), filled up behind their end."""
        return self.write(network, trees.first(inputs))

    def write(self, network: nn.Module, source: Tensor) -> Tensor:
        """What a network writes from tokens (B, S), without help: (B, T), filled up behind the end of each."""
        model = writer_of(network)
        source = source[:, : _longest(source)]
        if self.beam > 1:
            source = source.repeat_interleave(self.beam, 0)
        memory, count = model.read(source), len(source) // self.beam

        longer = max(0, source.shape[1] - self.info.input_shape[0])  # than anything in the data
        longest = self.info.target_shape[0] + longer

        def say(before: Tensor) -> Tensor:
            return model.say(memory, before, last=True)[:, -1].float()

        if self.beam == 1:
            return likeliest(say, count, longest, source.device)
        return best_of(say, count, longest, self.beam, self.penalty, source.device)

    def align(self, network: nn.Module, source: Tensor, written: Tensor) -> Tensor | None:
        """How much each written token (B, T) looks at each that was read (B, S): (B, T, S), if at any."""
        attend = getattr(writer_of(network), "attend", None)
        if attend is None:
            return None
        begin = torch.full_like(written[:, :1], BEGIN)
        found: Tensor | None = attend({"source": source, "before": torch.cat([begin, written[:, :-1]], 1)})
        return found

    def alignments(self, network: nn.Module, source: Tensor) -> list[Alignment]:
        """Where a network looks while it writes, for each sequence of (B, S); none without attention."""
        source = source[:, : _longest(source)]
        written = self.write(network, source)
        weights = self.align(network, source, written)
        names = self.tokens.vocabulary
        return (
            []
            if weights is None
            else [
                Alignment.of(
                    [names[number] for number in row.tolist() if number], [names[n] for n in said.tolist() if n], one
                )
                for row, said, one in zip(source, written, weights, strict=True)
            ]
        )

    def scores(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Whether each sequence is right from beginning to end (B,)."""
        return {"exact": exact(self.write(network, batch.inputs["source"]), batch.targets).float()}

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """What is written from some sequences, and where the network looks for each token."""
        batch = trimmed(batch)
        found = self.alignments(network, batch.inputs["source"][:SHOWN])
        said = self._sentences(self.write(network, batch.inputs["source"]))
        sources = self._sentences(batch.inputs["source"])
        rows = zip(sources, self._sentences(batch.targets), said, strict=True)
        text = "\n\n".join(f"reads:  {source}\ntruth:  {truth}\nwrites: {own}" for source, truth, own in rows)
        pictures = shades(found) if found else None
        title = "Where it looks: read from left to right, written from top to bottom"
        heads = tuple(one[:NAMED] for one in sources[: len(found)])
        return Preview(pictures, heads, text=text, title=title if found else "")

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The nats of each sequence behind its true tokens, what it reads, what it should write, and what it writes."""
        _, counted = self.loss("model", network, batch)
        source, truth = (self._sentences(one) for one in (batch.inputs["source"], batch.targets))
        return Inspection(
            "nats per sequence", counted["nats"], truth, self._sentences(counted["written"]), texts=source
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """What is written from every line of text files."""
        return [found for path in files for found in self._file(network, path)]

    def answers(self, network: nn.Module, sentences: Sequence[str]) -> list[str]:
        """What is written from each sentence.

        Raises:
            DataError: for an empty sentence, or one with a character that training never saw.
        """
        rows = [torch.tensor(self.tokens.require(sentence)) for sentence in sentences]
        device = next(network.parameters()).device
        source = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD).to(device)
        return self._sentences(self.write(network, source))

    def _file(self, network: nn.Module, path: Path) -> list[Prediction]:
        try:
            lines = read(path).splitlines()
        except DataError as error:
            return [Prediction(str(path), problem=str(error).replace("\n", ";"))]
        asked = [(f"{path}:{number}", line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
        if not asked:
            return [Prediction(str(path), problem="there is no sentence in this file")]
        refused = {name: reason for name, line in asked if (reason := self._refusal(network, line))}
        good = [line for name, line in asked if name not in refused]
        pieces = [good[start : start + PIECE] for start in range(0, len(good), PIECE)]
        said = iter([one for piece in pieces for one in self.answers(network, piece)])
        return [
            Prediction(name, problem=refused[name]) if name in refused else Prediction(name, next(said))
            for name, _ in asked
        ]

    def _refusal(self, network: nn.Module, line: str) -> str:
        """Why nothing is written from a sentence; nothing where that is possible."""
        try:
            count, limit = len(self.tokens.require(line)), getattr(writer_of(network), "longest", None)
            if limit is not None and count > limit:
                raise DataError(
                    f"the network has learned {limit} places", got=f"{count} tokens", hint="shorten the line"
                )
        except DataError as error:
            return str(error).replace("\n", ";")
        return ""

    def _answer(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Logits (B, T, V), and how probable what was drawn by chance was (B, T)."""
        model, inputs = writer_of(network), batch.inputs
        if network.training and self.forcing < 1:
            inputs = self._mixed(network, inputs)
        if network.training and getattr(model, "decides", False):
            logits, log_chances = model.decide(inputs)  # type: ignore[attr-defined]
            return logits.float(), log_chances
        return network(inputs).float(), None

    def _mixed(self, network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """With some of the true tokens before replaced by those that the network holds for the likeliest."""
        before = inputs["before"]
        with torch.no_grad():
            said = network(inputs).argmax(2)
        own = torch.cat([before[:, :1], said[:, :-1]], 1)
        replaced = (torch.rand(before.shape, device=before.device) >= self.forcing) & (before != PAD)
        return {**inputs, "before": torch.where(replaced, own, before)}

    def _sentences(self, numbers: Tensor) -> list[str]:
        return [self.tokens.decode(row) for row in numbers.tolist()]


class Translation(Seq2Seq):
    """Translate sentences: the same, judged by BLEU and chrF as well.

    Both are those of sacreBLEU with its defaults, over all sentences of a split, with one reference for each: BLEU by
    the tokenisation 13a with its exponential smoothing, chrF2 of characters alone.

    Args:
        forcing: chance that a token in training follows the true one; else it follows what the network, forced itself,
            holds for the likeliest (scheduled sampling in two passes: Mihaylova & Martins, 2019).
        smoothing: share of the probability that the truth leaves to all other tokens.
        beam: beginnings that are kept while a sequence is written; 1 takes the likeliest token each time.
        penalty: how much long sequences are favoured where there are several beginnings.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("bleu", higher_is_better=True),
        Metric("chrf", higher_is_better=True),
        *Seq2Seq.metrics,
    )

    def meter(self, split: str) -> SequenceMeter:
        """With BLEU and chrF of what is written."""
        return SequenceMeter(self.tokens)


class SequenceMeter:
    """Sums over sequences and their tokens.

    Args:
        tokens: where given, BLEU and chrF are counted too.
    """

    def __init__(self, tokens: Tokens | None = None) -> None:
        self.tokens = tokens
        self.sums: dict[str, Tensor] = {}

    def update(self, stage: str, loss: Tensor, outputs: Mapping[str, Tensor], batch: Batch) -> None:
        """Count one batch."""
        self._add("loss", loss * len(batch))
        self._add("sequences", torch.tensor(len(batch)))
        for name in ("nats", "tokens", "right"):
            self._add(name, outputs[name].sum())
        if "written" in outputs:
            self._add("exact", exact(outputs["written"], batch.targets).sum())
            if self.tokens is not None:
                self._translated(self.tokens, outputs["written"], batch.targets)

    def figures(self) -> dict[str, float]:
        """All metrics; loss in training is what is minimised, smoothing included, and in evaluation nats per token."""
        sums: dict[str, Any] = {name: value.tolist() for name, value in self.sums.items()}
        nats = sums["nats"] / sums["tokens"]
        found = {"accuracy": sums["right"] / sums["tokens"], "perplexity": math.exp(min(nats, 700.0))}
        if "exact" not in sums:
            return {**found, "loss": sums["loss"] / sums["sequences"]}
        if "bleu" in sums:
            found |= {"bleu": bleu(sums["bleu"]), "chrf": chrf(sums["chrf"])}
        return {**found, "exact": sums["exact"] / sums["sequences"], "loss": nats}

    def state(self) -> dict[str, Any]:
        """The sums."""
        return {"sums": self.sums}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.sums = dict(state["sums"])

    def _translated(self, tokens: Tokens, written: Tensor, targets: Tensor) -> None:
        pairs = [
            (tokens.decode(said), tokens.decode(true))
            for said, true in zip(written.tolist(), targets.tolist(), strict=True)
        ]
        self._add("bleu", torch.tensor([bleu_counts(*pair) for pair in pairs]).sum(0))
        self._add("chrf", torch.tensor([chrf_counts(*pair) for pair in pairs]).sum(0))

    def _add(self, name: str, value: Tensor) -> None:
        total = value.detach().to(torch.float64)
        self.sums[name] = self.sums[name].to(total.device) + total if name in self.sums else total


def trimmed(batch: Batch) -> Batch:
    """Without the columns in which no sequence of the batch has a token, also of the shares of other processes.

    So all of them have as many columns as one process would, and draw as many random numbers.
    """
    source, before, targets = batch.inputs["source"], batch.inputs["before"], batch.targets
    reads, writes = _longest(source), _longest(targets)
    return Batch({"source": source[:, :reads], "before": before[:, :writes]}, targets[:, :writes], batch.rows)


def exact(written: Tensor, targets: Tensor) -> Tensor:
    """Whether each sequence (B, T) is its target (B, U), whatever they are filled up with: bool (B,)."""
    size = max(written.shape[1], targets.shape[1])
    return (F.pad(written, (0, size - written.shape[1])) == F.pad(targets, (0, size - targets.shape[1]))).all(1)


def writer_of(network: nn.Module) -> Writer:
    """The model of a network, which reads and writes.

    Raises:
        RecipeError: if it does neither.
    """
    model = getattr(network, "model", network)
    if not isinstance(model, Writer):
        rule = "this task needs a network that reads a sequence and writes another"
        raise RecipeError(rule, got=type(model).__name__, hint="set model.use=encoder_decoder or model.use=transformer")
    return model


def _each(values: Tensor, known: Tensor) -> Tensor:
    """The sums (B,) of values (n,) that belong to the known places of (B, T), row by row."""
    return torch.zeros(known.shape, dtype=values.dtype, device=known.device).masked_scatter(known, values).sum(1)


def _longest(tokens: Tensor) -> int:
    return max(1, int(whole((tokens != PAD).sum(1)).max()))
