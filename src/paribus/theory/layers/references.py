"""What words about nets refer back or forth to, written out: "the same again with 64 filters", "all convolutions padded
by 1", "three blocks of … with 16, 32 and 64 filters", "two branches, (…) and (…), concatenated".

Each becomes the words that it stands for; what no sentence can say, a block of branches or an encoder, becomes a sign
⟦0⟧ for a piece of the notation.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from paribus.theory.layers.spellings import kind_of

TIMES = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "deux": 2,
    "trois": 3,
}
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
    rf"(?i)(?:(?:two|three|four|\d)\s+)?(?:parallel )?(?:branches|paths|towers)[:,]?(?: of)? "
    rf"(?P<parts>\({INNER}\)(?:\s*(?:,|and|,\s*and|\||&)\s*\({INNER}\))+),?\s*(?:(?:are|which are|then|that are)\s+)*"
    r"(?P<joint>concat\w*|joined|added|summed|merged by addition)(?: together| along the channels)?"
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
BARE = re.compile(
    r"(?i)[,;.(]\s*(?:all )?(?:(?:convs?|convolutions?) (?:without|with no) bias|"
    r"(?:no bias(?:es)?|bias=False) (?:everywhere|throughout|in (?:the|all) conv\w*))[).\s]*$"
)
THROUGHOUT = re.compile(r"(?is)^\s*([^:\n]*?)\s*(?:everywhere|throughout|überall)\s*:\s*(.+)$")
LABEL = re.compile(r"(?i)^\s*(?P<label>(?:[\w'’/-]+\s+){0,8}?[\w'’/-]+)\s*:\s+(?=\S)")


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
        sign = " & " if found["joint"].lower()[0] in "cj" else " | "
        return held(f"[{sign.join(read(part) for part in parts)}]")

    def encoder(found: re.Match[str]) -> str:
        wide = next((one.split()[1] for one in reversed(ready) if one.startswith("conv ")), "")
        return held(said) if (said := _encoder(found, wide)) else found[0]

    text = _unlabelled(text)
    text = BARE.sub(", all convs without bias", text)
    if found := THROUGHOUT.match(text):
        text = f"{found[2]} (all convs {found[1]})"
    text = PATCHES.sub(lambda m: held(f"conv {m['d']} k{m['k']} s{m['k']}, flatten 2, transpose"), text)
    text = BRANCHES.sub(branches, text)
    text = ENCODER.sub(encoder, text)
    for pattern in BLOCKS:
        text = pattern.sub(_blocks, text)
    return _throughout(_again(text)), ready


NETS = {"regression", "cnn", "mlp", "net", "network", "convnet", "autoencoder", "model", "lenet", "vgg", "classifier",
        "discriminator", "alexnet",
        "generator", "architecture", "dnn", "nn", "rnn", "ann", "netz", "regressor", "actor", "critic", "policy", "dqn",
        "vae",
        "variant", "stem"}  # fmt: skip
ENDS = {"input", "inputs", "x", "hidden", "residual", "block", "eingabe", "add", "sum", "skip", "concat", "branch"}


def number(word: str | None) -> int:
    """A number in digits or in words."""
    return TIMES.get((word or "1").lower(), 0) or int(word or 1)


def _unlabelled(text: str) -> str:
    """Without what stands before a colon, where it names the net and no layer of it: "a small CNN for digits:"."""
    if (found := COUNTED_BLOCKS.match(text)) and number(found["n"]) == len(re.findall("(?i)conv", found["body"])):
        return text[found.end(1) :]
    found = LABEL.match(text)
    if found is None:
        return text
    label = re.sub(
        r"(?i)\b(?:fully[- ]connected|convolutional|dense)\b(?= (?:\w+ )*net)|(?:soft|logistic)\w*(?= regr)",
        "",
        found["label"],
    )
    words = {re.sub(r"\d+$", "", word) for word in re.findall(r"[^\W_]+", label.lower())}
    told = any(kind_of(word) or word in ENDS for word in words - NETS)
    return text[found.end() :] if words & NETS and not told else text


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
    if found is None or (found["said"] or "").lower().startswith("followed"):
        return text
    said = re.sub(r"(?i)\bpadded (?:by|with) ", "padding ", found["said"].strip(" ,"))
    said = re.sub(r"(?i)\s*(?:,? and followed by| followed by(?: an?)?|\+|,? and )\s*", " ", f" {said} ").strip(" ,")
    if re.search(r"(?i)\b(?:fc|dense|linear|pool\w*|layers?)\b", said):
        return text
    pieces = re.split(r"(,|;|\n|->|→|=>|\s[-–]\s|\.\s|\s(?=conv\d-\d)|\s(?=max-?pool|fc-))", text[: found.start()])
    return "".join(f"{piece} {said} " if re.search(r"(?i)\bconv", piece) else piece for piece in pieces)


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
