"""Studies of commands: each arm and seed once, whatever happens, and the same evidence as ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paribus.commands.command import Command
from paribus.errors import StudyError
from paribus.records.metric import Metric
from paribus.records.run import RunFolder
from paribus.records.study import StudyDesign
from paribus.studies import commands, executors, runner
from paribus.studies.progress import StudyProgress
from paribus.training.execution import Settings

PYTHON = f"{sys.executable} -I -S"
SCRIPT = """
import json, os, pathlib, random, sys
lr, seed, out = float(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
with (out.parent / "calls.txt").open("a") as file:
    file.write(os.environ["OMP_NUM_THREADS"] + " " + os.environ["PARIBUS_SEED"] + "\\n")
chance = random.Random(seed)
rows = ["epoch,loss,val_acc"]
for epoch in range(5):
    value = 0.8 + lr - abs(epoch - 3) / 50 + chance.gauss(0, 0.01) * (1 + lr)
    rows.append(f"{epoch},{1 - value},{value}")
    print(f"epoch {epoch} val_acc={value}")
(out / "metrics.csv").write_text("\\n".join(rows))
(out / "result.json").write_text(json.dumps({"test": {"acc": value}}))
"""
LINE = f"{PYTHON} train.py {{lr}} {{seed}} {{folder}}"
SLOW = LINE.replace("train.py", "slow.py")
ACC = Metric("val_acc", higher_is_better=True, percent=True, matters=0.01)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(SCRIPT)
    return tmp_path


def planned(command: Command, vary=None, seeds=(0, 1, 2), figure=ACC, changes=None, **fields) -> StudyDesign:
    vary = {"lr": (0.0, 0.1)} if vary is None else vary
    return commands.plan(command, changes or {}, vary, seeds, metric=figure, **fields)


def run(command: Command, design: StudyDesign, listen=lambda event: None, executor="inprocess", **options):
    folder = Path("runs") / design.name
    chosen = executors.make(executor, 2, "cpu")
    trainer = commands.Commands(command)
    return runner.run(design, folder, Settings("cpu", 1), chosen, trainer=trainer, listen=listen, **options)


def calls() -> list[Path]:
    return sorted(path for path in Path("runs").rglob("calls.txt") for _ in path.read_text().splitlines())


def test_S24_a_command_is_compared_over_its_seeds(place):
    command = Command(LINE, "best:val_acc@metrics.csv")
    result = run(command, planned(command))
    assert result.complete
    [effect] = result.effects
    assert effect.verdict.word == "better"
    assert effect.estimate.value == pytest.approx(0.1, abs=0.005)  # seeds share their chance
    assert len(calls()) == 6
    assert [len(curve) for curve in result.arms[0].curves["val_acc"]] == [5, 5, 5]
    assert set(result.arms[0].curves) == {"val_acc", "loss"}
    run_folder = RunFolder(Path("runs") / result.design.name / result.arms[1].name / "seed-2")
    assert run_folder.result.execution == {"threads": 1, "exit_code": 0, "attempts": 1}
    assert run_folder.result.best_epoch == max(range(1, 6), key=lambda at: run_folder.history[at - 1]["val_acc"])
    assert (run_folder.path / "calls.txt").read_text() == "1 2\n"
    assert "epoch 4 val_acc=" in (run_folder.path / "log.txt").read_text()


@pytest.mark.parametrize(
    "metric", ["val_acc@metrics.csv", "val_acc@stdout", r"re:val_acc=([\d.]+)@stdout", "test.acc@result.json"]
)
def test_every_place_gives_the_same_figure(place, metric):
    command = Command(LINE, metric)
    figure = Metric(command.source.name, higher_is_better=True)
    result = run(command, planned(command, figure=figure, seeds=(3,)))
    for arm in result.arms:
        written = Path("runs") / result.design.name / arm.name / "seed-3" / "output" / "result.json"
        assert arm.values[3] == json.loads(written.read_text())["test"]["acc"]


def test_finished_runs_are_never_run_twice_and_others_are_added(place):
    command = Command(LINE, "val_acc@metrics.csv")
    run(command, planned(command))
    again = []
    run(command, planned(command, seeds=(0, 1, 2, 3)), listen=lambda event: again.append(event.kind))
    assert again.count("known") == 6
    assert again.count("finished") == 2
    assert len(calls()) == 8


def test_runs_in_a_pool_give_the_same(place):
    command = Command(LINE, "best:val_acc@metrics.csv")
    alone = run(command, planned(command, name="alone"))
    Path("runs").rename("before")
    pool = run(command, planned(command, name="alone"), executor="pool")
    assert [arm.values for arm in pool.arms] == [arm.values for arm in alone.arms]


def test_a_script_that_changed_is_another_experiment(place):
    command = Command(LINE, "val_acc@metrics.csv")
    run(command, planned(command))
    with Path("train.py").open("a") as file:
        file.write("# changed\n")
    with pytest.raises(StudyError, match=r"code of train\.py") as error:
        run(command, planned(command))
    assert "--data-changed restart" in error.value.hint
    assert run(command, planned(command), data_changed="restart").complete
    assert len(calls()) == 12


def test_another_metric_needs_no_second_training(place):
    wrong = Command(LINE, "val_ac@metrics.csv")
    result = run(wrong, planned(wrong, figure=Metric("val_ac", higher_is_better=True)))
    assert result.arms[0].count("failed") == 3
    assert "did you mean 'val_acc'" in result.arms[0].errors[0]
    for metric in ("best:val_acc@metrics.csv", "mean2:loss@metrics.csv", "last:val_acc@stdout"):
        right = Command(LINE, metric)
        figure = Metric(right.source.name, higher_is_better=right.source.name != "loss")
        assert run(right, planned(right, figure=figure, name=metric[:4])).complete
    taken = list(Path("runs").rglob("calls.txt"))
    assert len(taken) == 6  # only where it was called


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("raise ValueError('no such thing')", "ValueError: no such thing"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("pass", "wrote no metrics.csv"),
        ("open(sys.argv[3] + '/metrics.csv', 'w')", "no rows"),
        ("open(sys.argv[3] + '/other.csv', 'w')", "it wrote other.csv"),
        ("open(sys.argv[3] + '/metrics.csv', 'w').write('val_acc\\nhigh\\n')", "empty in all rows"),
    ],
)
def test_what_goes_wrong_is_said_and_touches_no_other_run(place, code, said):
    Path("train.py").write_text(f"import sys\nif sys.argv[2] == '1':\n    {code}\n    raise SystemExit\n{SCRIPT}")
    command = Command(LINE, "val_acc@metrics.csv")
    result = run(command, planned(command))
    assert [arm.states for arm in result.arms] == [{0: "finished", 1: "failed", 2: "finished"}] * 2
    assert said in result.arms[0].errors[1]
    assert not result.complete


def test_what_is_no_number_diverged(place):
    Path("train.py").write_text(SCRIPT.replace("chance.gauss(0, 0.01)", "(float('nan') if seed == 1 else 0.0)"))
    for metric, count in (("val_acc@metrics.csv", 1), ("val_acc@stdout", 1)):
        command = Command(LINE, metric)
        result = run(command, planned(command, name=metric[-5:]))
        assert [arm.count("diverged") for arm in result.arms] == [count, count]


def test_shares_that_are_written_in_per_cent_are_points_everywhere(place):
    Path("train.py").write_text("import sys; print('val_acc', 90 + float(sys.argv[1]) + int(sys.argv[2]) ** 2 / 7)")
    command = Command(f"{PYTHON} train.py {{lr}} {{seed}}", "val_acc@stdout")
    design = planned(command)
    seen = StudyProgress.of(design)
    result = run(command, design, listen=seen.update)
    assert (seen.text("lr=0", 0), seen.mean("lr=0")) == ("90 points", "90.24 points")
    assert result.effects[0].conclusion
    assert (result.metric.percent, result.metric.unit, result.delta) == (False, "points", 1.0)


def test_a_pattern_that_never_matches_says_so(place):
    command = Command(LINE, r"re:accuracy is ([0-9.]+)@stdout")
    result = run(command, planned(command, seeds=(0,), figure=Metric("is", higher_is_better=True)))
    assert "nothing that the command printed matches" in result.arms[0].errors[0]


def test_retries_are_for_exit_codes_and_begin_with_an_empty_folder(place):
    Path("train.py").write_text(
        SCRIPT + "\nseen = len((out.parent / 'calls.txt').read_text().splitlines())\n"
        "assert len(list(out.iterdir())) == 2\nif seen < 3: sys.exit(7)\n"
    )
    command = Command(LINE, "val_acc@metrics.csv", retries=2)
    result = run(command, planned(command, seeds=(0,), vary={"lr": (0.1,)}))
    assert result.complete
    assert result.arms[0].execution["attempts"] == 3
    assert next(Path("runs").rglob("log.txt")).read_text().count("exit code 7") == 2
    again = Command(LINE, "val_acc@metrics.csv", retries=1)
    failed = run(again, planned(again, seeds=(1,), vary={"lr": (0.1,)}, name="less"))
    assert "exit code 7, 2 times" in failed.arms[0].errors[1]


def test_a_run_that_takes_too_long_is_ended_and_not_begun_anew(place):
    Path("train.py").write_text("import time; print('slow', flush=True); time.sleep(60)")
    command = Command(LINE, "val_acc@metrics.csv", timeout="0.5s", retries=3)
    began = time.monotonic()
    result = run(command, planned(command, seeds=(0,), vary={"lr": (0.1,)}))
    assert "took longer than" in result.arms[0].errors[0]
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("line", "vary", "seeds", "rule"),
    [
        (f"{PYTHON} train.py {{lr}} {{seed}}", {"lr": (1, 2)}, 3, "no {folder}"),
        (f"{PYTHON} plain.py {{lr}} {{folder}}", {"lr": (1, 2)}, 3, "no {seed}"),
        (f"{PYTHON} train.py {{seed}} {{folder}}", {"lr": (1, 2)}, 3, "no {lr}"),
        (f"{PYTHON} train.py {{lr}} {{beta}} {{seed}} {{folder}}", {"lr": (1, 2)}, 3, "{beta} that nothing sets"),
        (f"{PYTHON} train.py {{a}}{{b}} {{seed}} {{folder}}", {"a": ("x", "xy"), "b": ("yz", "z")}, 3, "same command"),
        (f"{PYTHON} train.py {{lr}} {{seed}} {{folder}}", {"lr": (0.1, "0.1")}, 3, "same value twice"),
        ("no-such-program {lr} {seed} {folder}", {"lr": (1, 2)}, 3, "no such command"),
        ("./train.py {lr} {seed} {folder}", {"lr": (1, 2)}, 3, "may not be executed"),
        (f"{PYTHON} train.py {{lr}} {{seed}} {{folder}} {{gpu}}", {"lr": (1, 2)}, 3, "no GPU here"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_run(place, monkeypatch, line, vary, seeds, rule):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    Path("plain.py").touch()  # one that asks for no variable of ours
    with pytest.raises(Exception, match=rule):
        planned(Command(line, "val_acc@metrics.csv"), vary, range(seeds))


def test_a_program_may_learn_its_seed_and_folder_from_the_environment(place):
    Path("train.py").write_text(
        "import os, pathlib\nout = pathlib.Path(os.environ['PARIBUS_FOLDER'])\n"
        "(out / 'm.csv').write_text('val_acc\\n0.' + os.environ['PARIBUS_SEED'])"
    )
    command = Command(f"{PYTHON} train.py", "val_acc@m.csv")
    result = run(command, planned(command, {}, (1, 2, 3)))
    assert result.arms[0].values == {1: 0.1, 2: 0.2, 3: 0.3}


def test_gpus_are_shared_out(place, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    Path("train.py").write_text("import os, sys; print('gpu', os.environ['CUDA_VISIBLE_DEVICES'].replace(',', '.'))")
    command = Command(f"{PYTHON} train.py {{seed}}", "gpu@stdout")
    figure = Metric("gpu", higher_is_better=True)
    result = run(command, planned(command, {}, range(6), figure, name="pool"), executor="pool")
    assert set(result.arms[0].values.values()) <= {4.0, 7.0}
    assert 4.0 in result.arms[0].values.values()
    told = Command(f"{PYTHON} train.py {{seed}} {{gpu}}", "gpu@stdout")  # the program itself chooses among all
    result = run(told, planned(told, {}, range(2), figure, name="told"))
    assert set(result.arms[0].values.values()) == {4.7}
    assert commands.workers(1) == 2


def test_values_with_spaces_and_signs_reach_the_program_as_they_are(place):
    hostile = "a b; $(touch evil) 'x' \"y\" `z` > out"
    Path("train.py").write_text("import sys; print('length', len(sys.argv), sys.argv[1] == sys.argv[2])")
    command = Command(f"{PYTHON} train.py {{tag}} {{tag}} {{seed}}", "length@stdout")
    result = run(command, planned(command, {"tag": ("a", hostile)}, (0, 1), Metric("length", higher_is_better=True)))
    assert [arm.values for arm in result.arms] == [{0: 4.0, 1: 4.0}] * 2
    assert not Path("evil").exists()
    assert "True" in next(Path("runs").rglob("log.txt")).read_text()


def test_a_shell_only_if_asked_for(place):
    line = "echo acc 0.{seed} | tr 0 9"
    figure = Metric("acc", higher_is_better=True)
    plain = Command(line, "acc@stdout")
    assert run(plain, planned(plain, {}, (1, 2), figure, name="plain")).arms[0].values == {1: 0.1, 2: 0.2}
    shell = Command(line, "acc@stdout", shell=True)
    assert run(shell, planned(shell, {}, (1, 2), figure, name="shell")).arms[0].values == {1: 9.1, 2: 9.2}


@pytest.fixture
def slow_study(place):
    """A study of two commands at a time that go on until there is a file called go, in a process of its own."""
    Path("slow.py").write_text(f"{SCRIPT}\nimport time\nif not os.path.exists('go'): time.sleep(60)\n")
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_commands import *
command = Command({SLOW!r}, "val_acc@metrics.csv")
run(command, planned(command, seeds=(0, 1)), executor="pool")
"""
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as process:
        waited(lambda: len(calls()) == 2 or process.poll() is not None)
        yield process


def waited(what, seconds: float = 60.0) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(what())


def states() -> set[str]:
    return {json.loads(path.read_text())["state"] for path in Path("runs").rglob("status.json")}


@pytest.mark.slow
def test_R6_interrupted_it_stops_its_commands_and_goes_on_later(slow_study):
    os.kill(slow_study.pid, signal.SIGINT)
    assert slow_study.wait(timeout=60) != 0
    assert states() == {"interrupted"}
    Path("go").touch()
    command = Command(SLOW, "val_acc@metrics.csv")
    assert run(command, planned(command, seeds=(0, 1))).complete


@pytest.mark.slow
def test_R12_a_study_that_is_killed_leaves_no_command_running(slow_study):
    slow_study.kill()
    assert waited(lambda: not running("slow.py"))
    assert waited(lambda: "running" not in states())


def running(name: str) -> list[str]:
    """The processes of this test that have a word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            if name.encode() in words and path.with_name("cwd").resolve() == Path.cwd():
                found.append(path.parent.name)
        except OSError:  # it has ended
            continue
    return found
