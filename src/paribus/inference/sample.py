"""New examples from a trained network."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import ValidationError

from paribus.chance import key, seeded
from paribus.errors import RecipeError
from paribus.inference.trained import Trained
from paribus.records.options import explain, keyword_options
from paribus.tasks.preview import Preview


def sample(trained: Trained, count: int = 16, seed: int = 0, **options: Any) -> Preview:
    """New examples drawn from a trained network: pictures, or text.

    Args:
        trained: the network.
        count: how many.
        seed: equal seeds draw equal examples.
        options: of the task: ``temperature=0.8`` for text.

    Raises:
        DataError: if the task draws nothing.
        RecipeError: for an option that the task does not have, or a value that it does not take.
    """
    if count < 1:
        raise RecipeError("the number of examples is at least 1", got=count)
    model = keyword_options(trained.task.sample)
    try:
        settings = dict(model(**options))
    except ValidationError as error:
        raise explain(error, "", model.model_fields) from None
    with torch.inference_mode(), seeded(key("sample", seed)):
        return trained.task.sample(trained.network, count, **settings)
