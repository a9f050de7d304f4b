"""Language: which token comes next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.sources.text.file import read
from paribus.data.sources.text.tokens import join, split
from paribus.errors import DataError, RecipeError
from paribus.records.metric import LOSS, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.sequences.drawing import continued
from paribus.tasks.sequences.state import RecurrentState
from paribus.tasks.task import Task

SHOWN = 300  # tokens of the text that is shown while training
PIECE = 256  # tokens of a file that are read at a time


class Language(Task):
    """Predict every token of a text from those before it, by cross-entropy.

    Figures are the mean loss in nats per token, the perplexity exp(loss), and the bits per token, loss / log 2. A
    network that keeps a state hands it on from each passage to the next, in training as in evaluation; gradients end at
    the beginning of the passage.
    """

    reads: ClassVar[str] = "text files, of which it says how well it foretells them"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("perplexity", higher_is_better=False),
        Metric("bits", higher_is_better=False),
        LOSS,
    )

    def __init__(self, info: DataInfo) -> None:
        super().__init__(info)
        if info.text is None or not info.text.unit:
            rule = "a language is learned from a text"
            raise RecipeError(rule, got=f"inputs {info.input_shape}", hint="set data.use=text, or data.use=markov")
        self.text, self.unit = info.text, info.text.unit
        self.number = {token: number for number, token in enumerate(info.classes)}
        self.recurrent = RecurrentState()

    def begin(self) -> None:
        """Forget the state: the text begins."""
        self.recurrent = RecurrentState()

    def state(self) -> dict[str, Any]:
        """The state of the network behind the last passages."""
        return self.recurrent.state()

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on with it."""
        self.recurrent = RecurrentState.read(state)

    def joined(self, states: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """The states behind the passages of all processes."""
        return RecurrentState.of([RecurrentState.read(state) for state in states if state]).state()

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, T, classes)."""
        return *batch.targets.shape, self.num_outputs

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of all tokens, and logits (B, T, tokens)."""
        outputs = self.recurrent.through(network, batch.inputs, batch.rows).float()
        return F.cross_entropy(outputs.flatten(0, 1), batch.targets.flatten()), outputs

    def meter(self, split: str) -> LanguageMeter:
        """Loss, perplexity and bits."""
        return LanguageMeter()

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities of the next token at every position (B, T, tokens), each row read from its beginning."""
        outputs: Tensor = network(inputs).float()
        return outputs.softmax(2)

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """A text that the network writes."""
        return self.sample(network, 1, length=SHOWN)

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The mean loss of the tokens of each passage, read from its beginning, and its text."""
        outputs: Tensor = network(batch.inputs).float()
        losses = F.cross_entropy(outputs.transpose(1, 2), batch.targets, reduction="none")  # (B, T)
        return Inspection("nats per token", losses.mean(1), texts=[self._text(row) for row in batch.targets.tolist()])

    def sample(
        self,
        network: nn.Module,
        count: int,
        *_: Any,
        length: Annotated[int, Field(ge=1)] = SHOWN,
        temperature: Annotated[float, Field(gt=0)] = 1.0,
        top_k: Annotated[int, Field(ge=1)] | None = None,
        top_p: Annotated[float, Field(gt=0, le=1)] = 1.0,
        prompt: str = "",
        **__: Any,
    ) -> Preview:
        """Texts that the network writes.

        Args:
            network: in evaluation mode.
            count: how many texts.
            length: tokens of each.
            temperature: what logits are divided by: below 1 safer, above 1 bolder.
            top_k: draw from so many likeliest tokens only.
            top_p: draw from the likeliest tokens that have this much of the probability together.
            prompt: what every text begins with.

        Raises:
            DataError: if the prompt holds a token that the network does not know.
        """
        given = self.numbered(prompt, "the prompt") if prompt else self._start()
        device = next(network.parameters()).device
        tokens = torch.tensor(given, device=device).expand(count, -1)
        known = len(self.info.classes) - self.text.unknown  # what is unknown is never written
        drawn = continued(network, tokens, length, known, temperature=temperature, top_k=top_k, top_p=top_p)
        texts = [prompt + self._gap(prompt) + self._text(row) for row in drawn.tolist()]
        return Preview(text=("\n" + "─" * 40 + "\n").join(texts))

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """How well the network predicts the text of each file: perplexity and bits."""
        return [self._prediction(network, path) for path in files]

    def numbered(self, text: str, where: str) -> list[int]:
        """The numbers of a text's tokens.

        Raises:
            DataError: naming the first token that training never saw, and its place, unless there is one for those.
        """
        tokens = split(text, self.unit)
        strange = next((place for place, token in enumerate(tokens) if token not in self.number), None)
        if strange is not None and not self.text.unknown:
            rule = f"token {strange + 1:,} of {where} never occurred in training"
            raise DataError(rule, got=repr(tokens[strange]), hint="leave it out, or train with data.unknown=token")
        return [self.number.get(token, len(self.number) - 1) for token in tokens]

    def _prediction(self, network: nn.Module, path: Path) -> Prediction:
        try:
            tokens = torch.tensor(self.numbered(read(path), path.name))
            if len(tokens) < 2:
                raise DataError("a text needs at least two tokens", got=str(len(tokens)))
        except DataError as error:
            return Prediction(str(path), problem=str(error).replace("\n", ";"))
        nats = self._nats(network, tokens) / (len(tokens) - 1)
        figures = {"perplexity": math.exp(nats), "bits": nats / math.log(2)}
        return Prediction(str(path), f"perplexity {figures['perplexity']:.4g}", figures)

    def _nats(self, network: nn.Module, tokens: Tensor) -> float:
        """Sum of the losses of all tokens but the first."""
        recurrent, total = RecurrentState(), 0.0
        length = getattr(getattr(network, "model", network), "reach", PIECE)
        for row, start in enumerate(range(0, len(tokens) - 1, length)):
            piece = tokens[start : start + length + 1]
            outputs = recurrent.through(network, piece[None, :-1], torch.tensor([row])).float()
            total += float(F.cross_entropy(outputs[0], piece[1:], reduction="sum"))
        return total

    def _start(self) -> list[int]:
        """Where a text without a prompt begins: behind the end of a line, or behind the first token."""
        return [self.number.get("\n", 0)]

    def _gap(self, prompt: str) -> str:
        return " " if prompt and self.unit == "words" else ""

    def _text(self, numbers: Sequence[int]) -> str:
        return join([self.info.classes[number] for number in numbers], self.unit)


class LanguageMeter(Means):
    """The mean loss over tokens, of which all examples have the same number."""

    def figures(self) -> dict[str, float]:
        """Perplexity, bits per token, and loss in nats per token."""
        loss = super().figures()["loss"]
        return {"perplexity": math.exp(min(loss, 700.0)), "bits": loss / math.log(2), "loss": loss}
