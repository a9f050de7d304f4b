"""Reading: what textbooks print and students type means what it means there, or is refused with the right spelling."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from tests.theory.meant import meant_arrays, sizes_of, slopes
from tests.theory.namespaces import numpy_value
from tests.theory.textbook import REFUSED, ROWS

from paribus.errors import TheoryError
from paribus.theory.derive import derive


def verdict(row, spelling):
    """right, refused, otherwise (and whether it was said), or crash; with a word on it."""
    _, wrt, shapes, meaning, _, *more = row
    told, _, kind = more[0].partition(";") if more else ("", "", "")
    declared = dict(word.split("=") for word in told.split())
    typed, offered = spelling if isinstance(spelling, tuple) else (spelling, "")
    try:
        found = derive(typed, wrt, declared)
    except TheoryError as error:
        return "refused" if offered and offered in str(error) else "refused without the way", str(error)
    except Exception as error:  # a crash is what is counted
        return "crash", repr(error)
    if not found.second.startswith("read twice"):
        return "read once", found.second
    for seed in (1, 2):
        env = meant_arrays(shapes, kind, seed)
        fits = set(found.shapes) == set(env) and all(len(found.shapes[key]) == env[key].ndim for key in env)
        sizes = sizes_of(found.shapes, env) if fits else {}
        try:
            ours = numpy_value(found.answers[wrt].text, env, sizes) if fits else None
            close = fits and np.allclose(ours, slopes(meaning, env, wrt), rtol=1e-5, atol=1e-6)
        except Exception as error:
            return "answer does not run", f"{found.gradient}: {error!r}"
        if not close:
            return "otherwise, said" if found.doubts else "otherwise", f"{found.shapes} {found.gradient}"
    return "right", ""


CASES = [(row, spelling) for row in ROWS for spelling in row[4]]


def test_the_list_is_long_enough():
    assert len(CASES) >= 400


@pytest.mark.parametrize("place", range(8))
def test_textbook_expressions_are_read_as_meant_or_refused_with_the_right_spelling(place):
    """In eighths, so that a failure is found soon; the whole list is the measure."""
    counted = {(row[1], str(spelling)): verdict(row, spelling) for row, spelling in CASES[place::8]}
    wrong = {key: value for key, value in counted.items() if value[0] not in ("right", "refused")}
    assert not wrong, Counter(value[0] for value in counted.values())


@pytest.mark.parametrize(("typed", "wrt", "said"), REFUSED)
def test_what_cannot_be_read_leads_to_the_right_spelling(typed, wrt, said):
    with pytest.raises(TheoryError) as error:
        derive(typed, wrt)
    assert said in str(error.value)
