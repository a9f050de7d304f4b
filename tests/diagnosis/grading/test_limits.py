"""Learning rates of sound recipes are read from them, and put into a table beside what else it holds."""

import json

import pytest

from paribus.diagnosis.grading import cases, limits, parts


@pytest.fixture(autouse=True)
def own_parts():
    parts.plug_in()


def test_rates_are_those_of_the_recipes():
    plain = [case for case in cases.sound("tuning", 1, ["b1", "d5"]) if case.name in ("as it is", "half the rate")]
    found = limits.rates(plain)
    assert (found["gradient_rate"].low, found["gradient_rate"].high) == pytest.approx(
        (0.05, 0.1)
    )  # d5: 0.01 / (1 − 0.9)
    assert (found["coordinate_rate"].low, found["coordinate_rate"].high) == pytest.approx((0.0005, 0.001))
    assert found["gradient_heat"].high == pytest.approx(0.1 / 22, rel=1e-3)
    assert (found["coordinate_heat"].n, found["coordinate_heat"].hosts) == (2, 1)


def test_the_rest_of_a_table_stays(tmp_path, monkeypatch):
    few = [case for case in cases.sound("tuning", 1, ["b1"]) if case.name == "as it is"]
    monkeypatch.setattr(limits, "sound", lambda side, seeds: few if side == "tuning" else [])
    table = tmp_path / "healthy.json"
    table.write_text(json.dumps({"runs": 3, "ranges": {"fit": {"n": 3}, "coordinate_rate": {"n": 1}}}))
    assert "coordinate_rate: 0.001 to 0.001, 1 recipes of 1 hosts" in limits.write(table)
    written = json.loads(table.read_text())
    assert (written["runs"], written["ranges"]["fit"]) == (3, {"n": 3})
    assert written["ranges"]["coordinate_rate"]["high"] == 0.001
