"""What kind of thing each name is: of all readings that fit, the likeliest by the conventions of textbooks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from paribus.errors import TheoryError, nearest
from paribus.theory.expressions.notation import CONSTANTS, ENTRYWISE
from paribus.theory.expressions.raw import Raw
from paribus.theory.expressions.shapes import COUNTS, KINDS, LIKELY, Inference
from paribus.theory.expressions.symbols import GREEK
from paribus.theory.expressions.tokens import pointing
from paribus.theory.expressions.tree import Shape

START = r"[A-Z]_?0"  # what there is at the beginning: N₀ exp(-λt)
MOST = 300  # readings that are tried
FAR = 3.0
ARRAY = 1.1  # what it costs that the value is no number
CLOSE = 1.3  # a reading that costs so little more is worth a word
NUMERIC = {"number", "name", "+", "-", "*", "/", "**", "^", "neg", "juxt", "frac", "bars"}
UPSTREAM = {"dout", "dy", "mask", "logits", "scores", "probs", "targets", "labels", "preds", "upstream", "grad"}
VECTORS = {"u", "v", "w", "x", "y", "z"}
BIASES, DATA = {"b", "b_0", "w_0", "bias", "intercept"}, {"X", "Phi"}
SCALARS = {"lam", "reg", "eps", "lr", "nu", "tau", "sig"}
SLOPES = {"w", "a", "m"}
Ranks = dict[str, int]


def candidates(name: str) -> dict[int, float]:
    """Ranks that a name may have, and what each costs: capital letters are matrices, lower-case letters vectors,
    lower-case Greek letters scalars."""
    stem = re.sub(r"_?\d*_?$", "", name)
    if re.fullmatch(START, name):
        return {0: 0.0, 2: 0.5}
    if name[:1].isupper():
        return {2: 0.0, 0: 1.5} if name in COUNTS else {2: 0.0}
    if is_greek(name) or stem in SCALARS:
        return {0: 0.0, 1: 1.0}
    if name in UPSTREAM:
        return {1: 0.0, 2: 0.3, 0: 2.0}
    return {1: 0.0, 0: 0.6 if name in COUNTS else 2.0 if stem in VECTORS else 1.0}


def is_greek(name: str) -> bool:
    """Whether it is a Greek letter in lower case, perhaps with a number or an index."""
    stem = re.sub(r"(_\w)?\d*$", "", name.rstrip("_"))
    return stem.rstrip("_") in GREEK and stem.islower()


def variables(raw: Raw, inference: Inference) -> Iterable[tuple[str, int]]:
    """Names in the order of appearance, and how many indices they carry in a sum."""
    if raw.op == "entry":
        yield raw.value[0], len(raw.value[1])
    if raw.op == "name" and not inference.is_size(raw.value):
        known = {"I", "𝟏", *inference.constants} - inference.declared.keys()
        yield from [] if raw.value in known else [(raw.value, 0)]
    for arg in raw.args:
        yield from variables(arg, inference)


def infer(
    raw: Raw,
    text: str,
    declared: Mapping[str, Shape],
    board: bool,
    letters: frozenset[str],
    wrt: frozenset[str],
    square: frozenset[str] = frozenset(),
    linear: int = 0,
    bold: frozenset[str] = frozenset(),
) -> Inference:
    """Shapes of the likeliest reading that fits.

    Args:
        raw: the expression.
        text: the same as it was typed.
        declared: shapes that the user said.
        board: whether vectors stand as columns.
        letters: names that stand for sizes, beside those that declared shapes use.
        wrt: names that are variables, whatever else they might be.
        square: names of matrices that are square.
        linear: how far ``*`` is the product of linear algebra.
        bold: names that are printed as vectors.

    Raises:
        TheoryError: shapes do not fit together, or a declared name does not occur.
    """
    constants = _constants(raw) - declared.keys() - wrt
    probe = Inference(text, declared, board, letters, linear, constants=constants)
    indexed: dict[str, int] = {}
    for name, count in variables(raw, probe):
        indexed[name] = max(indexed.get(name, 0), count)
    for name in declared:
        if name not in indexed:
            raise TheoryError("a shape is given for a name that does not occur", got=name, hint=nearest(name, indexed))
    for name, count in indexed.items():
        stem, _, index = name.rpartition("_")
        if not count and indexed.get(stem) and re.fullmatch("[ijkmn]", index):
            rule = f"{name} stands outside of the sums over the entries of {stem}"
            column = next(one.column for one in raw.nodes() if one.op == "name" and one.value == name)
            hint = f"write {stem} for all of them, exp(z) / sum(exp(z)); one of them is a product with a unit vector"
            raise pointing(rule, text, column, hint)
    options = {name: _ranked(name, count) for name, count in indexed.items() if name not in declared}
    if {"gamma", "beta"} <= options.keys() and re.search(r"\b(?:var|std)\b", text):
        options |= {key: {1: 0.0, 0: 0.6} for key in ("gamma", "beta")}  # of a normalisation, for each feature
    options |= {
        name: {1: 0.0, 0: 2.0} for name, count in indexed.items() if name in bold & options.keys() and not count
    }
    biases = frozenset(_biases(raw, text) & options.keys())
    options |= {key: {0: 0.0, 1: 0.5} for key in biases}
    scalars = frozenset(name for name, ranks in options.items() if not ranks.get(0, 1.0))
    numbers = (
        bool(indexed)
        and not declared
        and not bold & indexed.keys()
        and _of_numbers(raw, text)
        and _computed(raw, indexed)
    )
    if numbers:
        options = {name: {0: 0.0, 1: 1.0} for name in indexed}

    below = (one.args[1].nodes() for one in raw.nodes() if one.op in ("/", "frac"))
    divisors = frozenset(itertools.chain.from_iterable(below))

    def tried(ranks: Ranks, cost: float) -> Inference:
        found = Inference(text, declared, board, letters, linear, cost=cost, constants=constants, numbers=numbers,
                          scalars=scalars, biases=biases, divisors=divisors)  # fmt: skip
        for name in indexed:
            fresh = tuple(found.unifier.fresh() for _ in range(ranks.get(name, 0)))
            fresh = fresh[:1] * len(fresh) if name in square else fresh
            found.names[name] = declared.get(name, fresh)
        found.visit(raw)
        found.cost += ARRAY * bool(found.dims[raw])
        return found

    best: Inference | None = None
    chosen: Ranks = {}
    first: TheoryError | None = None
    for cost, ranks in _by_cost(options):
        if best is not None and cost >= best.cost:
            break
        try:
            found = tried(ranks, cost)
        except TheoryError as error:
            first = first or error
            continue
        if best is None or found.cost < best.cost:
            best, chosen = found, ranks
    if first is not None and (best is None or best.cost - ARRAY * bool(best.dims[raw]) > FAR):
        raise first  # what the letters say does not fit, and what fits is far-fetched
    assert best is not None  # something was tried
    for name in [name for name, count in indexed.items() if 0 < count < chosen.get(name, 0) and name.islower()]:
        if alone := next((one for one in raw.nodes() if one.op == "name" and one.value == name), None):
            rule = f"{name} stands by itself, and as {name}_i with vectors for entries"
            raise pointing(
                rule, text, alone.column, f"give one of them another letter: {name.upper()} for all {name}_i"
            )
    if len(best.dims[raw]) == 1:
        best, chosen = _number(best, chosen, raw, tried, wrt)
    if numbers:
        first_name = next(iter(indexed))
        best.doubts.append(f"all names are read as scalars; as vectors, entry by entry: --shape {first_name}=n, …")
    best.doubts += _alternatives(best, chosen, options, tried, raw)
    return best


def _computed(raw: Raw, names: Iterable[str]) -> bool:
    """Whether more is done than to apply functions; with capital letters only if they are divided by: r N (1 - N/K)."""
    inside = list(raw.nodes())
    if any(one.op in ("^", "**") and one.args[0].value in names and _fractional(one.args[1]) for one in inside):
        return True
    capital = any(name[:1].isupper() and not re.fullmatch(START, name) for name in names)
    if any(one.op in ("juxt", "*") and _matrix_vector(*one.args) for one in inside):
        return False
    below = [one.args[1] for one in inside if one.op in ("/", "frac")]
    divided = any(one.op == "name" for each in below for one in each.nodes())
    return divided if capital else any(one.op in NUMERIC - {"neg", "name", "bars", "number"} for one in inside)


def _fractional(exponent: Raw) -> bool:
    """Whether no matrix is raised to it: α, 1 - α, 0.5."""
    parts = [*exponent.nodes()]
    return any(
        is_greek(str(one.value)) if one.op == "name" else one.op == "number" and one.value.denominator > 1
        for one in parts
    )


def _matrix_vector(left: Raw, right: Raw) -> bool:
    """A x."""
    return left.op == right.op == "name" and left.value[:1].isupper() and right.value in VECTORS


def _biases(raw: Raw, text: str) -> set[str]:
    """b of X w + b, where X holds a row of data for each number: the same for all rows."""
    found = set[str]()
    for one in raw.nodes():
        if one.op not in ("+", "-") or one.args[1].value not in BIASES:
            continue
        slopes = {_slope(part, text) for part in (one.args[0], *one.args[0].args)} - {""}
        if slopes or (one.op == "+" and _rows_times(one.args[0])):
            found |= {one.args[1].value, *slopes}
    return found


def _slope(raw: Raw, text: str) -> str:
    """w of a line through data: w * x + b, w xᵢ + b."""
    if not (raw.op == "juxt" and raw.value != "·") and not (
        raw.op == "*" and raw.value is not None and text[raw.value] == "*"
    ):
        return ""
    slope, x = (arg.value for arg in raw.args)
    line = slope in SLOPES and (x == "x" or (raw.args[1].op == "entry" and x[0] == "x"))
    return str(slope) if line and raw.args[0].op == "name" else ""


def _rows_times(raw: Raw) -> bool:
    """X w, and what is added to it."""
    if raw.op in ("juxt", "@", "*"):
        return raw.args[0].value in DATA and raw.args[1].op == "name" and not raw.args[1].value[:1].isupper()
    return raw.op == "+" and _rows_times(raw.args[0])


def _of_numbers(raw: Raw, text: str) -> bool:
    """Whether nothing in it makes or takes arrays: f(x, y) = 100 (y - x²)² + (1 - x)²."""
    plain = raw.op in (*NUMERIC, *ENTRYWISE) and not (raw.op == "juxt" and raw.value == "·")
    entries = raw.op == "*" and raw.value is not None and text[raw.value : raw.value + 1] != "*"
    return plain and not entries and all(_of_numbers(arg, text) for arg in raw.args)


def _number(
    best: Inference, chosen: Ranks, raw: Raw, tried: Callable[[Ranks, float], Inference], wrt: frozenset[str]
) -> tuple[Inference, Ranks]:
    """Where one name alone makes a vector of what else is a number, that name is a number: y in −y log σ(wᵀx)."""
    for name in [name for name, rank in chosen.items() if rank == 1 and name not in wrt]:
        with suppress(TheoryError):
            found = tried({**chosen, name: 0}, best.cost)
            if not found.dims[raw] and wrt and len(chosen) > 2 and found.cost <= best.cost:
                return found, {**chosen, name: 0}
    fewer = dict(chosen)
    for name in [name for name, rank in chosen.items() if rank == 1 and name not in wrt and best.cost >= LIKELY]:
        with suppress(TheoryError):  # several together, where a number is added to them: r and v in (r + γv - wᵀx)²
            found = tried({**fewer, name: 0}, best.cost)
            fewer[name] = 0
            if not found.dims[raw] and found.cost <= best.cost:
                return found, fewer
    return best, chosen


def _ranked(name: str, count: int) -> dict[int, float]:
    """Of an indexed name: an entry of a vector, or a row of a matrix."""
    if not count:
        return candidates(name)
    return {count: 0.0, count + 1: 0.5} if count < 2 else {count: 0.0}


def _by_cost(options: Mapping[str, dict[int, float]]) -> Iterable[tuple[float, Ranks]]:
    """Readings, the likeliest first."""
    names = list(options)
    every = itertools.islice(itertools.product(*(options[name].items() for name in names)), 20_000)
    readings = ((sum(cost for _, cost in picked), [-rank for rank, _ in picked]) for picked in every)
    for cost, ranks in sorted(readings)[:MOST]:  # of equal cost that with more axes
        yield cost, dict(zip(names, (-rank for rank in ranks), strict=True))


def _constants(raw: Raw, parent: str = "") -> frozenset[str]:
    """π, and e where it is only the base of powers."""
    if raw.op == "name":
        return frozenset({raw.value} & set(CONSTANTS) if raw.value != "e" or parent in ("**", "^") else {"-e"})
    found = frozenset[str]()
    for place, arg in enumerate(raw.args):
        found |= _constants(arg, raw.op if not place else "")
    return found - {"e"} if "-e" in found else found


def _alternatives(
    best: Inference,
    chosen: Ranks,
    options: Mapping[str, dict[int, float]],
    tried: Callable[[Ranks, float], Inference],
    raw: Raw,
) -> list[str]:
    """One sentence for each name that might as well be something else."""
    said = list[str]()
    for name, rank in chosen.items():
        usual = min(options[name], key=lambda r: options[name][r])
        before = len(said)
        if rank > usual and min(options[name]) == usual and usual != 0:  # a row of a matrix, by its index
            said.append(f"{name} is a matrix, and {name}_i its row i; entries of a vector: --shape {name}=n")
            continue
        for other in (r for r in options[name] if r != rank and r < 2 and rank < 3):
            try:
                cost = sum(options[n][r] for n, r in {**chosen, name: other}.items())
                found = tried({**chosen, name: other}, cost)
            except TheoryError:
                continue
            expected = rank == usual or name in COUNTS
            if expected and found.dims[raw] and not best.dims[raw]:
                continue  # nobody differentiates a number and means a vector
            simpler = len(chosen) == 1 and not found.dims[raw] and bool(best.dims[raw])
            if found.cost - best.cost <= CLOSE or rank != usual or simpler:
                switch = f"--shape {name}=" + ("n" if other else "")
                said.append(f"{name} is read as a {KINDS[rank]}; as a {KINDS[other]}: {switch}")
        if rank != usual and len(said) == before and rank < 2 and name not in COUNTS:
            said.append(f"{name} is read as a {KINDS[rank]}: as a {KINDS[usual]} it does not fit")
    return said
