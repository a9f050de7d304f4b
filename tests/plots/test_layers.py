from __future__ import annotations

from paribus.plots.layers import sizes
from paribus.theory.layers import table


def test_outputs_and_fields_layer_by_layer():
    chart = sizes(table("conv 4 k3, pool 2, conv 4 k3", (1, 20, 20)))
    rows = chart.spec["layer"][0]["data"]["values"]
    assert [row["y"] for row in rows if row["arm"] == "outputs"] == [18, 9, 7]
    assert [row["y"] for row in rows if row["arm"] == "field"] == [3, 4, 8]
    assert "<svg" in chart.svg()


def test_a_single_layer_needs_no_picture():
    assert sizes(table("conv 4 k3", (1, 20, 20))) is None
