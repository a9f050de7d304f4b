"""Texts near the notation in the signs that it takes: a rule a line, each a way to write something.

The rules are applied in their order. None adds a layer or a number that the text does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from paribus.theory.layers.lexicon import COUNTS, REPEATS
from paribus.theory.layers.spellings import is_activation, kind_of, split_name

# fmt: off
RULES = (  # none of them longer than what they replace, so that columns stay
    (r"(\d+) by (\d+)", r"\1x\2"),
    (r"(?i)\b(\d+x\d+) (stride)\b(?! ?[=:]? ?[\d(])", r"\2 \1"),
    (r"(?<=[a-z\d])-(?=\d+x\d|[spkd]\d)", " "),  # conv16-3x3-p1
    (r"(?:->|→|=>)\s*(?:y|out)\s*$", ""),
    (r"\bpad(?:ding)?(\d)", r"p\1"),
    (r"(?i)\b(depthwise|transposed|dilated|pointwise) (\d+x\d+) (?=conv)", r"\2 \1 "),
    (r"(?i)\bback (?=to \d)", ""),
    (r"(?i)\b(?:take|use|keep) (?:only )?the (?=last (?:hidden |time ?)?(?:step|state|output))", ""),
    (r"(?i)\b(?:at every|at each|for each|per) (?:time ?)?step\b", ""),
    (r"(?i)\bf ?= ?(?=\d[^,;\n]*\bfilters\b)", "k="),
    (r"(?i)^\s*(?:x|z|input|in)(?:\s*∈\s*R\^\d+)?\s*(?=->|→|=>)", ""),
    (r"(?i)\b(?:no|without|w/o|ohne) bias\b", "nobias"),
    (r"(?i)\b(up|upsample|upsampling) x(?=\d)", r"\1 "),
    (r"(?i)\bbi(?:directional|dir)?[- ](?=lstm|gru|rnn)", "bi"),
    (r"(?i)\bthen\b", ""),
    (r"(?i)\((?:pytorch|keras|linear|logits)\)|\b(?:as|like|wie) in pytorch\b", ""),
    (r"(?i)\blog[- ](?=softmax)", "log"),
    (r"\bop(\d)", r"o\1"),
    (r"(\d+) ?@ ?(?=\d+x\d)", r"\1 "),  # 16@5x5
    (r"\b(\d)-layer\b", r"l\1"),
    (r"(?<![*\d])(\d+)\*(\d+)(?![*\d])", r"\1x\2"),
    (r"\b[123]-?[dD] (?=[A-Za-z])", ""),
    (r"(?i)\b(\d)[ -](?:stacked|layers? of|layers?) ", r"l\1 "),
    (r"\b(\d)[ -]layers?(?=\))", r"l\1"),
    (r"(?i)\b((?:bi)?(?:lstm|gru|rnn),? )(\d)[ -]layers?(?=\s*(?:[,;\n]|$))", r"\1l\2"),
    (r"(?i)\bx \+ (\((?=[^()]*\))|\[)", r"skip\1"),
    (r"(?i)\b(flatten) (?:the )?spatial (?:dim\w*|axes|positions)", r"\1 2"),
    (r"(?i)\b(transpose) to \([\d, ]+\)", r"\1"),
    (r"(?i)\]\s*\+\s*(?:skip|shortcut|residual|identity|input|id|x)\b", "|id]"),
    (r"(?i)\b(?:skip|residual|shortcut)(?: connection)? (?:around|over|block|unit) ?(?=[(\[])", "skip"),
    (r"(?i)\b(?:filter )?concat(?:enate)? of:?\s", "concat "),
    (r"(?<=\s)/(?=\s+[A-Za-z]{2})", ","),
    (r"(?<=\s)/ (?=s\d)", ""),
    (r"\w+\[:, ?-1(?:, ?:)?\]", "last"),
    (r"\|\|", "|"),
    (r"(?<=[)\]]) ?[*x] (\d+)\b", r" *\1"),
)
# fmt: on
COMPILED = [(re.compile(pattern), made) for pattern, made in RULES]
LABEL = re.compile(
    r"#[^\n]*|\(\w+\):|^[ \t]*(?:\d+[.):]|[-*•])[ \t]+"
    r"|^[ \t]*(?:self\.)?[A-Za-z_]\w*[ \t]*=[ \t]*(?=[A-Za-z_][\w.]*[ \t]*\()"
    r"|(?:^|(?<=;))[ \t]*[A-Za-z_]\w*(?: [A-Za-z]+| \d+)?:[ \t]+|^[ \t]*[A-Za-z][\w -]*:[ \t]*(?=\[)",
    re.MULTILINE,
)
JOINTS = re.compile(r"->|=>|→|⇒|↓|(?<=\s)[-–+>](?=\s)|\n(?!\s*x\d)")
SIGNS = str.maketrans("×✕–—{}", "xx--[]")


def cleaned(text: str) -> str:
    """A text of the same length without labels, bullets and comments, its arrows and line ends as commas."""
    blank = LABEL.sub(_unlabelled, text.translate(SIGNS))
    for pattern, made in COMPILED:
        blank = pattern.sub(_made(made), blank)
    return JOINTS.sub(lambda found: ",".ljust(len(found[0])), blank)


def _unlabelled(found: re.Match[str]) -> str:
    """Nothing, or the kind that stands there as a label: ``fc1: 120 tanh`` is said by ``fc 120 tanh``."""
    if any(word in COUNTS or word in REPEATS for word in re.findall(r"[a-zü]+", found[0].lower())):
        return found[0]  # three times: …
    name, rest = found[0].strip(), found.string[found.end() :].split("\n")[0].split(",")[0].split(";")[0]
    kind = kind_of(name.rstrip(":").rstrip("0123456789")) if name.endswith(":") else ""
    named = any(kind_of(split_name(word)[0]) for word in re.findall(r"[^\s(]+", rest) if not is_activation(word))
    return " " * len(found[0]) if not kind or named else name.rstrip(":").rstrip("0123456789").ljust(len(found[0]))


def _made(made: str) -> Callable[[re.Match[str]], str]:
    """What a rule writes, as long as what it replaces."""
    return lambda found: found.expand(made).ljust(len(found[0]))
