"""A translation that is learned in seconds: words change places and forms, and BLEU is that of sacreBLEU."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
import torch

from paribus.data.sources.pairs.file import divided, parsed
from paribus.inference.trained import load
from paribus.run import Run

PEOPLE = {"I": ("ich", 0), "you": ("du", 1), "we": ("wir", 2), "they": ("sie", 2)}
MODALS = {"can": ("kann", "kannst", "können"), "must": ("muss", "musst", "müssen"), "may": ("darf", "darfst", "dürfen")}
VERBS = {"see": "sehen", "find": "finden", "buy": "kaufen", "draw": "malen", "hear": "hören"}
THINGS = {
    "dog": "den Hund", "cat": "die Katze", "horse": "das Pferd",
    "ball": "den Ball", "clock": "die Uhr", "song": "das Lied",
}  # fmt: skip
TIMES = {"today": "heute", "now": "jetzt", "tomorrow": "morgen", "soon": "bald"}


def sentences() -> str:
    """1,440 pairs in an order that is drawn: in German the time comes first, and the verb last."""
    lines = []
    for person, modal, verb, thing, time in product(PEOPLE, MODALS, VERBS, THINGS, TIMES):
        who, form = PEOPLE[person]
        german = f"{TIMES[time]} {MODALS[modal][form]} {who} {THINGS[thing]} {VERBS[verb]}"
        lines.append(f"{person} {modal} {verb} the {thing} {time}\t{german}")
    Random(0).shuffle(lines)
    return "\n".join(lines)


def test_T21_sentences_never_seen_are_translated(tmp_path):
    sacrebleu = pytest.importorskip("sacrebleu")
    (tmp_path / "pairs.tsv").write_text(sentences(), encoding="utf-8")
    changes = {
        "data": {"use": "pairs", "path": str(tmp_path / "pairs.tsv"), "vocabulary": 150},
        "model.width": 48,
        "model.embedding": 32,
        "model.dropout": 0.0,
        "model.attention": "additive",
        "task.smoothing": 0.0,
        "optimizer.lr": 0.01,
        "training.batch_size": 16,
        "budget.epochs": 4,
    }
    run = Run("deu/attention", changes, runs=tmp_path / "runs")
    run.train(threads=1, signals=False)
    assert run.metrics["val/bleu"] >= 80
    assert run.metrics["val/chrf"] >= 80
    trained, held_out = load(run), divided(parsed(sentences(), "pairs.tsv"))["val"]
    assert len(held_out) == 72
    with torch.inference_mode():
        said = trained.task.answers(trained.network, [english for english, _ in held_out])
    truth = [german for _, german in held_out]
    assert run.metrics["val/bleu"] == pytest.approx(sacrebleu.corpus_bleu(said, [truth]).score, abs=1e-3)
    assert run.metrics["val/chrf"] == pytest.approx(sacrebleu.corpus_chrf(said, [truth]).score, abs=1e-3)
