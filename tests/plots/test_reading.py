"""What becomes of texts, as a chart: every outcome with its interval."""

from __future__ import annotations

import json

from paribus.analysis.reading import OUTCOMES, Judged, summed
from paribus.plots.reading import PERFECT, outcomes


def test_every_outcome_has_its_share_and_its_interval():
    judged = [Judged("a.jpg", "AB", "AB", "AB", 0.9, "right")] * 6 + [
        Judged("b.jpg", "AB", "A", "AB", 0.8, "misread")
    ] * 2
    found = summed(judged, 8, 0, 0.5)
    written = json.dumps(outcomes(found).spec)
    assert all(name in written for name in (*OUTCOMES, PERFECT))
    assert '"share": 0.75' in written
    assert f'"low": {found.outcomes["right"].low}' in written
    assert "8 texts" in written
