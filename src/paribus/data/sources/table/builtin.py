"""Tables that come with scikit-learn: no download, no official test split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from paribus.data.dataset import Dataset
from paribus.data.metadata import Metadata
from paribus.data.origin import origin
from paribus.data.preprocessing import TableColumn, TableInfo, TableScale, Wishes
from paribus.data.write.writer import Writer

Name = Literal["wine", "breast_cancer", "diabetes_progression"]


@origin("built in")
class Builtin:
    """A table that comes with scikit-learn; all of its columns are numbers, and none is missing.

    Args:
        name: of it.
        scale: of numbers: standard to mean 0 and deviation 1, robust by median and quartiles, or none.
    """

    def __init__(self, name: Name, scale: TableScale = "standard") -> None:
        self.name, self.scale = name, scale

    def key(self) -> Mapping[str, Any]:
        """The data never change."""
        return {"name": self.name}

    def write(self, cache: Writer) -> None:
        """Write all rows at once."""
        from sklearn import datasets

        load = {"wine": "load_wine", "breast_cancer": "load_breast_cancer", "diabetes_progression": "load_diabetes"}
        options = {"scaled": False} if self.name == "diabetes_progression" else {}
        found = getattr(datasets, load[self.name])(**options)
        classes = [str(name) for name in getattr(found, "target_names", ())]
        columns = tuple(TableColumn(str(name)) for name in found.feature_names)
        target = "class" if classes else "progression"
        cache.start(
            classes=classes,
            shape=(len(columns),),
            dtype="float32",
            count=len(found.data),
            target_dtype="int64" if classes else "float32",
            quantities=False,
            gaps=True,
            metadata=Metadata(table=TableInfo(columns, (target,))),
        )
        cache.add(found.data.astype(np.float32), found.target)

    def to_examples(self, dataset: Dataset) -> Dataset:
        """The rows, with what is wished for their columns."""
        known = dataset.metadata.table
        assert known is not None, "tables are written with what is known of them"
        return replace(
            dataset, metadata=replace(dataset.metadata, table=replace(known, wishes=Wishes(scale=self.scale)))
        )


@origin("built in")
def wine(scale: TableScale = "standard") -> Builtin:
    """178 wines of three growers by 13 chemical measurements, part of scikit-learn.

    Args:
        scale: of numbers: standard to mean 0 and deviation 1, robust by median and quartiles, or none.
    """
    return Builtin("wine", scale)


@origin("built in")
def breast_cancer(scale: TableScale = "standard") -> Builtin:
    """569 breast tumours, malignant or benign, by 30 measurements of their cell nuclei, part of scikit-learn.

    Args:
        scale: of numbers: standard to mean 0 and deviation 1, robust by median and quartiles, or none.
    """
    return Builtin("breast_cancer", scale)


@origin("built in")
def diabetes_progression(scale: TableScale = "standard") -> Builtin:
    """442 patients with diabetes by 10 measurements, and how far it went on in a year, a number; part of scikit-learn.

    Args:
        scale: of numbers: standard to mean 0 and deviation 1, robust by median and quartiles, or none.
    """
    return Builtin("diabetes_progression", scale)
