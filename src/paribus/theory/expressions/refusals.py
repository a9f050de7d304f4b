"""What is typed and is no formula of names, each with what to write instead."""

from __future__ import annotations

import re

from paribus.errors import TheoryError

IN = r"(?:\\in(?![a-z])|∈)"
SUM = r"(?:\\sum|[∑Σ])\s*_\s*\{?\s*"
UNEQUAL = r"(?:[<>≠]|\\(?:l[et]q?|g[et]q?|neq?|not)(?![a-z]))"
AT_ONCE = (  # before anything is taken off: pattern, rule, what to write
    (
        r"\bs\.\s?t\.|\bsubject to\b|\\text\s*\{\s*(?:s\.?\s?t\.?|subject to)\s*\}",
        "a constraint is no part of a formula",
        "write the Lagrangian: f(x) + λᵀ(Ax − b)",
    ),
    (
        r"\\begin\{[bpvBV]?(?:small)?matrix\}|\\begin\{array\}",
        "a matrix of entries is not read",
        "give the matrix a letter, and its entries afterwards: xᵀAx",
    ),
)
PLACES = "take the others off with a mask of ones and zeros, sum(m * x**2); differences are a matrix: norm(D @ x)**2"
REFUSED = (
    (
        r"[+·*]\s*(?:\.\.\.|…|⋯|\\[cl]?dots(?![a-z]))\s*[+·*]",
        "a sum that goes on is not read by its dots",
        "write it with its sign, Σᵢ exp(xᵢ), or of the vector: sum(exp(x))",
    ),
    (
        rf"{SUM}\w\s*=\s*(?![01]\s*[,}}])|\bsum_\(\s*\w\s*=\s*(?![01]\s*\))|[Σ∑∏]\w₌(?![₀₁])"
        r"|\bSum\[.*\{\s*\w\s*,\s*(?![01]\s*,)\w+\s*,|(?:\\prod|∏)\s*_\s*\{\s*\w\s*=\s*(?![01]\s*\})",
        "a sum over some of the places is not read",
        PLACES,
    ),
    (
        rf"{SUM}\w\s*=\s*1\s*\}}?\s*\^\s*\{{?\s*(?:\w+\s*[-/]|[ij]\s*\}}?)|[Σ∑∏]\w₌₁\w*⁻",
        "a sum over some of the places is not read",
        PLACES,
    ),
    (
        r"(?<=[A-Za-z])_\s*\{\s*(?:-|[^{}=]*(?::|\\cdot|\\bullet|·)[^{}=]*\})",
        "a part of a matrix is not read by its index",
        "a row is eᵀA and a column A e with a unit vector e, or a letter of its own",
    ),
    (
        r"(?:‖|\\\||\\rVert|\\right\s*\||\|)\s*_\s*\{\s*\w+\s*,\s*\w+\s*\}",
        "a norm of norms is not read by its index",
        "write sum(norm(X, axis=1)) for the sum of the rows' norms",
    ),
    (
        r"\\right\s*\|\s*_|\|\s*_\s*\{\s*\w+\s*=",
        "the value at a point is not read",
        "write the function itself, and put the point into the answer",
    ),
    (
        r"\^\s*(?:\{\s*(?:\+|\\dagger)\s*\}|\\dagger|\+\s)|†",
        "a pseudo-inverse is not read",
        "write inv(AᵀA) Aᵀ for full column rank; the positive part is max(x, 0)",
    ),
    (
        r"\\?\b(?:max|min)\s*_\s*(?:\{\s*[ijkn]\b|[ijkn]\b)|\b(?:max|min)[ᵢⱼₖₙ]",
        "the largest of several terms is not read by an index",
        "write max(x) of a vector, such as max(A @ x + b)",
    ),
    (
        r"\\?\b(?:max|min|sup|inf)\s*_\s*\{",
        "the largest value over a set is not read",
        "write its value; by Danskin's theorem the gradient is that of the function at the place where it is largest",
    ),
    (
        rf"(?:\\sum|[∑Σ])\s*_\s*\{{[^{{}}]*{IN}",
        "a sum over a set is not read",
        "write a mask of ones and zeros: sum(M * (R - U @ V.T)**2), or number the terms: Σᵢ",
    ),
    (
        r"(?<![A-Za-z\\])[pPq]\s*(?:_\s*\\?\w+)?\s*\((?:[^()]|\([^()]*\))*(?:\||;|\\mid)",
        "a density is not read by its name",
        "write its formula, such as −(x − μ)²/(2σ²) − log σ",
    ),
    (
        r"(?<![\w\\])(?:[fgh]|\\(?:phi|psi|varphi)|[φψ])\s*(?:['′’]+|\^\s*\{?\s*(?:\\prime\s*)+\}?)\s*\(",
        "a derivative is not read by its sign",
        "write the formula of the function; its derivative is what is found here",
    ),
    (
        r"[\w)]!(?!=)",
        "a factorial is not read",
        "it does not depend on the variables: leave it out, or give it a letter",
    ),
    (
        r"\\int(?![a-z])|∫|\bintegrate\(",
        "an integral is not read",
        "write its value; by the upper limit, the derivative is the integrand at that limit",
    ),
    (
        r"\\mathbb\s*\{?\s*[EP]\b|𝔼|\\(?:operatorname|mathrm)\s*\{\s*(?:E|Cov)\s*\}|(?<![\w\\])(?:E|Var|Cov)\[",
        "an expectation is not read",
        "write the mean over data, (1/n) Σᵢ (yᵢ − wᵀxᵢ)² or mean((X @ w - y)**2), or names for the moments",
    ),
    (
        r"\bfor\s+\w+(?:\s*,\s*\w+)*\s+in\b",
        "a loop is not read",
        "write the sum over arrays, sum((X @ w - y)**2), or with an index: Σᵢ (yᵢ − wᵀxᵢ)²",
    ),
    (
        rf"{SUM}\w\s*{UNEQUAL}",
        "a sum over some of all pairs is not read",
        "sums run over all places: Σ_{i<j} x_i x_j is ½ (Σᵢ Σⱼ xᵢ xⱼ − Σᵢ xᵢ²)",
    ),
    (
        r"_\s*\{\s*[ijk]\s*[+-]\s*\d\s*\}",
        "a shifted index is not read",
        "write differences with a matrix: norm(D @ x)**2",
    ),
    (
        r"_\s*\{\s*2\s*,\s*1\s*\}",
        "the sum of the rows' norms is not read by its index",
        "write sum(norm(X, axis=1))",
    ),
    (
        r"\\lim(?![a-z])",
        "a limit is not read",
        "write the function itself; its derivative is found exactly",
    ),
)


def refuse(text: str, table: tuple[tuple[str, str, str], ...] = REFUSED) -> None:
    """Refuse what is no formula of names.

    Args:
        text: the formula, or all that was typed.
        table: patterns, each with its rule and what to write.

    Raises:
        TheoryError: a pattern is found.
    """
    for pattern, rule, hint in table:
        if re.search(pattern, text):
            raise TheoryError(rule, got=" ".join(text.split()), hint=hint)
