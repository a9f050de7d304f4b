"""The formula alone: what stands around it is taken off, and names for its parts are put in.

``f(x) =``, ``∂/∂x``, ``min_x``, ``lambda x:`` and ``def f(x):`` go; ``z = Wx + b; a = σ(z); L = ‖a − y‖²`` is one
formula.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from paribus.errors import TheoryError
from paribus.theory.expressions.cases import cases
from paribus.theory.expressions.idioms import arguments
from paribus.theory.expressions.refusals import AT_ONCE, refuse

GREEK = "Α-Ωα-ωϵϕϑ"
NAME = rf"(?:\\?[A-Za-z{GREEK}]\w*)"
FACE = r"(?:\\(?:mathbf|boldsymbol|bm|mathit|vec|underline)\s*)"
VARIABLE = rf"{FACE}?\{{?\s*({NAME})\s*\}}?"  # \mathbf{x}
OPERATOR = r"(?:\\partial|∂|d|\\mathrm\s*\{\s*d\s*\})"
EXTREME = r"(?:arg\s*(?:\\[,;!])?\s*\\?)?\\?(?:min|max)(?:imi[sz]e)?"
AMONG = r"(?:(?:\\in|∈|,)[^{}]*(?:\{[^{}]*\}[^{}]*)*)?"  # w ∈ ℝⁿ
LIMITS = rf"_(?!\s*\{{?\s*[ijkn]\b)\s*(?:\{{\s*{VARIABLE}\s*{AMONG}\}}|({NAME}))(?:\s*\\[;,:!])?\s*"
UPRIGHT = r"\\?(?:operatorname\*?|mathrm|text)?"
DEEP = r"\((?:[^()=]|\((?:[^()=]|\([^()=]*\))*\))*\)|\[[^\[\]=]*\]"
IN_SPACE = r"(?:\\in(?![a-z])|∈)\s*(?:\\mathbb\s*\{?\s*R\s*\}?|ℝ|R)\s*(?:\^\s*(?:\{\s*\w+\s*\}|\w)|ⁿ)"
WRAPPED = (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), (r"\(", r"\)"))
AROUND = (  # what may stand around a formula; a group is the variable
    rf"^\\[dt]?frac\s*\{{\s*{OPERATOR}\s*\}}\s*\{{\s*{OPERATOR}\s*{VARIABLE}\s*\}}",
    rf"^{OPERATOR}\s*/\s*{OPERATOR}\s*_?{VARIABLE}(?=[\s(\[\\])",
    rf"^(?:\\nabla|∇|\bgrad)\s*(?:_\s*(?:\{{\s*{VARIABLE}\s*\}}|({NAME}))|([ₐ-ₜₓ]))?(?=[\s(\[\\‖|])",
    r"^(?i:(?:the|find|compute)\s+)*(?i:gradient|derivative|jacobian|hessian|differential)\s+of\s+",
    rf"^(?i:find|compute|what is)\s+d\w+\s*/\s*d({NAME})\s+(?:for|of|where|when|if|with)\s+",
    rf"\s+over\s+({NAME})$",
    r"^(?i:differentiate|minimi[sz]e|maximi[sz]e)\s+",
    rf"^(?:\\(?:operatorname\*?|mathop|mathrm|text)\s*\{{\s*{EXTREME}\s*\}}|\\?{EXTREME})\s*{LIMITS}",
    rf"^\\underset\s*\{{\s*{VARIABLE}\s*\}}\s*\{{\s*{UPRIGHT}\s*\{{?\s*{EXTREME}\s*\}}?\s*\}}",
    rf",?\s*(?i:with respect to|w\.?\s?r\.?\s?t\.?)\s+({NAME})$",
    rf"^lambda\s+({NAME})\s*(?:,\s*\w+\s*)*:",
    rf"^@\(\s*({NAME})[^()]*\)",  # MATLAB
    rf"^(?:function|\\)\s*\(\s*({NAME})[^()]*\)(?=\s*[-\w(])",  # R
    rf"^({NAME})\s*->",  # Julia
    rf"^def\s+\w+\s*\(\s*({NAME})[^()]*\)\s*(?:->\s*\w+\s*)?:",
    rf"^{NAME}\s*<-\s*",
    rf",?\s*(?:\\text\s*\{{\s*)?(?:\b(?:where|for|with)\s*)?\}}?\s*{FACE}?\{{?[a-zα-ω]\}}?\s*{IN_SPACE}$",
    r"^(?:return|let|set|define|given|where)\s+",
)
CALLED = (  # a formula as the argument of what differentiates it: the formula, the variable
    rf"^(?:Grad|D)\[\s*(?P<inside>.*?)\s*,\s*\{{*\s*(?P<wrt>{NAME})\s*\}}*\s*\]$",
    r"^(?:\w+\.)*(?:diff|gradient|jacobian|hessian|derivative)"
    rf"\(\s*(?P<inside>.*)\s*,\s*\[?\s*(?P<wrt>{NAME})\s*\]?\s*\)$",
    rf"^(?:\w+\.)*grad\(\s*lambda\s+(?P<wrt>{NAME})\s*(?:,\s*\w+\s*)*:\s*(?P<inside>.*?)\s*\)(?:\([\w, ]*\))?$",
)
LABEL = (  # what stands before the sign =: log p(x), L(w), J_\lambda(w), D_{KL}(p‖q)
    r"-?\s*(?:\\?(?:log|ln)\s+)?"
    rf"(?P<head>\\(?:mathcal|mathrm|mathbf|text|operatorname|hat|tilde)\s*\{{\s*[\w ]+\s*\}}|{NAME})"
    r"(?:\s*(?:_|\^)\s*(?:\{(?:[^{}=]|\{[^{}]*\})*\}|\*|\w+))*"
    rf"(?P<of>\s*(?:\\left)?\s*(?:{DEEP}))?"
)
ASIDE = (  # comments, numbers and names of equations
    r"\\(?:tag|label)\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![a-z])|\s#\s.*|(?<![\\*o/])%\s+[A-Za-z]{3,}.*"
    r"|[,;]?\s*(?:\\q?quad\s*)*(?:\\forall|∀).*$|(?:\s|\\[,;!]|\\q?quad)+[.,;]?$|\\[,;!]\s*[.,;]$"
)
MARKS = {"\u0304": "bar", "\u0302": "hat", "\u0303": "tilde"}
PART = rf"(?:{NAME}(?:\s*(?:_|\^)\s*(?:\{{[^{{}}=]*\}}|\\[a-z]+|\w))*)"  # of a formula, with a name of its own
AND = r"(?:where|with|and)"
CUT = (  # before a statement
    rf"\s*(?:;|\\\\|\n|,|\b{AND}\b)\s*(?:(?:\\[,;:! ]|\\quad|\\qquad|\\text\{{\s*{AND}\s*\}})\s*)*"
    rf"(?={PART}(?:\(\s*{NAME}\s*\))?\s*&?\s*:?=[^=])"
)
FUNCTION = rf"({PART})\s*\(\s*({NAME})\s*\)\s*&?\s*:?=(?!=)\s*"  # h(x) = …
MOST = 30  # parts
LONGEST = 8000  # letters


def alone(typed: str, keep: Iterable[str] = ()) -> tuple[str, str]:
    """The formula by itself, and the variable that is named around it.

    Args:
        typed: what was typed, perhaps in several statements.
        keep: names that stay, though a statement says what they are: those of the variables.

    Raises:
        TheoryError: an integral, an expectation, a constraint.
    """
    refuse(typed, AT_ONCE)
    typed = re.sub(rf"\\(?:text\w*|mbox|mathrm)\s*\{{\s*,?\s*{AND}\s*:?\s*\}}", " where ", typed)
    typed = re.sub(ASIDE, "", typed.strip().replace("ℓ", "l"))
    typed = re.sub(r"\\overline(?![a-z])", r"\\bar", re.sub(r"\\underline\s*(?=\{)", r"\\mathbf", typed))
    typed = re.sub(r"^let\b(.*=.*?)\bin\b", r"\1;", typed.strip(), flags=re.DOTALL)
    text, wrt = _unwrapped(cases(_accented(typed)))
    text, named = _unwrapped(_joined(text, {_plain(key) for key in keep}))
    refuse(text)
    return text, unicodedata.normalize("NFKC", named or wrt).lstrip("\\")


def _accented(text: str) -> str:
    """ŷ as y_hat."""
    for letter in set(text):
        if len(parts := unicodedata.normalize("NFD", letter)) == 2 and parts[1] in MARKS:
            text = text.replace(letter, parts)
    text = re.sub(r"\\(?:wide)?(hat|bar|tilde)\s*(?:\{\s*(\\?\w+)\s*\}|(\\?[A-Za-z]\w*))", r"\2\3_\1 ", text)
    return re.sub(rf"([A-Za-z{GREEK}])([{''.join(MARKS)}])", lambda m: f"{m[1]}_{MARKS[m[2]]}", text)


def _unwrapped(text: str) -> tuple[str, str]:
    """The text without what stands around it, and the variable that is named there."""
    wrt, before = "", ""
    while before != text:
        before = text
        for opened, closed in WRAPPED:
            if text.startswith(opened) and text.endswith(closed) and len(text) > len(opened) + len(closed):
                text = text[len(opened) : -len(closed)]
        text = re.sub(r"^\\(?:begin|end)\{\w+\*?\}|\\end\{\w+\*?\}$|(?<=[\w)}\]⊤ᵀ²³'‖|])\s*[.,;]$", "", text).strip()
        for pattern in CALLED:
            if found := re.match(pattern, text, re.DOTALL):
                text, wrt = found["inside"], found["wrt"]
        for pattern in AROUND:
            if found := re.search(pattern, text):
                wrt = next((group for group in found.groups() if group), wrt)
                text = (text[: found.start()] + text[found.end() :]).strip()
        text = _unlabelled(text)
    return text, wrt


def _unlabelled(text: str) -> str:
    """``x.T @ x`` of ``f(x) = x.T @ x``; an equation stays, and is refused later."""
    signs = _equals(text)
    if len(signs) != 1:
        return text
    before, after = text[: signs[0].start()].rstrip("&: "), text[signs[0].end() :].lstrip("& ")
    found = re.fullmatch(LABEL, before.strip())
    bare = re.fullmatch(rf"-?\s*(?:\\?[A-Za-z{GREEK}][A-Za-z0-9_{GREEK}]*|[\d.]+)", after.strip())
    if not found or (bare and not found["of"]) or (not found["of"] and _made_of(found["head"], after)):
        return text
    return after.strip()


def _equals(text: str) -> list[re.Match[str]]:
    """The signs = that stand in no brackets."""
    depth, found = 0, []
    for sign in re.finditer(r"[({\[]|[)}\]]|(?<![=<>!])=(?!=)", text):
        depth += (sign[0] in "({[") - (sign[0] in ")}]")
        found += [sign] if sign[0] == "=" and not depth else []
    return found


def _made_of(head: str, rest: str) -> bool:
    """Whether a name, or all letters of a word, stand in a text by themselves: x of x = Ax, A and x of Ax = b + x."""
    letters = [head] if len(head) < 2 or not head.isalpha() else list(head)
    if re.search(rf"(?<![\w\\]){re.escape(head)}(?!\w)", rest):
        return True
    return all(re.search(rf"(?<![a-z\\]){re.escape(letter)}(?![a-z])", rest) for letter in letters)


def _plain(name: str) -> str:
    """A name by its letters alone: W_{1}, W_1 and W1 are one."""
    return re.sub(r"[\\_{}\s]", "", unicodedata.normalize("NFKC", name))


def _joined(text: str, keep: set[str]) -> str:
    """One formula of several statements: each name that a statement gives is put in where it is used."""
    if len(_equals(text)) > 1:  # names are the same in bold
        text = re.sub(r"\\(?:mathbf|boldsymbol|bm|vec)\s*\{\s*(\\?[A-Za-z]+)\s*\}", r" \1 ", text)
    marked = re.sub(r"\n\s*return\b", "; return", text)
    pieces = [re.sub(r"^(?:let|set|define|given)\s+", "", piece.strip(" ,;&\n")) for piece in _cut(marked)]
    given = [piece for piece in pieces if piece]
    pieces = _applied(given)
    text = pieces[0] if len(pieces) == 1 < len(given) else text
    heads = [re.match(rf"({PART})\s*&?\s*:?=(?!=)&?\s*", piece) for piece in pieces]
    if not 1 < len(pieces) <= MOST or heads.count(None) > 1:
        return text
    unused = [place for place, head in enumerate(heads) if head and not any(
        re.search(_used(head[1].strip(), True), piece[other.end() if other else 0 :])
        for piece, other in zip(pieces, heads, strict=True) if other is not head)]  # fmt: skip
    main = heads.index(None) if None in heads else unused[-1] if unused else len(pieces) - 1
    body = [
        piece[head.end() :] if head else re.sub(r"^return\s+", "", piece)
        for piece, head in zip(pieces, heads, strict=True)
    ]
    parts: list[tuple[str, str]] = []
    turn = reversed(range(len(pieces))) if main == 0 else range(len(pieces))
    for place in turn:
        head = heads[place]
        if place != main and head and _plain(head[1]) not in keep:
            parts.append((head[1].strip(), _put(body[place], parts)))
    return _put(body[main], parts)


def _applied(pieces: list[str]) -> list[str]:
    """Statements without those that give the formula of a function, which is put in where it is called."""
    for piece in list(pieces):
        head = re.match(FUNCTION, piece)
        others = [other for other in pieces if other is not piece]
        call = rf"(?<![\w\\]){re.escape(head[1].strip())}\s*\(" if head else ""
        if not head or not any(re.search(call, other) for other in others) or re.search(call, piece[head.end() :]):
            continue
        for place, other in enumerate(others):
            while (found := re.search(call, other)) and len(other) < LONGEST:
                args, stop = arguments(other, found.end())
                if not stop:
                    break
                value = f"({', '.join(args)})".replace("\\", r"\\")
                body = re.sub(_used(head[2], False), value, piece[head.end() :])
                other = f"{other[: found.start()]}({body}){other[stop:]}"
            others[place] = other
        pieces = others
    return pieces


def _cut(text: str) -> list[str]:
    """Statements, which end where no bracket is open."""
    pieces, start = list[str](), 0
    for found in re.finditer(rf"{CUT}|;|\n(?=[^=\n]*$)", text):
        before = text[: found.start()]
        if all(before.count(opened) == before.count(closed) for opened, closed in ("()", "[]", "{}")):
            pieces.append(text[start : found.start()])
            start = found.end()
    return [*pieces, text[start:]]


def _put(text: str, parts: list[tuple[str, str]]) -> str:
    """The text with parts for their names, the last one first, as a name may be given twice."""
    glued = not re.search(r"@|\*\*|\.T\b|\bnp\.|torch\.", text)
    for name, part in reversed(parts):
        text = re.sub(r"(?<=[\w])(?=§)", " ", re.sub(_used(name, glued), "§", text))
        text = text.replace("(§)", f"({part})").replace("§", f"({part})")
        if len(text) > LONGEST:
            raise TheoryError(
                f"a formula has at most {LONGEST} letters", got=f"{len(text)} letters", hint="derive it in pieces"
            )
    return text


def _used(name: str, glued: bool) -> str:
    """A pattern for a name where it stands for itself; ``glued`` where capital letters may stand before it: Wz."""
    before = r"[a-z0-9_.\\]" if glued and len(name) == 1 else r"[\w.\\]"
    return rf"(?<!{before}){_spelt(name)}(?![A-Za-z0-9]|_(?!\{{?[ijk]\b))"


def _spelt(name: str) -> str:
    """A pattern for a name with or without braces at its index."""
    stem, *index = re.split(r"\s*[_]\s*", name, maxsplit=1)
    return re.escape(stem) + (rf"\s*_\s*\{{?\s*{re.escape(index[0].strip('{} '))}\s*\}}?" if index else "")
