"""Batches: every example once, evenly, in an order that depends on the epoch alone."""

from itertools import pairwise

import pytest
import torch

from paribus.chance import Seeds
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.transform import Identity
from paribus.data.columns import Column
from paribus.data.dataset import Dataset
from paribus.data.deliver.loader import BLOCK, Batch, Loader, block_order, check_batch_size
from paribus.data.trees import Ragged
from paribus.errors import RecipeError

SEEDS = Seeds(0)


def loader(count: int, batch_size: int, rows=None) -> Loader:
    """Examples that know their own row."""
    index = torch.arange(count)
    data = Dataset(index[:, None].float(), index % 3, ("a", "b", "c"), {"train": (0, count)}, torch.zeros(count, 1, 2))
    return Loader(data, index if rows is None else torch.tensor(rows), batch_size, torch.device("cpu"))


@pytest.mark.parametrize("order", ["full", "blocks", "none", "always"])
@pytest.mark.parametrize(("count", "batch_size"), [(1, 1), (10, 10), (10, 3), (101, 10), (97, 96), (64, 1)])
def test_every_example_once_in_batches_of_even_size(count, batch_size, order):
    stream = loader(count, batch_size)
    batches = list(stream.shuffled(SEEDS, 0, order=order))
    sizes = [len(batch.targets) for batch in batches]
    assert len(batches) == len(stream) == -(-count // batch_size)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert sorted(torch.cat([batch.rows for batch in batches]).tolist()) == list(range(count))
    for batch in batches:
        assert batch.inputs[:, 0].tolist() == batch.rows.tolist()
        assert batch.targets.tolist() == (batch.rows % 3).tolist()


def tensors(batch: Batch) -> tuple[torch.Tensor, ...]:
    return batch.inputs, batch.targets, batch.rows


def rows_of(batches) -> list[int]:
    return torch.cat([batch.rows for batch in batches]).tolist()


def test_what_must_be_read_in_order_is_shuffled_only_where_that_is_asked_for(monkeypatch):
    monkeypatch.setattr(Dataset, "sequential", True)
    stream = loader(40, 8)
    assert [batch.rows.tolist() for batch in stream.shuffled(SEEDS, 0)] == [[*range(k, 40, 5)] for k in range(5)]
    shuffled = [batch.rows.tolist() for batch in stream.shuffled(SEEDS, 0, order="always")]
    assert sorted(row for rows in shuffled for row in rows) == [*range(40)]
    assert all(rows == sorted(rows) for rows in shuffled)  # so that the state of a text finds its passages
    assert shuffled != [batch.rows.tolist() for batch in stream.shuffled(SEEDS, 1, order="always")]


def test_in_order_is_in_order():
    rows = [5, 2, 9, 1]
    stream = loader(10, 3, rows)
    assert rows_of(stream.in_order()) == rows
    assert [len(batch.rows) for batch in stream.in_order()] == [3, 1]


def test_the_order_depends_on_seed_and_epoch_alone():
    stream = loader(50, 7)
    orders = [rows_of(stream.shuffled(seeds, epoch)) for seeds in (SEEDS, Seeds(1)) for epoch in (0, 1)]
    assert len(set(map(tuple, orders))) == 4
    assert rows_of(stream.shuffled(Seeds(1), 1)) == orders[-1]
    assert rows_of(stream.shuffled(Seeds(7, {"order": 1}), 1)) == orders[-1]
    assert rows_of(loader(50, 50).shuffled(Seeds(1), 1)) == orders[-1]  # whatever the batches


@pytest.mark.parametrize("start", [0, 1, 7, 8])
def test_R5_an_epoch_can_begin_at_any_batch(start):
    stream = loader(50, 7)

    def noise(inputs, key, rows, *_):
        return inputs + key % 1000 + rows[:, None], Identity()

    whole = list(stream.shuffled(SEEDS, 3, augment=noise))
    rest = list(stream.shuffled(SEEDS, 3, start=start, augment=noise))
    assert len(rest) == len(whole) - start
    for batch, expected in zip(rest, whole[start:], strict=True):
        assert all(map(torch.equal, tensors(batch), tensors(expected)))


def test_draws_differ_between_epochs_and_not_within_one():
    keys = []
    for epoch in (0, 0, 1):
        list(loader(50, 7).shuffled(SEEDS, epoch, augment=lambda it, key, *_: (keys.append(key) or it, Identity())))
    assert len(set(keys[:16])) == 1
    assert len(set(keys)) == 2


def test_augmentation_is_for_training_and_leaves_the_data_alone():
    stream = loader(10, 5)
    added = lambda inputs, *_: (inputs.add_(100), Identity())  # noqa: E731
    seen = [batch.inputs for batch in stream.shuffled(SEEDS, 0, augment=added)]
    assert torch.cat(seen).min() >= 100
    assert torch.cat([batch.inputs for batch in stream.in_order()]).flatten().tolist() == list(range(10))


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 10, 11, 99])
def test_chunks_are_the_batch_in_pieces(pieces):
    batch = Batch(torch.arange(20.0).view(10, 2), torch.arange(10), torch.arange(10) + 5)
    chunks = list(batch.chunks(pieces))
    sizes = [len(chunk.rows) for chunk in chunks]
    assert len(chunks) == min(pieces, 10)
    assert 0 < min(sizes) <= max(sizes) <= min(sizes) + 1
    pieces = zip(*map(tensors, chunks), strict=True)
    assert all(torch.equal(torch.cat(some), whole) for some, whole in zip(pieces, tensors(batch), strict=True))


def test_a_batch_holds_trees():
    boxes = Ragged.of([torch.ones(2, 4, requires_grad=True), torch.zeros(0, 4), torch.zeros(1, 4)])
    batch = Batch({"a": torch.arange(3), "b": torch.zeros(3, 2)}, {"boxes": boxes}, torch.arange(3) + 7)
    some = batch.take(torch.tensor([2, 0])).detach().to("cpu")
    assert len(batch) == 3
    assert len(some) == 2
    assert some.rows.tolist() == [9, 7]
    assert some.targets["boxes"].lengths.tolist() == [1, 2]
    assert not some.targets["boxes"].values.requires_grad
    assert [piece.inputs["a"].tolist() for piece in batch.chunks(2)] == [[0, 1], [2]]


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK + 1, 20 * BLOCK + 5])
def test_block_order_is_a_permutation(count):
    order = block_order(7, count)
    assert torch.equal(order.sort().values, torch.arange(count))
    assert torch.equal(order, block_order(7, count))
    assert count == 1 or not torch.equal(order, block_order(8, count))


def test_block_order_is_local():
    """In the time of eight blocks no more than nine are touched, where a full shuffle touches all."""
    count, window = 64 * BLOCK, 8 * BLOCK
    for piece in block_order(3, count).split(window):
        assert len((piece // BLOCK).unique()) <= 9
        assert (piece.diff().abs() > BLOCK).float().mean() > 0.5  # and yet well mixed within


def test_a_batch_that_cannot_be_filled_is_refused():
    check_batch_size(10, 10)
    with pytest.raises(RecipeError, match=r"10 training examples(.|\n)*11(.|\n)*batch_size=10"):
        check_batch_size(11, 10)


class Text(Dataset):
    """Examples that are one long text."""

    sequential = True


@pytest.mark.parametrize(("count", "batch_size"), [(12, 4), (13, 4), (14, 4), (7, 7), (5, 8), (9, 1), (100, 7)])
def test_a_text_is_read_in_several_places_at_once_each_going_on_where_it_stopped(count, batch_size):
    index = torch.arange(count)
    text = Text(index[:, None], index, (), {"train": (0, count)}, None)
    stream = Loader(text, index, batch_size, torch.device("cpu"))
    for batches in (list(stream.shuffled(SEEDS, 3)), list(stream.in_order())):
        assert len(batches) == len(stream)
        assert sorted(rows_of(batches)) == list(range(count))
        for before, after in pairwise(batches):
            going_on = before.rows[: len(after.rows)] + 1
            assert after.rows.tolist() == going_on.tolist()
    later = [batch.rows.tolist() for batch in stream.shuffled(SEEDS, 0, start=1)]
    assert later == [batch.rows.tolist() for batch in stream.in_order()][1:]


MASK = Column("uint8", (5, 5), kind="mask")


def test_masks_move_with_their_pictures():
    pictures = torch.arange(6 * 5 * 5, dtype=torch.uint8).view(6, 1, 5, 5)
    data = Dataset(pictures, pictures[:, 0].clone(), (), {"train": (0, 6)}, None, columns={"targets": MASK})
    stream = Loader(data, torch.arange(6), 6, torch.device("cpu"))
    (batch,) = stream.shuffled(SEEDS, 0, augment=Compose({"flip": Flip()}))
    moved = (batch.inputs != pictures[batch.rows]).flatten(1).any(1)
    assert 0 < moved.sum() < 6
    assert torch.equal(batch.inputs[:, 0], batch.targets)


def test_what_is_not_shuffled_comes_as_it_is_stored():
    batches = list(loader(10, 4, rows=[7, 3, 9, 1, 0]).shuffled(SEEDS, 3, order="none"))
    assert torch.cat([batch.rows for batch in batches]).tolist() == [7, 3, 9, 1, 0]
