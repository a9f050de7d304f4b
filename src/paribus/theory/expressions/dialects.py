"""Other people's spellings in the signs of the notation: MATLAB, Julia, R, ASCII, and what stands around a formula.

These are synonyms of signs and words only. What a formula means is left to the two readings, which both begin here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from paribus.errors import TheoryError
from paribus.theory.expressions.brackets import opening, unbracketed
from paribus.theory.expressions.idioms import arguments, written_out
from paribus.theory.expressions.statements import NAME, alone

PROGRAM = re.compile(r"@|\*\*|\.m?T\b|\b(?:np|jnp|tf|torch|numpy|F|math)\.|\.\w+\(|None\b|\baxis\s*=|\bdim\s*=|einsum")
MATLAB = re.compile(r"\.[*/^]|(?<=[\w)])'(?!\w)|\b(?:trace|tr|Tr|det|logdet|inv|transpose)\s*\(|\(:\)|'fro'\s*\)\s*\^")
WORDS = {"the", "of", "squared", "cubed", "times", "plus", "minus", "divided", "is", "over", "where", "and", "product"}
NUMPY = "np|jnp|tf|torch|numpy|F"
SENTENCE = "a formula is read, not a sentence"


@dataclass(frozen=True)
class Plain:
    """A formula in the signs of the notation.

    Args:
        text: the formula alone.
        wrt: the variable that ∂/∂x, ∇ₓ or "with respect to x" names; else nothing.
        linear: what ``*`` stands for: 0 each entry by itself, as in NumPy; 1 that, but a matrix before a vector is
            their product; 2 the product of linear algebra, as in MATLAB.
        said: what else might have been meant.
        board: whether vectors stand as columns, as in R.
        bold: letters that are printed bold, which are vectors, and those raised entry by entry.
    """

    text: str
    wrt: str
    linear: int
    said: tuple[str, ...] = ()
    board: bool = False
    bold: frozenset[str] = frozenset()


def plain(typed: str, keep: Iterable[str] = ()) -> Plain:
    """A formula in the signs of the notation.

    Args:
        typed: what was typed.
        keep: names that are no abbreviations, whatever is said of them: those of the variables.

    Raises:
        TheoryError: it is a sentence, or an equation.
    """
    text, wrt = alone(typed, keep)
    text = " ".join(text.split())
    wolfram = re.search(rf"\b(?:{'|'.join(MATHEMATICA)}|Sum)\[", text) and not re.search(
        r"\^\s*(?:T\b|\{|\()|['\\ᵀ⊤²⁻]", text
    )
    text = _from_mathematica(text) if wolfram else text
    statistics = bool(re.search(r"%(?:\*|o)%|\bt?crossprod\(", text))  # R
    if statistics:
        text = _from_r(text)
    text = written_out(_logarithms(_macros(text)))
    bare = re.sub(r"(['\"])\w+\1(?!\s*\)\s*\^)", "", text)  # without 'fro'
    linear = 0 if PROGRAM.search(bare) or statistics or wolfram else 2 if MATLAB.search(bare) else 1
    if re.search(r"\b(?:sp|sympy)\.(?!linalg|special)", text) and not re.search(rf"@|\b(?:{NUMPY})\.", text):
        linear = 2
    if linear == 2:  # axes are counted from 1
        text = re.sub(AXIS, lambda m: f"{m[1]}, axis={int(m[2]) - 1})", text)
    text = re.sub(r",\s*dims\s*=\s*([12])", lambda m: f", axis={int(m[1]) - 1}", text)
    if "\\" in text:  # LaTeX, where an index without braces is one letter: y_iw
        text = re.sub(r"(?<![A-Za-z0-9_])(\\?[A-Za-z]+)_([a-z])(?=[A-Za-z](?![a-z]))", r"\1_\2 ", text)
    for pattern, made in RULES:
        text = re.sub(pattern, made, text)
    text = _solved(_positive_parts(text))
    strange = sorted(WORDS & set(re.findall(r"\b[a-z]+\b", re.sub(r"\\[a-z]+|\b\w+\s*\(", " ", text))))
    if strange:
        hint = "such as tr(A X), norm(A x - b)**2, xᵀAx, inv(X)"
        raise TheoryError(f"{SENTENCE}: '{strange[0]}' is no part of one", got=text, hint=hint)
    text, summed = _sums(_valued(_parted(text, keep)))
    text, said = _averaged(" ".join(text.split()))
    text = unbracketed(text) if text.count("(") > typed.count("(") else text
    return Plain(text, wrt, linear, said + summed, statistics, _bold(typed))


def _bold(typed: str) -> frozenset[str]:
    """Lower-case letters that are printed bold or with an arrow: \\mathbf{x}, 𝐱, {\\bf x}; and x of x^{⊙2}."""
    faces = r"\\(?:mathbf|boldsymbol|bm|vec|bf)(?![a-z])\s*\{?\s*\\?([a-z]+)(?![A-Za-z])"
    found = re.findall(faces, typed) + re.findall(r"\b([a-z])\}?\s*\^\s*\{?\s*(?:\\odot|\\circ|[⊙∘])", typed)
    signs = (sign for sign in typed if "MATHEMATICAL BOLD" in unicodedata.name(sign, ""))
    found += [unicodedata.normalize("NFKC", sign) for sign in signs]
    return frozenset({"lambda": "lambda_"}.get(letter, letter) for letter in found if letter.islower())


def _from_r(text: str) -> str:
    """R, where vectors are columns, and ``^`` is a power of each entry."""
    size = r"(?:[mnpkdN]|\d+|n(?:row|col)\([^()]*\))"
    text = re.sub(rf"\bdiag\({size}\)", "I", text.replace("^", "**"))
    text = re.sub(rf"({NAME}|\([^()]*\))\s*%o%\s*({NAME}|\([^()]*\))", r"outer(\1, \2)", text)
    text = re.sub(r"(?<![\w.])(?:drop|c|as\.(?:numeric|vector|matrix))\(", "(", text)
    return text.replace("%*%", "@")


def _solved(text: str) -> str:
    """(A + B) \\ b of MATLAB as inv(A + B) @ b."""
    for found in reversed([*re.finditer(r"\)\s*\\\s*(?=[A-Za-z](?![A-Za-z])|\((?=[^)]*\)))", text)]):
        if (start := opening(text, found.start())) >= 0:
            text = f"{text[:start]}inv{text[start : found.start() + 1]} @ {text[found.end() :]}"
    return text


def _positive_parts(text: str) -> str:
    """(1 - z)₊ and [1 - z]_+ as relu(1 - z)."""
    while found := re.search(r"[)\]]\s*(?:_\s*\{?\s*\+\s*\}?|₊)", text):
        start = opening(text, found.start())
        if start < 0:
            break
        before = re.sub(r"\\(?:left|big|Big|bigl|Bigl)\s*$", "", text[:start])
        inside = re.sub(r"\\(?:right|big|Big|bigr|Bigr)\s*$", "", text[start + 1 : found.start()])
        text = f"{before} relu({inside}){text[found.end() :]}"
    return text


def _from_mathematica(text: str) -> str:
    """``Tr[A.X]`` as tr(A@X)."""
    text = re.sub(r"\bSum\[(.*?),\s*\{(\w)\b[^{}]*\}\s*\]", r"(∑_\2 (\1))", text)
    text = re.sub(r"\b([A-Za-z]\w*)\[\[(\w)(?:,\s*(\w))?\]\]", lambda m: f"{m[1]}_{m[2]}{m[3] or ''}", text)
    text = re.sub(r"\bPi\b", "pi", re.sub(r"\bE\s*\^", "e^", text))
    text = re.sub(r"\b([A-Z]\w*)\[", lambda m: f"{MATHEMATICA.get(m[1], m[1])}[", text)
    text = re.sub(r"(?<!∑_\w)(?<=[\w)\]])\s+(?=[A-Za-z(\d])", " * ", text)  # side by side is entry by entry
    return (
        re.sub(r"(?<=[\w)\]])\s*\.\s*(?=[A-Za-z(])", " @ ", text).replace("[", "(").replace("]", ")").replace("^", "**")
    )


def _averaged(text: str) -> tuple[str, tuple[str, ...]]:
    """x̄ beside entries of x is their mean."""
    said = []
    for found in re.findall(r"\b([A-Za-z])_bar\b|\\bar\s*\{?\s*([A-Za-z])\b\}?", text):
        key = found[0] or found[1]
        if re.search(rf"(?<![A-Za-z]){key}(?:_\{{?[ijk]\b|[ᵢⱼₖ])|\b(?:var|std)\}}?\s*\(\s*{key}\b", text):
            text = re.sub(rf"\b{key}_bar\b|\\bar\s*(?:\{{\s*{key}\s*\}}|{key}\b)", f"mean({key})", text)
            said.append(f"{key}_bar is the mean of {key}; write another letter for a number of its own")
    return text, tuple(said)


def _sums(text: str) -> tuple[str, tuple[str, ...]]:
    """A sign of summation without an index: over that of the entries behind it, or else over all entries."""
    said = []

    def indexed(found: re.Match[str]) -> str:
        before, rest = text[: found.start()].rstrip(), text[found.end() :]
        entries = r"\s+\(.*\)\s*(?:²|\^\s*\{?2|\*\*\s*2)|[^+−-]*[ᵢⱼₖ]|[^+−-]*_\{?[ijk]\b"
        if found[1] == "Σ" and not re.match(entries, rest):
            if not re.match(r"\s+[a-z(]", rest) or before[-1:] not in "+-−(=[{":
                return found[0]  # a covariance
            said.append("Σ is a sum over all entries; the matrix Σ is written Sigma")
            return "∑ "
        index = re.search(r"_\{?([ijk])\b|([ᵢⱼₖ])", rest)
        return f"∑_{unicodedata.normalize('NFKC', index[1] or index[2])} " if index else "∑ "

    signs = r"([Σ∑]|\\sum(?![a-z]))(?!\s*(?:[_ᵢⱼₖₙ]|\^|⁻|\\?limits))(?=\s*[\w(\[\\|‖√])"
    return re.sub(signs, indexed, text), tuple(said)


def _dotted(found: re.Match[str]) -> str:
    """Mathematica's products: x.A.x is xᵀAx."""
    first, *others = found[0].split(".")
    if first in LIBRARIES:
        return found[0]
    if len(others) == 1 and first.islower() and others[0].islower():
        return f"({first}·{others[0]})"
    return f"({first}{'ᵀ' * first.islower()} {' '.join(others)})"


def _order(found: re.Match[str]) -> str:
    """‖x‖_p by its entries."""
    order = found[2] or found[3]
    return f"((sum(abs({found[1]})^{order}))^(1/{order}))"


def _powers(found: re.Match[str]) -> str:
    """‖x‖_p^p by its entries."""
    return f"(sum(abs({found[1]})^{found[4]}))"


def _macros(text: str) -> str:
    """What many define in LaTeX: \\norm{x}, \\abs{x}, \\inner{a}{b}."""
    while found := re.search(r"\\(norm|abs|inner|innerproduct|ip|dotp|braket)\*?\s*\{", text):
        inside, stop = arguments(text, found.end())
        if not stop:
            break
        parts = [", ".join(inside)]
        if found[1] not in ("norm", "abs") and (second := re.match(r"\s*\{", text[stop:])):
            more, stop = arguments(text, stop + second.end())
            parts.append(", ".join(more))
        signs = {"norm": ("‖", "‖"), "abs": ("|", "|")}.get(found[1], ("⟨", "⟩"))
        text = f"{text[: found.start()]}{signs[0]}{', '.join(parts)}{signs[1]}{text[stop:]}"
    return text


def _logarithms(text: str) -> str:
    """The second value of slogdet."""
    for found in reversed([*re.finditer(r"\bslogdet\(", text)]):
        inside, stop = arguments(text, found.end())
        if stop and (value := re.match(r"\[-?1\]|\.logabsdet", text[stop:])):
            text = f"{text[: found.start()]}logabsdet({', '.join(inside)}){text[stop + value.end() :]}"
    return text


def _upright(found: re.Match[str]) -> str:
    """A function's name without the command that sets it upright."""
    return f" {SPELT.get(found[1].lower(), found[1])}" if found[1].lower() in SPELT else found[0]


def _parted(text: str, keep: Iterable[str]) -> str:
    """w xᵢ of wxᵢ, where w or x is a name by itself."""

    def parted(found: re.Match[str]) -> str:
        known = found[0][:2] in {"mu", "nu", "xi", "pi", "dx", "dy", "dz"}
        alone = {*keep, *re.findall(r"(?<![A-Za-z\\_])[a-z](?![A-Za-z])", text)}
        return found[0] if known or not {found[1], found[2]} & alone else f"{found[1]} {found[2]}"

    return re.sub(r"(?<![A-Za-z\\_])([a-z])([a-z])(?=_\{?[ijkn]\b|[ᵢⱼₖₙ])", parted, text)


def _valued(text: str) -> str:
    """p(x) within a sum over x as p_x."""
    for index in {*re.findall(r"(?:\\sum|[∑Σ])\s*_\s*\{?\s*([a-z])\b", text)}:
        text = re.sub(rf"(?<![A-Za-z\\])([A-Za-z])\({index}\)", rf"\1_{index}", text)
    return text


def _lowered(found: re.Match[str]) -> str:
    return "_" + unicodedata.normalize("NFKC", found[1])


def _letter(found: re.Match[str]) -> str:
    """𝐱 as x; the bold 1 stays, which is a vector of ones."""
    return unicodedata.normalize("NFKC", found[0])


def _function(found: re.Match[str]) -> str:
    return SPELT[found[1].lower()]


SPELT = {
    "relu": "relu", "softmax": "softmax", "sigmoid": "sigmoid", "tanh": "tanh", "gelu": "gelu", "silu": "silu",
    "softplus": "softplus", "logsoftmax": "log_softmax", "log_softmax": "log_softmax", "logsumexp": "logsumexp",
    "log_sum_exp": "logsumexp", "log-sum-exp": "logsumexp", "log sum exp": "logsumexp", "trace": "trace",
    "log-softmax": "log_softmax", "lse": "logsumexp", "var": "var",
}  # fmt: skip
LIBRARIES = {"np", "F", "nn", "tf"}  # before a dot
MATHEMATICA = {
    "Tr": "tr", "Det": "det", "Log": "log", "Exp": "exp", "Norm": "norm", "Inverse": "inv", "Transpose": "transpose",
    "Total": "sum", "MatrixPower": "matrix_power", "Diagonal": "diag",
    "Max": "max", "Min": "min", "Mean": "mean", "Tan": "tan", "ArcTan": "arctan", "ArcSin": "arcsin",
    "ArcCos": "arccos", "Cosh": "cosh", "Sinh": "sinh", "EuclideanDistance": "dist", "DiagonalMatrix": "diag",
    "IdentityMatrix": "eye",
    "Sqrt": "sqrt", "Dot": "dot", "Tanh": "tanh", "Sin": "sin", "Cos": "cos", "Abs": "abs",
}  # fmt: skip
SHORT = {"determinant": "det", "logarithm": "log", "exponential": "exp", "inverse": "inv"}
AXIS = r"\b((?:sum|mean|prod|cumsum)\((?:[^()]|\([^()]*\))*),\s*([12])\s*\)"
RENAMED = {
    "determinant": "det",
    "pmax": "maximum",
    "pmin": "minimum",
    "Inf": "inf",
    "sgn": "sign",
    "Spur": "tr",
    "Sp": "tr",
}
FACES = r"mathbf|boldsymbol|bm|mathsf|mathit"
LENGTH = r"(?:[mnpqdkNMDK]|\d)"  # of a vector of ones, of the identity
POWERED = "sin|cos|tan|sinh|cosh|tanh|log|ln|sec|csc|cot"
Made = str | Callable[[re.Match[str]], str]
RULES: tuple[tuple[str, Made], ...] = (  # pattern, and what takes its place; in this order
    (r"[\U0001d400-\U0001d7cb]", _letter),
    (r"\\(?:mathrm|operatorname\*?|text\w*|mathsf)\s*\{\s*(\w{2,})\s*\}(?=\s*(?:\\left\s*)?[(\[])", _upright),
    (r"(\^\s*(?:\{\s*)?(?:T|\\top|\\mathsf\s*\{?T\}?)(?:\s*\})?|[ᵀ⊤]|(?<=\w)')\s*1(?![\w.])", r"\1 𝟏"),  # wᵀ1
    (r"(?<!\\)&(?=.*\\|\s*=)|\\\\\s*&", " "),  # lines set below each other
    (r"\{((?:[^{}]|\{[^{}]*\})*?)\\over(?![a-z])((?:[^{}]|\{[^{}]*\})*)\}", r"\\frac{\1}{\2}"),
    (r"\\math(?:op|bin)\s*\{\s*(\\\w+\s*\{\s*\w+\s*\}|\\?\w+)\s*\}", r"\1"),
    (r"_\s*\{\s*(?:\\ell|ℓ|[lL])\s*[_^]?\s*\{?\s*([12]|\\infty|∞)\s*\}?\s*\}", r"_{\1}"),  # the ℓ₂ norm
    (r"(?<=\w)ᵗ", "ᵀ"),
    (r"\\lvert\s*\\lvert", r"\\lVert"),
    (r"\\rvert\s*\\rvert", r"\\rVert"),
    (r"\|\||\\\||\\[lr]?Vert(?![A-Za-z])", "‖"),
    (r"(?<=[\w)\]])''", ""),  # transposed twice
    (r"\^\s*\{?\s*(?:\\odot|\\circ|[⊙∘])\s*(-?\s*[\w.]+)\s*\}?", r"**\1"),  # the power of each entry
    (rf"\\(?:{FACES}|mathbb|mathrm)\s*\{{?\s*(0|I)\s*\}}?(?![A-Za-z])", r" \1"),
    (rf"(?<![A-Za-z_\\])I\s*(?:_\s*(?:\{{\s*{LENGTH}(?:\s*(?:\\times|×)\s*\w)?\s*\}}|{LENGTH})|[ₙₘₖ])(?!\w)", "I"),
    (r"\bsum_\(([^()]*)\)(?:\^(?:\w|\([^()]*\)))?", r"∑_{\1} "),  # AsciiMath
    (r"\b(determinant|p(?:max|min)|Inf|sgn|Spur|Sp(?=\s*\())\b", lambda m: RENAMED[m[1]]),
    (r"\\(?:le|leq|leqslant)(?![A-Za-z])|≤|⩽", "<="),
    (r"\\(?:ge|geq|geqslant)(?![A-Za-z])|≥|⩾", ">="),
    (r"\\lt(?![A-Za-z])", "<"),
    (r"\\gt(?![A-Za-z])", ">"),
    (r"ℓ", "l"),
    (r"(?<=[A-Za-z\d}])_\s*\{\s*[a-z]\s*-\s*1\s*\}", "_before"),  # h_{t-1}
    (r"(?<=[A-Za-z\d}])_\s*\{\s*[a-z]\s*\+\s*1\s*\}", "_after"),
    (r"(?<=[A-Za-z])\^\s*\{?\s*[\[(]\s*(\d|[lL])\s*[\])]\s*\}?", r"_\1 "),  # W^{[1]}
    (r"(?:\\mathbb\s*\{?\s*[1I]\s*\}?|\\mathbf\s*\{\s*1\s*\}|𝟙)\s*(?:\\left)?(?:\[|\\?\{|\()"
     r"([^\[\](){}]*[<>][^\[\](){}]*?)(?:\\right)?(?:\]|\\?\}|\))", r"(\1)"),  # 1[x > 0]
    (rf"\\(?:{FACES})\s*\{{(?!\s*\\\w+\s*\}})([^{{}}]*[^\w{{}}][^{{}}]*)\}}", r" (\1) "),  # \mathbf{Xb + c}
    (r"(?<![A-Za-z0-9_])([A-Za-z]_\d)(?=[A-Za-z])", r"\1 "),  # w_0x_0
    (r"(?<![A-Za-z0-9_\\])(?:[A-Za-z]_[a-z0-9]){2,}(?!\w)",
     lambda m: " ".join(re.findall("..[a-z0-9]", m[0]))),  # w_ix_i
    (r"(?<![\w.\\])(?:LA|la|npl|nla|anp|onp|spla|ops|tt|nd|optax|self)\.(?=[A-Za-z])", ""),  # modules, as imported
    (r"\b(sum|mean|max|min)\(\s*\1\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*\)", r"\1(\2)"),  # MATLAB: of columns, of these
    (rf"(?:∏|\\prod)\s*_\{{?\s*([ijkn])(?:\s*=[^}}]*?)?\s*\}}?\s*(?:\^\s*(?:\{{[^}}]*\}}|\w))?"
     rf"\s*({NAME}?)_\{{?\1\}}?(?!\w)", r"prod(\2)"),
    (rf"∏([ᵢⱼₖ])\s*({NAME})\1", r"prod(\2)"),
    (r"(?<=[\w)\]])\.(?:float|double|clone|cpu|cuda|conj|contiguous)\(\)", ""),
    (r"(?<![\w.])(?:np\.|torch\.)?(?:real|asarray|array|nan_to_num)\(", "("),
    (rf"({NAME})\.size\(0\)", r"len(\1)"),
    (rf"({NAME})\.size\(-?1\)", r"len(\1.T)"),
    (rf"\\(?:{FACES})(?=\\[A-Za-z])", ""),  # \boldsymbol\mu
    (r"\\frac\s*(\d|[A-Za-z](?![A-Za-z])|\{[^{}]*\})\s*(\d|[A-Za-z](?![A-Za-z]))", r"\\frac{\1}{\2}"),  # \frac n2
    (r"\\frac\{(\{[^{}]*\})\}", r"\\frac\1"),
    (rf"(?:\\(?:{FACES})\s*\{{?\s*)?(?:\\phi|φ|\bphi)\s*(?:\}}\s*)?"
     r"\(\s*(?:\\mathbf\s*)?\{?\s*x\s*\}?\s*(?:_\s*\{?\s*([ijkn])\s*\}?|([ᵢⱼₖₙ]))\s*\)",
     lambda m: f" phi_{m[1] or unicodedata.normalize('NFKC', m[2])} "),  # the features of a row
    (r"\.(?:reshape|view)\(\s*-1\s*,?\s*\)", ".ravel()"),
    (rf"({NAME})\.shape\[0\]", r"len(\1)"),
    (rf"({NAME})\.shape\[-?1\]", r"len(\1.T)"),
    (rf"({NAME})\.(?:size|numel\(\))(?![\w(])", r"len(\1)"),
    (r"(?:\b\w+\.)*\b(?:eye|identity)\(\s*len\([^()]*\)\s*\)", "I"),
    (r"(?<![\w.\\])([A-Za-z]\d?)((?:\.[A-SU-Za-z]\d?)+)(?![\w.(])", _dotted),  # Mathematica: x.A.x, w.x
    (r"‖\s*\|", "‖ |"),
    (r"(?<!\\)\|([^|\\]*)\|\s*(?:_\s*\{?\s*([12F])\s*\}?(?!\w)|([₁₂]))",
     lambda m: f"‖{m[1]}‖_{m[2] or ' ₁₂'.index(m[3])}"),
    (r",\s*'all'\)", ")"),  # MATLAB
    (r"\\?\blog\s*(?:_\s*\{?\s*(2|10)\s*\}?|(₂|₁₀))", lambda m: f"log{m[1] or len(m[2]) * 8 - 6} "),
    (r"\{\}\s*\^\s*\{?\s*t\s*\}?\s*([A-Za-z])", r"\1ᵀ "),  # French: ᵗx
    (r"(?:‖|\\\||\\lVert)([^‖|]*?)(?:‖|\\\||\\rVert)\s*_\s*(?:\{\s*([A-EG-Z](?:\s*\^\s*\{\s*-\s*1\s*\}|⁻¹)?)\s*\}|([A-EG-Z]))\s*(?:²|\^\s*\{?\s*2\s*\}?)",
     lambda m: f"(({m[1]})ᵀ {m[2] or m[3]} ({m[1]}))"),  # ‖x‖²_M
    (r"<\s*([^<>=]+,[^<>=]+?)\s*>", r"⟨\1⟩"),
    (r"(‖|\\\||\\rVert)\s*(²|\^\s*\{?2\}?)\s*(_\s*\{?F\}?)", r"\1\3\2"),  # ‖X‖²_F
    (r"(⟩|\\rangle)\s*_\s*\{?F\}?", r"\1"),
    (r"\{\s*\\(?:rm|bf|it|sf|cal)\s+(\w+)\s*\}", r" \1 "),
    (r"(\\?)\b(sinh?|cosh?|tanh?)\s*(?:⁻¹|\^\s*\{?\s*-\s*1\s*\}?)(?=\s*[\\(\w])", r" arc\2 "),  # sin⁻¹(x)
    (rf"(\\?)\b({POWERED})\s*(?:([²³])|\^\s*\{{?\s*(\d)\s*\}}?)\s*(\((?:[^()]|\([^()]*\))*\)|\\?\w+)",
     lambda m: f"({m[1]}{m[2]} {m[5]})^{m[4] or ' ²³'.index(m[3]) + 1}"),  # sin²(x)
    (r"([Σ∑][ᵢⱼₖₙₜ])₌[₀₁][⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵐᵏᵈᵖᴺᴹᴷᴰᵀ]*", r"\1 "),
    (r"√\s*(\d+(?:\.\d+)?|[A-Za-zα-ω][\w₀-₉]*)(?![²³^(\w])", r"√(\1)"),
    (r"\\sqrt\s*(\d|[A-Za-z](?![A-Za-z]))", r"\\sqrt{\1}"),
    (r"\\?\blog\s*_\s*(?:\{\s*(?!2\b|10\b)(\w+)\s*\}|([013-9a-z])(?!\w))\s*(\((?:[^()]|\([^()]*\))*\)|(?<=[\s}])\\?\w+)",
     lambda m: f"(log({m[3]})/log({m[1] or m[2]}))"),
    (r"(?<![A-Za-z])([A-Za-z])_\s*(?:\{\s*(?:\*|\\ast|\\star)\s*\}"
     r"|\*(?=\s*[\^'ᵀ⊤)+\-]|$)|\\(?:ast|star)(?![a-z]))", r"\1_star"),
    (r"∛\s*(\w|\([^()]*\))", r"(\1)^(1/3)"),
    (r"\\sqrt\s*\[\s*(\w+)\s*\]\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\w))", lambda m: f"({m[2] or m[3]})^(1/{m[1]})"),
    (r"(?:\\sigma|σ|\bsigma)_\s*\{?\s*(?:\\?max|\\mathrm\{max\}|1)\s*\}?\s*\(((?:[^()]|\([^()]*\))*)\)",
     r"norm(\1, 2)"),
    (r"\\(?:no)?limits(?![a-z])", ""),
    (r"\\bullet(?![a-z])|•", "·"),
    (r"(\\langle|⟨)([^⟩⟨|]*?)(?:\||\\mid(?![a-z])|\\vert(?![a-z]))([^⟩⟨|]*?)(\\rangle|⟩)", r"\1\2,\3\4"),
    (r"(?<![\w.])(?:K|T|mx\.nd)\.(?=(?:sum|mean|dot|exp|log|square|sqrt|abs|max|softmax|tanh)\("
     r"(?!\s*(?:\)|axis|dim|-?\d)))", ""),
    (r"\btensordot\(([^(),]+),([^(),]+),\s*(?:axes\s*=\s*)?1\)", r"dot(\1,\2)"),
    (r"‖([^‖|]*)‖\s*_\s*(?:\{\s*([pq3-9])\s*\}|([pq3-9]))\s*\^\s*\{?\s*(\2|\3)(?![\w])\s*\}?", _powers),
    (r"‖([^‖|]*)‖\s*_\s*(?:\{\s*([pq3-9])\s*\}|([pq3-9]))(?!\w)", _order),
    (r"\)\s*\.\s*\((?!\))", ") · ("),  # Mathematica
    (r"(?<=\w)\s+\.\s+(?=[\w(])", " · "),
    (r"(?:\w+\.)*\bmulti_dot\(\s*[\[(]([^\[\]]*)[\])]\s*\)", lambda m: f"({' @ '.join(m[1].split(','))})"),
    (r"\bdot\(([^(),]+),([^(),]+),([^(),]+)\)", r"(\1)ᵀ (\2) (\3)"),
    (rf"\bsum\(({NAME})\(:\)", r"sum(\1"),
    (rf"\bnorm\(({NAME})\(:\)", r"norm(\1, 'fro'"),
    (r"(?<![\w.])1(?=\s*(?:ᵀ|⊤|\^\s*\{?(?:T|\\top)))", "𝟏"),
    (r"(?<![\w.\\])(?:np\.)?sum\((?=[^∑Σ]*?[\w)]_([ijk])\b)(?![^)]*axis)", r"∑_\1 ("),
    (r"\\mathbf\s*\{\s*1\s*\}|\\mathbb\s*\{\s*1\s*\}|\\mathbf\s*1", "𝟏"),
    (rf"𝟏\s*(?:_\s*(?:\{{[^{{}}]*\}}|{LENGTH})|[ₙₘₖ])"
     rf"|(?<![\w.])1(?:_(?:\{{\s*{LENGTH}\s*\}}|[mnpqdkN])(?!\w)|[ₙₘₖ])", "𝟏"),
    (r"\^\s*\{\s*\(\s*([a-z])\s*\)\s*\}|\^\s*\(\s*([ijk])\s*\)(?!\w)", lambda m: f"_{m[1] or m[2]}"),
    (r"⁽([ⁱʲᵏ])⁾", _lowered),
    (rf"({NAME})\(:\)", r"vec(\1)"),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\.\^", "**"),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\.\*(?!\*)", " ⊙ "),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\./", " / "),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\.([+-])", r" \1 "),
    (r"(?<=\w)\.(?=\()", ""),  # Julia: exp.(x)
    (rf"({NAME})\s*\\\s*(?=[A-Za-z](?![A-Za-z])|\((?=[^)]*\)))", r"inv(\1) @ "),  # MATLAB: X\b
    (r"\b([A-Za-z])\s+transposed?(?![\w(])", r"\1ᵀ"),
    (r"\b(?:the )?(trace|determinant|inverse|logarithm|exponential) of (?:the )?",
     lambda m: SHORT.get(m[1], m[1]) + " "),
    (rf"(?<![\w\\.])(?i:({'|'.join(sorted(SPELT, key=len, reverse=True))}))(?=\s*[\s(\[]|\s*\\left)", _function),
    (r"(?<!\\)\bsum_(?=\{)", "∑_"),
    (r"(?<!\\)\bsum_([ijk])\b(?:=\d+\^(?:\{\w+\}|\w+))?", r"∑_\1 "),
)  # fmt: skip
