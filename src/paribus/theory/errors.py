"""What is not a user's mistake but a matter of the drawn numbers."""

from __future__ import annotations


class OutOfDomain(ArithmeticError):
    """The drawn numbers lie where a function has no value or no derivative: draw again."""
