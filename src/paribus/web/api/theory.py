"""Derivations, networks, layers and the arena, while one types: an answer that takes long is given up."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

SECONDS = 40.0


def derive(request: Request) -> Any:
    """A derivation, step by step."""
    asked = request.query_params
    given = {name: asked.get(name, "") for name in ("text", "wrt", "shapes", "detail")}
    structures = {name: asked.get(name, "") for name in ("symmetric", "definite", "diagonal", "lower", "orthogonal")}
    hessian = asked.get("hessian", "").lower() in ("1", "true")
    return _ask(request, "theory:derive", **given, structures=structures, hessian=hessian)


def networks(request: Request) -> Any:
    """Backpropagation by hand."""
    options = dict(request.query_params)
    return _ask(request, "theory:network", name=options.pop("name", ""), options=options)


def layers(request: Request) -> Any:
    """A net in text, layer by layer."""
    asked = request.query_params
    return _ask(request, "theory:layers", text=asked.get("text", ""), shape=asked.get("input", ""))


def arena(request: Request) -> Any:
    """Optimizers on a surface."""
    return _ask(request, "theory:arena", asked=dict(request.query_params))


def _ask(request: Request, task: str, **given: Any) -> Any:
    """The answer; the same question is worked out once, for there is no chance in it but what is asked for."""
    desk = request.app.state.desk
    key = (task, repr(sorted(given.items())))
    return desk.known.once(key, 0, lambda: desk.theory.ask(task, SECONDS, **given))


ENDPOINTS = {
    "/theory/derive": derive,
    "/theory/networks": networks,
    "/theory/layers": layers,
    "/theory/arena": arena,
}
