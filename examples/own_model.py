# ruff: noqa: B018, D100, D102 (a notebook shows what its last line names)
# %% [markdown]
# # A model of your own
#
# A model is a plain `torch.nn.Module`. Its constructor is all that paribus needs to know: arguments such as
# `input_shape` and `num_classes` are filled in from the data, the others become options that a study can vary.

# %%
import torch
from torch import nn

import paribus as pb


class Mixer(nn.Module):
    """Mixes the rows of a picture, then its columns, some times over.

    Args:
        depth: how many times.
        residual: whether each mixing is added to what was there before.
    """

    def __init__(self, input_shape: tuple[int, ...], num_classes: int, depth: int = 2, residual: bool = True) -> None:
        super().__init__()
        channels, height, width = input_shape
        self.rows = nn.ModuleList(nn.Linear(height, height) for _ in range(depth))
        self.columns = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(channels * height * width, num_classes)
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for rows, columns in zip(self.rows, self.columns, strict=True):
            mixed = columns(rows(x.mT).mT).relu()
            x = x + mixed if self.residual else mixed
        return self.head(x.flatten(1))


# %% [markdown]
# Is it any better than a shipped network? The class itself stands among the values. It was typed into this notebook,
# and still it is trained in two worker processes at the same time.

# %%
quick = {"budget.epochs": 3}
duel = pb.Study("digits/mlp", vary={"model": [pb.Part("mlp", widths=[32]), Mixer]}, changes=quick, seeds=4)
result = duel.run(jobs=2)
result

# %% [markdown]
# Two questions at once: does depth help, and does it depend on the residual connection? All four combinations are
# trained, so that each main effect rests on all runs, and the interaction can be read off too.

# %%
both = pb.Study(
    "digits/mlp",
    vary={"model.depth": [1, 4], "model.residual": [True, False]},
    changes={"model": Mixer, **quick},
    seeds=3,
    name="depth and residual",
)
factorial = both.run(jobs=2)
factorial

# %% [markdown]
# And how much of all this is luck? A **noise study** changes nothing but chance, one stream at a time: first weights,
# order of the pictures, choice of the validation pictures. It tells you which luck to worry about.

# %%
luck = pb.Study(
    "digits/mlp",
    vary={"chance": ["initialisation", "order", "split"]},
    changes={"model": Mixer, **quick},
    layout="noise",
    seeds=4,
).run(jobs=2)
luck
