"""What tuning does to a comparison of equal arms."""

import numpy as np
import pytest

from paribus.evidence.simulation.tuning import tuned_studies


@pytest.mark.parametrize(("where", "least", "most"), [("own examples", -0.6, 0.6), ("all validation splits", 1.1, 2.4)])
def test_only_examples_of_their_own_leave_equal_arms_equal(where, least, most):
    """150 studies with a spread of 1.8 points: the mean is known to within ±.45 (three deviations)."""
    found, _ = tuned_studies(where, (1, 8), 5, 150, np.random.default_rng(5))
    assert least < found.mean() < most
