"""An answer as something that runs: a Python function, and a module of NumPy code that tests itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.record import Record
from paribus.theory.expressions.evaluate import evaluate
from paribus.theory.expressions.powers import exponents
from paribus.theory.expressions.reading import read
from paribus.theory.expressions.tree import Expr, Shape

MODULE = '''"""{title}.

{layout}.
"""

{imports}


def value({names}):
    """f = {given}"""
{sizes}    return {given}


{functions}


def draw(rng, way):
    """Values of {names}: of any sign, all positive, or square matrices positive definite."""
    {letters} = {numbers}

    def definite(shape):
        factor = rng.normal(size=shape)
        return factor @ factor.T / shape[0] + 0.5 * np.eye(shape[0])

    def array(*shape, form=""):
        free = rng.normal(size=shape)
        if form in ("symmetric", "definite") or (not form and way == 2 and len(shape) == 2 and shape[0] == shape[1]):
            return definite(shape)
        if form == "orthogonal":
            return np.linalg.qr(free)[0]
        if form:
            return np.tril(free, -1) * (form == "lower") + np.diag(0.5 + np.abs(np.diag(free)))
        return free if way == 0 else rng.uniform(0.4, 1.6, size=shape)

    return {{{arrays}}}


def columns(given, name, h):
    """Central differences: rows vec(f), columns vec of the variable."""
    found = []
    for place in range(np.size(given[name])):
        step = np.zeros(np.size(given[name]))
        step[place] = h
        step = step.reshape(np.shape(given[name]), order="F")
        difference = value(**{{**given, name: given[name] + step}}) - value(**{{**given, name: given[name] - step}})
        found.append(np.ravel(difference, order="F") / (2 * h))
    return np.stack(found, axis=1)


def smooth(one, other):
    """Whether f is defined around the draw and has no kink there: two steps give the same differences."""
    return np.all(np.isfinite(one)) and np.max(np.abs(one)) < 1e3 and np.allclose(one, other, rtol=1e-4, atol=1e-6)


def test():
    """The answers are the differences, wherever f is defined."""
    rng, checked = np.random.default_rng(0), 0
    for attempt in range(60):
        given = draw(rng, attempt % 3)
        with np.errstate(all="ignore"):
            try:
                answers = {{{answers}}}
                pairs = {{name: (columns(given, name, 1e-5), columns(given, name, 3e-5)) for name in answers}}
            except np.linalg.LinAlgError:  # f is not defined here
                continue
        if all(smooth(*pair) for pair in pairs.values()):
            for name, (difference, _) in pairs.items():
                flat = np.ravel(answers[name], order="F")
                np.testing.assert_allclose(flat, np.ravel(difference, order="F"), rtol=1e-3, atol=1e-5)
            checked += 1
    assert checked > 0, "f was defined at no draw"
    print(f"{{', '.join(answers)}}: equal to central differences at {{checked}} draws")


if __name__ == "__main__":
    test()
'''

HOMES = {
    "numpy": "abs arcsin arctan cos cosh diag dot einsum exp eye heaviside kron log max mean ones ones_like outer pi "
    "prod sign sin sinh sqrt square std sum tanh tril zeros",
    "numpy.linalg": "det inv norm",
    "scipy.special": "erf",
}
SINGULAR = """def {side}(a):
    u, s, v = np.linalg.svd(a)
    return {{"u1": u[:, 0], "v1": v[0]}}["{side}"]"""
WRITTEN = {
    "tr": "def tr(a):\n    return np.trace(a)",
    "logdet": "def logdet(a):\n    sign, value = np.linalg.slogdet(a)\n    return value if sign > 0 else np.nan",
    "sigmoid": "def sigmoid(x):\n    return (np.tanh(x / 2) + 1) / 2",
    "relu": "def relu(x):\n    return np.maximum(x, 0)",
    "softplus": "def softplus(x):\n    return np.logaddexp(0, x)",
    "softmax": "def softmax(z, axis=-1):\n    weights = np.exp(z - np.max(z))\n"
    "    return weights / np.sum(weights, axis=axis, keepdims=True)",
    "logsumexp": "def logsumexp(z, axis=-1):\n    return np.max(z) + np.log(np.sum(np.exp(z - np.max(z)), axis=axis))",
    "matrix_power": "def matrix_power(x, n):\n    return np.linalg.matrix_power(x, int(n))",
    "powers": "def powers(x, n, between):\n"
    "    terms = (matrix_power(x, r) @ between @ matrix_power(x, n - 1 - r) for r in range(int(n)))\n"
    "    return np.sum(list(terms), axis=0)",
    "vec": 'def vec(a):\n    return np.ravel(a, order="F")',
    "K": "def K(m, n):\n    return np.eye(m * n)[np.arange(m * n).reshape(n, m).T.ravel()]",
    "u1": SINGULAR.format(side="u1"),
    "v1": SINGULAR.format(side="v1"),
    "polar": "def polar(a):\n    u, s, v = np.linalg.svd(a, full_matrices=False)\n    return u @ v",
}


def function_of(derivation: Record) -> Callable[..., Any]:
    """The answers as a function of arrays by name.

    Raises:
        TheoryError: an answer is no expression of the notation, as for networks; or arrays do not fit.
    """
    answers = _answers(derivation)
    parsed = {key: _read(text, derivation) for key, text in answers.items()}

    def function(**arrays: Any) -> Any:
        env = _arrays(arrays, derivation.shapes)
        sizes = _numbers(env, derivation.shapes)
        found = {key: evaluate(expr, env, sizes) for key, expr in parsed.items()}
        return next(iter(found.values())) if len(found) == 1 else found

    return function


def as_code(derivation: Record) -> str:
    """A NumPy module with the function, its derivatives and a test: ``python file.py`` runs it."""
    answers = _answers(derivation)
    if any("," in key for key in answers):
        raise TheoryError(
            "code is written for first derivatives", hint="leave out --hessian, or derive the gradient again"
        )
    value = derivation.value or derivation.given.text
    whole = exponents(_read(value, derivation)) if "powers(" in value or "matrix_power(" in value else ()
    letters = list(_letters(derivation.shapes))
    free = _free_sizes(" ".join([value, *answers.values()]), {*derivation.shapes, *letters})
    names = ", ".join([*derivation.shapes, *free])
    functions = "\n\n\n".join(
        f'def d_{key}({names}):\n    """Derivative with respect to {key}."""\n'
        f"{_size_lines(derivation.shapes, text)}    return {text}"
        for key, text in answers.items()
    )
    texts = [value, *answers.values()]
    return MODULE.format(
        title=derivation.title.replace("\\", "\\\\"),
        layout=derivation.layout[0].upper() + derivation.layout[1:],
        imports=_imports(" ".join(texts)),
        names=names,
        given=value,
        sizes=_size_lines(derivation.shapes, value),
        functions=functions,
        letters=", ".join(letters) + "," * (len(letters) == 1) or "_",
        numbers=f"rng.permutation(np.arange(2, {max(len(letters), 3) + 2}))[:{len(letters)}]" if letters else "0",
        arrays=", ".join(
            [
                *(_drawn(key, shape, derivation, key in whole) for key, shape in derivation.shapes.items()),
                *(f'"{key}": 3' for key in free),
            ]
        ),
        answers=", ".join(f'"{key}": d_{key}(**given)' for key in answers),
    )


def _drawn(key: str, shape: Shape, derivation: Record, whole: bool) -> str:
    """The line of a draw."""
    if whole:
        return f'"{key}": rng.integers(2, 6)'
    form = derivation.structures.get(key, "")
    sizes = [*map(str, shape), *([f'form="{form}"'] if form else [])]
    return f'"{key}": array({", ".join(sizes)})'


def _free_sizes(texts: str, known: set[str]) -> list[str]:
    """Sizes that no array has, as n in tr(I): they are arguments."""
    functions = {*" ".join(HOMES.values()).split(), *WRITTEN, "T", "axis", "nuc"}
    words = re.findall(r"(?<!['\w,>])[A-Za-z_]\w*", texts)
    return [
        word
        for word in dict.fromkeys(words)
        if word not in known | functions and not re.search(rf"'[^']*\b{word}\b", texts)
    ]


def _answers(derivation: Record) -> dict[str, str]:
    """Answers without the differentials, which need a direction."""
    return {
        key: formula.text for key, formula in derivation.answers.items() if not key.startswith("df") and "(" not in key
    }


def _read(text: str, derivation: Record) -> Expr:
    used = {key: shape for key, shape in derivation.shapes.items() if re.search(rf"\b{re.escape(key)}\b", text)}
    letters = {size for shape in derivation.shapes.values() for size in shape}
    return read(text, used, sizes=frozenset(map(str, letters))).expr


def _arrays(arrays: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    if set(arrays) != set(shapes):
        raise TheoryError("the function takes its variables by name", got=", ".join(arrays), hint=", ".join(shapes))
    return {key: np.asarray(value, dtype=float) for key, value in arrays.items()}


def _numbers(env: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, int]:
    """The size letters, as the arrays have them."""
    sizes: dict[str, int] = {}
    for key, shape in shapes.items():
        found = env[key].shape
        expected = tuple(
            sizes.setdefault(str(s), n) if isinstance(s, str) else s for s, n in zip(shape, found, strict=False)
        )
        if found != expected or len(found) != len(shape):
            raise TheoryError(f"{key} does not have the shape {shape}", got=found)
    return sizes


def _letters(shapes: Mapping[str, Shape]) -> dict[str, tuple[str, int]]:
    """For each size letter a variable and the axis that has this size."""
    places = ((str(size), (key, axis)) for key, shape in shapes.items() for axis, size in enumerate(shape))
    found: dict[str, tuple[str, int]] = {}
    for size, place in places:
        if size.isidentifier():
            found.setdefault(size, place)
    return found


def _size_lines(shapes: Mapping[str, Shape], text: str) -> str:
    """Lines that give the sizes in ``text`` their numbers."""
    used = set(re.findall(r"\b[A-Za-z_]\w*", text)) - set(shapes)
    places = {letter: place for letter, place in _letters(shapes).items() if letter in used}
    return "".join(f"    {letter} = {key}.shape[{axis}]\n" for letter, (key, axis) in places.items())


def _imports(text: str) -> str:
    used = set(re.findall(r"\b([A-Za-z]\w*)\(", text)) | ({"pi"} & set(re.findall(r"\bpi\b", text)))
    lines = ["import numpy as np"]
    for home, known in HOMES.items():
        found = sorted(used.intersection(known.split()))
        lines += [f"from {home} import {', '.join(found)}"] if found else []
    return "\n\n\n".join(["\n".join(lines), *(WRITTEN[word] for word in WRITTEN if word in used)])
