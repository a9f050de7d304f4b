"""Sentences about nets in few words: a rule a line, each a way to write something and the words that the grammar takes.

The rules are applied in their order. None adds a layer or a number that the text does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from paribus.theory.layers.spellings import kind_of
from paribus.theory.layers.tokens import COUNTS, OPTIONS, Unreadable

Made = str | Callable[[re.Match[str]], str]
ARROW = r"(?:->|→|=>)"
INNER = r"[^\[\]()]+(?:\([^()]*\)[^\[\]()]*)*"
COUNTED = r"(?= *(?i:filter|unit|neuron|channel|nodes|kernel|feature maps|hidden|kan[aä]l|einheit))"
LONGEST = 500  # characters that are said again
PHI = r"relu6?|leaky ?relu|elu|gelu|silu|swish"


def _listed(found: re.Match[str]) -> str:
    """``layers 120, 84 and 10`` with its numbers as one word: 120&84&10."""
    return found[1] + re.sub(", ?", "&", found[2]) + (f"&{found[3]}" if found[3] else "")


def _hyphened(found: re.Match[str]) -> str:
    """``conv16-pool-fc10`` as layers."""
    parts = found[0].split("-")
    kinds = [kind_of(part) or kind_of(part.rstrip("0123456789x")) for part in parts]
    return found[0] if not all(kinds) or kind_of("".join(parts)) else " ; ".join(parts)


def _headed(found: re.Match[str]) -> str:
    """A heading of one word, unless it names a layer or the input."""
    low = found[1].lower()
    return found[0] if kind_of(low) or low in ("x", "input", "inputs", "hidden", "residual") else ""


def _again(found: re.Match[str]) -> str:
    """What stands between brackets, as often as it says."""
    times, inner = (found[1], found[2]) if found[1].isdigit() else (found[2], found[1])
    return "\n".join([inner] * int(times)) + "\n" if len(times) < 3 and len(inner) < LONGEST else found[0]


def _aside(found: re.Match[str]) -> str:
    """What stands between parentheses, unless no word of it has a role."""
    names = re.findall(r"[^\W\d_]+", found[0].lower())
    roles = {"same", "valid", "bias", "biases", "unpadded"}
    told = any(kind_of(name) or name in OPTIONS or name in roles for name in names)
    told = told or bool(re.search(r"(?i)\+|\b(?:add|sum|skip|resid|short|concat|shared?|tied|all|each|both)", found[0]))
    return found[0] if told or not names else " "


# fmt: off
RULES: tuple[tuple[str, Made], ...] = (
    (r"(?i)\b(?:use_)?bias ?= ?false\b|\bbias-free\b", "without bias"),
    (r"(?i)\bbiases\b", "bias"),
    (r"(?i)\bstrided (?=(?:\d+x\d+ )?conv)", ""),
    (r"(?i)\b(zwei|drei|vier)schichtige[snr]? (?=(?:bi\w* )?(?:lstm|gru|rnn))", lambda found: f"l{COUNTS[found[1].lower()]} "),
    (r"(?i)\b(\d+) (\d+x\d+) (filters?|kernels?)\b", r"\1 \3 \2"),
    (r"(?i)(\bpool[^\n,;]*?\d+x\d+) (?:filters?|windows?)\b", r"\1"),
    (r"(?i)\b(?:hidden )?layer (?=convolves)|\bwith the input image\b", ""),
    (r"^\s*\[(\d+x\d+x\d+)\] ?input", r"input \1"),
    (r"(?i)^\s*(?:an? )?(?:skip|residual)(?: connection)? (?:around|over) ([^,;.\n]+)", r"\1, add the input"),
    (r"(?i)(?<=[,;>→-] )(?:with )?(?:an? )?(?:skip|residual|identity|shortcut) connection(?=\s*(?:[,.;)\n]|$))",
     "add the input"),
    (r"\s•\s", "\n"),
    (r"(?i)\b(?:fully[- ]connected|dense|convolutional) (?=(?:neural )?(?:net|network|mlp|nn)\b)", ""),
    (r"(?i)\b(conv) (\d+(?:, ?\d+){2,})()(?= *\(|,? each)", _listed),
    (r"(?i)\b(\d)x (?:nearest[- ]neighbou?r |bilinear )?upsampl\w+", r"upsample \1"),
    (rf"(?i)\bconv(?:2d)?[-_+/ ]?(?:bn|batchnorm)[-_+/ ]?({PHI})\b(?: (?:block|layer))?"         # ConvBNReLU(16, 3x3)
     r"(?:\s*\(([^()]*)\)(?: ?[x*] ?([2-9])\b)?|([^,;.\n>→|]*))",
     lambda found: f"conv {(found[2] or found[4] or '').replace(',', ' ')} ; bn ; {found[1]} ; " * int(found[3] or 1)),
    (r"(?<![\w.])[A-Za-z]+\d*(?:x\d+)?(?:-[A-Za-z]+\d*(?:x\d+)?)+(?![\w.])", _hyphened),
    (r"(?i)\b(two|three|four|zwei|drei|vier)(?: times|mal| x)?\s*(?=[\[(][^)\]]*\b(?:conv|falt|fc|dense|lin))",
     lambda found: f"{COUNTS[found[1].lower()]}x "),
    (r"(?i)(?<=\d)-(?=faltung|schicht)", " "),                                                   # 3x3-Faltung
    (r"(?i)\b(\d)[- ]layer(?:ed)? (?=(?:bi\w*[- ])?(?:lstm|gru|rnn))", r"l\1 "),                # 2-layer GRU
    (r"(?i),\s*([^,.;]*\bpool\w*[^,.;]*?) after (?:each|every)\b(?: one| of them| layer)?", r", each followed by \1"),
    (r"(?i)(\w+) (?:after|behind|following) (?:each|every|all)(?: (?:conv\w*|layer)s?)?", r"\1 everywhere"),
    (r"(?i)\b(?:but|except)(?: for)?(?: at| in)? the (?:end|last(?: one| layer)?|output(?: layer)?)", "except"),
    (r"(?i)\b(rgb|gr[ae]y\w*) (?:input|image)s?:? (?:of |size )*(\d+x\d+)", r"input \2 \1 image,"),
    (r"(?i)[,(]?\s*\bin(?:_\w+)?[ =:]+\d+, ?out(?:_\w+)?[ =:]+(\d+)", r" \1"),                   # in 3, out 16
    (r"(?i)\(input(?:[ _]\w+)?[ =]\d+, ?hidden(?:[ _](?!\d)\w+)?[ =](\d+)", r"(\1"),
    (r"(?i)\b(depthwise|pointwise|transposed) (\d+x\d+) (?=conv)", r"\2 \1 "),
    (r"(?i)(?<=\d) \((?:linear|logits|no activation)\)", ""),
    (r"(?i)(?<=\d) mal (?=\w)", " x "),
    (r"(?i)\bbzw\.?(?= )", "und"),
    (r"(?i)\bout (?=\d)", "output layer "),
    (r"(?i)\blinear (?=output (?:units?|neurons?|nodes?))", ""),
    (r"\s/\s", " "),
    (r"(?mi)^\s*(?:1 input layer\s*$|(?:layer|block|step|stage)\s*\d+\s*[-.:]\s+)", ""),
    (r"(?i)\bconv(\d)-(\d+)", r"conv \1x\1 \2 filters"),                                         # conv3-64
    (r"\bF\d+ (?=\d)", "fc "),
    (r"\b[CS]\d+ (?=\d+@|max|avg|pool|conv)", ""),                                               # C1 6@5x5
    (r"(?m)^\s*(?:\w+ = )?([A-Z]?\w*[A-Za-z]):(?=\s|$)", _headed),
    (r"\*\*|__|`|<br ?/?>|\\\\|\"|'", lambda found: ", " if found[0].startswith("<") else " "),
    (r"(?<=\d) ?[xX*] ?(?=\d)", "x"),
    (rf"^\s*x\s*{ARROW}", ""),
    (rf"^\s*(\d+)@(\d+x\d+)\s*{ARROW}", r"input \1x\2, "),
    (r"(?m)^\s*[A-Z]\d+\s+(?=[A-Za-z])", ""),
    (rf"(?:(\d+) ?[xX*] ?)[\[(]({INNER})[\])]", _again),
    (rf"[\[(]({INNER})[\])] ?[xX*] ?(\d+)", _again),
    (r"(?i)\b((?:leaky ?|p|log ?)?(?:re|s?e)lu|(?:log ?)?softmax) ?\( ?(?:dim|axis|slope|alpha)? ?=? ?-?[\d.]+ ?\)",
     r"\1"),
    (r"\)[-+](?=[A-Za-z])", ") ; "),
    (r"(?m)(^|;|\. )\s*F\d+\s*:", r"\1 fc:"),
    (r"(?m)(^|;|\. )\s*[A-Z]\d+\s*:", r"\1 "),
    (r"(\d+) by (\d+)", r"\1x\2"),
    (rf"{ARROW}\s*[(\[]\s*\d+(?:\s*[,x]\s*\d+)*\s*,?[)\]](?=\s*(?:$|\n|,))", ""),                # → (16, 8, 8)
    (rf"(?m){ARROW}\s*\d+x\d+(?:x\d+)?\s*$", ""),
    (r"(?i)\b(conv|avg|max|norm|act|dim|deconv|approx)\.", r"\1"),
    (r"(?m)^\s*(?:[-*•◦]|\(?\d+[.)])\s+", ""),
    (r"(?<!\d)(\d+), (?=(?:\d+, )*\d+,? (?:and|und|et) \d+)", r"\1&"),
    (r"(?i)\b((?:layers|convolutions|convs|schichten|sizes)(?: with| of| mit)?:? )(\d+(?:, ?\d+)*)"
     r"(?:,? (?:and|und) (\d+))?(?![\dx@])", _listed),
    (rf"\d+(?:, ?\d+){{2,}}{COUNTED}", lambda found: re.sub(", ?", "&", found[0])),
    (r"(?i)(hidden layers?(?: of| with| sizes?)*:? )(\d+(?:&\d+)*),? and (\d+)"
     r"(?!\d| *(?:hidden|output|units|neurons|nodes|relu))", r"\1\2&\3 units"),
    (rf"(\d+),? (?:and|und|et) (\d+){COUNTED}", r"\1&\2"),
    (r"(?i)\+ eingabe\b", "+ input"),
    (r"(?i)\(\s*\+\s*(?:the )?(x|input|identity|skip|shortcut|residual)\s*\)", r"+ input"),
    (r"(?i)(?<!conv )(?<!convolution )(?<!conv)\b(\d+)@(?=(?:[1-9]|1[01])x\d)", r"conv \1 filters "),
    (r"(?<=\s)\([^()\d=]*\)", _aside),
)
# fmt: on
COMPILED = [(re.compile(pattern), made) for pattern, made in RULES]
PARTLY = re.compile(
    r"(?i)\b(?:after|behind|between|nach) (?:the|den) (?:first|last|second|ersten|letzten) (?:\d|two|three|zwei)"
)
SIGNS = str.maketrans("×✕–—", "xx--")


def prepared(text: str) -> str:
    """A text in few signs: sizes without spaces, no stress, no comments, no shapes behind arrows."""
    if "||" in text:
        raise Unreadable("||")
    if PARTLY.search(text):
        raise Unreadable("some of several")
    text = text.translate(SIGNS)
    for pattern, made in COMPILED:
        text = pattern.sub(made, text)
    return text
