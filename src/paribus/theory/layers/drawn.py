"""Drawings of nets in text: mermaid, graphviz, and the layers of Caffe with their bottoms and tops.

All are boxes with arrows. A box is read as a layer, what several arrows lead to is a sum or a concatenation, and boxes
without a layer are the input and the output.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, pairwise

from paribus.errors import TheoryError
from paribus.theory.layers.layer import Shape, ends_in_colours
from paribus.theory.layers.spellings import enclosed, kind_of
from paribus.theory.layers.values import Chain, behind, joined, words

HINT = "draw one arrow from each layer to the next, and write add or concat where several meet"
MERMAID = re.compile(r"(?:^|\n)\s*(?:```\s*mermaid\s*)?(?:graph|flowchart)\s+(?:TD|TB|LR|RL|BT)\b")
NODE = re.compile(r"\s*(?P<id>[A-Za-z_]\w*)(?P<label>\[\"[^\"]*\"\]|\(\"[^\"]*\"\)|\[\[[^\]]*\]\]|\(\[[^\]]*\]\)|"
                  r"\(\([^)]*\)\)|\{[^}]*\}|\[[^\]]*\]|\((?:[^()]|\([^()]*\))*\))?(?::::?\w+)?")  # fmt: skip
ARROW = re.compile(r"\s*(?:--+>|---+|-\.+->|==+>|--[^->\n]+--+>)\s*(?:\|[^|]*\|)?")
DOT_NODE = re.compile(r'(?P<id>"[^"]+"|\w+)\s*\[(?P<body>[^\]]*?label\s*=\s*(?:"[^"]*"|\w+)[^\]]*)\]')
SKIPPED = re.compile(
    r"\s*(?:graph|flowchart|subgraph|end\b|style|classDef|class |linkStyle|direction|%%|```|rankdir|"
    r"node\s*\[|edge\s*\[)"
)
END = "input|output|image|logits?|predictions?|probabilit(?:y|ies)|scores?|classes|class|result|data|x|y|label"
MORE = "layer|image|tensor|shape|probabilities|scores|logits|rgb|gr[ea]yscale|classes|of|is"
ENDS = re.compile(
    rf"(?i)\W*(?:[\dx×*,() ]+\W*)?(?:{END})s?(?:\W+(?:{MORE}|[\dx×*,() ]+))*\W*"
)  # boxes that are no layers
MEET = {"add": "|", "sum": "|", "+": "|", "⊕": "|", "addition": "|", "eltwise": "|", "concat": "&", "concatenate": "&",
        "cat": "&", "merge": "&", "concatenation": "&"}  # fmt: skip
NOTES = re.compile(r"(?i)(?:parameters?|params|output|shape|size|elements|w|b|feature maps)\s*:[^\n,]*(?:,\s*\d{3})*")
CAFFE = {"convolution": "conv", "deconvolution": "deconv", "innerproduct": "linear", "relu": "relu", "prelu": "prelu",
         "tanh": "tanh", "sigmoid": "sigmoid", "softmax": "softmax", "dropout": "dropout", "flatten": "flatten",
         "elu": "elu", "lrn": "", "softmaxwithloss": "", "accuracy": "", "data": "", "input": ""}  # fmt: skip


@dataclass
class Drawing:
    """Boxes by their names, and the arrows between them."""

    boxes: dict[str, str] = field(default_factory=dict)
    arrows: list[tuple[str, str]] = field(default_factory=list)

    def arrow(self, start: str, end: str) -> None:
        """From one box to the next, once."""
        if (start, end) not in self.arrows:
            self.arrows.append((start, end))


def drawn(text: str, read: Callable[[str], str]) -> tuple[str, Shape, str] | None:
    """A drawing as its layers in the notation, the input that it names, and what to say; None for other texts.

    Args:
        text: perhaps a drawing.
        read: what is in a box, in the notation; refuses what is no layer.
    """
    if MERMAID.search(text):
        drawing, said = _mermaid(text), "a drawing of mermaid: boxes are layers"
    elif re.search(r"\bdigraph\b[^{]*\{", text):
        drawing, said = _graphviz(text), "a drawing of graphviz: boxes are layers"
    elif re.search(r"\blayers?\s*\{[^{}]*type\s*:", text):
        return _prototxt(text)
    else:
        return None
    return _followed(drawing, read, said)


def _followed(drawing: Drawing, read: Callable[[str], str], said: str) -> tuple[str, Shape, str]:
    """The chain that ends where no arrow leads on."""
    numbers, chains = count(), dict[str, Chain]()
    given: Shape = ()
    before = {box: [start for start, end in drawing.arrows if end == box] for box in drawing.boxes}
    left = [box for box in drawing.boxes if before[box] or any(start == box for start, _ in drawing.arrows)]
    while left:
        ready = [box for box in left if all(one in chains for one in before[box])]
        if not ready:
            raise TheoryError("the arrows of a drawing lead in a circle", got=left[0], hint=HINT)
        for box in ready:
            label = _label(drawing.boxes[box])
            sign, rest = _meets(label)
            ends = [chains[one] for one in before[box]]
            if len(ends) > 1 and not sign:
                raise TheoryError("several arrows lead to a box that is no sum", got=drawing.boxes[box], hint=HINT)
            chain = joined(ends, sign, next(numbers)) if len(ends) > 1 else ends[0] if ends else ()
            if not before[box] and ENDS.fullmatch(label):
                given = given or _sizes(label)
            elif rest and not (ENDS.fullmatch(rest) and chain):
                chain = behind(chain, read(rest), next(numbers))
            chains[box] = chain
            left.remove(box)
    last = [box for box in chains if not any(start == box for start, _ in drawing.arrows)]
    if len(last) != 1:
        raise TheoryError("a drawing ends in one box", got=", ".join(last) or "none", hint=HINT)
    return words(chains[last[0]]), given, said


def _label(label: str) -> str:
    """What is in a box, without signs and notes."""
    plain = re.sub(r"<br\s*/?>|\\n|\n", ", ", label)
    plain = re.sub(r"<[^>]*>|[^\x00-\x7f×→⊕²]", " ", plain)
    return re.sub(r"\s+", " ", NOTES.sub(" ", plain)).strip(" ,\"'")


def _meets(label: str) -> tuple[str, str]:
    """How the arrows that lead to a box meet, and what else is in it."""
    first, _, rest = label.lower().partition(" ")
    first = first.strip("(),:")
    if first in MEET and (not kind_of(first) or not rest or first in ("add", "concat", "cat")):
        rest = label[len(first) :].strip(" ,:()")
        silent = re.fullmatch(
            r"(?i)(?:(?:residual|skip|connection|layer|with|input|shortcut|identity|x|features|\W)+)?", rest
        )
        return MEET[first], "" if silent else rest
    return "", label


def _sizes(label: str) -> Shape:
    found = re.search(r"\d+(?:\s*[x×,]\s*\d+){1,3}", label)
    sizes = tuple(int(size) for size in re.findall(r"\d+", found[0])) if found else ()
    return (sizes[-1], *sizes[:-1]) if len(sizes) == 3 and ends_in_colours(sizes) else sizes if len(sizes) != 2 else ()


def _mermaid(text: str) -> Drawing:
    """``A[Conv 3x3, 32] --> B[ReLU]``, chains and ``&`` included."""
    drawing = Drawing()
    for line in re.split(r"\n|;", text):
        if SKIPPED.match(line) or not line.strip():
            continue
        at, starts = 0, list[str]()
        while at < len(line.rstrip()):
            ends = list[str]()
            while (found := NODE.match(line, at)) is not None:
                name, label = found["id"], found["label"]
                if label or name not in drawing.boxes:
                    drawing.boxes[name] = label[1:-1].strip('[](){}"') if label else name
                ends.append(name)
                at = found.end()
                if not (more := re.match(r"\s*&", line[at:])):
                    break
                at += more.end()
            for start in starts:
                for end in ends:
                    drawing.arrow(start, end)
            arrow = ARROW.match(line, at)
            if arrow is None or not ends:
                if line[at:].strip():
                    raise TheoryError("this line of a drawing has no boxes and arrows", got=line.strip(), hint=HINT)
                break
            at, starts = arrow.end(), ends
    return drawing


def _graphviz(text: str) -> Drawing:
    """``a [label="Conv 3x3"]; a -> b;``."""
    body = text[text.index("{") + 1 : text.rindex("}")] if "}" in text else text
    drawing = Drawing()
    for found in DOT_NODE.finditer(body):
        label = re.search(r'label\s*=\s*("[^"]*"|\w+)', found["body"])
        if found["id"] not in ("graph", "node", "edge") and label:
            drawing.boxes[found["id"]] = label[1].strip('"')
    for chain in re.findall(r'(?:"[^"]+"|\w+)(?:\s*->\s*(?:"[^"]+"|\w+))+', re.sub(r"\[[^\]]*\]", ";", body)):
        names = re.findall(r'"[^"]+"|\w+', chain)
        for start, end in pairwise(names):
            drawing.boxes.setdefault(start, start.strip('"'))
            drawing.boxes.setdefault(end, end.strip('"'))
            drawing.arrow(start, end)
    return drawing


def _prototxt(text: str) -> tuple[str, Shape, str]:
    """Layers of Caffe in the order of the text, each on what its bottoms name."""
    text = re.sub(r"\w+_filler\s*\{[^{}]*\}", "", text)
    numbers, tops, lrn = count(), dict[str, Chain](), False
    chain: Chain = ()
    dims = [int(dim) for dim in re.findall(r"\b(?:input_dim|dim)\s*:\s*(\d+)", text)]
    given: Shape = tuple(dims[1:4]) if len(dims) > 3 else ()
    for body in _blocks(text):
        fields = dict(re.findall(r'\b(\w+)\s*:\s*"?([\w.\-]+)"?', body))
        kind = fields.get("type", "").lower()
        bottoms, outs = re.findall(r'\bbottom\s*:\s*"([^"]+)"', body), re.findall(r'\btop\s*:\s*"([^"]+)"', body)
        ends = [tops.get(bottom, ()) for bottom in bottoms] or [chain]
        if kind in ("eltwise", "concat"):
            chain = joined(ends, MEET[kind], next(numbers))
        elif kind == "scale" and ends[0] and ends[0][-1][1] == "bn plain":
            chain = behind(ends[0][:-1], "bn", next(numbers))
        else:
            said = _caffe(kind, fields)
            chain = behind(ends[0], said, next(numbers)) if said else ends[0]
            lrn = lrn or kind == "lrn"
        tops |= dict.fromkeys(outs, chain)
    left = ", and LRN, which trains nothing, is left out" if lrn else ""
    return words(chain), given, f"layers of Caffe, whose pooling rounds up{left}"


def _caffe(kind: str, fields: dict[str, str]) -> str:
    """One layer of Caffe in the notation."""
    out = fields.get("num_output", "")
    size, stride, pad = (fields.get(key, "") for key in ("kernel_size", "stride", "pad"))
    bias = "nobias" if fields.get("bias_term") == "false" else ""
    window = [f"k{size}" if size else "", f"s{stride}" if stride else "", f"p{pad}" if pad else ""]
    if kind == "pooling":
        name = "pool" if fields.get("pool", "MAX") == "MAX" else "avgpool"
        if fields.get("global_pooling") == "true":
            return "gmp" if name == "pool" else "gap"
        return " ".join(filter(None, [name, size, f"s{stride or 1}", window[2], "ceil"]))
    if kind == "batchnorm":
        return "bn plain"
    if kind not in CAFFE:
        raise TheoryError("a layer of Caffe that is not known here", got=kind, hint="write the net in words")
    if kind in ("convolution", "deconvolution"):
        group = fields.get("group", "")
        return " ".join(filter(None, [CAFFE[kind], out, *window, f"g{group}" if group else "", bias]))
    if kind == "innerproduct":
        return f"flatten, linear {out} {bias}".strip()
    return f"dropout {fields.get('dropout_ratio', '0.5')}" if kind == "dropout" else CAFFE[kind]


def _blocks(text: str) -> list[str]:
    """What stands between the braces of each layer."""
    plain = re.sub(r"#[^\n]*", "", text)
    return [enclosed(plain, found.end(), ("{", "}")) for found in re.finditer(r"\blayers?\s*\{", plain)]
