"""An error of the reader points at the place."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory.derive import derive


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("x.T @ foo(x)", "foo"),
        ("x * A", "*"),
        ("tr(A @ x)", "A @ x"),
        ("a.T @ x ^ 2", "x ^ 2"),
        ("exp(x) * x.shape", "x.shape"),
    ],
)
def test_errors_point_at_the_column(text, pointed):
    with pytest.raises(TheoryError) as error:
        derive(text, "x")
    _, received, caret, *_ = str(error.value).splitlines()
    assert received[caret.index("^") :].startswith(pointed)


@pytest.mark.parametrize("text", ["9**9**9**9", "(1/3)**(-900000) * x", "10**12**10 * x"])
def test_powers_that_nobody_could_write_down_are_refused_at_once(text):
    with pytest.raises(TheoryError, match="at most 4096 binary digits"):
        derive(text, "x")
