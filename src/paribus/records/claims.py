"""What a verdict is about: these data, data like these, or examples like these."""

from __future__ import annotations

from typing import Literal, get_args

Claim = Literal["these", "like-these", "examples"]
"""``these``: the data set is what it is, and chance is that of training (and of which examples validate).
``like-these``: the data set is a sample, and another one could have been drawn from the same source.
``examples``: so are the validation examples, which all seeds share; the training examples are what they are."""
CLAIMS: tuple[Claim, ...] = get_args(Claim)
