"""How threads wait, who decides it, and what does not depend on their number."""

import json
import subprocess
import sys

import pytest
import torch

from paribus import threads

TELL = "import json, os; from paribus import threads; print(json.dumps(threads.waiting()))"


@pytest.mark.parametrize(
    ("code", "chosen", "expected"),
    [
        (f"import paribus; {TELL}", {}, threads.BRIEFLY),
        (f"import paribus; {TELL}", {"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        (f"import paribus; {TELL}", {"OMP_WAIT_POLICY": "PASSIVE"}, {"OMP_WAIT_POLICY": "PASSIVE"}),
        (f"import sys; sys.modules['torch'] = sys; import paribus; {TELL}", {}, {}),
    ],
    ids=["set before torch is loaded", "the user's count stands", "the user's policy stands", "too late: not claimed"],
)
def test_openmp_waits_briefly_unless_somebody_decided(code, chosen, expected, monkeypatch):
    for name in threads.CHOSEN:
        monkeypatch.delenv(name, raising=False)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == expected


def test_the_record_says_how_threads_waited(run):
    assert run.environment()["openmp"] == threads.waiting()


def test_single_restores_the_number_of_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with threads.single():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
