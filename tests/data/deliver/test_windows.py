"""Windows: what they show, that nothing leaks between parts, and that they take no room."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paribus.chance import Seeds
from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Windows
from paribus.data.metadata import Metadata, SeriesInfo, Span
from paribus.errors import DataError, RecipeError
from paribus.records.sections import Split


def rows_of(
    *lengths: int, columns: int = 3, targets: int = 1, season: int = 4, offsets: tuple[int, ...] = ()
) -> Dataset:
    """Rows of which each value says where it stands."""
    n = sum(lengths)
    values = torch.arange(n)[:, None] + torch.arange(columns) * 10_000.0
    offsets = offsets or (0,) * len(lengths)
    spans = tuple(Span(str(i), rows, offsets[i]) for i, rows in enumerate(lengths))
    series = SeriesInfo(tuple(f"column {i}" for i in range(columns)), targets, "hourly", season, spans)
    return Dataset(values, torch.zeros(n), (), {"train": (0, n)}, None, metadata=Metadata(series=series))


def test_a_window_is_the_past_and_what_follows():
    windows = Windows(rows_of(50, targets=2), 5, 3, 1)
    inputs, targets = windows.take(torch.tensor([10, 20]))
    assert inputs.shape == (2, 3, 5)
    assert inputs[0, 0].tolist() == [5, 6, 7, 8, 9]
    assert inputs[1, 2].tolist() == [20015, 20016, 20017, 20018, 20019]
    assert targets.shape == (2, 3, 2)
    assert targets[0].tolist() == [[10, 10010], [11, 10011], [12, 10012]]


@given(
    lengths=st.lists(st.integers(200, 300), min_size=1, max_size=3),
    length=st.integers(1, 9),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 5),
    season=st.integers(1, 9),
    fold=st.integers(0, 3),
    data=st.data(),
)
def test_no_step_is_forecast_in_two_parts(lengths, length, horizon, stride, season, fold, data):
    offsets = tuple(data.draw(st.integers(0, 3)) for _ in lengths)
    dataset = rows_of(*lengths, season=season, offsets=offsets)
    windows = Windows(dataset, length, horizon, stride)
    section = Split(val=0.15, test=0.2, fold=fold)
    parts = windows.split(section, Seeds(0))
    assert list(parts) == ["train", "val", "test"]
    starts = np.cumsum([0, *lengths])
    owner = np.searchsorted(starts, np.arange(starts[-1]), side="right") - 1
    when = np.arange(starts[-1]) - starts[owner] + np.array(offsets)[owner]  # the moment of each row
    seen = {}
    for part, found in parts.items():
        rows = found.numpy()
        reach = rows[:, None] + np.arange(-length, horizon)
        assert (owner[reach] == owner[rows][:, None]).all(), "a window lies in one series"
        assert (np.diff(rows) > 0).all()
        seen[part] = set(when[rows[:, None] + np.arange(horizon)].ravel().tolist())
    assert max(seen["train"]) < min(seen["val"])
    assert max(seen["val"]) < min(seen["test"])
    trained = when[parts["train"][:, None].numpy() + np.arange(-length, horizon)]
    assert trained.max() < min(seen["val"]), "training knows nothing of what is forecast later"


def test_folds_walk_forward():
    windows = Windows(rows_of(1000), 5, 3, 1)
    parts = [windows.split(Split(val=0.1, test=0.2, fold=fold), Seeds(0)) for fold in range(4)]
    for later, earlier in pairwise(parts):
        assert int(earlier["val"][0]) == int(later["val"][0]) - 80
        assert set(earlier["train"].tolist()) < set(later["train"].tolist())  # training grows from the same beginning
        assert torch.equal(earlier["test"], later["test"])
    with pytest.raises(RecipeError, match="nothing to train on"):
        windows.split(Split(val=0.1, test=0.2, fold=9), Seeds(0))


def test_the_future_changes_no_number_of_training():
    before = rows_of(400)
    windows = Windows(before, 5, 3, 1)
    parts = windows.split(Split(), Seeds(0))
    last = int(parts["train"][-1]) + 3  # behind the last step that training sees
    values = before.inputs.clone()
    values[last:] = torch.randn(len(values) - last, 3) * 1e6
    other = Windows(Dataset(values, before.targets, (), before.official, None, metadata=before.metadata), 5, 3, 1)
    info, changed = windows.info(parts, {}), other.info(other.split(Split(), Seeds(0)), {})
    assert (info.mean, info.deviation) == (changed.mean, changed.deviation)
    assert info.series.seasonal_errors == changed.series.seasonal_errors
    assert info.series.ranges["train"] == changed.series.ranges["train"]
    assert info.series.ranges["test"] != changed.series.ranges["test"]
    for one, two in zip(windows.take(parts["train"]), other.take(parts["train"]), strict=True):
        assert torch.equal(one, two)


def test_moments_are_those_of_the_rows_that_training_sees():
    windows = Windows(rows_of(400), 5, 3, 2)
    parts = windows.split(Split(), Seeds(0))
    info = windows.info(parts, {})
    seen = windows.dataset.inputs[int(parts["train"][0]) - 5 : int(parts["train"][-1]) + 3].double().numpy()
    np.testing.assert_allclose(info.mean, seen.mean(0), rtol=1e-12)
    np.testing.assert_allclose(info.deviation, seen.std(0), rtol=1e-12)
    assert Windows(rows_of(400), 5, 3, 2, scale="none").info(parts, {}).mean == ()


def test_errors_of_the_baselines_by_hand():
    dataset = rows_of(60, columns=1, season=4)
    dataset.inputs[:, 0] = torch.rand(60, generator=torch.Generator().manual_seed(0))
    windows, y = Windows(dataset, 2, 6, 1), dataset.inputs[:, 0].double().numpy()  # the past is shorter than the season
    rows = torch.tensor([20, 33])
    naive = np.mean([[abs(y[o + h] - y[o - 1]) for h in range(6)] for o in (20, 33)])
    lags = [4, 4, 4, 4, 8, 8]
    seasonal = np.mean([[abs(y[o + h] - y[o + h - lags[h]]) for h in range(6)] for o in (20, 33)])
    assert windows.baselines(rows) == pytest.approx({"naive": naive, "seasonal": seasonal}, rel=1e-12)
    seen = torch.arange(10, 40)
    expected = np.mean([abs(y[t] - y[t - 4]) for t in range(10, 40)])
    assert windows.seasonal_errors(seen)[0][0] == pytest.approx(expected, rel=1e-12)


def test_windows_take_no_room():
    """The same rows hold windows of any length: nothing is copied before a batch is cut."""
    dataset = rows_of(20_000)
    one, many = Windows(dataset, 1, 1, 1000), Windows(dataset, 2000, 500, 1)
    assert one.nbytes == many.nbytes == dataset.inputs.nbytes
    rows = many.split(Split(), Seeds(0))
    many.info(rows, {})
    storage = many.dataset.inputs.untyped_storage().data_ptr()
    assert storage == dataset.inputs.untyped_storage().data_ptr()
    pasts = dataset.inputs.unfold(0, 2000, 1)  # what cut() takes its batch from
    assert pasts.untyped_storage().data_ptr() == storage
    assert many.take(rows["train"][:2])[0].untyped_storage().nbytes() == 2 * 3 * 2000 * 4


def test_too_long_a_horizon_is_refused():
    with pytest.raises(DataError, match="val split has no room") as error:
        Windows(rows_of(100), 5, 20, 1).split(Split(), Seeds(0))
    assert "data.horizon" in error.value.hint
    with pytest.raises(DataError, match="train split has no room"):
        Windows(rows_of(100), 90, 2, 1).split(Split(), Seeds(0))


def test_a_limit_keeps_the_latest_windows():
    windows = Windows(rows_of(400), 5, 3, 1)
    whole, few = (windows.split(Split(limit=limit), Seeds(0)) for limit in (None, 10))
    assert torch.equal(few["train"], whole["train"][-10:])
    with pytest.raises(DataError, match=r"split\.limit"):
        windows.split(Split(limit=100_000), Seeds(0))


def test_the_number_of_windows():
    for stride in (1, 3, 7):
        windows = Windows(rows_of(100, 50, season=9), 5, 3, stride)
        assert len(windows) == len(range(9, 98, stride)) + len(range(9, 48, stride))
