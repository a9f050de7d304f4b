"""The executors of the table fulfil the contract, whichever they are."""

from __future__ import annotations

import sys
from functools import partial
from types import new_class

import pytest

from paribus.errors import StudyError
from paribus.studies.executors import EXECUTORS, make
from paribus.testing.executors import ExecutorContract

for name in EXECUTORS:
    two = {"make": partial(make, name, 2, "cpu")}
    globals()[f"Test_{name}"] = new_class(f"Test_{name}", (ExecutorContract,), two)


def test_every_executor_of_the_table_is_tested():
    tested = [found for found in vars(sys.modules[__name__]) if found.startswith("Test_")]
    assert tested == [f"Test_{name}" for name in EXECUTORS]
    assert set(EXECUTORS) >= {"inprocess", "pool"}


def test_an_unknown_executor_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'pool'"):
        make("poole")


@pytest.mark.parametrize("name", EXECUTORS)
def test_executors_say_what_their_jobs_share(name):
    executor = make(name, 2, "cpu")
    assert executor.workers == (2 if executor.isolated else 1)
