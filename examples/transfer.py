"""Scratch, general, domain: three starts of one network for chest X-rays, compared in one study.

    python examples/transfer.py FOLDER [SEEDS] [EPOCHS]

``FOLDER`` takes the runs. ``PARIBUS_DATA`` must name a folder with ``xray/`` (pictures in ``train/CLASS/`` and
``test/CLASS/``), ``pneumonia_mnist/`` (an ``.npz`` with ``train_images`` and ``train_labels``) and
``weights/cifar10_resnet20.npz``.

*General* are weights that learned everyday photographs, *domain* those of a run on other X-rays, which this script
trains first. All arms are the same network on the same pictures, with the same chance.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import paribus as pb

SIZE = 48
COMMON = {"model": "resnet20", "data.size": SIZE, "training.precision": "fp32", "optimizer.lr": 0.002}
XRAY = {"data.path": "xray", "split.val": 0.4}  # 78 of 196 pictures tell the arms apart


def pictures(folder: Path) -> Path:
    """The small X-rays of children as a folder of pictures, one folder a class, as large as the others."""
    data = Path(os.environ["PARIBUS_DATA"]) / "pneumonia_mnist"
    with np.load(next(data.glob("*.npz"))) as archive:
        images, labels = archive["train_images"], archive["train_labels"].reshape(-1)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        target = folder / ("normal", "pneumonia")[label] / f"{number:05}.png"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).resize((SIZE, SIZE)).save(target)
    return folder


def main(folder: Path, seeds: int, epochs: int) -> None:
    """Train the source of the domain arm, then the study."""
    children = {**COMMON, "data.path": str(pictures(folder / "children")), "budget.epochs": 3}
    domain = pb.Run("folder/cnn", children, runs=folder / "domain")  # the only run there: its folder is its name
    domain.train()
    study = pb.Study(
        "folder/cnn",
        vary={"model.weights": ["none", "cifar10_resnet20", str(folder / "domain" / "folder-cnn")]},
        changes={**COMMON, **XRAY, "budget.epochs": epochs},
        seeds=seeds,
        name="three starts",
        runs=folder / "runs",
    )
    print(study.run())
    print(study.report())


if __name__ == "__main__":
    words = sys.argv[1:]
    main(Path(words[0]), int(words[1]) if words[1:] else 3, int(words[2]) if words[2:] else 10)
