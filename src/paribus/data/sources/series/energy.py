"""Demand and supply of energy: real series of hours, days and months."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from paribus.cache import paths
from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Count, Scale, Season, Windows
from paribus.data.origin import origin
from paribus.data.originals import Originals
from paribus.data.sources.series.reading import Layout
from paribus.data.sources.series.writing import write_file
from paribus.data.write.writer import Writer
from paribus.errors import MissingData

HOUSEHOLD = ("Global_reactive_power", "Voltage", "Global_intensity", "Sub_metering_1", "Sub_metering_2")

FILES: Mapping[str, tuple[str, Layout]] = {
    "dayton": ("dayton_hourly_2004_2013.csv.gz", Layout("datetime", ("mw",))),
    "germany": ("opsd_germany_daily.csv.gz", Layout("Date", ("Consumption",))),
    "household": ("household_power_daily.csv.gz", Layout("datetime", ("Global_active_power",), HOUSEHOLD)),
    "gas": ("us_gas_monthly_total.csv.gz", Layout("date", ("y",))),
    "gas_states": ("us_gas_residential_monthly.csv.gz", Layout("date", ("y",), series="state")),
}


@origin("to be put into PARIBUS_DATA", "energy")
class Energy:
    """Real series of energy, from PARIBUS_DATA: gaps are filled, and rows that repeat a time are averaged.

    Args:
        series: dayton, the hourly load of Dayton, Ohio, in MW; germany, the daily consumption of Germany in GWh;
            household, the daily use of one household with what was measured beside it; gas, the monthly use of natural
            gas in the United States; gas_states, the same of homes, by state.
        calendar: whether the network sees hour, weekday and month.
        since: leave out what is earlier.
        length: steps of the past in a window.
        horizon: steps that are forecast.
        stride: steps between the beginnings of neighbouring windows.
        season: steps after which the series repeats itself; by default what its frequency suggests.
        scale: whether columns are scaled to mean 0 and deviation 1 of the training split.
    """

    def __init__(
        self,
        series: Literal["dayton", "germany", "household", "gas", "gas_states"] = "dayton",
        calendar: bool = True,
        since: str | None = None,
        length: Count = 168,
        horizon: Count = 24,
        stride: Count = 1,
        season: Season = None,
        scale: Scale = "standard",
    ) -> None:
        self.series, self.calendar, self.since = series, calendar, since
        self.length, self.horizon, self.stride, self.season, self.scale = length, horizon, stride, season, scale

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How the file is read, so that another one is read alike."""
        layout = FILES[self.series][1]
        repairs = {"gaps": "fill", "duplicates": "mean"}
        return {**vars(layout), "calendar": self.calendar, **repairs}

    def key(self) -> Mapping[str, Any]:
        """How the file is read."""
        return {**self.decoding, "since": self.since}

    def originals(self) -> Originals:
        """The one file."""
        return Originals.of(self._file().parent, [self._file().name])

    def write(self, cache: Writer) -> None:
        """Read, repair and write every row."""
        write_file(cache, self._file(), FILES[self.series][1], "fill", "mean", self.calendar, self.since)

    def to_examples(self, dataset: Dataset) -> Windows:
        """The rows as windows."""
        return Windows(dataset, self.length, self.horizon, self.stride, self.season, self.scale)

    def _file(self) -> Path:
        own = paths.own_data()
        path = own / "energy" / FILES[self.series][0] if own else None
        if path is None or not path.is_file():
            hint = "set PARIBUS_DATA to the folder that holds energy/, or use data=seasons, which is generated"
            raise MissingData(
                f"energy needs the file energy/{FILES[self.series][0]}", got=str(own or "no folder"), hint=hint
            )
        return path
