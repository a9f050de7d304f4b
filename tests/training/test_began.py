"""What a training was when it began."""

from __future__ import annotations

import pytest

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.training.began import digest


@pytest.mark.parametrize("order", ["full", "blocks", "none"])
def test_the_first_batch_is_that_of_the_order_in_which_examples_are_taken(train, digits, order):
    recipe = digits({"training.shuffle": order})
    folder, _ = train(recipe)
    prepared = prepare(recipe, Seeds(folder.seed))
    batches = prepared.loader("train", recipe.training.batch_size, "cpu").shuffled(Seeds(folder.seed), 0, order=order)
    assert folder.environment()["began"]["order"] == digest(next(batches).rows)
