"""Reading: the text in a picture of one line, in columns by CTC or character by character at numbered places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.grammar import choose
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.data.sources.boxes.texts import cut
from paribus.errors import DataError, RecipeError
from paribus.records.metric import CER, CHARACTERS, ECE, EXACT, LOSS, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.pictures import each
from paribus.tasks.pixels.overlays import coloured
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.scores import ece, reliability
from paribus.tasks.task import Task
from paribus.tasks.texts import decoding
from paribus.tasks.texts.metrics import edits, right_places

Way = Literal["ctc", "positions"]
Search = Literal["greedy", "beam"]
SHOWN = 8  # lines of a preview


class Reading(Task):
    """Read the text in a picture of one line.

    Figures are the share of texts that are right as a whole, the share of true characters that are right at their
    place, the edits for each true character (cer), and how far the probability of a character can be believed (ece).

    Args:
        way: ctc sums over all ways to spread the text over the columns of the picture (Graves et al., 2006); positions
            learns one character for each numbered place, and that places behind the text are empty.
        search: how a text is found from what is said of columns: the likeliest answer of each, or the likeliest text by
            beams.
        grammar: what may be written: the name of a shipped grammar (eu, us, persian), or a file that ends in .yaml;
            with ctc it needs search=beam.
        beams: prefixes that are followed.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (EXACT, CHARACTERS, CER, ECE, LOSS)
    details: ClassVar[tuple[Metric, ...]] = (
        Metric("slot", higher_is_better=True, percent=True),
        Metric("slot_ece", higher_is_better=False, percent=True),
    )
    scored: ClassVar[tuple[str, ...]] = ("exact",)
    supplies: ClassVar[frozenset[str]] = frozenset({"slots"})

    def __init__(
        self,
        info: DataInfo,
        way: Way = "ctc",
        search: Search = "greedy",
        grammar: str = "none",
        beams: Annotated[int, Field(ge=1, le=256)] = 8,
    ) -> None:
        super().__init__(info)
        if info.text is None or info.text.unit or len(info.input_shape) != 3 or len(info.target_shape) != 1:
            rule, hint = "reading needs pictures of one text each", "use data=plate_texts, or data=texts for your own"
            raise RecipeError(rule, got=f"inputs {info.input_shape}, targets {info.target_shape}", hint=hint)
        self.way, self.search, self.beams, self.grammar = way, search, beams, choose(grammar)
        if self.grammar and way == "ctc" and search == "greedy":
            hint = "set task.search=beam, or task.grammar=none"
            raise RecipeError(
                "a grammar constrains a search, and greedy reading searches nothing", got=grammar, hint=hint
            )
        if self.grammar and (lacking := {*self.grammar.alphabet} - {*info.classes}):
            hint = f"choose another grammar; the data have {''.join(info.classes)}"
            raise RecipeError(
                "the grammar has characters that the data have not", got="".join(sorted(lacking)), hint=hint
            )

    @property
    def num_outputs(self) -> int:
        """One for each character, and one for none."""
        return len(self.info.classes) + 1

    def model_inputs(self) -> dict[str, Any]:
        """Also how many places there are to be answered at: those of the longest text, or none for columns."""
        return {**super().model_inputs(), "slots": self.info.target_shape[0] if self.way == "positions" else 0}

    def check(self, prepared: PreparedData) -> None:
        """Refuse a text that needs more columns than a picture has: one for each character, one between equal ones.

        Raises:
            DataError: with the lengths.
        """
        if self.way != "ctc":
            return
        columns = self.info.input_shape[2] // 4
        for split, rows in prepared.rows.items():
            _, targets = prepared.examples.take(rows)
            needed = columns_needed(targets, self.blank)
            worst = int(needed.argmax())
            if int(needed[worst]) > columns:
                text = self.text(targets[worst].tolist())
                rule = f"CTC needs a column for each character and one between equal ones: {int(needed[worst])} here"
                hint = f"set data.size={[self.info.input_shape[1], 4 * int(needed[worst])]}, or task.way=positions"
                raise DataError(
                    rule, got=f"{columns} columns for {text!r} ({len(text)} characters, {split})", hint=hint
                )

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the texts, in nats for each, and logarithms of probabilities (B, columns or places, K + 1)."""
        logp = self._answers(network, batch.inputs)
        targets = batch.targets
        if self.way == "positions":
            return F.nll_loss(logp.transpose(1, 2), targets, reduction="sum") / len(batch), logp
        lengths = (targets != self.blank).sum(1)
        columns = torch.full_like(lengths, logp.shape[1])
        losses = F.ctc_loss(logp.transpose(0, 1), targets, columns, lengths, self.blank, "none", zero_infinity=True)
        return losses.mean(), logp

    def meter(self, split: str) -> Means:
        """The loss in training; else all figures."""
        return Means() if split == "train" else TextMeter(self)

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, columns or places, K + 1), that of none last."""
        return self._answers(network, inputs).exp()

    def readings(self, logp: Tensor) -> list[decoding.Reading]:
        """The texts in what a network says (B, columns or places, K + 1)."""
        if self.way == "positions":
            return [decoding.at_places(one, self.info.classes, self.grammar) for one in logp]
        if self.search == "greedy":
            return decoding.greedy(logp.cpu(), self.info.classes)
        return [decoding.beam(one, self.info.classes, self.beams, self.grammar) for one in logp]

    def read(self, network: nn.Module, inputs: Tensor) -> list[decoding.Reading]:
        """The texts in pictures (B, C, H, W) as stored."""
        return self.readings(self._answers(network, inputs))

    def part(self, picture: Tensor, corners: NDArray[Any] | None = None) -> Tensor:
        """A box, left, top, right, bottom, of a picture (C, H, W) of any size, or all of it, as stored in training."""
        margin = float(self.info.more.get("margin", 0.0))
        return torch.from_numpy(cut(picture.numpy(), corners, self.info.input_shape[1:], margin).copy())

    def text(self, numbers: Sequence[int]) -> str:
        """A target in words."""
        return "".join(self.info.classes[number] for number in numbers if number != self.blank)

    def scores(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Whether each text is right as a whole."""
        pairs = zip(self.read(network, batch.inputs), batch.targets.tolist(), strict=True)
        return {"exact": torch.tensor([float(one.text == self.text(true)) for one, true in pairs])}

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """Pictures, and the texts beside what was read."""
        few = batch.take(torch.arange(min(SHOWN, len(batch)), device=batch.rows.device))
        true = [self.text(row) for row in few.targets.tolist()]
        pairs = zip(true, self.read(network, few.inputs), strict=True)
        lines = [
            f"{one:<10} {said.text:<10} {said.confidence:.2f}{'' if one == said.text else '  wrong'}"
            for one, said in pairs
        ]
        text = "\n".join([f"{'truth':<10} {'read':<10} sure", *lines])
        return Preview(coloured(few.inputs.cpu())[:, None], ("picture",), text=text, title="Texts in pictures")

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """Edits for each character of a text, and what was read."""
        said = [one.text for one in self.read(network, batch.inputs)]
        true = [self.text(row) for row in batch.targets.tolist()]
        errors = [edits(one, other) / max(1, len(other)) for one, other in zip(said, true, strict=True)]
        pictures = coloured(batch.inputs.cpu())[:, None]
        return Inspection(
            "edits per character", torch.tensor(errors), true, said, pictures=pictures, columns=("picture",)
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The text of each picture, and how sure it is."""
        return each(files, self.info, partial(self._prediction, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The same for pictures (B, C, H, W)."""
        read = self.read(network, inputs)
        return [Prediction("", one.text or "nothing", {"confidence": one.confidence}) for one in read]

    def _prediction(self, network: nn.Module, file: str, picture: Tensor) -> Prediction:
        return replace(self.predict_inputs(network, self.part(picture)[None])[0], file=file)

    @property
    def blank(self) -> int:
        """The number of none: behind the characters."""
        return len(self.info.classes)

    def _answers(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Logarithms of probabilities in float32.

        Raises:
            RecipeError: if the network gives none for columns or places.
        """
        outputs: Tensor = network(inputs)
        slots = self.info.target_shape[0]
        fits = outputs.ndim == 3 and outputs.shape[2] == self.num_outputs
        if not fits or (self.way == "positions" and outputs.shape[1] != slots):
            got = f"{tuple(outputs.shape)} for pictures {tuple(inputs.shape)}"
            raise RecipeError(
                "reading needs a model with answers in columns or at places", got=got, hint="use model=reader"
            )
        return outputs.float().log_softmax(2)


class TextMeter(Means):
    """The mean loss, and how texts compare with what is written."""

    def __init__(self, task: Reading) -> None:
        super().__init__()
        self.task = task
        self.said: list[tuple[str, str, list[float]]] = []  # what was read, the truth, how sure of each character

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch."""
        super().update(stage, loss, outputs, batch)
        for one, true in zip(self.task.readings(outputs), batch.targets.tolist(), strict=True):
            self.said.append((one.text, self.task.text(true), list(one.sure)))

    def figures(self) -> dict[str, float]:
        """Share of right texts and characters, edits, calibration, and each place on its own."""
        places = [right_places(said, true) for said, true, _ in self.said]
        total = sum(map(len, places))
        found = {
            "exact": sum(said == true for said, true, _ in self.said) / max(1, len(self.said)),
            "characters": sum(map(sum, places)) / max(1, total),
            "cer": sum(edits(said, true) for said, true, _ in self.said) / max(1, total),
            **self._calibration(),
            **super().figures(),
        }
        for slot in range(max(map(len, places), default=0)):
            known = [one[slot] for one in places if len(one) > slot]
            found[f"slot/{slot + 1}"] = sum(known) / len(known)
        return found

    def state(self) -> dict[str, Any]:
        """The sums, and all texts."""
        return {**super().state(), "said": [list(one) for one in self.said]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        super().load(state)
        self.said = [(str(said), str(true), list(sure)) for said, true, sure in state["said"]]

    def _calibration(self) -> dict[str, float]:
        """ECE of single characters: of all, and of those at each place."""
        pairs: dict[int, list[tuple[float, bool]]] = {}
        for said, true, sure in self.said:
            for place, share in enumerate(sure):
                pairs.setdefault(place, []).append((share, place < len(true) and true[place] == said[place]))
        if not pairs:
            return {}
        slots = {f"slot_ece/{place + 1}": _believed(pairs[place]) for place in sorted(pairs)}
        return {"ece": _believed([one for some in pairs.values() for one in some]), **slots}


def _believed(pairs: Sequence[tuple[float, bool]]) -> float:
    """ECE of what was said with these probabilities, rightly or not."""
    shares, right = (torch.tensor(one, dtype=torch.float64) for one in zip(*pairs, strict=True))
    shares = shares.clamp(min=1e-9)  # the second class of each is so that the first is said
    return ece(reliability(torch.stack([shares, shares * 0], 1), (right == 0).long()))


def columns_needed(targets: Tensor, blank: int) -> Tensor:
    """Columns that CTC needs at least for texts (N, most) that are filled with blanks: (N,)."""
    known = targets != blank
    again = (targets[:, 1:] == targets[:, :-1]) & known[:, 1:]
    return known.sum(1) + again.sum(1)
