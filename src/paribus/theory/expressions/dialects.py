"""Other people's spellings in the signs of the notation: MATLAB, Julia, R, ASCII, and what stands around a formula.

These are synonyms of signs and words only. What a formula means is left to the two readings, which both begin here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from paribus.errors import TheoryError
from paribus.theory.expressions.idioms import written_out

PROGRAM = re.compile(r"@|\*\*|\.m?T\b|\b(?:np|jnp|tf|torch|numpy|F|math)\.|\.\w+\(|None\b|\baxis\s*=|\bdim\s*=|einsum")
MATLAB = re.compile(r"\.[*/^]|(?<=[\w)])'(?!\w)|\b(?:trace|tr|Tr|det|logdet|inv)\s*\(|\(:\)|'fro'\s*\)\s*\^")
GREEK = "Α-Ωα-ωϵϕϑ"
NAME = rf"(?:\\?[A-Za-z{GREEK}]\w*)"
OPERATOR = r"(?:\\partial|∂|d|\\mathrm\s*\{\s*d\s*\})"
ARGUMENTS = r"(?:\s*(?:\\left)?\([^()=]*\)|\s*\((?:[^()=]|\([^()=]*\))*\))"
OBJECTIVES = "loss|cost|obj|objective|nll|error"
WRAPPED = (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), (r"\(", r"\)"))
WORDS = {"the", "of", "squared", "cubed", "times", "plus", "minus", "divided", "is", "over", "where", "and", "product"}
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
    """

    text: str
    wrt: str
    linear: int
    said: tuple[str, ...] = ()


def plain(typed: str) -> Plain:
    """A formula in the signs of the notation.

    Raises:
        TheoryError: it is a sentence, or an equation.
    """
    text, wrt = _alone(" ".join(typed.split()))
    if re.search(rf"\b(?:{'|'.join(MATHEMATICA)})\[", text) and not re.search(r"\^\s*(?:T\b|\{|\()|['\\ᵀ⊤²⁻]", text):
        text = _from_mathematica(text)
    text = written_out(text)
    bare = re.sub(r"(['\"])\w+\1(?!\s*\)\s*\^)", "", text)  # without 'fro'
    linear = 0 if PROGRAM.search(bare) or "%*%" in text else 2 if MATLAB.search(bare) else 1
    for pattern, made in RULES:
        text = re.sub(pattern, made, text)
    if "%*%" in text or "%o%" in text:  # R, where ^ is a power of each entry
        text = text.replace("%*%", "@").replace("^", "**")
    strange = sorted(WORDS & set(re.findall(r"\b[a-z]+\b", re.sub(r"\\[a-z]+|\b\w+\s*\(", " ", text))))
    if strange:
        hint = "such as tr(A X), norm(A x - b)**2, xᵀAx, inv(X)"
        raise TheoryError(f"{SENTENCE}: '{strange[0]}' is no part of one", got=text, hint=hint)
    text, summed = _sums(text)
    text, said = _averaged(" ".join(text.split()))
    return Plain(text, wrt, linear, said + summed)


def _from_mathematica(text: str) -> str:
    """``Tr[A.X]`` as tr(A@X)."""
    text = re.sub(r"\b([A-Z]\w*)\[", lambda m: f"{MATHEMATICA.get(m[1], m[1])}[", text)
    return (
        re.sub(r"(?<=[\w)\]])\s*\.\s*(?=[A-Za-z(])", " @ ", text).replace("[", "(").replace("]", ")").replace("^", "**")
    )


def _averaged(text: str) -> tuple[str, tuple[str, ...]]:
    """x̄ beside entries of x is their mean."""
    said = []
    for found in re.findall(r"\b([A-Za-z])_bar\b|\\bar\s*\{?\s*([A-Za-z])\b\}?", text):
        key = found[0] or found[1]
        if re.search(rf"(?<![A-Za-z]){key}(?:_\{{?[ijk]\b|[ᵢⱼₖ])", text):
            text = re.sub(rf"\b{key}_bar\b|\\bar\s*(?:\{{\s*{key}\s*\}}|{key}\b)", f"mean({key})", text)
            said.append(f"{key}_bar is the mean of {key}; write another letter for a number of its own")
    return text, tuple(said)


def _alone(text: str) -> tuple[str, str]:
    """The formula without what stands around it, and the variable that is named there."""
    wrt, before = "", ""
    while before != text:
        before = text
        for opened, closed in WRAPPED:
            if text.startswith(opened) and text.endswith(closed) and len(text) > len(opened) + len(closed):
                text = text[len(opened) : -len(closed)]
        text = re.sub(r"^\\(?:begin|end)\{\w+\*?\}|\\end\{\w+\*?\}$|(?<=[\w)}\]⊤ᵀ²³'‖|])\s*[.,;]$", "", text).strip()
        for pattern in AROUND:
            if found := re.search(pattern, text):
                wrt = next((group for group in found.groups() if group), wrt)
                text = (text[: found.start()] + text[found.end() :]).strip()
        if (named := re.match(NAMED, text)) and _names(named[1], text[named.end() :]):
            text = text[named.end() :].strip()
    return text, unicodedata.normalize("NFKC", wrt).lstrip("\\")


def _names(name: str, rest: str) -> bool:
    """Whether what stands before the sign = is a name for all that follows."""
    bare = re.fullmatch(rf"\s*-?\s*({NAME}|[\d.]+)\s*", rest)
    return not bare and "=" not in re.sub(r"\([^()]*\)|\{[^{}]*\}|[<>]=", "", rest) and f" {name} " not in f" {rest} "


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


def _lowered(found: re.Match[str]) -> str:
    return "_" + unicodedata.normalize("NFKC", found[1])


def _letter(found: re.Match[str]) -> str:
    """𝐱 as x; the bold 1 stays, which is a vector of ones."""
    return unicodedata.normalize("NFKC", found[0])


def _marked(found: re.Match[str]) -> str:
    return f"{found[1]}_{MARKS[found[2]]}"


def _function(found: re.Match[str]) -> str:
    return SPELT[found[1].lower()]


SPELT = {
    "relu": "relu", "softmax": "softmax", "sigmoid": "sigmoid", "tanh": "tanh", "gelu": "gelu", "silu": "silu",
    "softplus": "softplus", "logsoftmax": "log_softmax", "log_softmax": "log_softmax", "logsumexp": "logsumexp",
    "log_sum_exp": "logsumexp", "log-sum-exp": "logsumexp", "log sum exp": "logsumexp", "trace": "trace",
    "log-softmax": "log_softmax", "lse": "logsumexp",
}  # fmt: skip
MATHEMATICA = {
    "Tr": "tr", "Det": "det", "Log": "log", "Exp": "exp", "Norm": "norm", "Inverse": "inv", "Transpose": "transpose",
    "Total": "sum", "Sqrt": "sqrt", "Dot": "dot", "Tanh": "tanh", "Sin": "sin", "Cos": "cos", "Abs": "abs",
}  # fmt: skip
SHORT = {"determinant": "det", "logarithm": "log", "exponential": "exp", "inverse": "inv"}
FACES = r"mathbf|boldsymbol|bm|mathsf|mathit"
POWERED = "sin|cos|tan|sinh|cosh|tanh|log|ln"
MARKS = {"\u0304": "bar", "\u0302": "hat", "\u0303": "tilde"}
Made = str | Callable[[re.Match[str]], str]
AROUND = (  # what may stand around a formula; a group is the variable
    rf"^\\[dt]?frac\s*\{{\s*{OPERATOR}\s*\}}\s*\{{\s*{OPERATOR}\s*({NAME})\s*\}}",
    rf"^{OPERATOR}\s*/\s*{OPERATOR}\s*_?({NAME})(?=[\s(\[\\])",
    rf"^(?:\\nabla|∇|\bgrad)\s*(?:_\s*\{{?\s*({NAME})\s*\}}?|([ₐ-ₜₓ]))?(?=[\s(\[\\‖|])",
    r"^(?i:(?:the|find|compute)\s+)*(?i:gradient|derivative|jacobian|hessian|differential)\s+of\s+",
    rf"^(?i:find|compute|what is)\s+d\w+\s*/\s*d({NAME})\s+(?:for|of|where|when|if|with)\s+",
    rf"\s+over\s+({NAME})$",
    r"^(?i:differentiate|minimi[sz]e|maximi[sz]e)\s+",
    rf"^(?:\\operatorname\*?\s*\{{\s*arg\s*(?:\\,)?\s*(?:min|max)\s*\}}|(?:\\?arg\s*)?\\?(?:min|max))"
    rf"\s*_\s*(?:\{{\s*({NAME})\s*\}}|({NAME}))\s*",
    rf",?\s*(?i:with respect to|w\.?\s?r\.?\s?t\.?)\s+({NAME})$",
)
NAMED = (  # f(x) =
    rf"^((?:\\mathcal|\\mathrm|\\text)\s*\{{\s*\w+\s*\}}|\\ell|{OBJECTIVES}|[A-Za-z{GREEK}](?=\s*[=:&(\\])"
    rf"|{NAME}(?=\s*\())(?:_\w)?{ARGUMENTS}?\s*&?:?=(?!=)&?"
)
RULES: tuple[tuple[str, Made], ...] = (  # pattern, and what takes its place; in this order
    (r"[\U0001d400-\U0001d7cb]", _letter),
    (r"([A-Za-z])([\u0302\u0303\u0304])", _marked),
    (r"\\lvert\s*\\lvert", r"\\lVert"),
    (r"\\rvert\s*\\rvert", r"\\rVert"),
    (r"\|\|", "‖"),
    (rf"\\(?:{FACES})\s*\{{([^{{}}]*[^\w{{}}][^{{}}]*)\}}", r" (\1) "),  # \mathbf{Xb + c}
    (r"(?<![A-Za-z0-9_])([A-Za-z]_\d)(?=[A-Za-z])", r"\1 "),  # w_0x_0
    (rf"(?:∏|\\prod)\s*_\{{?\s*([ijkn])(?:\s*=[^}}]*?)?\s*\}}?\s*(?:\^\s*(?:\{{[^}}]*\}}|\w))?"
     rf"\s*({NAME}?)_\{{?\1\}}?(?!\w)", r"prod(\2)"),
    (rf"∏([ᵢⱼₖ])\s*({NAME})\1", r"prod(\2)"),
    (rf"({NAME})\.shape\[0\]", r"len(\1)"),
    (rf"({NAME})\.shape\[-?1\]", r"len(\1.T)"),
    (rf"({NAME})\.(?:size|numel\(\))(?![\w(])", r"len(\1)"),
    (r"(?<![\w.])([A-Za-z])\.([A-SU-Z])\.([A-Za-z])(?![\w.(])", r"\1 @ \2 @ \3"),  # Mathematica: x.A.x
    (r"‖\s*\|", "‖ |"),
    (r"(?<!\\)\|([^|\\]*)\|\s*(?:_\s*1\b|₁)", r"‖\1‖_1"),
    (r",\s*'all'\)", ")"),  # MATLAB
    (r"\\?\blog\s*(?:_\s*\{?\s*(2|10)\s*\}?|(₂|₁₀))", lambda m: f"log{m[1] or len(m[2]) * 8 - 6} "),
    (r"\{\}\s*\^\s*\{?\s*t\s*\}?\s*([A-Za-z])", r"\1ᵀ "),  # French: ᵗx
    (r"(?:‖|\\\||\\lVert)([^‖|]*?)(?:‖|\\\||\\rVert)\s*_\s*(?:\{\s*([A-EG-Z](?:\s*\^\s*\{\s*-\s*1\s*\}|⁻¹)?)\s*\}|([A-EG-Z]))\s*(?:²|\^\s*\{?\s*2\s*\}?)",
     lambda m: f"(({m[1]})ᵀ {m[2] or m[3]} ({m[1]}))"),  # ‖x‖²_M
    (r"<\s*([^<>=]+,[^<>=]+?)\s*>", r"⟨\1⟩"),
    (r"(‖|\\\||\\rVert)\s*(²|\^\s*\{?2\}?)\s*(_\s*\{?F\}?)", r"\1\3\2"),  # ‖X‖²_F
    (r"(⟩|\\rangle)\s*_\s*\{?F\}?", r"\1"),
    (r"\{\s*\\(?:rm|bf|it|sf|cal)\s+(\w+)\s*\}", r" \1 "),
    (rf"(\\?)\b({POWERED})\s*(²|\^\s*\{{?\s*2\s*\}}?)\s*(\([^()]*\)|\\?\w+)", r"(\1\2 \4)^2"),  # sin²(x)
    (r"\bslogdet\(([^()]*)\)(?:\[1\]|\.logabsdet)", r"logabsdet(\1)"),
    (r"\bdot\(([^(),]+),([^(),]+),([^(),]+)\)", r"(\1)ᵀ (\2) (\3)"),
    (rf"\bsum\(({NAME})\(:\)", r"sum(\1"),
    (rf"\bnorm\(({NAME})\(:\)", r"norm(\1, 'fro'"),
    (r"(?<![\w.])1(?=\s*(?:ᵀ|⊤|\^\s*\{?(?:T|\\top)))", "𝟏"),
    (r"(?<![\w.\\])(?:np\.)?sum\((?=[^∑Σ]*?[\w)]_([ijk])\b)(?![^)]*axis)", r"∑_\1 ("),
    (r"\\mathbf\s*\{\s*1\s*\}|\\mathbb\s*\{\s*1\s*\}|\\mathbf\s*1", "𝟏"),
    (r"\^\s*\{\s*\(\s*([a-z])\s*\)\s*\}|\^\s*\(\s*([ijk])\s*\)(?!\w)", lambda m: f"_{m[1] or m[2]}"),
    (r"⁽([ⁱʲᵏ])⁾", _lowered),
    (rf"({NAME})\(:\)", r"vec(\1)"),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\.\^", "**"),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\.\*(?!\*)", " ⊙ "),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\./", " / "),
    (r"(?<=[\w)\]'⊤ᵀ])\s*\.([+-])", r" \1 "),
    (r"(?<=\w)\.(?=\()", ""),  # Julia: exp.(x)
    (rf"({NAME}|\))\s*\\\s*(?=[A-Za-z(](?![A-Za-z]))", r"inv(\1) * "),  # MATLAB: X\b
    (r"(?<![\w.])([a-z])\.(?=[a-z](?![\w(]))", r"\1·"),  # w.x
    (r"\b([A-Za-z])\s+transposed?(?![\w(])", r"\1ᵀ"),
    (r"\b(?:the )?(trace|determinant|inverse|logarithm|exponential) of (?:the )?",
     lambda m: SHORT.get(m[1], m[1]) + " "),
    (rf"(?<![\w\\.])(?i:({'|'.join(sorted(SPELT, key=len, reverse=True))}))(?=\s*[\s(])", _function),
    (r"(?<!\\)\bsum_(?=\{)", "∑_"),
    (r"(?<!\\)\bsum_([ijk])\b(?:=\d+\^(?:\{\w+\}|\w+))?", r"∑_\1 "),
)  # fmt: skip
