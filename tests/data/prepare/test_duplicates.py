"""Copies of pictures are found, and look-alikes are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.data.prepare.duplicates import equal, near
from paribus.testing.protocol.planted import changed, pictures

KINDS = ("crop", "flip", "jpeg", "brightness")
EACH = 30


@pytest.fixture(scope="module")
def judged():
    """What is found among 400 pictures and copies of 120 of them, and which those are."""
    seen, chance = pictures(400, seed=5), np.random.default_rng(6)
    truth, made = {}, []
    for place in range(EACH * len(KINDS)):
        how = KINDS[place % len(KINDS)]
        truth[place, 400 + len(made)] = how
        made.append(changed(seen[place], how, chance))
    everything = torch.from_numpy(np.concatenate([seen, np.stack(made)])).permute(0, 3, 1, 2).contiguous()
    return {(one.first, one.second): one for one in near(everything)}, truth


def test_recall_and_precision(judged):
    found, truth = judged
    hits = found.keys() & truth.keys()
    assert len(hits) >= 0.9 * len(truth)
    assert len(hits) >= 0.99 * len(found)


@pytest.mark.parametrize("how", KINDS)
def test_each_kind_of_copy_is_found(judged, how):
    found, truth = judged
    asked = [pair for pair, kind in truth.items() if kind == how]
    assert sum(pair in found for pair in asked) >= 0.9 * len(asked)


def test_how_a_copy_was_made_is_said(judged):
    found, truth = judged
    flips = [found[pair].mirrored for pair, how in truth.items() if how == "flip" and pair in found]
    cuts = [found[pair].side for pair, how in truth.items() if how == "crop" and pair in found]
    assert all(flips)
    assert np.mean(cuts) < 0.95


def test_pictures_that_differ_have_no_copies():
    assert near(torch.from_numpy(pictures(200, seed=7)).permute(0, 3, 1, 2).contiguous()) == []


def test_equal_rows_are_found_in_groups():
    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [5.0, 6.0], [1.0, 2.0]])
    assert equal(rows) == [(0, 2, 4)]


def test_equal_pictures_are_compared_with_others_once():
    some = torch.from_numpy(pictures(50, seed=8)).permute(0, 3, 1, 2).contiguous()
    again = torch.cat([some, some[:3], some[:1].flip(-1)])
    assert [(one.first, one.second, one.mirrored) for one in near(again)] == [(0, 53, True)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_few_pictures_are_no_trouble(count):
    assert near(torch.from_numpy(pictures(3, seed=9)[:count]).permute(0, 3, 1, 2).contiguous()) == []
