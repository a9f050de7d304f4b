"""32 short trials of a search, against optuna with an objective that is written by hand, and two processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch

from benchmarks.table import Row, ratios
from paribus.progress import silent
from paribus.records.recipe import Recipe
from paribus.records.search import Trial
from paribus.search import Tune
from paribus.studies.runner import Reading
from paribus.studies.search.design import choosing, plan
from paribus.studies.search.runner import Search
from paribus.training.execution import Settings

TRIALS, WORKERS, EPOCHS = 32, 2, 15
SPACE = {"optimizer.lr": "1e-3..1", "optimizer.momentum": "0..0.95"}

OURS = """
import sys
import paribus as pb
folder, trials, epochs, jobs = sys.argv[1], *map(int, sys.argv[2:])
pb.tune("digits/mlp", epochs=epochs, search={space!r}, trials=trials, confirm=0, jobs=jobs, device="cpu", runs=folder,
        listen=lambda trial, event: None)
"""

TUNED = """
import sys
import optuna
import torch
import torch.nn.functional as F
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

optuna.logging.set_verbosity(optuna.logging.ERROR)
torch.set_num_threads(1)
pictures, labels = load_digits(return_X_y=True)
rest, _, rest_labels, _ = train_test_split(pictures, labels, test_size=0.2, random_state=0, stratify=labels)
x, x_val, y, y_val = train_test_split(rest, rest_labels, test_size=0.3, random_state=0, stratify=rest_labels)
mean, deviation = x.mean(), x.std()
x, x_val = (torch.tensor((part - mean) / deviation, dtype=torch.float32) for part in (x, x_val))
y, y_val = torch.tensor(y), torch.tensor(y_val)

def objective(trial):
    lr = trial.suggest_float("lr", 1e-3, 1.0, log=True)
    momentum = trial.suggest_float("momentum", 0.0, 0.95)
    torch.manual_seed(0)
    model = torch.nn.Sequential({layers})
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    for _ in range(int(sys.argv[3])):
        model.train()
        for rows in torch.randperm(len(x)).split({batch}):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            accuracy = float((model(x_val).argmax(1) == y_val).float().mean())
    return accuracy

storage = JournalStorage(JournalFileBackend(sys.argv[1] + "/search.log"))
study = optuna.create_study(study_name="search", storage=storage, direction="maximize", load_if_exists=True)
study.optimize(objective, n_trials=int(sys.argv[2]))
"""


AS_USUAL = (  # as most people write it: a loader that makes every batch of single examples, threads left to chance
    TUNED.replace("torch.set_num_threads(1)\n", "")
    .replace("for rows in torch.randperm(len(x)).split({batch}):", "for inputs, targets in loader:")
    .replace("F.cross_entropy(model(x[rows]), y[rows])", "F.cross_entropy(model(inputs), targets)")
    .replace(
        "    model = torch",
        "    loader = DataLoader(TensorDataset(x, y), batch_size={batch}, shuffle=True)\n    model = torch",
    )
    .replace("import optuna\n", "import optuna\nfrom torch.utils.data import DataLoader, TensorDataset\n", 1)
)


def rows(repeats: int) -> list[Row]:
    """The whole search, and what a trial costs beside its training."""
    turns = max(1, repeats // 2)
    usual = ratios(lambda: by_hand(AS_USUAL), lambda: ours(WORKERS), turns)
    tuned = ratios(lambda: by_hand(TUNED), lambda: ours(WORKERS), turns)
    name = f"optuna in {WORKERS} processes / `pb.tune` with {WORKERS} workers, {TRIALS} short trials, objective "
    return [
        Row(f"{name}as usual (DataLoader)", usual, "≥ 1.5"),
        Row(f"{name}tuned by hand (tensors in memory, one thread)", tuned, "–"),
        Row("the search's own part of a trial (32 by TPE)", [own_part() for _ in range(turns)], "≤ 0.05", " s"),
        Row(
            "choosing a trial by TPE where 200 are known", [choosing_seconds(200) for _ in range(turns)], "≤ 0.05", " s"
        ),
    ]


def ours(workers: int) -> float:
    """Seconds of a program that searches with paribus."""
    with tempfile.TemporaryDirectory() as folder:
        return _seconds([[OURS.format(space=SPACE), folder, str(TRIALS), str(EPOCHS), str(workers)]])


def by_hand(objective: str) -> float:
    """Seconds of two programs that search with optuna, together: they share a journal, optuna's quickest store."""
    recipe = Recipe.load("digits/mlp")
    sizes = [64, *recipe.settings("model")["widths"], 10]
    layers = [f"torch.nn.Linear({a}, {b})" for a, b in pairwise(sizes)]
    code = objective.format(layers=", torch.nn.ReLU(), ".join(layers), batch=recipe.training.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        words = [code, folder, str(TRIALS // WORKERS), str(EPOCHS)]
        return _seconds([words] * WORKERS)


def _seconds(programs: list[list[str]]) -> float:
    """Seconds until all of these programs, started at the same time, have ended."""
    began = time.perf_counter()
    running = [subprocess.Popen([sys.executable, "-c", *words], env=dict(os.environ)) for words in programs]
    ends = [process.wait(timeout=600) for process in running]
    assert ends == [0] * len(programs)
    return time.perf_counter() - began


def own_part() -> float:
    """Seconds of a search for each trial, if training took none."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as runs:
        made = Tune("digits/mlp", search=SPACE, trials=TRIALS, confirm=0, runs=Path(runs))
        search = Search(made.design, made.folder, Settings("cpu", 1), lambda trial, event: None, Reading(silent))
        began = time.perf_counter()
        for number, job in enumerate(search.jobs()):
            assert job is not None
            search.trials[number] = _finished(search.trials[number])
        return (time.perf_counter() - began) / TRIALS


def _finished(trial: Trial) -> Trial:
    value = (trial.number * 37 % 101) / 101
    return Trial(trial.number, trial.settings, "finished", value, 1, (value,), beside=trial.beside)


def choosing_seconds(known: int) -> float:
    """Seconds until the values of a trial are chosen, where so many are known."""
    recipe = Recipe.load("digits/mlp")
    spread = choosing(plan(recipe, SPACE, trials=known, sampler="random"))
    trials = [_finished(Trial(number, spread(number, []))) for number in range(known)]
    choose = choosing(plan(recipe, SPACE, trials=known))
    began = time.perf_counter()
    for _ in range(5):
        choose(known, trials)
    return (time.perf_counter() - began) / 5
