"""Pictures in folders, one for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from paribus.cache import paths
from paribus.data.origin import origin
from paribus.data.originals import Original, Originals
from paribus.data.prepare.scan import Checked, check, require_usable, summarise
from paribus.data.sources.images.decoding import Colour, Fit
from paribus.data.sources.images.listing import Listing, listing
from paribus.data.write.writer import Writer


@origin("your own")
class Folder:
    """Pictures of your own: one folder per class, or train, validation and test folders with classes in each.

    Args:
        path: the folder, from the current one or below PARIBUS_DATA.
        size: height and width to which all pictures are brought, in pixels.
        colour: whether pictures have three channels or one.
        fit: cut out the middle, pad with white, or change the proportions.
        bad: whether files that cannot be read are left out or stop the training.
        labels: folders where folder names are the classes, or a CSV file with columns path, label and split.
        group: a CSV column or a regular expression on paths with one parenthesis, for instance the patient;
            examples of one group are never separated by a split.
    """

    def __init__(
        self,
        path: str,
        size: Annotated[int, Field(ge=4, le=4096)] = 64,
        colour: Colour = "rgb",
        fit: Fit = "crop",
        bad: Literal["skip", "fail"] = "skip",
        labels: str = "folders",
        group: str | None = None,
    ) -> None:
        self.path, self.size, self.colour, self.fit = path, size, colour, fit
        self.bad, self.labels, self.group = bad, labels, group

    @property
    def decoding(self) -> Mapping[str, Any]:
        """Arguments of :func:`.decoding.decode` that treat any other picture in the same way."""
        return {"size": self.size, "colour": self.colour, "fit": self.fit}

    def key(self) -> Mapping[str, Any]:
        """All options but the path: another folder that holds the same is the same."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def originals(self) -> Originals:
        """The pictures, with their classes, splits and groups."""
        found = self._listing()
        files = (Original(entry.name, entry.label, entry.split, entry.group) for entry in found.entries)
        return Originals(found.root, tuple(files), "picture")

    def write(self, cache: Writer) -> None:
        """Open every picture, write the good ones, and check the whole."""
        found = self._listing()
        index = {label: position for position, label in enumerate(found.classes)}
        groups = {group: number for number, group in enumerate(sorted({entry.group for entry in found.entries}))}
        channels = {"rgb": 3, "grey": 1}[self.colour]
        cache.start(classes=found.classes, shape=(channels, self.size, self.size), count=len(found.entries))
        checked: list[Checked] = []
        for batch in check(found, self.size, self.colour, self.fit, cache.progress):
            self._add(cache, [one for one in batch if one.pixels is not None], index, groups)
            checked += [replace(one, pixels=None) for one in batch]
        report = summarise(found, checked)
        require_usable(report, self.bad)
        for name, reason in report.bad:
            cache.skip(name, reason)

    def _add(self, cache: Writer, good: Sequence[Checked], index: Mapping[str, int], groups: Mapping[str, int]) -> None:
        if not good:
            return
        cache.add(
            np.stack([one.pixels for one in good if one.pixels is not None]),  # (B, C, size, size)
            [index[one.entry.label] for one in good],
            good[0].entry.split,
            groups=[groups[one.entry.group] for one in good] if self.group else None,
            names=[one.entry.name for one in good],
        )

    def _listing(self) -> Listing:
        return listing(paths.find_folder(self.path), self.labels, self.group)
