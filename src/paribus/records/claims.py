"""What a verdict is about: these data, or data like these."""

from __future__ import annotations

from typing import Literal, get_args

Claim = Literal["these", "like-these"]
"""``these``: the data set is what it is, and chance is that of training (and of which examples validate).
``like-these``: the data set is a sample, and another one could have been drawn from the same source."""
CLAIMS: tuple[Claim, ...] = get_args(Claim)
