"""Runs as other tools log them, made up: two arms, three seeds, two figures over four epochs."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from paribus.exchange.logged import Logged

LR = (0.1, 0.01)
SEEDS = (0, 1, 2)


def run(lr: float, seed: int, **more) -> Logged:
    """A run whose figures are exact in 32 bits, so that every store can hold them."""
    best = 0.5 + seed / 64 + (lr == 0.1) / 8
    curve = tuple((epoch, best - 2.0**-epoch) for epoch in range(1, 5))
    given = {"lr": lr, "model.use": "cnn", "augment": "[flip]", "batch_size": 64, "seed": seed}
    content = {
        "name": f"lr={lr}/seed-{seed}",
        "study": "digits/rates",
        "params": given,
        "curves": {"val/accuracy": curve, "train/loss": tuple((epoch, 2.0**-epoch) for epoch in range(1, 5))},
        "settings": {"lr": lr},
        "arm": f"lr={lr}",
        "started": 1.7e9 + 10 * (lr != 0.1) + seed,
    }
    return Logged(**{**content, **more})  # type: ignore[arg-type]


def runs() -> list[Logged]:
    return [run(lr, seed) for lr in LR for seed in SEEDS]


def same(found: list[Logged], given: list[Logged]) -> None:
    """Whether what was read back says what was written."""
    read = {(one.params["lr"], one.params["seed"]): one for one in found}
    assert len(read) == len(found) == len(given)
    for one in given:
        back = read[one.params["lr"], one.params["seed"]]
        assert {name: back.params[name] for name in one.params} == dict(one.params)
        assert dict(back.curves) == dict(one.curves)
        assert back.state == one.state


def mlflow_files(root: Path, given: list[Logged], experiment: str = "1") -> Path:
    """A store of MLflow as files, written by hand."""
    home = root / experiment
    _yaml(home, {"experiment_id": experiment, "name": given[0].study, "lifecycle_stage": "active"})
    for place, one in enumerate(given):
        folder = home / f"{place:032x}"
        status = {"finished": 3, "failed": 4, "running": 1}[one.state]
        about = {"run_id": folder.name, "run_name": one.name, "status": status, "start_time": 1000 * one.started}
        _yaml(folder, {**about, "lifecycle_stage": "active"})
        for name, value in one.params.items():
            _text(folder / "params" / name, str(value))
        for name, points in one.curves.items():
            lines = "".join(f"1700000000000 {value!r} {step}\n" for step, value in points)
            _text(folder / "metrics" / name, lines)
    return root


def json_lines(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _yaml(folder: Path, content: dict) -> None:
    _text(folder / "meta.yaml", yaml.safe_dump(content))


def _text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
