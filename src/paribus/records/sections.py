"""The groups of recipe fields that belong to paribus itself; all others are parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Shuffle = Literal["full", "blocks", "none", "always"]


class Section(BaseModel):
    """A group of recipe fields that belong to paribus itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Split(Section):
    """How examples are divided into training, validation and test splits."""

    val: float = Field(0.1, gt=0, lt=1, description="share of the training examples held out for validation")
    test: float = Field(0.2, ge=0, lt=1, description="share held out for the test where the source has no test split")
    stratified: bool = Field(True, description="whether every split has the same mix of classes")
    limit: int | None = Field(None, ge=1, description="use only this many training examples")
    folds: int | None = Field(
        None,
        ge=2,
        description="cross-validation: the examples are dealt out to so many folds, and seed s validates on fold s mod "
        "folds; then val is 1/folds. Every further round of seeds deals anew",
    )
    fold: int = Field(
        0,
        ge=0,
        description="how many validation splits earlier training ends: walk-forward validation of what has an order",
    )
    tuning: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the training examples, the same for every seed, that only tuning looks at",
    )
    judged: Literal["val", "tuning"] = Field(
        "val", description="whether val/… figures are of the validation split, or of the examples for tuning"
    )


class Training(Section):
    """How the loop makes its steps."""

    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = Field(
        64, description="examples per update of the weights; full takes all training examples at once"
    )
    shuffle: Shuffle = Field(
        "full",
        description="order of the examples; blocks reads neighbours together, for sets larger than memory; none takes "
        "them as they are stored, which spoils a training wherever neighbours are alike; always shuffles even what its "
        "source says must be read in order, as a text is, whose passages then go on from no state",
    )
    sampling: Literal["all", "balanced", "sqrt", "episodes"] = Field(
        "all",
        description="which examples an epoch takes: all of them once; as many of every class; of each in proportion "
        "to the root of its size; or episodes, batches of a few classes drawn at random with per_class examples of "
        "each. An epoch has about as many examples in any case",
    )
    agreeing: int = Field(
        0,
        ge=0,
        description="leave out training examples whose label is not among the most frequent ones of so many nearest "
        "others, for it may be wrong; 0 keeps all",
    )
    per_class: int = Field(
        2, ge=1, description="of sampling=episodes: examples of each class in a batch, whose classes are the more"
    )
    accumulate: int = Field(1, ge=1, description="pieces into which a batch is cut to save memory; same gradient")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto",
        description="number format of the heavy arithmetic; auto takes bf16 where the hardware has it and it pays",
    )
    norm_parts: int | None = Field(
        None,
        ge=2,
        description="parts of a batch over each of which batch norm takes its figures (ghost batch norm), so that "
        "processes need not exchange them; by default it takes those of the whole batch, on however many processes",
    )
    clip_norm: float | None = Field(None, gt=0, description="largest allowed norm of the whole gradient")
    l1: float = Field(
        0.0,
        ge=0,
        description="factor of the penalty ‖w‖₁ on weights, not on biases or norms; proximal, so zeros are exact",
    )
    l2: float = Field(
        0.0,
        ge=0,
        description="factor of the penalty ½‖w‖² on weights, not on biases or norms; a part of the gradient, whereas"
        " the weight_decay of some optimizers is apart from it, and of all is on every parameter",
    )
    ema: float | None = Field(
        None, gt=0, lt=1, description="decay of the moving average of the weights that is evaluated"
    )
    lookahead: int = Field(
        0,
        ge=0,
        description="every so many steps the weights become a slow average of themselves, which holds on to the past "
        "the more the later it is; 0 has none",
    )

    def batch(self, examples: int) -> int:
        """How many of so many training examples are in a batch."""
        return examples if self.batch_size == "full" else self.batch_size


class Budget(Section):
    """How long to train."""

    epochs: int = Field(
        10, ge=0, description="passes over the training examples; with 0 the weights it starts from are evaluated"
    )
    steps: int | None = Field(None, ge=1, description="stop after this many updates, whatever the epochs")


class Chance(Section):
    """Which streams of chance are held fixed; by default each follows the seed of the run."""

    initialisation: int | None = Field(None, ge=0, description="fixed seed of the initial weights")
    order: int | None = Field(None, ge=0, description="fixed seed of the order of the examples")
    augmentation: int | None = Field(None, ge=0, description="fixed seed of the augmentation")
    noise: int | None = Field(None, ge=0, description="fixed seed of dropout and other noise in the model")
    split: int | None = Field(None, ge=0, description="fixed seed of the choice of validation examples")


SECTIONS: Mapping[str, type[Section]] = {"split": Split, "training": Training, "budget": Budget, "chance": Chance}
