"""Libraries that are not installed with paribus, and how to get them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from paribus.errors import ParibusError


@contextmanager
def required(package: str) -> Iterator[None]:
    """A block that imports a library.

    Raises:
        ParibusError: saying how to install it.
    """
    try:
        yield
    except ImportError as error:
        raise ParibusError(
            f"{package} is not installed, or not whole", got=str(error), hint=f"pip install {package}"
        ) from None
