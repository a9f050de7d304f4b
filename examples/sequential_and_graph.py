# ruff: noqa: B018, D100, D102 (a notebook shows what its last line names)
# %% [markdown]
# # One network, written twice
#
# As a list of layers, one behind the other (`nn.Sequential`), and as a graph: a function that says what goes where.
# With the same weights both give the same numbers. Layers that are named alike start from the same weights in paribus,
# since weights are drawn by name; so even the trainings are the same.

# %%
from collections import OrderedDict

import torch
from torch import fx, nn

import paribus as pb


def pieces(input_shape: tuple[int, ...], num_classes: int, width: int) -> OrderedDict[str, nn.Module]:
    """Every layer of the network, by name."""
    channels, height, breadth = input_shape
    return OrderedDict(
        conv1=nn.Conv2d(channels, width, 3, padding=1),
        act1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(width, width, 3, padding=1),
        act2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        output=nn.Linear(width * (height // 4) * (breadth // 4), num_classes),
    )


class Sequential(nn.Sequential):
    """The layers one behind the other; the order in the list is all there is.

    Args:
        width: channels of the convolutions.
    """

    def __init__(self, input_shape: tuple[int, ...], num_classes: int, width: int = 8) -> None:
        super().__init__(pieces(input_shape, num_classes, width))


class Graph(nn.Module):
    """The same layers, and a function that says what goes where: here a skip could go around any of them.

    Args:
        width: channels of the convolutions.
        skip: whether the second convolution adds to its input, which a list of layers cannot say.
    """

    def __init__(self, input_shape: tuple[int, ...], num_classes: int, width: int = 8, skip: bool = False) -> None:
        super().__init__()
        self.skip = skip
        for name, module in pieces(input_shape, num_classes, width).items():
            self.add_module(name, module)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool1(self.act1(self.conv1(x)))
        found = self.conv2(x)
        found = found + x if self.skip else found
        return self.output(self.flatten(self.pool2(self.act2(found))))


# %% [markdown]
# The same weights, the same logits, bit for bit. `torch.fx` reads the graph off either of them: the same operations in
# the same order.

# %%
shape, classes = (1, 8, 8), 10
listed, graphed = Sequential(shape, classes), Graph(shape, classes)
graphed.load_state_dict(listed.state_dict())
x = torch.rand(4, *shape)
operations = [[node.target for node in fx.symbolic_trace(net).graph.nodes][1:-1] for net in (listed, graphed)]
same = {
    "logits": torch.equal(listed(x), graphed(x)),
    "operations": operations[0] == operations[1],
    "after reading the graph": torch.equal(fx.symbolic_trace(graphed)(x), graphed(x)),
}
same

# %% [markdown]
# Trained, too, they are one network: for every seed the difference is not small but zero.

# %%
quick = {"budget.epochs": 2}
twins = pb.Study("digits/cnn", vary={"model": [Sequential, Graph]}, changes=quick, seeds=3, name="written twice").run()
accuracies = {arm.name: arm.values for arm in twins.arms}
accuracies

# %% [markdown]
# What only the graph can say: a skip around the second convolution. It has the same parameters and starts from the same
# weights; whether it helps is a question for a study.

# %%
skip = pb.Study("digits/cnn", vary={"model.skip": [False, True]}, changes={"model": Graph, **quick}, seeds=3)
result = skip.run()
result.effects
