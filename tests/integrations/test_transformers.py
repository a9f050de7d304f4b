"""What Hugging Face's Trainer trains, logged; skipped where Transformers and Accelerate are not installed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import paribus as pb

transformers = pytest.importorskip("transformers", reason="Transformers is not installed: pip install transformers")
pytest.importorskip("accelerate", reason="Accelerate is not installed: pip install accelerate")
pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore")]


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, inputs, labels=None):
        logits = self.layer(inputs)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class Points(torch.utils.data.Dataset):
    def __init__(self, seed: int):
        self.inputs = torch.randn(64, 2, generator=torch.Generator().manual_seed(seed))

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, place):
        return {"inputs": self.inputs[place], "labels": int(self.inputs[place].sum() > 0)}


def train(run, lr: float, seed: int) -> None:
    from paribus.integrations.transformers import ParibusCallback

    torch.manual_seed(seed)
    options = {"eval_strategy": "epoch", "logging_strategy": "epoch", "save_strategy": "no", "report_to": "none"}
    arguments = transformers.TrainingArguments(
        "out", num_train_epochs=3, learning_rate=lr, seed=seed, use_cpu=True, disable_tqdm=True, **options
    )
    trainer = transformers.Trainer(
        Line(),
        arguments,
        train_dataset=Points(seed),
        eval_dataset=Points(seed + 100),
        compute_metrics=lambda found: {"accuracy": (found.predictions.argmax(1) == found.label_ids).mean()},
        callbacks=[ParibusCallback(run)],
    )
    trainer.train()


def test_S25_epochs_of_a_trainer_are_rows_of_a_run():
    for seed in (0, 1, 2):
        for lr in (1e-4, 0.1):
            with pb.log(arm={"lr": lr}, seed=seed, study="lines") as run:
                train(run, lr, seed)
    rows = pb.RunFolder(run.path).history
    assert len(rows) == 3
    assert [row["step"] for row in rows] == [8, 16, 24]
    assert {"loss", "eval_loss", "eval_accuracy", "learning_rate"} <= {*rows.columns}
    result = pb.Study.open("runs/lines").result
    assert (result.metric_name, result.complete) == ("eval_accuracy", True)
    assert result.effects[0].estimate.value > 0
