"""An answer runs: as a function, and as a module that tests itself."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import paribus
from paribus.errors import TheoryError
from paribus.theory.derivations.code import as_code
from paribus.theory.derive import derive


def test_the_answer_is_a_function():
    rng = np.random.default_rng(0)
    a, x = rng.normal(size=(3, 3)), rng.normal(size=3)
    function = paribus.derive("x.T @ A @ x", wrt="x", shapes={"A": "n,n", "x": "n"}).function()
    np.testing.assert_allclose(function(A=a, x=x), (a + a.T) @ x)
    np.testing.assert_allclose(derive("mean(x**2)", "x").function()(x=x), 2 * x / 3)
    with pytest.raises(TheoryError, match="by name"):
        function(A=a)
    with pytest.raises(TheoryError, match="does not have the shape"):
        function(A=a[:2], x=x)


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("sum(log(1 + exp(-y * (X @ w))))", ["w", "X"]),
        ("-0.5 * logdet(S) - 0.5 * (x - m).T @ inv(S) @ (x - m)", ["S", "m"]),
        ("mean(relu(W @ x)) + alpha * norm(W)**2", ["W", "alpha"]),
        ("X.T @ X", ["X"]),
    ],
)
def test_H1_printed_code_runs_and_tests_itself(tmp_path, text, wrt):
    code = as_code(derive(text, wrt))
    file = tmp_path / "derived.py"
    file.write_text(code)
    run = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "equal to central differences" in run.stdout
    spoilt = (
        code.replace(f"def d_{wrt[0]}(", f"def unused_{wrt[0]}(") + f"\n\ndef d_{wrt[0]}(**given):\n    return 7.0\n"
    )
    file.write_text(spoilt.replace('if __name__ == "__main__":\n    test()\n', "") + "\n\ntest()\n")
    assert subprocess.run([sys.executable, str(file)], capture_output=True, check=False).returncode != 0
