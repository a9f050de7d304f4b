"""The held-out test: opened once, written down, never used to choose."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import torch

from paribus.analysis.trained import load
from paribus.chance import Seeds
from paribus.data.material import prepare
from paribus.errors import DataError
from paribus.records import files
from paribus.records.run import RunFolder


@dataclass(frozen=True)
class HeldOut:
    """Figures on the test examples.

    Args:
        metrics: by name: ``test/accuracy``.
        examples: how many test examples there are.
        opened: when the test was opened, in seconds since 1970.
    """

    metrics: dict[str, float]
    examples: int
    opened: float


def test(folder: RunFolder) -> HeldOut:
    """Evaluate a finished run on its test examples; asked again, the first answer is given.

    Raises:
        DataError: if the data set has no test part.
    """
    path = folder.path / "test.json"
    if path.exists():
        return HeldOut(**files.read_json(path))
    trained = load(folder)
    material = prepare(trained.recipe, Seeds(trained.seed, trained.recipe.chance.model_dump(exclude_none=True)))
    if "test" not in material.rows:
        raise DataError("this data set has no test part", got=trained.recipe.data.use, hint="set split.test=0.2")
    meter = trained.task.meter("test")
    with torch.inference_mode():
        for batch in material.feed("test", 256, "cpu").in_order():
            for stage in trained.task.stages(trained.network):
                loss, outputs = trained.task.loss(stage, trained.network, batch)
                meter.update(stage, loss, outputs, batch)
    figures = {f"test/{name}": value for name, value in meter.figures().items()}
    answer = HeldOut(figures, len(material.rows["test"]), time.time())
    files.write_json(path, asdict(answer))
    return answer
