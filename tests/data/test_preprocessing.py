"""What is fitted to the columns of a table: as scikit-learn does it, on training rows alone."""

import numpy as np
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, RobustScaler, StandardScaler

from paribus.data.info import DataInfo
from paribus.data.preprocessing import TableColumn, TableInfo, Wishes, fit
from paribus.models.tables import Encoding

NUMBERS = tuple(map(TableColumn, "abc"))
COLOURS = TableColumn("colour", ("blue", "green", "red", "yellow"))
SCALERS = {"standard": StandardScaler(), "robust": RobustScaler(), "none": "passthrough"}


def table(rows=60, seed=0) -> np.ndarray:
    """Three numbers with gaps, and a colour."""
    rng = np.random.default_rng(seed)
    values = rng.normal(3, 2, (rows, 4)).round(1)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 3] = rng.integers(0, 3, rows)
    return values.astype(np.float32)


def encoded(train, rows, columns, **wishes) -> np.ndarray:
    info = TableInfo(tuple(columns), ("y",), wishes=Wishes(**wishes)).on(train)
    return Encoding(info)(torch.from_numpy(rows)).numpy()


@pytest.mark.parametrize("scale", SCALERS)
@pytest.mark.parametrize("impute", ["median", "mean", "most_frequent"])
def test_numbers_are_those_of_scikit_learn(impute, scale):
    train, others = table()[:, :3], table(20, seed=1)[:, :3]
    oracle = make_pipeline(SimpleImputer(strategy=impute), SCALERS[scale]).fit(train.astype(np.float64))
    found = encoded(train, others, NUMBERS, impute=impute, scale=scale)
    assert np.allclose(found, oracle.transform(others.astype(np.float64)), atol=1e-5)  # float32


def test_indicators_are_those_of_scikit_learn():
    train, others = table()[:, :3], table(20, seed=1)[:, :3]
    train[:, 1] = 1  # a column without gaps in training has no indicator
    oracle = SimpleImputer(strategy="median", add_indicator=True).fit(train)
    found = encoded(train, others, NUMBERS, scale="none", indicators=True)
    assert found.shape == (20, 5)
    assert np.allclose(found, oracle.transform(others), atol=1e-6)


@pytest.mark.parametrize("rare", [1, 4])
def test_categories_are_those_of_scikit_learn(rare):
    train = np.array([[0]] * 6 + [[1]] * 2 + [[2]] * 5 + [[3]] * 3, np.float32)[:, :1]
    train = train[train[:, 0] != 1] if rare == 1 else train  # then green is unknown to the training
    oracle = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=rare, sparse_output=False).fit(train)
    asked = np.array([[0], [1], [2], [3], [4]], np.float32)  # 4: a name that the whole table does not have
    assert np.array_equal(encoded(train, asked, [COLOURS], rare=rare), oracle.transform(asked))


def test_a_missing_category_is_the_most_frequent_one():
    train = np.array([[2], [2], [0], [np.nan]], np.float32)
    assert encoded(train, train[-1:], [COLOURS]).tolist() == [[0, 1]]  # blue, red


def test_inputs_are_named():
    fitted = fit(table()[:, [0, 3]], (NUMBERS[0], COLOURS), Wishes(indicators=True))
    assert fitted.inputs == ("a", "colour=blue", "colour=green", "colour=red", "a is missing")


def test_columns_without_values_or_without_differences_do_no_harm():
    train = np.array([[np.nan, 7.1], [np.nan, 7.1], [np.nan, 7.1]], np.float32)
    assert encoded(train, train, NUMBERS[:2]).tolist() == [[0, 0]] * 3


def test_it_comes_back_from_plain_data():
    table_info = TableInfo((*NUMBERS, COLOURS), ("y",), ("a note",), Wishes(rare=2)).on(table())
    info = DataInfo((4,), ("no", "yes"), {"train": 60}, (30, 30), (), (), table=table_info)
    again = DataInfo.read(info.plain())
    assert again == info
    assert again.network_shape == (len(table_info.fitted.inputs),) == (6,)
