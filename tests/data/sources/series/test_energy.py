"""Real series."""

from __future__ import annotations

import datetime

import pytest

from paribus.data.prepare import cache
from paribus.data.sources.series.energy import FILES, Energy
from paribus.errors import DataError

START = datetime.datetime(2021, 3, 1)
HOUR = datetime.timedelta(hours=1)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("series", "frequency", "rows"),
    [("dayton", "hourly", 81_071), ("germany", "daily", 4_383), ("household", "daily", 1_442), ("gas", "monthly", 242)],
)
def test_the_real_series(real_data, series, frequency, rows):
    data = cache.load(Energy(series))
    known = data.metadata.series
    assert known.frequency == frequency
    assert len(data) - known.filled + known.merged == pytest.approx(rows, abs=3)
    assert set(FILES[series][1].columns) <= set(known.columns)


@pytest.mark.realdata
def test_the_states_share_their_months(real_data):
    known = cache.load(Energy("gas_states")).metadata.series
    assert {"U.S.", "Missouri"} <= {one.name for one in known.series}


def test_energy_says_where_its_files_belong(own_data):
    with pytest.raises(DataError, match="needs the file energy/dayton"):
        Energy().originals()
