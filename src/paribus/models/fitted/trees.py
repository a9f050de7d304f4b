"""Decision trees, many at a time: forests and boosted trees, grown by scikit-learn, kept and asked as tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from paribus.models.fitted.fitted import Fitted, columns_of

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Array = NDArray[Any]
CHECKED = 256  # examples for which the tensors are compared with the library they come from


class Nodes(NamedTuple):
    """The nodes of a tree, row by row; a leaf is its own left and right."""

    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array  # (nodes, what a tree says)


class Trees(Fitted):
    """Trees as tensors, all nodes one behind the other: at a node go left if the feature is at most the threshold."""

    counts = "nodes of trees"
    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    value: Tensor
    roots: Tensor
    depth: Tensor

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, num_classes: int) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        whole = dict.fromkeys(("feature", "left", "right", "roots", "depth"), torch.int64)
        self._declare(**whole, threshold=torch.float64, value=torch.float64)

    @property
    def size(self) -> int:
        """Nodes of all trees."""
        return len(self.feature)

    def leaves(self, inputs: Tensor) -> Tensor:
        """What each tree says of inputs (B, F): (B, trees, outputs of a tree)."""
        node = self.roots.expand(len(inputs), -1)  # (B, trees)
        for _ in range(int(self.depth)):
            below = inputs.gather(1, self.feature[node]) <= self.threshold[node]
            node = torch.where(below, self.left[node], self.right[node])
        return self.value[node]


class RandomForest(Trees):
    """A random forest: trees on bootstrap samples, each split among some of the features (Breiman, 2001).

    Grown at once by scikit-learn; its classes are means of shares, its numbers means of means.

    Args:
        trees: how many.
        max_depth: of each tree; none lets them grow until leaves are pure.
        min_leaf: fewest examples in a leaf.
        features: which are looked at for each split: a root of their number, all, or this share of them.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        num_classes: int,
        trees: Count = 100,
        max_depth: Count | None = None,
        min_leaf: Count = 1,
        features: Literal["sqrt", "all"] | Annotated[float, Field(gt=0, le=1)] = "sqrt",
    ) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        self.trees, self.max_depth, self.min_leaf, self.features = trees, max_depth, min_leaf, features

    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """The nodes of all trees."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        forest = (RandomForestClassifier if self.num_classes else RandomForestRegressor)(
            n_estimators=self.trees,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_leaf,
            max_features=1.0 if self.features == "all" else self.features,
            random_state=seed,
        )
        rows, answers = inputs.numpy(), targets.numpy()
        forest.fit(rows, answers if self.num_classes or answers.shape[1] > 1 else answers[:, 0], _numpy(weights))
        present = torch.from_numpy(forest.classes_) if self.num_classes else None
        found = together([self._nodes(one.tree_, present) for one in forest.estimators_])
        said = forest.predict_proba if self.num_classes else forest.predict
        check(self, found, inputs, said(rows[:CHECKED]), present)
        return found

    def say(self, inputs: Tensor) -> Tensor:
        """The mean over trees."""
        return self.leaves(inputs).mean(1)

    def _nodes(self, tree: Any, present: Tensor | None) -> Nodes:
        here = np.arange(tree.node_count)
        leaf = tree.children_left < 0
        left, right = (np.where(leaf, here, side) for side in (tree.children_left, tree.children_right))
        if present is None:
            value = tree.value[:, :, 0]
        else:
            shares = torch.from_numpy(tree.value[:, 0] / tree.value[:, 0].sum(1, keepdims=True))
            value = columns_of(shares, present, self.num_classes).numpy()
        return Nodes(np.where(leaf, 0, tree.feature), tree.threshold, left, right, value)


class GradientBoosting(Trees):
    """Gradient-boosted trees on histograms, each correcting those before it (Friedman, 2001; Ke et al., 2017).

    Grown at once by scikit-learn, for all rounds: nothing is held back to stop early.

    Args:
        rounds: trees, of several classes for each of them.
        lr: share of each tree that is added.
        leaves: most leaves of a tree.
        min_leaf: fewest examples in a leaf.
        penalty: on the squares of what leaves say.
    """

    start: Tensor

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        num_classes: int,
        rounds: Count = 100,
        lr: Rate = 0.1,
        leaves: Annotated[int, Field(ge=2)] = 31,
        min_leaf: Count = 20,
        penalty: Annotated[float, Field(ge=0)] = 0.0,
    ) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        self.rounds, self.lr, self.leaf_nodes, self.min_leaf, self.penalty = rounds, lr, leaves, min_leaf, penalty
        self._declare(start=torch.float64)

    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """The nodes of all trees, and what is said before the first."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        options = {
            "max_iter": self.rounds,
            "learning_rate": self.lr,
            "max_leaf_nodes": self.leaf_nodes,
            "min_samples_leaf": self.min_leaf,
            "l2_regularization": self.penalty,
            "early_stopping": False,
            "random_state": seed,
        }
        rows, given = inputs.double().numpy(), _numpy(weights)
        if self.num_classes:
            model = HistGradientBoostingClassifier(**options).fit(rows, targets.numpy(), given)
            start = np.full(self.num_classes, -np.inf)  # of classes that training did not have
            start[model.classes_] = 0  # of two classes the second one's trees are its log-odds
            found = grown([(model, model.classes_[-len(model._predictors[0]) :])], start)
            check(self, found, inputs, model.predict_proba(rows[:CHECKED]), torch.from_numpy(model.classes_))
            return found
        columns = targets.double().numpy().T
        models = [HistGradientBoostingRegressor(**options).fit(rows, column, given) for column in columns]
        found = grown([(model, [place]) for place, model in enumerate(models)], np.zeros(self.num_outputs))
        check(self, found, inputs, np.stack([model.predict(rows[:CHECKED]) for model in models], 1), None)
        return found

    def say(self, inputs: Tensor) -> Tensor:
        """The sum over trees: of classes their logits."""
        total = self.leaves(inputs).sum(1) + self.start
        return total.softmax(1) if self.num_classes else total


def grown(models: Sequence[tuple[Any, Sequence[int]]], start: Array) -> dict[str, Tensor]:
    """Boosted trees as tensors.

    Args:
        models: of scikit-learn, each with the outputs that its trees of a round add to.
        start: (outputs,) what is said before the first tree, beside the models' own.
    """
    trees = []
    for model, places in models:
        start[list(places)] += np.ravel(model._baseline_prediction)
        for one_round in model._predictors:
            trees += [_boosted(one.nodes, place, len(start)) for one, place in zip(one_round, places, strict=True)]
    return {**together(trees), "start": torch.from_numpy(start)}


def _boosted(nodes: Any, place: int, outputs: int) -> Nodes:
    """One tree, which adds to one of the outputs."""
    here, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    left, right = (np.where(leaf, here, nodes[side].astype(np.int64)) for side in ("left", "right"))
    value = np.zeros((len(nodes), outputs))
    value[:, place] = np.where(leaf, nodes["value"], 0.0)
    return Nodes(np.where(leaf, 0, nodes["feature_idx"]), nodes["num_threshold"], left, right, value)


def together(trees: Sequence[Nodes]) -> dict[str, Tensor]:
    """All trees one behind the other, with the places of their roots and the depth of the deepest."""
    sizes = np.array([len(tree.feature) for tree in trees])
    roots = np.cumsum(sizes) - sizes
    shifted = [
        tree._replace(left=tree.left + root, right=tree.right + root) for tree, root in zip(trees, roots, strict=True)
    ]
    whole = Nodes(*(np.concatenate(column) for column in zip(*shifted, strict=True)))
    kinds = {"threshold": torch.float64, "value": torch.float64}
    tensors = {name: torch.as_tensor(one, dtype=kinds.get(name, torch.int64)) for name, one in whole._asdict().items()}
    return {**tensors, "roots": torch.as_tensor(roots), "depth": torch.tensor([max(map(_depth, trees))])}


def _depth(tree: Nodes) -> int:
    """Splits on the longest way to a leaf; children stand behind their parents."""
    depth = np.zeros(len(tree.feature), np.int64)
    for node in range(len(depth)):
        if tree.left[node] != node:
            depth[tree.left[node]] = depth[tree.right[node]] = depth[node] + 1
    return int(depth.max())


def check(model: Trees, found: Mapping[str, Tensor], inputs: Tensor, expected: Array, present: Tensor | None) -> None:
    """Compare what the tensors say with what the library said that grew the trees: another version may store others."""
    for name, value in found.items():
        model.register_buffer(name, value)
    wanted = torch.as_tensor(expected).reshape(len(expected), -1)
    if present is not None:
        wanted = columns_of(wanted, present, model.num_classes)
    if not torch.allclose(model.say(inputs[:CHECKED]), wanted.double(), rtol=1e-5, atol=1e-6):
        raise RuntimeError("these trees do not say what scikit-learn says: this version of it is not known")


def _numpy(weights: Tensor | None) -> Array | None:
    return None if weights is None else weights.numpy()
