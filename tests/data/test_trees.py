"""Trees of tensors behave as their leaves do."""

from __future__ import annotations

import pytest
import torch

from paribus.data import trees
from paribus.data.trees import Ragged
from paribus.errors import DataError

BOXES = [torch.arange(4.0 * n).view(n, 4) + 100 * i for i, n in enumerate((2, 0, 3, 1))]


@pytest.fixture
def tree():
    return {"boxes": Ragged.of(BOXES), "both": (torch.arange(4), torch.arange(8).view(4, 2))}


def test_examples_are_taken_in_any_order(tree):
    some = trees.take(tree, torch.tensor([2, 1, 2]))
    assert [row.tolist() for row in some["boxes"]] == [BOXES[i].tolist() for i in (2, 1, 2)]
    assert some["both"][0].tolist() == [2, 1, 2]
    assert some["both"][1].tolist() == [[4, 5], [2, 3], [4, 5]]


@pytest.mark.parametrize("pieces", [1, 2, 3, 4, 9])
def test_chunks_are_the_whole_and_none_is_empty(tree, pieces):
    parts = trees.chunks(tree, pieces)
    sizes = [trees.size(part) for part in parts]
    assert sum(sizes) == 4
    assert min(sizes) > 0
    assert max(sizes) - min(sizes) <= 1
    again = [row.tolist() for part in parts for row in part["boxes"]]
    assert again == [row.tolist() for row in BOXES]


def test_leaves_must_agree_on_the_number_of_examples(tree):
    assert trees.size(tree) == 4
    with pytest.raises(DataError, match="equally many"):
        trees.size((torch.zeros(3), torch.zeros(2)))


def test_single_examples_become_one_tree():
    batch = trees.collate([{"box": BOXES[i], "label": torch.tensor(i)} for i in (0, 2)])
    assert [len(row) for row in batch["box"]] == [2, 3]
    assert batch["label"].tolist() == [0, 2]
    assert trees.collate([torch.ones(2), torch.zeros(2)]).shape == (2, 2)


def test_rows_can_be_dropped_and_examples_stay():
    boxes = Ragged.of(BOXES)
    kept = boxes.keep(boxes.values[:, 0] >= 200)
    assert [len(row) for row in kept] == [0, 0, 3, 1]
    assert boxes.owners.tolist() == [0, 0, 2, 2, 2, 3]


def test_gradients_and_devices(tree):
    grown = trees.apply(lambda leaf: leaf.map(torch.clone) if isinstance(leaf, Ragged) else leaf.float(), tree)
    asked = trees.apply(
        lambda leaf: leaf.map(lambda v: v.requires_grad_()) if isinstance(leaf, Ragged) else leaf, grown
    )
    assert not trees.detach(asked)["boxes"].values.requires_grad
    moved = trees.to(tree, "meta")
    assert {leaf.device.type for leaf in moved["both"]} | {moved["boxes"].values.device.type} == {"meta"}
    assert trees.nbytes(tree["both"]) == 4 * 8 + 8 * 8
