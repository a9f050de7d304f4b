"""What a training reads: batches to learn from, and the examples that its figures are taken of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from paribus.data.augmentation.compose import Compose
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.prepare.prepared import PreparedData
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.records.sections import Shuffle
from paribus.tasks import evaluation
from paribus.training.monitor import Plan
from paribus.training.session import Session

SHOWN = 8  # validation examples that are looked at while training


@dataclass(frozen=True)
class Loaders:
    """What a training reads.

    Args:
        train: the examples that are learned from.
        augment: random changes to them, if any.
        order: in which an epoch takes them.
        validation: the examples that figures are taken of after every epoch.
        shared: whether they are the same for every seed, so that runs can be compared example by example.
        shown: a few of those, for previews.
    """

    train: Loader
    augment: Compose | None
    order: Shuffle
    validation: Loader
    shared: bool
    shown: Batch

    @classmethod
    def of(cls, recipe: Recipe, prepared: PreparedData, device: str, whole: bool = False) -> Loaders:
        """Those of a recipe, on a device; ``whole`` trains on all examples at once."""
        prepared = prepared.on(device)
        examples = len(prepared.rows["train"])
        batch_size = examples if whole else recipe.training.batch(examples)
        evaluated_at_once = evaluation.batch_size(prepared.info, batch_size)
        validation = prepared.loader("val", evaluated_at_once, device)
        apart = max(1, len(validation.rows) // SHOWN)  # neighbours may be much alike, as windows of a series are
        parts = {name: build("augment", part) for name, part in recipe.augment.items()}
        return cls(
            train=prepared.loader("train", batch_size, device, prepared.sampling(recipe.training)),
            augment=Compose(parts) if parts else None,
            order=recipe.training.shuffle,
            validation=validation,
            shared=prepared.info.overlap is None or recipe.chance.split is not None,
            shown=validation.take(validation.rows[::apart][:SHOWN]),
        )

    def rest_of_epoch(self, session: Session, plan: Plan) -> Iterator[Batch]:
        """The batches that the current epoch still needs, within the budget; of each the share of this process."""
        batches = self.train.shuffled(
            session.seeds,
            session.epoch,
            start=session.batches_done,
            augment=self.augment,
            order=self.order,
            share=session.group.share,
        )
        return islice(batches, plan.steps - session.step)
