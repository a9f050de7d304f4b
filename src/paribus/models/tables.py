"""The first layer of every network on a table: columns as they are stored become numbers that can be learned from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus.data.preprocessing import TableInfo


class Encoding(nn.Module):
    """Fills gaps, scales numbers and spreads categories, by what was fitted on the training rows.

    All of it is constant, and part of the network: what is saved, exported or asked later needs nothing else.

    Args:
        table: what was fitted.
    """

    fill: Tensor
    numbers: Tensor
    centre: Tensor
    scale: Tensor
    categories: Tensor
    first: Tensor
    last: Tensor
    slots: Tensor
    owner: Tensor
    gaps: Tensor

    def __init__(self, table: TableInfo) -> None:
        super().__init__()
        fitted = table.fitted
        assert fitted is not None, "networks are built for data that are split"
        sizes = torch.tensor([len(slots) for slots in fitted.slots], dtype=torch.int64)
        starts = sizes.cumsum(0) - sizes
        owners = [place for place, slots in enumerate(fitted.slots) for _ in {*slots} - {-1}]
        constants = {
            "fill": torch.tensor(fitted.fill),
            "numbers": _places(table, categories=False),
            "centre": torch.tensor(fitted.centre),
            "scale": 1 / torch.tensor(fitted.spread),
            "categories": _places(table, categories=True),
            "first": starts,  # of each column of categories, where its own slots begin, and its last one: unknown names
            "last": sizes - 1,
            "slots": torch.tensor([slot for slots in fitted.slots for slot in slots], dtype=torch.int64),
            "owner": torch.tensor(owners, dtype=torch.int64),  # (inputs of categories,) the column of each
            "gaps": torch.tensor(fitted.indicators, dtype=torch.int64),
        }
        for name, value in constants.items():
            self.register_buffer(name, value)

    def forward(self, stored: Tensor) -> Tensor:
        """Map (B, columns), NaN where a value is missing, to (B, inputs)."""
        missing = stored.isnan()
        values = torch.where(missing, self.fill, stored)
        pieces = [(values[:, self.numbers] - self.centre) * self.scale]
        if len(self.categories):
            codes = values[:, self.categories].long()  # (B, columns of categories)
            codes = torch.where(codes < 0, self.last, torch.minimum(codes, self.last))
            chosen = self.slots[codes + self.first]
            pieces.append((chosen[:, self.owner] == torch.arange(len(self.owner), device=stored.device)).float())
        if len(self.gaps):
            pieces.append(missing[:, self.gaps].float())
        return torch.cat(pieces, 1)


def _places(table: TableInfo, categories: bool) -> Tensor:
    found = [place for place, column in enumerate(table.columns) if bool(column.categories) is categories]
    return torch.tensor(found, dtype=torch.int64)
