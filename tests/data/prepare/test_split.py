import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from paribus.chance import Seeds
from paribus.data.dataset import Dataset, class_counts
from paribus.data.prepare.split import in_time, quotas
from paribus.errors import DataError, RecipeError
from paribus.records.sections import Split

PARTS = ("train", "val", "test")


def made(targets, groups=None, **official):
    targets = torch.as_tensor(targets)
    count = len(targets)
    return Dataset(
        inputs=torch.zeros(count, 1, dtype=torch.uint8),
        targets=targets,
        classes=tuple(f"class {label}" for label in range(int(targets.max()) + 1)),
        official=official or {"train": (0, count)},
        moments=torch.zeros(count, 1, 2, dtype=torch.float64),
        groups=None if groups is None else torch.as_tensor(groups),
    )


def mixed(counts, seed=0):
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(labels)


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(3, 40), min_size=2, max_size=6),
    validation=st.floats(0.05, 0.6),
    test=st.sampled_from([0.0, 0.1, 0.3]),
    seed=st.integers(0, 5),
    stratified=st.booleans(),
)
def test_parts_are_disjoint_sorted_and_everything(counts, validation, test, seed, stratified):
    dataset = made(mixed(counts))
    section = Split(val=validation, test=test, stratified=stratified)
    rows = dataset.split(section, Seeds(seed))
    assert list(rows) == [part for part in PARTS if test or part != "test"]
    assert torch.equal(torch.cat(list(rows.values())).sort().values, torch.arange(len(dataset)))
    for part in rows.values():
        assert torch.equal(part, part.sort().values)
        assert part.dtype == torch.int64
        if stratified:
            assert min(class_counts(dataset, part)) > 0


@given(counts=st.lists(st.integers(2, 200), min_size=2, max_size=8), share=st.floats(0.01, 0.99))
def test_shares_are_exact_for_every_class(counts, share):
    counts = np.array(counts)
    quota = quotas(counts, share)
    assert (quota >= 1).all()
    assert (quota <= counts - 1).all()
    inside = (counts * share >= 1) & (counts * share <= counts - 1)
    assert (np.abs(quota - counts * share)[inside] < 1).all()


def test_shares_agree_with_scikit_learn():
    labels = mixed([50, 30, 20])
    rows = made(labels).split(Split(val=0.1, test=0), Seeds(3))
    oracle = StratifiedShuffleSplit(n_splits=1, test_size=0.1, random_state=0)
    _, held = next(oracle.split(labels, labels))
    assert np.bincount(labels[rows["val"]]).tolist() == np.bincount(labels[held]).tolist() == [5, 3, 2]


def test_every_example_is_held_out_equally_often():
    dataset, share, draws = made(mixed([60, 40])), 0.25, 400
    times = torch.zeros(100)
    for seed in range(draws):
        times[dataset.split(Split(val=share, test=0), Seeds(seed))["val"]] += 1
    spread = (draws * share * (1 - share)) ** 0.5
    assert (times - draws * share).abs().max() < 4.5 * spread


def test_the_test_part_is_the_same_for_every_seed():
    dataset = made(mixed([40, 40]))
    rows = [dataset.split(Split(), Seeds(seed)) for seed in range(4)]
    assert all(torch.equal(rows[0]["test"], other["test"]) for other in rows)
    assert len({tuple(other["val"].tolist()) for other in rows}) == 4


def test_the_validation_part_follows_the_split_stream():
    dataset = made(mixed([40, 40]))
    fixed = [dataset.split(Split(), Seeds(seed, {"split": 7}))["val"] for seed in range(3)]
    assert torch.equal(fixed[0], fixed[1])
    assert torch.equal(fixed[1], dataset.split(Split(), Seeds(7))["val"])


def test_official_parts_stay_as_they_are():
    dataset = made(mixed([20, 20]), train=(0, 20), val=(20, 28), test=(28, 40))
    rows = dataset.split(Split(), Seeds(0))
    assert [(part[0].item(), part[-1].item() + 1) for part in rows.values()] == [(0, 20), (20, 28), (28, 40)]


def test_limits_are_nested_and_stratified():
    dataset = made(mixed([300, 200, 100]))
    whole = dataset.split(Split(test=0), Seeds(1))
    previous: set[int] = set()
    for limit in (6, 60, 120, 540):
        rows = dataset.split(Split(test=0, limit=limit), Seeds(1))
        current = set(rows["train"].tolist())
        assert previous <= current <= set(whole["train"].tolist())
        assert len(current) == limit
        assert torch.equal(rows["val"], whole["val"])
        expected = torch.tensor([3, 2, 1]) * limit / 6
        assert (torch.tensor(class_counts(dataset, rows["train"])) - expected).abs().max() <= 1
        previous = current


def test_a_limit_beyond_what_there_is():
    with pytest.raises(DataError, match=r"split\.limit") as caught:
        made(mixed([10, 10])).split(Split(limit=19), Seeds(0))
    assert "14" in caught.value.hint


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 50), share=st.floats(0.1, 0.5), stratified=st.booleans())
def test_groups_are_never_separated(seed, share, stratified):
    random = np.random.default_rng(seed)
    groups = random.integers(0, 40, 300)
    labels = (groups % 3 + (random.random(300) < 0.1)) % 3
    dataset = made(labels, groups)
    rows = dataset.split(Split(val=share, test=0.2, stratified=stratified), Seeds(seed))
    owners = [set(groups[part].tolist()) for part in rows.values()]
    assert not owners[0] & owners[1]
    assert not owners[0] & owners[2]
    assert not owners[1] & owners[2]
    assert min(class_counts(dataset, rows["train"])) > 0
    pool = len(rows["train"]) + len(rows["val"])
    assert abs(len(rows["val"]) - share * pool) < 25  # about three groups


def test_grouped_shares_are_nearly_stratified():
    random = np.random.default_rng(0)
    groups = random.integers(0, 200, 4000)
    labels = groups % 4
    rows = made(labels, groups).split(Split(val=0.2, test=0), Seeds(0))
    shares = np.bincount(labels[rows["val"]]) / np.bincount(labels)
    assert np.allclose(shares, 0.2, atol=0.02)


def test_grouped_splits_differ_by_seed():
    groups = np.arange(60) // 3
    dataset = made(groups % 2, groups)
    rows = {tuple(dataset.split(Split(test=0), Seeds(seed))["val"].tolist()) for seed in range(5)}
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        ([0, 0, 0, 0], None, "at least two classes"),
        ([0, 0, 0, 0, 1], None, "at least 2 examples"),
        ([0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 3], "at least 2 groups"),
    ],
)
def test_too_little_to_divide(labels, groups, message):
    with pytest.raises(DataError, match=message):
        made(labels, groups).split(Split(test=0), Seeds(0))


def test_a_rare_class_is_named():
    with pytest.raises(DataError) as caught:
        made([0] * 9 + [1]).split(Split(test=0), Seeds(0))
    assert caught.value.got == "class 1 (1)"
    made([0] * 9 + [1]).split(Split(test=0, stratified=False), Seeds(0))  # as the hint says


def test_class_counts():
    dataset = made([0, 1, 1, 3])
    assert class_counts(dataset, torch.arange(4)) == (1, 2, 0, 1)
    assert class_counts(dataset, torch.tensor([1, 3])) == (0, 1, 0, 1)


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(60), 4)])
def test_examples_for_tuning_are_the_same_for_every_seed_and_in_no_other_split(groups):
    dataset = made(mixed([120, 80, 40]), groups)
    plain = Split(val=0.2, test=0.2, tuning=0.25)
    judged = plain.model_copy(update={"judged": "tuning"})
    trials = [dataset.split(judged, Seeds(seed)) for seed in range(5)]
    tuning = set(trials[0]["val"].tolist())
    assert len(tuning) == pytest.approx(0.25 * 0.8 * 240, abs=4)
    assert all(set(rows["val"].tolist()) == tuning for rows in trials)
    validated = set()
    for seed, rows in enumerate(trials):
        of_study = dataset.split(plain, Seeds(seed))
        assert torch.equal(rows["train"], of_study["train"])
        assert torch.equal(rows["test"], of_study["test"])
        assert not tuning & {*of_study["train"].tolist(), *of_study["val"].tolist(), *of_study["test"].tolist()}
        validated |= set(of_study["val"].tolist())
    without = dataset.split(Split(val=0.2, test=0.2), Seeds(0))
    assert torch.equal(without["test"], trials[0]["test"])
    assert len(validated) > len(trials[0]["val"])  # these change with the seed


def test_tuning_examples_take_the_place_of_an_official_validation_split():
    dataset = made(mixed([100, 100]), train=(0, 150), val=(150, 200))
    rows = dataset.split(Split(test=0, tuning=0.2, judged="tuning"), Seeds(0))
    assert rows["val"].max() < 150
    assert len(rows["train"]) + len(rows["val"]) == 150


def test_figures_of_tuning_need_examples_for_it():
    with pytest.raises(RecipeError, match=r"split\.judged=tuning needs"):
        made(mixed([10, 10])).split(Split(judged="tuning"), Seeds(0))


def test_what_has_an_order_has_no_examples_for_tuning():
    with pytest.raises(RecipeError, match=r"split\.tuning"):
        in_time(100, Split(tuning=0.1))
