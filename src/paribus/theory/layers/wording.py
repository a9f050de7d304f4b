"""Sentences about nets in few words: a rule a line, each a way to write something and the words that the grammar takes.

The rules are applied in their order. None adds a layer or a number that the text does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from paribus.theory.layers.spellings import is_activation, kind_of, split_name
from paribus.theory.layers.tokens import COUNTS, OPTIONS, Unreadable

Made = str | Callable[[re.Match[str]], str]
ARROW = r"(?:->|→|=>)"
INNER = r"[^\[\]()]+(?:\([^()]*\)[^\[\]()]*)*"
KEPT = {"x", "input", "inputs", "hidden", "residual", "eingabe", "eingabeschicht"}  # of headings
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
    return found[0] if kind_of(low) or low in KEPT else ""


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
RULES: Mapping[str, tuple[tuple[str, Made], ...]] = {
    "both": (
        (r"(\d+) by (\d+)", r"\1x\2"),
        (r"(?<=[a-z\d])-(?=\d+x\d|[spkd]\d)", " "),  # conv16-3x3-p1
        (r"(?:->|→|=>)\s*(?:y|out)\s*$", ""),
        (r"\bpad(?:ding)?(\d)", r"p\1"),
        (r"(?i)\b(depthwise|transposed|dilated|pointwise) (\d+x\d+) (?=conv)", r"\2 \1 "),
        (r"(?i)\bback (?=to \d)", ""),
        (r"(?i)\b(?:take|use|keep) (?:only )?the (?=last (?:hidden |time ?)?(?:step|state|output))", ""),
        (r"(?i)\b(?:at every|at each|for each|per) (?:time ?)?step\b", ""),
        (r"(?i)\bf ?= ?(?=\d[^,;\n]*\bfilters\b)", "k="),
        (r"(?i)^\s*(?:x|z|input|in)(?:\s*∈\s*R\^\d+)?\s*(?=->|→|=>)", ""),
    ),
    "notation": (  # none of them longer than what they replace, so that columns stay
        (r"(?i)\b(?:no|without|w/o|ohne) bias\b", "nobias"),
        (r"(?i)\b(up|upsample|upsampling) x(?=\d)", r"\1 "),
        (r"(?i)\bbi(?:directional|dir)?[- ](?=lstm|gru|rnn)", "bi"),
        (r"(?i)\bthen\b", ""),
        (r"(?i)\blog[- ](?=softmax)", "log"),
        (r"\bop(\d)", r"o\1"),
        (r"(\d+) ?@ ?(?=\d+x\d)", r"\1 "),  # 16@5x5
        (r"\b(\d)-layer\b", r"l\1"),
        (r"(?<![*\d])(\d+)\*(\d+)(?![*\d])", r"\1x\2"),
        (r"\b[123]-?[dD] (?=[A-Za-z])", ""),
        (r"(?i)\b(\d)[ -](?:stacked|layers? of|layers?) ", r"l\1 "),
        (r"\b(\d)[ -]layers?(?=\))", r"l\1"),
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
    ),
    "sentences": (
        (r"(?i)\b(?:use_)?bias ?= ?false\b|\bbias-free\b", "without bias"),
        (r"(?i)\bbiases\b", "bias"),
        (r"(?im)(^|[.;] *)(?:first|zuerst),? (?:comes?|there is|we have|kommt|folgt) ", r"\1"),
        (r"(?i)\boutput (?=concatenated with)", ""),
        (r"(?i)\blinear regression\b", "linear layer"),
        (r"(?i)\bone (?=inputs?\b)", "1 "),
        (r"(?i)\bhidden[ _]layers?(?:[ _]sizes)? ?[=:] ?[(\[]([\d, ]+)[)\]]", r"hidden layers of \1"),
        (r"(?i)\bstrided (?=(?:\d+x\d+ )?conv)", ""),
        (r"(?i)\b(zwei|drei|vier)schichtige[snr]? (?=(?:bi\w* )?(?:lstm|gru|rnn))",
         lambda found: f"l{COUNTS[found[1].lower()]} "),
        (r"(?i)\b(\d+) (\d+x\d+) (filters?|filtern|kernels?)\b", r"\1 \3 \2"),
        (r"(?i)(\bpool[^\n,;]*?\d+x\d+) (?:filters?|windows?)\b", r"\1"),
        (r"(?i)\b(?:hidden )?layer (?=convolves)|\bwith the input image\b", ""),
        (r"^\s*\[(\d+x\d+x\d+)\] ?input", r"input \1"),
        (r"(?i)^\s*(?:an? )?(?:skip|residual)(?: connection)? (?:around|over) ([^,;.\n]+)", r"\1, add the input"),
        (r"(?i)(?<=[,;>→-] )(?:with )?(?:an? )?(?:skip|residual|identity|shortcut) connection(?=\s*(?:[,.;)\n]|$))",
         "add the input"),
        (r"\s•\s", "\n"),
        (r"(?i)\b(?:fully[- ]connected|dense|convolutional) (?=(?:neural )?(?:net|network|mlp|nn)\b)", ""),
        (r"(?i)\b(conv) (\d+(?:, ?\d+){2,})()(?= *\(|,? each)", _listed),
        (rf"(?i)\bconv(?:2d)?[-_+/ ]?(?:bn|batchnorm)[-_+/ ]?({PHI})\b(?: (?:block|layer))?"     # ConvBNReLU(16, 3x3)
         r"(?:\s*\(([^()]*)\)(?: ?[x*] ?([2-9])\b)?|([^,;.\n>→|]*))",
         lambda found: int(found[3] or 1)
         * f"conv {(found[2] or found[4] or '').replace(',', ' ')} ; bn ; {found[1]} ; "),
        (r"(?<![\w.])[A-Za-z]+\d*(?:x\d+)?(?:-[A-Za-z]+\d*(?:x\d+)?)+(?![\w.])", _hyphened),
        (r"(?i)\b(two|three|four|zwei|drei|vier)(?: times|mal| x)?\s*(?=[\[(][^)\]]*\b(?:conv|falt|fc|dense|lin))",
         lambda found: f"{COUNTS[found[1].lower()]}x "),
        (r"(?i)(?<=\d)-(?=faltung|schicht|filter|max|pool)", " "),                                    # 3x3-Faltung
        (r"(?i),\s*([^,.;]*\bpool\w*[^,.;]*?) after (?:each|every)\b(?: one| of them| layer)?",
         r", each followed by \1"),
        (r"(?i)(\w+) (?:after|behind|following) (?:each|every|all)(?: (?:conv\w*|layer)s?)?", r"\1 everywhere"),
        (r"(?i)\b(?:but|except)(?: for)?(?: at| in)? the (?:end|last(?: one| layer)?|output(?: layer)?)", "except"),
        (r"(?i)\bbzw\.?(?= )", "und"),
        (r"(?i)\bout (?=\d)", "output layer "),
        (r"\s/\s", " "),
        (r"(?mi)^\s*(?:1 input layer\s*$|(?:layer|block|step|stage)\s*\d+\s*[-.:]\s+)", ""),
        (r"(?i)\bconv(\d)-(\d+)", r"conv \1x\1 \2 filters"),                                         # conv3-64
        (r"\bF\d+ (?=\d)", "fc "),
        (r"\b[CS]\d+ (?=\d+@|max|avg|pool|conv)", ""),                                               # C1 6@5x5
        (r"(?m)^\s*(?:\w+ = )?([A-Z]?\w*[A-Za-z]):(?=\s|$)", _headed),
        (r"\*\*|__|`|<br ?/?>|\\\\|\"|'", lambda found: ", " if found[0].startswith("<") else " "),
        (r"(?<=\d) ?[xX*] ?(?=\d)", "x"),
        (rf"^\s*(\d+)@(\d+x\d+)\s*{ARROW}", r"input \1x\2, "),
        (r"(?m)^\s*[A-Z]\d+\s+(?=[A-Za-z])", ""),
        (rf"(?:(\d+) ?[xX*] ?)[\[(]({INNER})[\])]", _again),
        (rf"[\[(]({INNER})[\])] ?[xX*] ?(\d+)", _again),
        (r"(?i)\b((?:leaky ?|p|log ?)?(?:re|s?e)lu|(?:log ?)?softmax) ?\( ?(?:dim|axis|slope|alpha)? ?=? ?-?[\d.]+ ?\)",
         r"\1"),
        (r"\)[-+](?=[A-Za-z])", ") ; "),
        (r"(?m)(^|;|\. )\s*F\d+\s*:", r"\1 fc:"),
        (r"(?m)(^|;|\. )\s*[A-Z]\d+\s*:", r"\1 "),
        (rf"{ARROW}\s*[(\[]\s*\d+(?:\s*[,x]\s*\d+)*\s*,?[)\]](?=\s*(?:$|\n|,))", ""),                # → (16, 8, 8)
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
    ),
}
# fmt: on
COMPILED = {
    reader: [(re.compile(pattern), made) for pattern, made in (*RULES["both"], *RULES[reader])]
    for reader in ("notation", "sentences")
}
LABEL = re.compile(
    r"#[^\n]*|\(\w+\):|^[ \t]*(?:\d+[.):]|[-*•])[ \t]+"
    r"|^[ \t]*(?:self\.)?[A-Za-z_]\w*[ \t]*=[ \t]*(?=[A-Za-z_][\w.]*[ \t]*\()"
    r"|(?:^|(?<=;))[ \t]*[A-Za-z_]\w*(?: [A-Za-z]+| \d+)?:[ \t]+|^[ \t]*[A-Za-z][\w -]*:[ \t]*(?=\[)",
    re.MULTILINE,
)
JOINTS = re.compile(r"->|=>|→|⇒|↓|(?<=\s)[-–+>](?=\s)|\n(?!\s*x\d)")
PARTLY = re.compile(
    r"(?i)\b(?:after|behind|between|nach) (?:the|den) (?:first|last|second|ersten|letzten) (?:\d|two|three|zwei)"
)
SIGNS = str.maketrans("×✕–—{}", "xx--[]")


def cleaned(text: str) -> str:
    """A text of the same length without labels, bullets and comments, its arrows and line ends as commas."""
    blank = LABEL.sub(_unlabelled, text.translate(SIGNS))
    for pattern, made in COMPILED["notation"]:
        blank = pattern.sub(lambda found, made=made: found.expand(str(made)).ljust(len(found[0])), blank)  # type: ignore[misc]
    return JOINTS.sub(lambda found: ",".ljust(len(found[0])), blank)


def _unlabelled(found: re.Match[str]) -> str:
    """Nothing, or the kind that stands there as a label: ``fc1: 120 tanh`` is said by ``fc 120 tanh``."""
    name, rest = found[0].strip(), found.string[found.end() :].split("\n")[0].split(",")[0].split(";")[0]
    kind = kind_of(name.rstrip(":").rstrip("0123456789")) if name.endswith(":") else ""
    named = any(kind_of(split_name(word)[0]) for word in re.findall(r"[^\s(]+", rest) if not is_activation(word))
    return " " * len(found[0]) if not kind or named else name.rstrip(":").rstrip("0123456789").ljust(len(found[0]))


def prepared(text: str) -> str:
    """A text in few signs: sizes without spaces, no stress, no comments, no shapes behind arrows."""
    if "||" in text:
        raise Unreadable("||")
    if PARTLY.search(text):
        raise Unreadable("some of several")
    text = text.translate(SIGNS)
    for pattern, made in COMPILED["sentences"]:
        text = pattern.sub(made, text)
    return text
