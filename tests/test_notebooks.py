"""The examples run as notebooks, in a real kernel, from top to bottom."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def notebook_of(text: str) -> nbformat.NotebookNode:
    """Cells in percent format: ``# %%`` starts code, ``# %% [markdown]`` starts a comment that is prose."""
    cells = []
    for kind, body in re.findall(r"^# %%(.*)\n((?:(?!# %%).*\n)*)", text, flags=re.MULTILINE):
        if "[markdown]" in kind:
            cells.append(nbformat.v4.new_markdown_cell(re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip()))
        else:
            cells.append(nbformat.v4.new_code_cell(body.strip()))
    return nbformat.v4.new_notebook(cells=cells)


def execute(notebook: nbformat.NotebookNode, folder: Path) -> list[nbformat.NotebookNode]:
    """All code cells of a notebook, with their outputs; its current folder is ``folder``."""
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.create_kernel_manager()
    client.km.kernel_cmd = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: nbformat.NotebookNode) -> str:
    """What a cell shows as HTML."""
    return "\n".join(output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {}))


def said(cell: nbformat.NotebookNode) -> str:
    """What a cell prints and how its value reads."""
    texts = [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(texts)


def check_prose(notebook: nbformat.NotebookNode) -> None:
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["markdown", "code"] * (len(kinds) // 2)
    assert not [
        output for cell in notebook.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"
    ]


@pytest.mark.slow
def test_first_study(tmp_path):
    notebook = notebook_of((EXAMPLES / "first_study.py").read_text())
    plan, run, effect, loss, report = execute(notebook, tmp_path)
    check_prose(notebook)
    assert "2 arms × 5 seeds" in said(plan)
    live, answer = [output.data["text/html"] for output in run.outputs if "text/html" in output.get("data", {})]
    assert "10 of 10 runs" in live  # the last state of the table that was redrawn in place
    assert live.count("<th") == 7
    assert re.findall(r"widths=\[64\]</td>(<td>\d+\.\d+ %</td>){5}", live)
    assert "<table" in answer
    assert "widths: [64] − [8]" in said(effect)
    assert "better" in said(effect)
    assert "loss" in shown(loss)
    folders = [tmp_path / "runs" / name for name in ("digits-mlp--model.widths", "by-loss")]
    first, again = (sorted(folder.glob("*/*/status.json")) for folder in folders)
    assert len(first) == 10
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]  # trained once
    assert "report.html" in said(report)


@pytest.mark.slow
def test_own_model(tmp_path):
    notebook = notebook_of((EXAMPLES / "own_model.py").read_text())
    _, duel, both, luck = execute(notebook, tmp_path)
    check_prose(notebook)
    for cell in (duel, both, luck):
        assert shown(cell).count("<table") >= 2  # the live one, and the answer
    runs = list((tmp_path / "runs" / "digits-mlp--model" / "model=Mixer").glob("*/result.json"))
    assert len(runs) == 4
    workers = {re.search(r'"pid": (\d+)', (run.parent / "status.json").read_text())[1] for run in runs}  # type: ignore[index]
    assert 1 <= len(workers) <= 2
    assert all((run.parent / "log.txt").exists() for run in runs)  # only workers write it
    assert "✗" not in shown(duel) + shown(both) + shown(luck)
    assert all(stream in shown(luck) for stream in ("initialisation", "order", "split"))


@pytest.mark.slow
def test_T7_sequential_and_graph(tmp_path):
    notebook = notebook_of((EXAMPLES / "sequential_and_graph.py").read_text())
    _, same, twins, skip = execute(notebook, tmp_path)
    check_prose(notebook)
    assert said(same).count("True") == 3
    figures = re.findall(r"\d\.\d{6,}", said(twins))  # three seeds of one, three of the other
    assert len(figures) == 6
    assert figures[:3] == figures[3:]
    assert "skip: true − false" in said(skip)
