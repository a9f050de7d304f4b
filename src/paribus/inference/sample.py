"""New examples from a trained network."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import ValidationError

from paribus.chance import key, seeded
from paribus.errors import RecipeError
from paribus.inference.trained import Trained, load
from paribus.records.options import explain, keyword_options
from paribus.tasks.preview import Preview


def sample(run: Any, count: int = 16, seed: int = 0, **options: Any) -> Preview:
    """New examples drawn from a trained network: pictures, or text.

    Args:
        run: a trained network, or what :func:`paribus.load` takes: a Run, its folder, a part of its name, ``last``.
        count: how many.
        seed: equal seeds draw equal examples.
        options: of the task: ``temperature=0.8`` for text.

    Raises:
        DataError: if the task draws nothing.
        RecipeError: for an option that the task does not have, or a value that it does not take.
    """
    if count < 1:
        raise RecipeError("the number of examples is at least 1", got=count)
    trained = run if isinstance(run, Trained) else load(run)
    model = keyword_options(trained.task.sample)
    try:
        settings = dict(model(**options))
    except ValidationError as error:
        raise explain(error, "", model.model_fields) from None
    with torch.inference_mode(), seeded(key("sample", seed)):
        return trained.task.sample(trained.network, count, **settings)
