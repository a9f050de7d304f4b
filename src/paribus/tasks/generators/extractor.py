"""Feature extractors: in their features generated examples are compared with the data, and assigned to modes."""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus import files, threads
from paribus.cache import paths
from paribus.cache.lock import locked
from paribus.chance import key, permutation, seeded
from paribus.data.dataset import Dataset
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import ParibusError
from paribus.models.weights import hash_of, pack
from paribus.tasks.generators.quality import Modes

logger = logging.getLogger(__name__)

Kind = Literal["trained", "random", "values"]

FEATURES = 64
LARGEST = 8  # side of the map that the features are read from
EXAMPLES, STEPS, BATCH, RATE = 10_000, 600, 128, 4e-3  # of the classifier's training
SURE = 0.9  # probability from which a picture clearly belongs to a class
FORMAT = 1  # raise it when the classifier or its training change
WEIGHTS_KEY, EXAMPLES_KEY = key("judge"), key("judge's examples")  # other words would give other figures


class FeatureExtractor(Protocol):
    """Maps examples as they are stored, real or generated, to features and modes."""

    def to(self, device: torch.device) -> FeatureExtractor:
        """Move to the device of the examples; returns itself."""
        ...

    def features(self, inputs: Tensor) -> Tensor:
        """(B, …) → (B, F)."""
        ...

    def modes(self, inputs: Tensor) -> Modes | None:
        """The modes that they belong to, where modes are known."""
        ...


class Values:
    """Compares the values themselves.

    Args:
        centres: (K, F) of known modes, or ``None``.
        reach: how far from its centre an example still clearly belongs to a mode.
    """

    def __init__(self, centres: Tensor | None = None, reach: float = 0.0) -> None:
        self.centres, self.reach = centres, reach

    def to(self, device: torch.device) -> Values:
        """Itself, with the centres on the device."""
        self.centres = None if self.centres is None else self.centres.to(device)
        return self

    def features(self, inputs: Tensor) -> Tensor:
        """The values, pixels from 0 to 1."""
        return inputs.flatten(1) / 255 if inputs.dtype == torch.uint8 else inputs.flatten(1)

    def modes(self, inputs: Tensor) -> Modes | None:
        """The nearest centre."""
        if self.centres is None:
            return None
        distance, index = torch.cdist(inputs, self.centres).min(1)
        return Modes(index, distance <= self.reach)


class Classifier(nn.Module):
    """A small convolutional classifier; its last hidden layer gives the features, its classes are the modes."""

    accuracy: Tensor  # on examples that it was not trained on; NaN for one that was not trained

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        kept = min(height // 4, LARGEST), min(width // 4, LARGEST)  # of large pictures only a coarse map
        self.body = nn.Sequential(
            nn.Conv2d(channels, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(kept),
            nn.Flatten(),
            nn.Linear(64 * kept[0] * kept[1], FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, max(1, classes))
        self.register_buffer("accuracy", torch.tensor(float("nan")))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of stored pictures."""
        out: Tensor = self.head(self.features(inputs))
        return out

    def features(self, inputs: Tensor) -> Tensor:
        """(B, C, H, W) uint8 → (B, 64)."""
        out: Tensor = self.body(inputs.float() / 127.5 - 1)
        return out

    def modes(self, inputs: Tensor) -> Modes | None:
        """The most probable class, clear where it is nearly sure; none without training."""
        if self.accuracy.isnan():
            return None
        probability, index = self(inputs).softmax(1).max(1)
        return Modes(index, probability >= SURE)


def feature_extractor(kind: Kind, info: DataInfo, prepared: PreparedData) -> FeatureExtractor:
    """The feature extractor for some data.

    Args:
        kind: a classifier, trained on the data's labels; one with random weights, as pictures without labels have; or
            the values themselves, as examples have that are no pictures.
        info: of the data.
        prepared: the data.
    """
    dataset = prepared.examples
    if len(info.input_shape) != 3 or kind == "values" or not isinstance(dataset, Dataset):
        known = info.points
        return Values(torch.tensor(known.centres), 3 * known.deviation) if known else Values()
    with seeded(WEIGHTS_KEY):
        classifier = Classifier(info.input_shape, len(info.classes)).eval()
        if kind == "trained" and dataset.labels is not None:
            _load_or_fit(classifier, *_examples(dataset, prepared))
    return classifier.requires_grad_(False)


def _examples(dataset: Dataset, prepared: PreparedData) -> tuple[Tensor, Tensor]:
    """Some training and validation examples, the same for every seed and limit, so that all runs are compared alike."""
    usable = torch.ones(len(dataset), dtype=torch.bool)
    if "test" in prepared.rows:
        usable[prepared.rows["test"]] = False
    rows = usable.nonzero().flatten()
    return dataset.take(rows[permutation(EXAMPLES_KEY, len(rows))[:EXAMPLES]])


def _load_or_fit(classifier: Classifier, inputs: Tensor, targets: Tensor) -> None:
    """Give a classifier the weights that its examples lead to, from the cache if they were needed before."""
    how = f"{FORMAT} {STEPS} {BATCH} {RATE} {tuple(inputs.shape)}"
    content = sha256(how.encode() + inputs.numpy().tobytes() + targets.numpy().tobytes())
    path = paths.writable_cache() / "extractors" / f"{content.hexdigest()[:16]}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_suffix(".lock"), lambda: None):
        if not _load(classifier, path):
            _fit(classifier, inputs, targets)
            state = classifier.state_dict()
            files.write_shared(path, pack(state, {"sha256": hash_of(state)}))


def _load(classifier: Classifier, path: Path) -> bool:
    """Take the weights from a file; no if it is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        files.open_regular(path).close()
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            written = (file.metadata() or {}).get("sha256")
        if hash_of(state) != written:
            return False
        classifier.load_state_dict(state)
    except (OSError, SafetensorError, RuntimeError, MemoryError, ParibusError):
        return False
    return True


def _fit(classifier: Classifier, inputs: Tensor, targets: Tensor) -> None:
    """Train on nine tenths of the examples, and measure the accuracy on the rest."""
    held = len(inputs) // 10
    with threads.single():
        optimizer = torch.optim.Adam(classifier.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
        for _ in range(STEPS):
            rows = held + torch.randint(len(inputs) - held, (BATCH,))
            optimizer.zero_grad()
            F.cross_entropy(classifier(inputs[rows]), targets[rows]).backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            classifier.accuracy.fill_(float((classifier(inputs[:held]).argmax(1) == targets[:held]).float().mean()))
    accuracy = 100 * classifier.accuracy.item()
    logger.info("the feature extractor for generated pictures names %.1f %% of held-out ones", accuracy)
