"""What all examples have in common that are cut from one text."""

from __future__ import annotations

import torch
from torch import Tensor

from paribus.data import trees
from paribus.data.augmentation.transform import Transform
from paribus.data.dataset import Dataset
from paribus.data.metadata import TextInfo
from paribus.data.prepare.split import in_time
from paribus.data.trees import Tree
from paribus.errors import DataError
from paribus.records.sections import Split


class CutFromText:
    """Examples that are parts of a text, which is kept once, as it is.

    Args:
        dataset: tokens (N,) by number.

    Raises:
        DataError: if it holds no text.
    """

    def __init__(self, dataset: Dataset) -> None:
        if dataset.metadata.text is None:
            raise DataError("passages are cut from a text, of which the source tells by Metadata(text=TextInfo(…))")
        self.dataset, self.text = dataset, dataset.metadata.text

    text: TextInfo

    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def tokens(self) -> Tensor:
        """The whole text (N,)."""
        return trees.first(self.dataset.inputs)

    @property
    def device(self) -> torch.device:
        """Where the tokens are."""
        return self.tokens.device

    @property
    def nbytes(self) -> int:
        """Size of the tokens; what is cut from them takes no room."""
        return self.tokens.nbytes

    def follow(self, targets: Tree, transform: Transform) -> Tree:
        """As they are: texts are no pictures."""
        return targets

    def bounds(self, section: Split) -> dict[str, tuple[int, int]]:
        """First example and end of each split, in the order of the text; ``split.limit`` keeps the first ones."""
        bounds = in_time(len(self), section)
        if section.limit is not None:
            start, stop = bounds["train"]
            bounds["train"] = (start, min(stop, start + section.limit))
        return bounds
