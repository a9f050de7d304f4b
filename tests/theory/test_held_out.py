"""Spellings written before any reader saw them; each list says at its head what was counted when it was first read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.theory.meant import derivative_verdict, layer_verdict, rows_of

LISTS = sorted((Path(__file__).parent / "held_out").glob("*.txt"))
RIGHT = {  # far from the notation
    **{"layers-sixth": 0.87, "layers-seventh": 0.95, "layers-eighth": 0.97, "layers-ninth": 0.9},
    **{"layers-tenth": 0.95, "layers-eleventh": 0.9, "layers-twelfth": 0.95, "layers-thirteenth": 0.92},
    **{"layers-fourteenth": 0.96, "layers-fifteenth": 0.89, "layers-sixteenth": 0.86, "layers-seventeenth": 0.93},
    **{"derivatives-third": 0.94, "derivatives-eleventh": 0.93},  # the last of each as at first sight
}
EVERY = {  # only each so many-th spelling
    **dict.fromkeys(["derivatives-fourth", "derivatives-fifth", "derivatives-sixth"], 6),
    **dict.fromkeys(["derivatives-seventh", "derivatives-eighth", "derivatives-ninth"], 12),
    **dict.fromkeys(["derivatives-tenth", "derivatives-eleventh"], 11),
    **dict.fromkeys(["layers-first", "layers-second", "layers-third", "layers-fourth", "layers-fifth"], 2),
    **dict.fromkeys(["layers-sixth", "layers-seventh", "layers-eighth", "layers-ninth"], 3),
    **dict.fromkeys(["layers-tenth", "layers-eleventh"], 6),
    **dict.fromkeys(["layers-twelfth", "layers-thirteenth", "layers-fourteenth", "layers-fifteenth"], 5),
    "layers-sixteenth": 9,
    "layers-seventeenth": 7,
}
BARE = {"layers-seventh": 0.03}  # share of refusals that do not lead on
SAID = ("right", "refused, led on", "refused", "otherwise, said")


@pytest.mark.parametrize("path", LISTS, ids=[path.stem for path in LISTS])
def test_what_people_type_is_read_as_meant_or_something_is_said(path):
    verdict = derivative_verdict if path.stem.startswith("derivatives") else layer_verdict
    rows = list(rows_of(path))
    found = {row[-1]: verdict(row) for row in rows[:: EVERY.get(path.stem, 1)]}
    counts = Counter(kind for kind, _ in found.values())
    assert not {key: value for key, value in found.items() if value[0] not in SAID}
    assert counts["right"] >= RIGHT.get(path.stem, 0.95 if "derivatives" in path.stem else 0.87) * len(found), counts
    assert counts["refused"] <= BARE.get(path.stem, 0.02) * len(found), counts  # nearly all say what to do next
