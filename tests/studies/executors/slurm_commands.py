"""The commands of SLURM's that submitit calls, for one machine without a queue: what is submitted begins at once.

They understand just what submitit writes; nothing here shows how a scheduler decides.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

COMMANDS = ("sbatch", "srun", "sacct", "scancel")


def lay_out(folder: Path) -> Path:
    """Put the commands into a folder for the path of programs; what was submitted is kept beside them."""
    (folder / "bin").mkdir(parents=True)
    for name in COMMANDS:
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "{folder}" "$@"\n')
        program.chmod(0o755)
    return folder / "bin"


def sbatch(folder: Path, script: str) -> int:
    """Begin a script, as often as its array says."""
    text = Path(script).read_text()
    if "--partition=nowhere" in text:
        print("sbatch: error: invalid partition specified: nowhere", file=sys.stderr)
        return 1
    number = 1000 + len(list(folder.glob("*.sh")))
    (folder / f"{number}.sh").write_text(text)
    array = re.search(r"--array=0-(\d+)", text)
    for place in range(int(array[1]) + 1) if array else [None]:
        known = {"SLURM_JOB_ID": number if place is None else 5000 + number + place}
        if place is not None:
            known |= {"SLURM_ARRAY_JOB_ID": number, "SLURM_ARRAY_TASK_ID": place}
        environment = {**os.environ, **{name: str(value) for name, value in known.items()}}
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(["bash", script], env=environment, start_new_session=True, **quiet)
        (folder / f"{number}{'' if place is None else f'_{place}'}.pid").write_text(str(process.pid))
    print(f"Submitted batch job {number}")
    return 0


def srun(folder: Path, *words: str) -> int:
    """Run a program, with its words in files."""
    rest = [word for word in words if word != "--unbuffered"]
    number = os.environ.get("SLURM_ARRAY_JOB_ID", os.environ["SLURM_JOB_ID"])
    place = os.environ.get("SLURM_ARRAY_TASK_ID", "")
    names = {"%j": os.environ["SLURM_JOB_ID"], "%A": number, "%a": place, "%t": "0"}
    for which, option in ((1, "--output"), (2, "--error")):
        name = rest[rest.index(option) + 1]
        for mark, value in names.items():
            name = name.replace(mark, value)
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), which)
    program = rest[rest.index("--error") + 2 :]
    os.execvp(program[0], program)


def sacct(folder: Path, *_: str) -> int:
    """Say which are running."""
    print("JobID|State|NodeList")
    for file in folder.glob("*.pid"):
        alive = Path("/proc", file.read_text()).exists()
        print(f"{file.stem}|{'RUNNING' if alive else 'COMPLETED'}|here")
    return 0


def scancel(folder: Path, *words: str) -> int:
    """End jobs, and note which."""
    for number in words:
        with (folder / "cancelled.txt").open("a") as file:
            file.write(f"{number}\n")
        with suppress(ProcessLookupError):
            os.killpg(int((folder / f"{number}.pid").read_text()), signal.SIGTERM)
    return 0


if __name__ == "__main__":
    sys.exit(
        {"sbatch": sbatch, "srun": srun, "sacct": sacct, "scancel": scancel}[sys.argv[1]](
            Path(sys.argv[2]), *sys.argv[3:]
        )
    )
