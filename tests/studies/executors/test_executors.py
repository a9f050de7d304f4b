"""The executors of the table fulfil the contract, whichever they are; those of clusters in files of their own."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import new_class

import pytest

from paribus.errors import StudyError
from paribus.studies.executors import ELSEWHERE, EXECUTORS, make
from paribus.testing.executors import ExecutorContract

for name in [name for name in EXECUTORS if name not in ELSEWHERE]:
    two = {"make": partial(make, name, 2, "cpu")}
    globals()[f"Test_{name}"] = new_class(f"Test_{name}", (ExecutorContract,), two)


def test_every_executor_of_the_table_is_tested():
    tested = [found for found in vars(sys.modules[__name__]) if found.startswith("Test_")]
    assert set(tested) == {f"Test_{name}" for name in EXECUTORS.keys() - ELSEWHERE}
    for name in ELSEWHERE:
        tests = (Path(__file__).parent / f"test_{name}.py").read_text()
        assert f'(ExecutorContract, make=partial(make, "{name}"' in tests
    assert set(EXECUTORS) >= {"inprocess", "pool"}


def test_an_unknown_executor_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'pool'"):
        make("poole")


@pytest.mark.parametrize("name", EXECUTORS)
def test_executors_say_what_their_jobs_share(name):
    executor = make(name, 2, "cpu")
    assert executor.workers == (2 if executor.isolated else 1)
