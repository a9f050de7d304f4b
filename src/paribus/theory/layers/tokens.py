"""Characters of words about nets as tokens: each with what it is for, its values, and its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from paribus.theory.layers.lexicon import ARTICLES, COUNTS, REPEATS, WORDS, compound, concept, mistyped, plural
from paribus.theory.layers.spellings import kind_of

SIGNS = str.maketrans("×✕∗–—−{}[]⇒·", "xxx---()()→x")
UNHEARD = (  # what says nothing about layers
    r"(?i:\((?:pytorch|keras|linear|logits)\)|\b(?:as|like|wie) in pytorch\b|\bpost-(?:ln|norm)\b|"
    r"\bmulti[- ]?head(?:ed)?[- ](?=(?:self[- ])?att)|\baction(?= logits))|"
)
LEX = re.compile(
    r"(?P<aside>(?<=\w)['’]s\b|(?<=\w) #\d+(?=:)|" + UNHEARD + r"(?<=\bw)/(?=\s)|\bw(?=/\s)|"
    r"\*\*|__|`|\"|'|\\\\|<br ?/?>|(?<!\w)[CSFL]\d\b(?=:?\s)|\bin\s?=\s?\d+,?"
    r"|(?<=conv)\.|(?<=bzw)\.|(?<=FC)\.|(?<=Conv)\.|^[ \t]*(?:[-*•◦+]|\(?\d+[.)])[ \t]+(?=\S)|(?P<never>\|\|))"
    r"|(?P<axes>(?<!\d)[123]-?[dD](?![a-zA-Z]))"
    r"|(?P<name>[\ue000-\uf8ff])"
    r"|(?P<chain>(?<![\w.@])\d+(?:\s*(?:-+>|=>|→|-)\s*\d+(?![\w.@%]|[ ]?x[ ]?\d)){2,})"
    r"|(?P<at>\d+\s?@\s?(?=\d+\s?x\s?\d))"
    r"|(?P<rate>\d+(?:[.,]\d+)?\s?%|(?<![\w.])\d*\.\d+|\b0,\d+)"
    r"|(?P<size>\d+(?:\s?(?:x|\*|by)\s?\d+)+(?![a-zA-Z]))"
    r"|(?P<pair>\d+\s*(?:-+>|=>|→|\bto\b)\s*\d+(?![\w.@%]|[ ]?x[ ]?\d|\s*(?:-+>|=>|→)))"
    r"|(?P<times>(?<=[)\s])\*(?=\s?\d))"
    r"|(?P<unbiased>(?i:(?:use_)?bias\s?=\s?false))"
    r"|(?P<letter>\b(?:[kspdfolg]|op)\s?=?\s?\d+(?!\.?\d|x)\b|(?<=[\w)])\s?/[ ]?[1-4]\b(?!\d|/))"
    r"|(?P<number>\d+)"
    r"|(?P<then>-+>|>>|=>|→|↓|>|(?<=[\s)])-(?=\s)|[;|\n•])|(?P<stop>\.(?=\s|$))"
    r"|(?P<comma>,)|(?P<slash>/)|(?P<and>&|\+)|(?P<open>\()|(?P<close>\))|(?P<colon>[:=])|(?P<hyphen>[-_])"
    r"|(?P<word>(?i:relu6)|[^\W\d_]+)|(?P<space>\s)|(?P<other>\S)",
    re.MULTILINE,
)
GLUED = re.compile(  # conv16, fc-10
    r"(?i)\b((?:conv|fc|pool|maxpool|avgpool|dense|linear|dropout|drop|lstm|gru|rnn|hidden|stride|pad|embedding|kernel|"
    r"deconv|filters|bn)[a-z]*)[-_]?(?=\d|\.\d)"
)
CAPITALS = re.compile(r"\d[Cc]\d+(?:\([a-z]+\)|[sS]\d)?-")  # 32C3-P2-64C3
CAPITAL = re.compile(
    r"(?<![\w.])(?:(?P<out>\d+)[Cc](?P<kernel>\d+)(?:[Ss](?P<stride>\d+))?|(?:MP?|P|S)(?P<pool>\d+)|AP(?P<mean>\d+)"
    r"|(?:FC?|N)?(?P<units>\d+)N?|D(?P<rate>0?\.\d+))(?=-|\(|$|[ ,;.])(?P<next>-?)"
)
JOINED = re.compile(  # names of what is joined again: concat with e1, add skip2
    r"(?i)\b(?:concat\w*|cat|add(?:ed)?|sum(?:med)?|merged?|joined)\s+(?:it |this |them |back )?(?:with |to |and )?"
    r"(?:the )?(?:output of |features of |skip (?=\w+\d))?"
    r"((?!x\d)[a-z]+_?\d+|skip(?!\s*con)(?=\b[^(]*$|\b\s*[,;\n.]))\b"
)
FIRST = 0xE000  # private signs that stand for such names
FED = re.compile(r"\b(\d+) in(?=\s*(?:[,;.\n]|$|->|→))")
APART = " ,;-–>→\n"
NORMED = re.compile(r"(?i)\badd\s*(?:&|and|\+)\s*(?:layer ?)?norm(?:ali[sz]ation)?\b")  # as the Transformer's figure
VGG = re.compile(r"(?i)\b(conv) ?(\d)-(\d+)")


class Unread(Exception):
    """A text that these rules do not read, and the token where that shows."""

    def __init__(self, token: Token | None, why: str = "") -> None:
        super().__init__(why)
        self.token, self.why = token, why


@dataclass(frozen=True)
class Token:
    """What stands somewhere: its role, which of these, and the text itself."""

    role: str
    which: str = ""
    text: str = ""
    start: int = 0
    values: tuple[str, ...] = ()
    several: bool = False  # in the plural

    def __repr__(self) -> str:
        return f"{self.role}:{self.which or ','.join(self.values) or self.text}"


def _sublayers(text: str) -> str:
    """A text in which what is added and normed, as in the Transformer's figure, is a residual block of its own."""
    *pieces, rest = NORMED.split(text)
    said = ""
    for piece in pieces:
        label, colon, body = piece.rpartition(":")
        said += f"{label}{colon} residual ({body.strip(APART)}), layer norm, "
    return said + rest.lstrip(APART) if pieces else text


def tokens(text: str) -> list[Token]:
    """The tokens of a text; words that say nothing are left out.

    Raises:
        Unread: a word that nobody knows, or a sign of code.
    """
    plain = VGG.sub(r"\1 \3 filters \2x\2", text.translate(SIGNS))
    plain = GLUED.sub(lambda m: m[1] + " ", plain)
    plain = re.sub(r"\b(\d{1,3}),000\b", r"\g<1>000", plain)
    plain = re.sub(r"(?i)\bfeed[- ]forward(?= \d)", "feedforward ", plain)
    plain = re.sub(r"\bnhead\b", "heads", plain)
    plain = re.sub(r"(?i)\b(flatten(?:ed)?) \(?outputs? (?:of )?\d+\)?", r"\1", plain)  # a size, and no layer
    plain = _sublayers(plain)
    plain = FED.sub(r"\1 inputs", plain)
    if CAPITALS.search(plain):
        plain = CAPITAL.sub(_capital, re.sub(r"^\s*(\d+(?:x\d+)+)-", r"input \1 -> ", plain))
    names = {name.lower() for name in JOINED.findall(plain)}
    names = {name for name in names if len(re.findall(rf"(?i)\b{name}\b", plain)) > 1}
    for number, name in enumerate(sorted(names)):
        plain = re.sub(rf"(?i)\b{name}\b", chr(FIRST + number).ljust(len(name)), plain)
    found = list[Token]()
    for match in LEX.finditer(plain):
        what, word, at = str(match.lastgroup), match[0], match.start()
        if match["never"]:
            raise Unread(Token("unknown", word, word, at))
        if what in ("aside", "axes", "space"):
            continue
        if what == "word":
            low = word.lower()
            if low in ARTICLES:
                found.append(Token("article", low, word, at, ("1",)))
            elif low in COUNTS:
                found.append(Token("count", low, word, at, (str(COUNTS[low]),)))
            elif low in REPEATS:
                found.append(Token("repeat", low, word, at, (str(REPEATS[low]),)))
            elif low in ("same", "causal", "valid"):
                found.append(Token("valid" if low == "valid" else "same", low, word, at))
            elif parts := compound(low) or compound(mistyped(low)):
                found += [Token("word", part, word, at, several=plural(low) and part == parts[-1]) for part in parts]
            else:
                found.append(Token("unknown", low, word, at))
        elif what == "letter":
            digits = re.findall(r"\d+", word)[0]
            name = {
                "k": "kernel",
                "s": "stride",
                "d": "dilation",
                "f": "kernel",
                "o": "extra",
                "l": "layers",
                "g": "groups",
                "/": "stride",
            }.get(word.strip()[0].lower())
            found.append(Token("set", name or "padding", word, at, (digits,)))
        elif what == "unbiased":
            found.append(Token("set", "bias", word, at, ("nobias",)))
        elif what == "at":
            found.append(Token("set", "filters", word, at, (word.rstrip("@ "),)))
        elif what == "other":
            found.append(Token("unknown", word, word, at))
        else:
            values = tuple(re.findall(r"\d+", word)) if what in ("chain", "pair", "size", "number") else ()
            if what == "rate":
                share = float(word.replace(",", ".").rstrip("% "))
                values = (f"{share / 100:g}" if "%" in word else f"{share:g}",)
            found.append(Token(what, word.strip() if what != "then" or word != "\n" else "line", word, at, values))
    return _named(found)


def _capital(found: re.Match[str]) -> str:
    """``32C3``, ``P2``, ``FC100`` in words, one after the other."""
    has = {key: value for key, value in found.groupdict().items() if value}
    then = " -> " if has.pop("next", "") else ""
    if "out" in has:
        stride = f" stride {has['stride']}" if "stride" in has else ""
        return f"conv {has['out']} filters {has['kernel']}x{has['kernel']}{stride}{then}"
    key, value = has.popitem()
    words = {"pool": "maxpool", "mean": "avgpool", "units": "dense", "rate": "dropout"}
    return f"{words[key]} {value}{then}"


def _named(found: list[Token]) -> list[Token]:
    """Names of several words as one token, and the concept of each other word."""
    done, at = list[Token](), 0
    while at < len(found):
        token = found[at]
        if token.role == "hyphen":
            at += 1
            continue
        if token.role not in ("word", "unknown"):
            done.append(token)
            at += 1
            continue
        reach, words = at, list[tuple[int, str]]()
        while reach < len(found) and found[reach].role in ("word", "hyphen", "unknown") and len(words) < 6:
            if found[reach].role != "hyphen":
                words.append((reach, found[reach].which))
            reach += 1
        silent = concept(token.which) == ("", "")
        for many in range(len(words), 1, -1):
            name = "".join(word for _, word in words[:many])
            if name in WORDS and WORDS[name][0]:
                done.append(replace(token, role=WORDS[name][0], which=WORDS[name][1], text=name, several=plural(name)))
                at = words[many - 1][0] + 1
                break
            kind = "" if silent else kind_of(name)
            tail = concept(words[many - 1][1])
            if kind and kind not in ("input", "add", "cat", "op", "own", "separable") and tail != ("layer", "layer"):
                last = found[words[many - 1][0]]
                role = concept(name)
                held = role[0] if role and role[0] in ("phi", "head") else "head"
                done.append(replace(token, role=held, which=kind, text=name, several=last.several))
                at = words[many - 1][0] + 1
                break
        else:
            role = concept(token.which)
            if token.which in ("max", "avg", "average", "mean") and _pooled(done):
                at += 1  # pools 2x2 max
                continue
            if role is None:
                role = ("unknown", token.which)
            if role[0] == "refused":
                raise Unread(token)
            if role[0]:
                done.append(replace(token, role=role[0], which=role[1], text=token.which, several=token.several))
            at += 1
    return done


def _pooled(done: list[Token]) -> bool:
    """Whether a pool stands just before, with no more than its size behind it."""
    before = next((one for one in reversed(done) if one.role not in ("size", "number")), Token(""))
    return before.role == "head" and before.which == "pool"
