"""What words about nets refer back or forth to, written out: "the same again with 64 filters", "all convolutions padded
by 1", "three blocks of … with 16, 32 and 64 filters", "two branches, (…) and (…), concatenated".

Each becomes the words that it stands for; what no sentence can say, a block of branches or an encoder, becomes a sign
⟦0⟧ for a piece of the notation.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from paribus.theory.layers.spellings import kind_of
from paribus.theory.layers.tokens import COUNTS, NOUNS, OPTIONS, ORDINALS

TIMES = {word: n for word, n in COUNTS.items() if n > 1 or word == "one"}
N = rf"(?:\d+|{'|'.join(TIMES)})"
LIST = r"\d+(?:\s*(?:,|/|→|->)\s*(?:and |und )?\d+)*(?:,? (?:and|und|then) \d+)?"
COUNTED = r"(?:filters?|channels?|filtern|kanälen?|neuronen|einheiten|kernels?|feature maps|maps|units|neurons)\b"
INNER = r"[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*"
BLOCKS = (
    re.compile(rf"(?i)\b(?P<n>{N})\s*(?:x|×)?\s*(?:\w+ )??blocks? \((?P<list>{LIST}) {COUNTED}[;:,] "
               rf"(?P<body>{INNER})\)"),
    re.compile(rf"(?i)\b(?P<n>{N})\s*(?:x|×|times)?\s*(?:(?:\w+ )??blocks?(?: of|:)? )?[\[(]"
               rf"(?P<body>{INNER})[\])],? (?:with|of|using)?\s*(?P<list>{LIST}) {COUNTED}"),
    re.compile(rf"(?i)\b(?P<n>{N}) (?:\w+ )??(?:blocks?|blöcken?)(?: of| aus| von|:) "
               rf"(?P<body>(?:[^;.](?!blocks?\b))*?),? (?:with|mit|using) (?P<list>{LIST}) {COUNTED}"),
)  # fmt: skip
AGAIN = re.compile(
    r"(?i)(?:(?:then )?(?:and )?(?:the )?same(?: (?:again|block|layers?|thing|structure|pattern|as before))?|"
    rf"repeat(?:ed)?(?: (?:this|that|it|the (?:same )?(?:block|pattern)))?(?: block)?(?: (?P<times>{N}) "
    rf"times)?|another (?:such )?block|"
    r"again)(?: again| once more)?,? (?:but |now )?(?:with|using|for) "
    rf"(?P<list>{LIST})(?: {COUNTED})?"
)
MORE = re.compile(r"(?i)\b(?:followed by )?(?:the same (?:block |thing )?again|(?P<n>one|two|three|\d) more "
                  r"(?:of (?:these|those|them)|such blocks?)|"
                  r"repeat (?:this|that|it)(?: block)?(?: (?P<once>once|twice|again))?(?: more)?)"
                  r"(?=\s*[,.;\n]|$)")  # fmt: skip
ALL = re.compile(
    r"(?i)[(;,.\n]?\s*(?:and )?(?:with )?\b(?:all|each|every|both)(?: of)?(?: the)?\s+conv(?:s|olutions?|"
    r"olutional layers?| layers?)?\b"
    r"(?:\s*(?:is|are|have|has|use|uses|with|:|being))*\s+(?P<said>[^.;()\n]*(?:\([^()]*\))?[^.;()\n]*)[).]?\s*$"
)
COUNTED_BLOCKS = re.compile(rf"(?i)(\s*(?P<n>{N})\s+(?:\w+\s+)?blocks?\s*:)(?P<body>[^;]*)")
BRANCHES = re.compile(
    rf"(?i)(?:(?:two|three|four|zwei|drei|\d)\s+)?(?:parallele? )?(?:branches|paths|towers|zweige|pfade)[:,]?(?: of)? "
    rf"(?P<parts>\({INNER}\)(?:\s*(?:,|and|,\s*and|und|\||&)\s*\({INNER}\))+),?\s*"
    r"(?:(?:are|which are|then|that are)\s+)*"
    r"(?P<joint>[ck]on[ck]at\w*|joined|added|addiert|summed|merged by addition)(?: together| along the channels)?"
)
ENCODER = re.compile(
    rf"(?i)(?:\b(?P<n>{N})\s*(?:x|×)?\s*(?:stacked )?)?\btransformer (?:encoder )?(?:layers?|blocks?|(?=with "
    rf"\d+ layers|d_model))\b[\s:,]*(?:with|of|having)?\s*"
    r"(?P<rest>\([^()]*\)|(?:[^.;()]*?\b(?:heads?|nhead|d_?model|ff\w*|dim\w*|mlp|feed-?forward)\b[^.;()]*))"
)
PATCHES = re.compile(
    r"(?i)\bpatch embed(?:ding)?s?\b[\s:,(]*(?:of |with )?(?P<k>\d+)x(?P=k)\s*(?:patches)?\s*(?:,|to|→|->)?\s*"
    r"(?P<d>\d+)\s*(?:dim\w*|features|channels)?\)?"
)
THROUGHOUT = re.compile(r"(?is)^\s*([^:\n]*?)\s*(?:everywhere|throughout|überall)\s*:\s*(.+)$")
LABEL = re.compile(r"(?i)^\s*(?P<label>(?:[\w'’/→-]+\s+){0,8}?[\w'’/→-]+)\s*(?:\((?P<width>\d+)\))?\s*:\s+(?=\S)")
RESIDUAL = re.compile(
    r"(?i)\b(?:(?:inverted )?residual|res[a-z]*block|resnet|basic-?block|bottleneck|skip)"
    r"(?: (?:blocks?|unit|connection))?\b"
)
TWO_PATHS = re.compile(
    r"(?i)^\s*(?:main (?:path|branch):? )?(?P<main>[^;]+);\s*(?:shortcut|skip)(?: path| branch| connection)?:? "
    r"(?P<short>[^;]+);\s*(?:then )?(?:add|sum)\w*(?: both| them)?"
)
SUMMED = re.compile(r"(?i)\+ ?(?:x|input|skip|identity|shortcut)\b|\b(?:add|sum|skip|shortcut|addition)\b")
WORDS_OF_ALL = """
after all alle allen aller and anywhere are both conv convolution convolutional convolutions convs each every everywhere
faltungen has have in is jede jeder layer layers mit of the throughout und use using with überall for followed by
"""
SCOPE = {"anywhere", "all", "alle", "allen", "both", "convs", "convolutions", "each", "every", "everywhere",
         "faltungen", "throughout", "überall"}  # fmt: skip
SAID_OF_ALL = re.compile(
    r"(?i)\b(?:(?:same|valid|zero)[- ]?padd(?:ing|ed)|unpadded|padd(?:ing|ed)(?: by| with| of)? ?=? ?\d+|pad ?=? ?\d+|"
    r"(?:no|without) padding|padding ?=? ?same|(?:no|without|ohne) bias(?:es)?|bias ?= ?false|same|valid|\d+x\d+|"
    r"stride ?=? ?\d+|kernel(?: size)? ?=? ?\d+)\b"
)
TAILS = [
    re.compile(r"(?i)\((?P<said>[^()]+)\)"),
    *(re.compile(rf"(?i)[(;,.\n]\s*(?P<said>[^(;,.\n)]+{more})[).\s]*$") for more in ("", ", [^(;,.\n)]+")),
]


def dissolved(text: str, read: Callable[[str], str]) -> tuple[str, list[str]]:
    """The words for all that refers to others, and pieces of the notation for the signs ⟦0⟧, ⟦1⟧ ….

    Args:
        text: words about a net.
        read: words as the notation, for what is in branches.
    """
    ready = list[str]()

    def held(piece: str) -> str:
        ready.append(piece)
        return f" ⟦{len(ready) - 1}⟧ "

    def branches(found: re.Match[str]) -> str:
        parts = re.findall(rf"\(({INNER})\)", found["parts"])
        sign = " & " if found["joint"].lower()[0] in "cjk" else " | "
        return held(f"[{sign.join(read(part) for part in parts)}]")

    def encoder(found: re.Match[str]) -> str:
        wide = next((one.split()[1] for one in reversed(ready) if one.startswith("conv ")), "")
        wide = wide or "".join(
            re.findall(r"(?i)embedding\w*\W+(?:\d+\s*(?:→|->|x|,|\s)\s*)?(\d+)", text[: found.start()])[-1:]
        )
        return held(said) if (said := _encoder(found, wide)) else found[0]

    text = unlabelled(text)
    if found := THROUGHOUT.match(text):
        text = f"{found[2]} (all convs {found[1]})"
    text = PATCHES.sub(lambda m: held(f"conv {m['d']} k{m['k']} s{m['k']}, flatten 2, transpose"), text)
    text = BRANCHES.sub(branches, text)
    text = TWO_PATHS.sub(lambda m: held(f"[{read(m['main'])} | {read(m['short'])}]"), _throughout(text))
    text = ENCODER.sub(encoder, text)
    for pattern in BLOCKS:
        text = pattern.sub(_blocks, text)
    return _throughout(_again(text)), ready


NETS = {"regression", "cnn", "mlp", "net", "network", "convnet", "autoencoder", "model", "lenet", "vgg", "classifier",
        "discriminator", "alexnet",
        "generator", "architecture", "dnn", "nn", "rnn", "ann", "netz", "regressor", "actor", "critic", "policy", "dqn",
        "vae",
        "variant", "stem"}  # fmt: skip
ENDS = {"input", "inputs", "x", "hidden", "residual", "block", "add", "sum", "skip", "concat", "branch",
        "transformer", "eingabe", "eingabeschicht"}  # fmt: skip


ROLES = {*NOUNS, *OPTIONS, *ORDINALS, *TIMES, "same", "valid", "no", "without", "ohne", "sans", "bias", "shared",
         "tied", "each", "all", "every", "output",
         "biases"} - {"d", "s", "k", "p", "map", "tokens", "classes"}  # fmt: skip


def number(word: str | None) -> int:
    """A number in digits or in words."""
    return TIMES.get((word or "1").lower(), 0) or int(word or 1)


def unlabelled(text: str) -> str:
    """Without what stands before a colon, where it names the net and no layer of it: "a small CNN for digits:"."""
    if (found := COUNTED_BLOCKS.match(text)) and number(found["n"]) == len(re.findall("(?i)conv", found["body"])):
        return text[found.end(1) :]
    found = LABEL.match(text)
    if found is None:
        return text
    label, rest = found["label"], text[found.end() :]
    if RESIDUAL.search(label) and "\n" not in text[: found.end()]:
        if not SUMMED.search(rest):
            return text
        label = re.sub(r"(?i)\d+ ?(?:→|->) ?\d+|\bblock\b", "", RESIDUAL.sub("", label))
        if TWO_PATHS.match(rest):
            return rest
        rest = re.sub(r"(?i)(?<=[,;>→-])(\s*)add(?=\s*(?:[,;.]|->|→|-\s|$))", r"\1add the input", rest)
    label = re.sub(
        r"(?i)\b(?:fully[- ]connected|convolutional|dense)\b(?= (?:\w+ )*net)|(?:soft|logistic)\w*(?= regr)", "", label
    )
    if found["width"]:  # ResBlock(64)
        rest = re.sub(r"(?i)\b(conv(?:2d)?(?:[ -]?\dx\d)?)(?! ?\d|[a-z(])", rf"\1 {found['width']}", rest)
    words = [re.sub(r"(?<=[a-z])[\d→-]+$", "", word) for word in re.findall(r"[^\W_]+", label.lower())]
    named = [word for word in words if word not in NETS]
    named = [word for word in named if word != "block" or len(words) < 2]
    if any(word in ENDS or word in ROLES or word.isdigit() for word in named):
        return text
    again = {kind_of(word.rstrip("0123456789x")) for word in re.findall(r"[^\W\d_]+", rest)}
    kinds = {kind_of(word) for word in named} - {"", *(["separable"] if "dw" in again else [])}
    return rest if not kinds or (len(words) > 1 and kinds <= again) else text


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _filled(body: str, filters: str) -> str:
    """A block whose first convolution, or else fully connected layer, has so many outputs."""
    for kind in (
        r"(?:conv(?:2d|olution(?:al layer)?s?|s| layers?)?|faltung(?:sschicht|en)?)",
        r"(?:dense|linear|fc|fully[- ]connected)(?: layers?)?",
    ):
        if re.search(rf"(?i)\b{kind}", body):
            return re.sub(
                rf"(?i)\b{kind}(?=\W|$|\d)",
                lambda found: (
                    f"{found[0]} with {filters} filters"
                    if re.match("(?i)conv|falt", found[0])
                    else f"{found[0]} {filters}"
                ),
                body,
                count=1,
            )
    return body


def _blocks(found: re.Match[str]) -> str:
    """A block once for each number of filters."""
    widths = _numbers(found["list"])
    if len(widths) != number(found["n"]) or len(widths) > 20:
        return found[0]
    return " ; ".join(_filled(found["body"], width) for width in widths) + " ; "


def _again(text: str) -> str:
    """The block before, with other numbers of filters, or as it is."""
    for _ in range(8):
        found, plain = AGAIN.search(text), MORE.search(text)
        here = min((one for one in (found, plain) if one), key=lambda one: one.start(), default=None)
        if here is None:
            return text
        before = text[: here.start()].rstrip(" ,;.\n>-→")
        before = re.sub(
            r"(?i)[\s,;.]*(?:\b(?:block|stage) \d+\s*:?|\bthen|\band(?: then)?|\bfollowed by)\s*$", "", before
        ).rstrip(" ,;.\n")
        block = re.split(r"[;.\n](?!\d)|(?i:\b(?:block|stage) \d+:)", before)[-1].strip(" ,")
        if here is found:
            told = re.findall(r"(?i)(\d+)(?= (?:\dx\d )?(?:filters?|channels?|kernels?|feature maps))|\bconv"
                              r"(?:2d|\dx\d)? (\d+)(?!\d*x)|"
                              r"(?:dense|linear|fc) (\d+)|(\d+)(?= units| neurons)", block)  # fmt: skip
            widths = {next(filter(None, one)) for one in told}
            if len(widths) != 1:
                return text
            old = widths.pop()
            made = [re.sub(rf"(?<![\dx.]){old}(?![\dx.])", width, block) for width in _numbers(found["list"])]
            if found["times"] and number(found["times"]) != len(made):
                return text
        else:
            assert plain is not None
            made = [block] * (2 if (plain["once"] or "").lower() == "twice" else number(plain["n"]))
        text = " ; ".join([text[: here.start()].rstrip(" ,"), *made]) + text[here.end() :]
        if len(text) > 5000:
            return text
    return text


def _throughout(text: str) -> str:
    """What is said of all convolutions, said of each."""
    found = ALL.search(text)
    if found is None:
        return _told_at_the_end(text)
    if (found["said"] or "").lower().startswith("followed"):
        return text
    said = re.sub(r"(?i)\bpadded (?:by|with) ", "padding ", found["said"].strip(" ,"))
    said = re.sub(r"(?i)\s*(?:,? and followed by| followed by(?: an?)?|\+|,? and )\s*", " ", f" {said} ").strip(" ,")
    if re.search(r"(?i)\b(?:fc|dense|linear|pool\w*|layers?)\b", said):
        return text
    return _of_each(text[: found.start()], said)


def _told_at_the_end(text: str) -> str:
    """``(all unpadded)``, ``convs without bias``, ``(SAME padding)`` behind a layer that has none."""
    for pattern in TAILS:
        for found in pattern.finditer(text):
            said = SAID_OF_ALL.findall(found["said"])
            words = {*re.findall(r"[^\W\d]+", SAID_OF_ALL.sub(" ", found["said"]).lower())}
            before, mark = text[: found.start()], found[0][0]
            if "both" in words and len(re.findall(r"(?i)conv|falt", before)) != 2:
                continue
            ended = mark == "(" and re.search(r"(?i)\b(?:fc|dense|linear|\w*max|sigmoid)\b[^,;]*$", before)
            if said and words <= {*WORDS_OF_ALL.split()} and (words & SCOPE or (ended and not words)):
                plain = " ".join(re.sub(r"(?i)padded(?: by| with| of)?|padding of", "padding", one) for one in said)
                kinds = "conv|falt|linear|dense|fc" if "layers" in words and "bias" in plain.lower() else "conv|falt"
                return _of_each(before, plain.replace("unpadding", "no padding"), kinds) + text[found.end() :]
    return text


def _of_each(text: str, said: str, kinds: str = "conv") -> str:
    """A text each of whose convolutions says so."""
    pieces = re.split(r"(,|;|\n|->|→|=>|\s[-–]\s|\.\s|\s(?=conv\d-\d)|\s(?=max-?pool|fc-))", text)
    named = re.compile(rf"(?i)(?:\b|\bde|\bup-?|trans)(?:{kinds})")
    follows = re.compile(r"(?i)\s(?=(?:bn|batch|relu|gelu|elu|silu|leaky|tanh|sigmoid)\w*\b)|$")
    return "".join(follows.sub(f" {said} ", piece, count=1) if named.search(piece) else piece for piece in pieces)


def _encoder(found: re.Match[str], wide: str) -> str:
    """An encoder layer of torch, so many times; empty where it says no width or heads."""
    rest = found["rest"]
    width = re.search(
        r"(?i)(?:d_?model|model (?:dim\w*|width)|embed\w* dim\w*|hidden (?:size|dim\w*)|width|"
        r"(?<![\w_ ])dim\w*)\s*(?:=|of|:)?\s*(\d+)|(?<![=\d])(\d+)[- ](?:dim\w*|features|wide)",
        rest,
    )
    heads = re.search(
        r"(?i)(?<![=\d])(\d+)[- ](?:attention )?heads?|(?:n_?heads?|num_heads|heads)\s*(?:=|of|:)?\s*(\d+)", rest
    )
    inner = re.search(
        r"(?i)(?:dim_feedforward|feed-?forward\w*|ffn?|d_ff|mlp)(?: (?:dim\w*|size|width|hidden))*\s*(?:=|of|"
        r":)?\s*(\d+)",
        rest,
    )
    if heads is None:
        return ""
    said = f"transformer layer heads={heads[1] or heads[2]}"
    wide = width[1] or width[2] if width else wide
    said += f" d_model={wide}"
    said += f" ff={inner[1]}" if inner else ""
    if re.search(r"(?i)\bgelu\b|\bpre-?norm|norm.first|\bdropout", rest) or not wide:
        return ""
    times = re.search(r"(?<![=\d])(\d+) layers\b|(?<=layers=)(\d+)()|(?<= )x(\d+)\s*$", rest)
    many = number(found["n"]) if found["n"] else int(next(filter(None, times.groups()))) if times else 1
    return said + (f" layers={many}" if many > 1 else "")
