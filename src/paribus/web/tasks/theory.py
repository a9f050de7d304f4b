"""Derivations, networks, layers and the arena, worked out and rendered as the command line does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paribus.errors import TheoryError

MOST = 400  # letters of an expression; work grows fast with them
MATRICES = ("input", "filter", "upstream", "target", "box", "gamma", "beta")
SIZES = ("stride", "padding", "dilation", "window", "size")
NUMBERS = {"steps": int, "groups": int, "samples": int, "seed": int, "rate": float, "eps": float}
MOST_STEPS, MOST_STARTS = 5000, 200


def derive(
    text: str, wrt: str, shapes: str, detail: str, structures: Mapping[str, str], hessian: bool
) -> dict[str, Any]:
    """A derivation with its steps, as MathML, in the notation that was typed, and as LaTeX."""
    from paribus.theory.derive import derive as work_out

    _short(text)
    forms = {structure: _names(names) for structure, names in structures.items()}
    found = work_out(text, _names(wrt), _shapes(shapes), hessian=hessian, oracle="complex", **forms)
    return _derivation(found.folded(detail or "full"))


def network(name: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Backpropagation by hand through a net ``2-2-1`` or a layer."""
    from paribus.theory.networks import LAYERS, dense, layer

    names = list(LAYERS)
    if not name:
        return {"names": names, "html": "", "text": "", "latex": "", "options": {}}
    _short(name)
    if name[:1].isdigit():
        usual = {"hidden": "tanh", "output": "sigmoid", "loss": "mse"}
        asked = {key: options.get(key) or value for key, value in usual.items()}
        seed = _whole(options.get("seed") or "0", "seed")
        sample = {"x": options.get("input"), "y": options.get("target")}
        own = {key: _option({"x": "input", "y": "target"}[key], text) for key, text in sample.items() if text}
        found = dense(name, asked["hidden"], asked["output"], asked["loss"], seed=seed, **own)
    else:
        found = layer(name, **{key: _option(key, value) for key, value in options.items() if value})
    takes = {one: sorted(entry.options) for one, entry in LAYERS.items()}
    return {"names": names, "options": takes, **_derivation(found)}


def layers(text: str, shape: str) -> dict[str, Any]:
    """What every layer of a net in text gives, holds and costs."""
    from paribus.reports.layers import layers_page
    from paribus.theory.layers import table
    from paribus.theory.layers.table import typed_input
    from paribus.web.pages import plain

    _short(text, 2000)
    if not shape:
        raise TheoryError("a net in text needs the shape of its input", got=text, hint="for example 3,32,32")
    return {"page": plain(layers_page(table(text, typed_input(shape))))}


def arena(asked: Mapping[str, str]) -> dict[str, Any]:
    """Optimizers on a surface, with their pictures; without a surface all that there are."""
    from paribus.theory.arena import KNOWN, LABELS
    from paribus.theory.arena import problem as known_problem

    about = {"surfaces": list(KNOWN), "optimizers": dict(LABELS)}
    surface, function = asked.get("surface", ""), asked.get("function", "")
    if not surface and not function:
        from paribus.reports.arena.tables import known

        return {**about, "page": _arena_page(known([known_problem(name) for name in KNOWN]), ())}
    record = _record(surface, function, asked)
    from paribus.reports.arena import arena_page

    return {**about, "page": _arena_page(arena_page(record), _charts(record)), "motion": _motion(record)}


def _record(surface: str, function: str, asked: Mapping[str, str]) -> Any:
    from paribus.theory import arena as room

    steps = min(_whole(asked.get("steps") or "500", "steps"), MOST_STEPS)
    seed = _whole(asked.get("seed") or "0", "seed")
    if surface == "reddi":
        return room.reddi(3.0, min(steps, MOST_STEPS), 0.5)
    if surface and function:
        raise TheoryError("a race is on one surface", got=f"{surface} and {function}", hint="leave one of them out")
    _short(function)
    problem = room.typed(function, 5.0) if function else room.problem(surface, None, 10.0, 0.0)
    if asked.get("what") == "stationary":
        return room.search(problem, 200, seed)
    if asked.get("what") == "convexity":
        return room.convexity(problem, seed=seed)
    names = asked.get("optimizers") or "sgd,momentum,adam,newton"
    chosen = [room.optimizer(name) for name in (room.LABELS if names == "all" else dict.fromkeys(names.split(",")))]
    if asked.get("lr"):
        chosen = [one.having(lr=_real(asked["lr"], "lr")) for one in chosen]
    return room.race(problem, chosen, _starts(asked), steps, seed, not asked.get("lr"))


def _starts(asked: Mapping[str, str]) -> Any:
    if start := asked.get("start"):
        return [_real(word, "start") for word in start.split(",")]
    starts = asked.get("starts")
    return min(_whole(starts, "starts"), MOST_STARTS) if starts else None


def _charts(record: Any) -> tuple[Any, ...]:
    from paribus.plots import arena as plots
    from paribus.theory.arena import Convexity, Map, Online, Race

    match record:
        case Race() if record.problem.dimensions <= 2:
            return plots.paths(record), plots.falls(record)
        case Race():
            return (plots.falls(record),)
        case Map() if record.problem.dimensions == 2:
            return (plots.landmarks(record),)
        case Convexity() if record.witness:
            return (plots.crossing(record),)
        case Online():
            return (plots.online(record),)
    return ()


def _motion(record: Any) -> str:
    """The paths in motion, as SVG; empty where nothing moves."""
    from paribus.plots.arena.motion import animation
    from paribus.theory.arena import Race

    return str(animation(record)) if isinstance(record, Race) and record.problem.dimensions == 2 else ""


def _arena_page(found: Any, charts: tuple[Any, ...]) -> dict[str, Any]:
    """The words of a record and its pictures, in the shape of every page."""
    from paribus.reports.page import Figure, Page, Section
    from paribus.web.pages import plain

    pictures = [Section(figure=Figure(f"arena-{place}", one, one.title)) for place, one in enumerate(charts)]
    tables = [Section(title, tables=(table,)) for title, table in found.tables]
    facts = Section(text=tuple(found.facts))
    return plain(Page("Arena", found.title, warnings=tuple(found.notes), sections=(facts, *pictures, *tables)))


def _derivation(found: Any) -> dict[str, Any]:
    from paribus.reports.derivation import as_article
    from paribus.theory.derivations.latex import as_latex

    return {"html": str(as_article(found)), "text": str(found), "latex": as_latex(found), "title": found.title}


def _option(name: str, text: str) -> Any:
    """An option of a layer as the command line reads it; no file is opened."""
    from paribus.theory.networks.numbers import parse_array

    if name in MATRICES:
        if any(letter.isalpha() and letter not in "eE" for letter in text):
            raise TheoryError(f"{name} is numbers", got=text, hint='for example "3 4 5; 2 1 -3"')
        return parse_array(text)
    if name in SIZES:
        sizes = tuple(_whole(word, name) for word in text.split(","))
        return sizes if len(sizes) > 1 else sizes[0]
    if name == "inference":
        return text.lower() in ("1", "true", "on")
    try:
        return NUMBERS[name](text) if name in NUMBERS else text
    except ValueError:
        raise TheoryError(f"{name} is a number", got=text) from None


def _short(text: str, most: int = MOST) -> None:
    if len(text) > most:
        hint = "ask the command line for longer ones"
        raise TheoryError(f"the page takes at most {most} letters", got=f"{len(text)} letters", hint=hint)


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _shapes(text: str) -> dict[str, str]:
    """``A=m,n; x=n`` → sizes by name."""
    found = {}
    for word in filter(str.strip, text.split(";")):
        name, sign, sizes = word.partition("=")
        if not sign or not name.strip().isidentifier():
            raise TheoryError("a shape is given as NAME=SIZES", got=word.strip(), hint="A=m,n; x=n; a=")
        found[name.strip()] = sizes.strip()
    return found


def _whole(text: str, name: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text) < 10):
        raise TheoryError(f"{name} is a whole number", got=text)
    return int(text)


def _real(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise TheoryError(f"{name} is a number", got=text) from None
