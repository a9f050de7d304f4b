"""Drawing by class: as many of each, every example in its turn, a pure function of seed and epoch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.chance import Seeds
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.flip import Flip
from paribus.data.dataset import Dataset
from paribus.data.deliver.loader import Loader
from paribus.data.deliver.sampling import Sampling, shared_out
from paribus.errors import DataError, RecipeError
from paribus.records.recipe import Recipe
from paribus.training.check import check_run
from paribus.training.execution import Settings

SEEDS = Seeds(0)


def labels_of(counts):
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))


def sampling(counts, scheme="balanced"):
    return Sampling.of(scheme, labels_of(counts), tuple("abcdef"[: len(counts)]))


@settings(deadline=None, max_examples=40)
@given(counts=st.lists(st.integers(1, 40), min_size=2, max_size=5), epochs=st.integers(1, 6))
def test_every_class_is_drawn_as_often_and_its_examples_in_turn(counts, epochs):
    drawn = torch.zeros(sum(counts), dtype=torch.int64)
    for epoch in range(epochs):
        order, _ = sampling(counts).order(SEEDS, epoch)
        assert len(order) == sum(counts)
        of_class = labels_of(counts)[order].bincount(minlength=len(counts))
        assert of_class.max() - of_class.min() <= 1
        drawn += order.bincount(minlength=len(drawn))
    for members in sampling(counts).members:
        assert drawn[members].max() - drawn[members].min() <= 1


def test_an_example_that_comes_again_has_another_number():
    pairs = [sampling([3, 27]).order(SEEDS, epoch) for epoch in range(3)]
    seen = [(int(p), int(t)) for order, times in pairs for p, t in zip(order, times, strict=True)]
    assert len(set(seen)) == len(seen) == 90
    assert {t for p, t in seen if p < 3} == set(range(15))


def test_the_root_of_the_sizes_lies_between():
    of_class = labels_of([900, 100])[sampling([900, 100], "sqrt").order(SEEDS, 0)[0]].bincount()
    assert of_class.tolist() == [750, 250]  # 30 : 10


def test_largest_remainders_are_rounded_up():
    assert shared_out(10, torch.tensor([1.0, 1.0, 1.0])) == (4, 3, 3)
    assert shared_out(7, torch.tensor([1.0, 5.0])) == (1, 6)


def test_the_order_follows_seed_and_epoch():
    one = sampling([5, 50])
    first = one.order(SEEDS, 0)[0]
    assert torch.equal(first, one.order(SEEDS, 0)[0])
    assert not torch.equal(first, one.order(SEEDS, 1)[0])
    assert not torch.equal(first, one.order(Seeds(1), 0)[0])


def stream(counts, batch_size=4):
    labels = labels_of(counts)
    pictures = torch.arange(len(labels) * 4, dtype=torch.float32).view(-1, 1, 1, 4).to(torch.uint8)
    classes = tuple("abcdef"[: len(counts)])
    moments = torch.zeros(len(labels), 1, 2)
    data = Dataset(pictures, labels, classes, {"train": (0, len(labels))}, moments)
    rows = torch.arange(len(labels))
    return Loader(data, rows, batch_size, torch.device("cpu"), Sampling.of("balanced", labels, classes))


def test_batches_go_on_anywhere_as_they_would_have():
    whole = list(stream([4, 16]).shuffled(SEEDS, 2))
    rest = list(stream([4, 16]).shuffled(SEEDS, 2, start=3))
    assert [batch.rows.tolist() for batch in whole[3:]] == [batch.rows.tolist() for batch in rest]
    assert torch.cat([batch.targets for batch in whole]).bincount().tolist() == [10, 10]


def test_one_example_is_augmented_anew_each_time_it_comes():
    batches = list(stream([1, 63]).shuffled(SEEDS, 0, augment=Compose({"flip": Flip()})))
    shown = torch.cat([batch.inputs[batch.rows == 0] for batch in batches])
    assert len(shown) == 32
    assert 4 < sum(torch.equal(one, shown[0]) for one in shown) < 28  # all the same if draws followed the row alone


def test_a_class_without_examples_is_refused():
    with pytest.raises(DataError, match=r"(?s)every class.*received: b"):
        Sampling.of("balanced", torch.tensor([0, 0, 2]), ("a", "b", "c"))


@pytest.mark.parametrize(
    ("recipe", "changes", "said"),
    [
        ("seasons/linear", {}, "no class each"),
        ("digits/mlp", {"training.shuffle": "blocks"}, "reads neighbours"),
        ("digits/mlp", {"training.shuffle": "none"}, "reads neighbours"),
    ],
)
def test_what_cannot_be_drawn_by_class_is_refused_before_training(recipe, changes, said):
    with pytest.raises(RecipeError, match=said):
        check_run(Recipe.load(recipe, {"training.sampling": "balanced", **changes}), 0, Settings())
