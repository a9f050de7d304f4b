"""Four networks that learned from other pictures, on brain scans: which is the best start, each with its own rate?

    python examples/backbones.py [--size 64] [--epochs 6] [--trials 4] [--seeds 5] [--nets resnet20 squeezenet]

``PARIBUS_DATA`` must name a folder with ``brain_mri/`` (pictures in ``train/CLASS/`` and ``test/CLASS/``) and the four
published weights in ``weights/``. Of each network the last quarter and a new head learn; the rest is frozen.
"""

from __future__ import annotations

import argparse
from typing import Any

import paribus as pb

EARLY = ["conv1", "bn1", "layer1", "layer2"]
BACKBONES: list[dict[str, Any]] = [
    {"use": "resnet20", "weights": "cifar10_resnet20", "freeze": EARLY},
    {"use": "resnet56", "weights": "cifar10_resnet56", "freeze": EARLY},
    {"use": "squeezenet", "weights": "squeezenet11_imagenet", "ceil_mode": False, "freeze": ["features.[0-9].*"]},
    {
        "use": "mobilenet_v2",
        "weights": "mobilenetv2_imagenet",
        "norm": "none",
        "padding": "same",
        "freeze": ["features.[0-9].*", "features.1[0-4].*"],
    },
]


def study(folder: str, nets: list[str], size: int, epochs: int, trials: int, seeds: int) -> pb.Study:
    """Every network with the best of as many learning rates, on the same pictures with the same chance."""
    return pb.Study(
        "folder/cnn",
        {
            "data.path": folder,
            "data.size": size,
            "augment": {"flip": True},
            "optimizer": {"use": "adam"},
            "schedule": "one_cycle",
            "training.batch_size": 32,
            "budget.epochs": epochs,
            "split.val": 0.2,
        },
        vary={"model": [one for one in BACKBONES if one["use"] in nets]},
        tune={"optimizer.lr": "1e-4..1e-2"},
        trials=trials,
        seeds=seeds,
        name=f"backbones at {size}",
    )


def main() -> None:
    """Run the study, and say how the networks compare and where the report is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default="brain_mri")
    parser.add_argument("--nets", nargs="+", default=[one["use"] for one in BACKBONES])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None)
    asked = parser.parse_args()
    planned = study(asked.folder, asked.nets, asked.size, asked.epochs, asked.trials, asked.seeds)
    result = planned.run(jobs=asked.jobs)
    for one in result.tuning:
        print(f"{one.arm}: {dict(one.chosen)}")
    for effect in result.effects:
        print(effect)
    print(planned.report())


if __name__ == "__main__":
    main()
