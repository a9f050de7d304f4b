"""How papers, course sheets and files of settings abbreviate a net, written out in the notation.

``784-500-10 sigmoid``, ``784 -> 500 (relu) -> 10``, LaTeX, tables in Markdown, sections of a darknet file, and volumes
that layers give.
"""

from __future__ import annotations

import re

from paribus.theory.layers.labels import unlabelled
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.spellings import is_activation, kind_of

Short = tuple[str, Shape, str]  # the net in the notation, the input that it names, what to say about it
CHAIN = re.compile(
    r"(?i)\s*(?P<flat>flatten\s*(?:->|→|=>|,)\s*)?(?P<before>(?:[a-z_-]+[ :=]+){0,8})"
    r"[\[(]?(?P<sizes>\d+(?:\s*(?:[-–:→, ]|->)\s*\d+){2,})[\])]?"
    r"(?P<rest>[\s,;(-]+[a-z](?:[^;\d]|(?<=[ =(.])0?\.?\d|(?<=\d)%)*)?\s*"
)
DECODED = re.compile(r"(?i)\b(\d+)\b([^\d\n]*?)[\n;,]\s*decoder\s*:\s*\1\s*(?=->|→|=>|[-–])")
SLOPE = re.compile(r"(?i)((?:leaky ?)?(?:re|e)lu) ?\(\s*(?:alpha|negative_slope|slope)?\s*=?\s*[\d.]+\s*\)")
DROPPED = re.compile(r"(?i)\bdrop(?:out)?(?: rate)?\s*(?:p\s*)?(?:=|of|mit|\()?\s*(0?\.\d+|\d+\s?%)\)?")
UNBIASED = re.compile(r"(?i)\b(?:no|without|ohne) bias(?:es)?\b|\bbias ?= ?false\b")
ENDED = {"end", "ende", "output", "outputs", "last", "final", "ausgang", "ausgabe", "finally", "zuletzt"}
STEPS = re.compile(r"\s*(?:->|→|=>|⇒|[-–](?=\s*\d)|\n)\s*(?:(?i:encoder|decoder|input)\s*:)?\s*")
STEP = re.compile(r"(?P<n>\d*)\s*\(?(?P<rest>[a-zA-Z ,.\d%()]*)\)?")
BEFORE = {"a", "an", "mlp", "net", "network", "nn", "with", "sizes", "layer", "fully", "connected", "autoencoder",
          "dnn", "ein", "eine", "netz", "netzwerk", "mit", "neuronales",
          "feedforward", "deep", "neural", "of", "architecture", "the", "simple", "small", "ann", "multilayer",
          "perceptron", "and", "layers", "dense", "model"}  # fmt: skip
AROUND = {"with", "mlp", "network", "net", "autoencoder", "hidden", "units", "output", "activation",
          "activations", "and",
          "layers", "layer", "neurons", "perceptron", "feedforward", "fully", "connected", "the", "at", "in", "end",
          "linear", "outputs", "unit", "one", "then", "a", "each", "of", "function", "functions",
          "nonlinearity", "nonlinearities", "wide", "after", "every", "am", "images", "flattened", "using",
          "dazwischen", "netz", "aktivierung", "between",
          "mit", "und", "bottleneck", "relus", "throughout", "everywhere", "size", "sizes",
          "encoder", "decoder", "for", "code"}  # fmt: skip
NOTE = re.compile(r"(?i)(pool[^,;()\n]* )\(\d+(?:x\d+)* ?(?:->|→|=>) ?\d+(?:x\d+)*\)")  # of sizes: (48->24)
WIDTH = re.compile(
    r"(?i),?\s*\b(?:d_model|(?<!head )(?<!key )dim(?= \d)|(?:embed(?:ding)?|model)[ _]dim\w*)\s*[=:]?\s*(\d+),?"
)
POOLS = re.compile(r"(?i)[,;.\n]\s*(?:and )?(?:with )?all (?:the )?pool(?:s|ings?|ing layers) (?:are |of )?(\d+x\d+)")
SOFTMAX = re.compile(r"(?is)^(?!.*\b(\d+)[,;\s]+softmax \1\s*$)(.*(?<![\w.]))softmax ([2-9]|\d{2,})\s*$")
PARALLEL = re.compile(
    r"(?i)^\s*(?:\w+ )?(?:parallel )?(?:branches|paths|towers):\s*([^,;\n]*\|[^,;\n]*),\s*"
    r"(concat\w*|joined|added|summed)\b,?"
)
NAME = r"INPUT|CONV\d*(?:-\d+)?|(?:MAX |AVG )?POOL\d*|FC\d*|RELU\d*|SOFTMAX|NORM\d*"
VOLUME = re.compile(
    rf"(?P<name>\b(?:{NAME}))\b:?\s*(?:\[(?P<volume>\d+(?:x\d+x\d+)?)\])?(?P<rest>(?:(?!\b(?:{NAME})\b).)*)"
)
VOLUME_FIRST = re.compile(rf"(?m)^\s*(\[\d+(?:x\d+x\d+)?\])\s+({NAME})\b:?")
DARKNET = {"convolutional": "conv", "connected": "linear", "maxpool": "pool", "avgpool": "gap, flatten",
           "softmax": "softmax",
           "dropout": "dropout", "upsample": "up", "batchnorm": "bn"}  # fmt: skip


def written_out(text: str) -> Short | None:
    """A net that is abbreviated as a whole; None if it is none of those that are known."""
    return _chain(text) or _steps(text) or _sections(text) or _volumes(text)


def spaced(text: str) -> str:
    """A text without the commands of LaTeX and the space in 3 × 3, tables as lines, channels with their names."""
    text = tabled(text)
    if VOLUME.search(VOLUME_FIRST.sub(r"\2 \1 ", text)) and _volumes(text):
        return text
    text = re.sub(r"(?i)\b(conv\w*|fc|dense|linear|pool\w*|max\w*|avg\w*) ?\[([^\[\]|&]+)\]", r"\1(\2)", text)
    text = re.sub(r"(?i)[,;]\s*(?:with )?no padding\.?\s*$", "", text)
    if re.search("(?i)transformer", text):
        text = re.sub(r"\bh(?=\s*=\s*\d)", "heads", text)
    elif re.search("(?i)attention", text):
        text = WIDTH.sub(r" w\1", text)
    text = re.sub(r"(?i)\(\s*[x×]\s*(\d)\s*\)", r"x\1", text)
    text = re.sub(r"(?i)\b(adaptive\w*)\((\d+, ?\d+)\)", r"\1((\2))", text)
    text = PARALLEL.sub(lambda m: f"[{m[1].replace('|', ' & ' if m[2][0] in 'cjCJ' else '|')}],", text)
    if "\\" in text or "$" in text:
        text = re.sub(r"\\(?:text|math|operatorname)\w*\s*\{([^{}]*)\}", r"\1", text)
        text = re.sub(r"\\(?:long)?(?:rightarrow|to)\b", "→", re.sub(r"\s*\\(?:times|cdot)\s*", "x", text))
        text = re.sub(r"\$|\\[,;!]|\\\\", " ", text)
    text = re.sub(r"(?<=\d) [x×*] (?=\d)", "x", text)
    for words, name in (
        (r"(?:model|embedding) dim(?:ension)?", "d_model"),
        (r"feed-?forward (?:dim(?:ension)?|size|width)", "d_ff"),
        (r"(?<=transformer encoder):", ","),
    ):
        text = re.sub(rf"(?i){words}(?=[\s=:,]|$)", name, text)
    pair = r"\b([A-Za-z]\w*),? (\d+) *(?:→|->|=>) *(\d+)\b(?! *(?:x\d|@|→|->|=>|[A-Za-z]))"
    text = re.sub(pair, lambda m: " ".join(m.groups() if kind_of(m[1]) == "embedding" else (m[1], m[3])), text)
    text = re.sub(r"([(,]\s*)(\d+)\s*(?:→|->|=>)\s*(\d+)(?=\s*[,)])", r"\1in=\2, out=\3", text)
    return re.sub(r"(?i)\bpatch(?:es| ?embed(?:ding)?s?|ify)? (\d+)(?:x\1)?,? (?:dim|width|linear|to)?\s*(\d+)"
                  r"(?: dim\w*)?", r"conv \2 k\1 s\1, flatten 2, transpose", text)  # fmt: skip


def tabled(text: str) -> str:
    """A text whose table, in Markdown or LaTeX, is a line for each layer."""
    text = re.sub(r"(?i)(\bdrop\w*(?: mit| p ?=?)? \(?)0,(?=\d)", r"\g<1>0.", text)  # as Germans write .5
    text = re.sub(r"(?i)^\s*input (?:planes|maps|image)?:? ?(\d+)@(\d+x\d+)", r"input \1x\2", text)
    text = NOTE.sub(r"\1", text)
    if said := POOLS.search(text):
        text = re.sub(r"(?i)pool(?:ing)?\b(?! ?\(?\d)", rf"\g<0> {said[1]}", POOLS.sub("", text))
        text = re.sub(r"(?<=\w)-(?=[A-Za-z])", ", ", text)  # conv16-relu-pool
    table = re.sub(r"\s*\\times\s*", "x", text.replace("$", "")) if "tabular" in text else text
    return _rows(table) or text


def _chain(text: str) -> Short | None:
    """``784-500-10 sigmoid softmax``: the first activation between the layers, the second at the end.

    Words behind the sizes may also say dropout, no bias, and which activation stands at the end.
    """
    text = re.sub(r"(?i)^\s*encoder\s*:\s*", "", DECODED.sub(r"\1\2 ", unlabelled(text)))
    found = CHAIN.fullmatch(SLOPE.sub(r"\1", UNBIASED.sub("unbiased", text)))
    if found is None:
        return None
    before, rest = found["before"].lower(), found["rest"] or ""
    words = {*re.findall(r"[a-z-]+", before.replace("_", " "))} - {"unbiased"}
    rate = DROPPED.search(rest)
    clauses = [clause for clause in re.split(r"[,;()]|\band\b|\bund\b", DROPPED.sub("", rest)) if clause.strip()]
    said = [(word, clause) for clause in clauses for word in re.findall(r"[^\W\d_]\w*", clause)]
    last = [bool(ENDED & {*re.findall(r"\w+", clause.lower())}) for _, clause in said]
    named = [(word, end) for (word, _), end in zip(said, last, strict=True)
             if word.lower() not in AROUND | ENDED | {"unbiased"}]  # fmt: skip
    phis = [word for word, _ in named]
    first, *others = map(int, re.findall(r"\d+", found["sizes"]))
    if not words <= BEFORE or not all(map(is_activation, phis)) or (len(phis) > 2 and len(phis) != len(others)):
        return None
    bias = " nobias" if "unbiased" in before + rest else ""
    each = len(phis) == len(others)
    if not each:
        inner = next((word for word, end in named if not end), "") if len(phis) > 1 or not any(last) else ""
        ends = phis[1:] if inner else phis
        phis = [*[inner] * (len(others) - 1), "".join(ends[:1])]
    layers = list[str]()
    for number, (size, phi) in enumerate(zip(others, phis, strict=True), 1):
        drop = f"dropout {rate[1]}" if rate and number < len(others) else ""
        layers += filter(None, [f"linear {size}{bias}", phi, drop])
    given = () if found["flat"] else (first,)
    return (
        ", ".join(["flatten"] * bool(found["flat"]) + layers),
        given,
        "a chain of sizes: linear layers" + (", each with its activation" if each else ""),
    )


def _steps(text: str) -> Short | None:
    """``784 -> 512 (ReLU, dropout 0.2) -> 10``: sizes, and what stands between or beside them."""
    plain = DECODED.sub(r"\1\2 ", unlabelled(text).strip())
    first, *parts = STEPS.split(re.sub(r"(?i)^encoder\s*:\s*", "", plain))
    first = re.sub(r"(?i) (?:inputs?|eingänge|features)$", "", first)
    if not first.isdigit() or len(parts) < 2 or not any(part[:1].isdigit() for part in parts):
        return None
    words = list[str]()
    for part in parts:
        found = STEP.fullmatch(part)
        if found is None or (found["n"] and found["rest"][:1] in ("x", "@")):
            return None
        if found["n"]:
            words.append(f"linear {found['n']}")
        rest = " ".join(word for word in re.split(r"[,\s()]+", found["rest"]) if word.lower() not in AROUND)
        for said in re.findall(r"(?i)drop(?:out)? ?p? ?=? ?[\d.%]+|\S+", rest):
            if is_activation(said) or kind_of(said) in ("bn", "ln"):
                words.append(said)
            elif drop := re.fullmatch(r"(?i)drop(?:out)? ?(?:p ?=? ?)?\(?(0?\.\d+|\d+%)\)?", said):
                words.append(f"dropout {drop[1]}")
            else:
                return None
    return ", ".join(words), (int(first),), "a chain of sizes: linear layers"


def _sections(text: str) -> Short | None:
    """``[convolutional]`` and its settings, as darknet writes them; ``pad=1`` keeps the size there."""
    parts = re.split(r"(?m)^\s*\[(\w+)\]\s*$", text)
    names, bodies = parts[1::2], parts[2::2]
    if not names or parts[0].strip() or not {*names} <= {*DARKNET, "net", "network"}:
        return None
    words = list[str]()
    given: Shape = ()
    for name, body in zip(names, bodies, strict=True):
        has = dict(re.findall(r"(?m)^\s*(\w+)\s*=\s*(\S+)", body))
        if name not in DARKNET:
            sizes = [has.get(key, "") for key in ("channels", "height", "width")]
            given = tuple(map(int, sizes)) if all(re.fullmatch("[0-9]+", size) for size in sizes) else ()
            continue
        size = has.get("size", "1")
        if not size.isascii() or not size.isdigit():
            return None
        numbers = {"k": size if name in ("convolutional", "maxpool") else "", "s": has.get("stride", "")}
        numbers["p"] = has.get("padding", str(int(size) // 2 if has.get("pad") == "1" else 0)) if "pad" in body else ""
        out = has.get("filters") or has.get("output") or has.get("probability") or ""
        options = [key + value for key, value in numbers.items() if value]
        options = [has.get("stride", "2")] if name == "upsample" else options
        bias = ["nobias"] if has.get("batch_normalize") == "1" else []
        words.append(" ".join(filter(None, [DARKNET[name], out, *options, *bias])))
        words += ["bn"] if has.get("batch_normalize") == "1" else []
        words += (
            [has["activation"].replace("leaky", "leaky_relu")] if has.get("activation", "linear") != "linear" else []
        )
    return ", ".join(words), given, "pad=1 of darknet keeps the size"


def _volumes(text: str) -> Short | None:
    """``INPUT [32x32x3] CONV [28x28x10] 5x5 …``: the volumes that layers give, as in Stanford's CS231n."""
    found = [*VOLUME.finditer(VOLUME_FIRST.sub(r"\2 \1 ", text))]
    if len([one for one in found if one["volume"]]) < 3 or found[0]["name"].lower() != "input":
        return None
    words = list[str]()
    side = 0
    given: Shape = ()
    for one in found:
        name, sizes = one["name"].lower(), [int(size) for size in (one["volume"] or "").split("x") if size]
        if name == "input":
            given = (sizes[-1], *sizes[:-1])
        elif name.startswith("conv") and len(sizes) == 3:
            kernel = re.search(r"(\d+)-\d+", name) or re.search(r"\b(\d+)x\1\b", one["rest"])
            step = int((re.search(r"(?i)\b(?:stride|s) ?=? ?(\d+)", one["rest"]) or ["", "1"])[1])
            k = int(kernel[1]) if kernel else side - sizes[0] + 1
            pads = [p for p in range(max(k, 1)) if k > 0 < step and (side + 2 * p - k) // step + 1 == sizes[0]]
            if not pads:
                return None
            words.append(f"conv {sizes[2]} k{k} s{step} p{pads[0]}")
        elif "pool" in name and len(sizes) == 3 and 0 < sizes[0] < side:
            window = re.search(r"\b(\d+)x\1\b", one["rest"])
            step = side // sizes[0]
            words.append(f"{'avgpool' if 'avg' in name else 'pool'} {window[1] if window else step} s{step}")
        elif name.startswith("fc") and sizes:
            words += [*(["flatten"] if side else []), f"linear {sizes[-1]}"]
        elif not name.startswith("norm"):
            words.append(name.rstrip("0123456789"))
        side = 0 if name.startswith("fc") else sizes[0] if sizes else side
    return ", ".join(words), given, "kernels and padding follow from the volumes that the layers give"


def _rows(text: str) -> str:
    """A table with a layer in each row as lines of words; empty if it is none."""
    if "tabular" in text:  # of LaTeX
        lines = [
            re.sub(r"\\(?:hline|toprule|midrule|bottomrule)|\\\\.*", "", line)
            for line in text.splitlines()
            if "&" in line
        ]
        lines = [re.sub(r"\\(?:textbf|text|emph)\{([^}]*)\}", r"\1", line) for line in lines]
        text = "\n".join(f"|{line.replace('&', '|')}|" for line in lines)
    rows = [
        [cell.strip() for cell in re.sub(r"^\||\|$", "", line.strip()).split("|")] for line in text.strip().splitlines()
    ]
    rows = [row for row in rows if any(row) and not all(re.fullmatch(r":?-{2,}:?", cell) for cell in row)]
    heads = [re.sub(r"\W+", "_", cell.lower()) for cell in rows[0]] if rows else []
    if len(rows) < 2 or len(heads) < 2 or any(len(row) != len(heads) for row in rows) or "|" not in text:
        return ""
    if not {"layer", "type", "operation", "kind", "name"} & {*heads} or any(kind_of(head) for head in heads[:1]):
        return ""
    if any(
        head in ("parameters", "params") and any(re.search("[A-Za-z]", row[i]) for row in rows[1:])
        for i, head in enumerate(heads)
    ):
        heads = ["details" if head in ("parameters", "params") else head for head in heads]
    return "\n".join(_row(dict(zip(heads, row, strict=True))) for row in rows[1:])


def _row(cells: dict[str, str]) -> str:
    """One layer of a table, its kind first and its activation last."""
    said = {key: value for key, value in cells.items() if value.strip("-–— ") and value.lower() not in ("none", "n/a")}
    kind = next((said.pop(key) for key in ("type", "operation", "kind", "layer", "name") if key in said), "?")
    kind, *behind_it = re.split(r"\s*\+\s*", kind)
    if kind_of(kind) == "input":
        told = said.get("output") or said.get("output_shape") or said.get("output_size")
        size = re.search(r"\d+(?:x\d+)*", " ".join(said.values()))
        return f"input {told or (size[0] if size else '')}"
    if not kind_of(kind) and (window := re.fullmatch(r"(\D+?) (\d+x\d+)", kind)):  # Convolution 3x3
        kind, said = window[1], {"kernel": window[2], **said}
    kind = kind if kind_of(kind) else re.sub(r"[_ ]?\d+(?:_\d+)?$", "", kind)
    alone = kind_of(kind) in ("flatten", "gap") or bool(is_activation(kind))  # whose outputs are no option of theirs
    volume = re.compile(r"(?i),? *outputs? \d+(?:x\d+)*()" if alone else r"(?i),? *outputs? \d+x\d+x(\d+)")
    out = next(filter(None, map(volume.search, said.values())), None)
    said = {key: volume.sub("", value) for key, value in said.items()}
    if out and kind_of(kind) == "conv":
        said = {"filters": f"{out[1]} filters", **said}
    phi = " ".join([*behind_it, said.pop("activation", "")])
    last = ("output", "output_size", "output_shape", "input", "params", "parameters", "_", "layer", "name")
    words = [
        value.replace(", same", " same")
        if re.search("filters|units|channels|out|kernel|size|maps|neurons|nodes|param|details|description", key)
        else f"{key} {value}"
        for key, value in said.items()
        if key not in last or (key in ("params", "parameters") and re.search(r"[a-z]|\d+x\d", value))
    ]
    if kind_of(kind) == "pool" and (of := re.search(r"(?i)\b(max|avg|average)\b(?: ?-?pool\w*)?", " ".join(words))):
        kind, words = f"{of[1]}pool", [re.sub(re.escape(of[0]), "", word) for word in words]
    if kind_of(kind) == "linear" and not re.search(r"\d", " ".join(words)):
        words += re.findall(r"\d+$", said.get("output", said.get("output_size", "")))
    return " ".join([kind, *words, phi]).strip()
