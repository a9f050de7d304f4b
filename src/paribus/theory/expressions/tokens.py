"""From text to tokens: typeset signs and LaTeX become one alphabet first, and every token knows its column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from paribus.errors import TheoryError

LATIN = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda_ mu nu xi omicron pi rho sigma tau upsilon phi "
    "chi psi omega"
)
LETTERS = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", LATIN.split(), strict=True))
LETTERS |= {sign.upper(): name.rstrip("_").title() for sign, name in LETTERS.items()}
LETTERS |= {"ϵ": "epsilon", "ϕ": "phi", "ϑ": "theta"}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵏ", "0123456789+-nk", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₙₘₜ", "0123456789ijknmt", strict=True))
COMMANDS = {  # LaTeX commands that are not their own names
    "cdot": "·", "odot": "⊙", "circ": "⊙", "times": "×", "otimes": "⊗", "ast": "*", "sum": "Σ", "infty": "inf",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "ell": "l",
    "langle": "⟨", "rangle": "⟩", "varepsilon": "epsilon", "varphi": "phi", "dfrac": "frac", "tfrac": "frac",
    "lambda": "lambda_", "top": "⊤", "intercal": "⊤", "prime": "⊤",
}  # fmt: skip
KNOWN = {
    *COMMANDS, *(name.rstrip("_") for name in LETTERS.values()), "frac", "sqrt", "log", "ln", "exp", "det", "tr", "Tr",
    "sin", "cos", "tan", "tanh", "sinh", "cosh", "max", "min", "sigmoid", "softmax", "relu", "diag", "norm", "vec",
    "erf", "trace", "arcsin", "arccos", "arctan", "sec", "csc", "cot", "coth", "sech",
}  # fmt: skip
SILENT = ["left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "biggl", "biggr",
          "displaystyle", "limits", "nolimits", "quad", "qquad"]  # fmt: skip
FONTS = r"mathbf|boldsymbol|bm|mathrm|mathit|mathsf|mathcal|mathbb|operatorname\*?|text\w*|vec|mbox"
EVERYTHING = "_"  # the index of a sum over all entries
SIMPLE = dict(zip("−–⋅∙∣∥∞÷∗∘½¼′’ᵀ", [*"--··|‖", "inf", *"/*⊙", "0.5", "0.25", *"⊤⊤⊤"], strict=True))

Made = str | Callable[[re.Match[str]], str]


def _word(found: re.Match[str]) -> str:
    word = found[1] or (found[2] if found.re.groups > 1 else "")
    return f" {COMMANDS.get(word, word)} "


def _command(found: re.Match[str]) -> str:
    """What a LaTeX command stands for; one that is not known is left as it is, and refused."""
    return _word(found) if found[1] in KNOWN else f"¿{found[1]}"


def _accented(found: re.Match[str]) -> str:
    word = found[2] or found[3]
    return f" {COMMANDS.get(word, word).rstrip('_')}_{found[1]} "


def _summed(found: re.Match[str]) -> str:
    index = found[1] if found[1] is not None else found[2] or "".join(LOWERED[sign] for sign in found[3])
    return f"∑{re.sub('[, ]', '', index) or EVERYTHING} "


RULES: tuple[tuple[str, Made], ...] = (  # pattern, and what takes its place; in this order
    (r"(?<=[(,=])(\s*)(['\"])([\w,\->. ]*)\2", r"\1⟦\3⟧"),  # 'fro', "ij,jk->ik"
    (f"[{''.join(SIMPLE)}]", lambda m: SIMPLE[m[0]]),
    (r"√", "sqrt "),
    (r"\\\|", "‖"),
    (r"\\[,;:! ]|~|\\\\", " "),
    (r"\\([{}])", lambda m: "(" if m[1] == "{" else ")"),
    (rf"\\(?:{FONTS})\s*(?:\{{\s*\\?([A-Za-z]\w*|1)\s*\}}|\\?([A-Za-z](?![A-Za-z])))", _word),
    (r"\\(?:wide)?(hat|bar|tilde)\s*(?:\{\s*\\?(\w+)\s*\}|\\?(\w))", _accented),
    (rf"\\(?:{'|'.join(SILENT)})(?![A-Za-z])", " "),
    (r"\\[dt]?frac\s*(\d)\s*(\d)", r"(\1/\2)"),
    (r"⁻⊤|\^\s*\{?\s*-\s*(?:\\top|T|⊤)\s*\}?", "^(-1)⊤"),
    (r"\^\s*(?:\{\s*(?:\\top|\\intercal|\\prime|\\mathsf\{T\}|T|⊤)\s*\}|\\top|\\intercal|\\prime|T|⊤)", "⊤"),
    (r"(?<=[\w)\]}⊤|‖])\s?'", "⊤"),
    (r"\\([A-Za-z]+)", _command),
    (r"∑(?!\s*[_ᵢⱼₖₙ])", "∑_{} "),
    (r"[Σ∑]\s*(?:_\s*\{\s*([\w, ]*?)\s*(?:=[^}]*)?\}|_\s*(\w)|([ᵢⱼₖₙ]+))\s*(?:\^\s*(?:\{[^}]*\}|\w+))?", _summed),
    (f"[{''.join(LETTERS)}]", lambda m: f" {LETTERS[m[0]]} "),
    (f"[{''.join(LOWERED)}]+(?=[A-Za-z])", lambda m: "_" + "".join(LOWERED[sign] for sign in m[0]) + " "),
    (f"[{''.join(LOWERED)}]+", lambda m: "_" + "".join(LOWERED[sign] for sign in m[0])),
    (f"[{''.join(RAISED)}]+", lambda m: "^(" + "".join(RAISED[sign] for sign in m[0]) + ")"),
    (r"‖\s*_\s*(?:\{\s*(1|2|F|inf|\*|max|fro|nuc)\s*\}|(1|2|F|inf|\*|max|fro|nuc))", lambda m: f"‖_{m[1] or m[2]}"),
    (r"\blambda\b", "lambda_"),
    (r"lambda_\s+_(?=\w)", "lambda_"),
    (r"(?<=[A-Za-z])\s+(?=_\w)", ""),
    (r"(?<=[\w)\]])\s*_\s*\{\s*([\w, ]+?)\s*\}(\w?)", lambda m: f"_{re.sub('[, ]', '', m[1])} {m[2]}".rstrip()),
)

TOKEN = re.compile(
    r"(?P<number>(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|⟦(?P<string>[^⟧]*)⟧|∑(?P<sum>\w+)"
    r"|(?P<sign>‖_(?:\w+|\*)|\*\*|//|==|>=|<=|!=|->|[-+*/@^()\[\]{},.|=<>:·⊙×⊗⊤‖⟨⟩𝟏])"
)


@dataclass(frozen=True)
class Token:
    """A piece of the text.

    Args:
        kind: "number", "word", "string", "sum", "sign" or "end".
        text: what it is, in the one alphabet.
        column: characters of the text before it.
        stop: characters of the text before what follows it.
        spaced: whether white space stands before it.
    """

    kind: str
    text: str
    column: int
    stop: int
    spaced: bool


def pointing(rule: str, text: str, column: int, hint: str = "") -> TheoryError:
    """An error whose ``received`` shows the text with a caret under ``column``."""
    caret = " " * (len("  received: ") + column) + "^"
    return TheoryError(rule, got=f"{text}\n{caret}", hint=hint)


def tokens(text: str, split: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens of an expression, an end behind them; words in ``split`` come letter by letter.

    Raises:
        TheoryError: a sign that has no meaning here.
    """
    normal, columns = normalised(text)
    found, place = list[Token](), 0
    while place < len(normal):
        match = TOKEN.match(normal, place)
        column = columns[place]
        if normal[place].isspace():
            place += 1
            continue
        if match is None:
            what = re.match(r"\\?[A-Za-z]+|.", text[column:])
            rule = f"the expression cannot be read: {what[0] if what else text[column]} has no meaning here"
            raise pointing(
                rule,
                text,
                column,
                "NumPy notation is read, x.T @ A @ x, and typeset signs, xᵀAx; write what it stands for",
            )
        place = match.end()
        kind = match.lastgroup or "sign"
        stop = next((later for later in columns[place:] if later > column), len(text))
        spaced = column > 0 and text[column - 1].isspace()
        word = match[kind]
        stem = word.split("_")[0]
        if kind == "word" and stem in split:
            letters = [*stem[:-1], stem[-1] + word[len(stem) :]]
            found += [
                Token(kind, letter, column + i, column + i + 1, spaced and i == 0) for i, letter in enumerate(letters)
            ]
        else:
            found.append(Token(kind, word, column, max(stop, column + 1), spaced))
    return [*found, Token("end", "", len(text), len(text), True)]


def normalised(text: str) -> tuple[str, list[int]]:
    """The text in the one alphabet, and the column that each of its characters comes from."""
    columns = list(range(len(text)))
    for pattern, made in RULES:
        text, columns = _replaced(pattern, made, text, columns)
    return text, columns


def spelled(name: str) -> str:
    """A name as it is kept: ``λ`` is lambda_, as lambda is a word of Python."""
    made = normalised(name.strip())[0].strip()
    return "lambda_" if made == "lambda" else made


def _replaced(pattern: str, made: Made, text: str, columns: list[int]) -> tuple[str, list[int]]:
    pieces, places, done = list[str](), list[int](), 0
    for found in re.finditer(pattern, text):
        new = found.expand(made) if isinstance(made, str) else made(found)
        pieces += [text[done : found.start()], new]
        places += columns[done : found.start()] + [columns[found.start()]] * len(new)
        done = found.end()
    return "".join([*pieces, text[done:]]), places + columns[done:]
