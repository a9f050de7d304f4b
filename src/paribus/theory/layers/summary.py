"""Summaries of Keras, torchinfo and torchsummary as nets in the notation.

A summary says sizes and parameters, not kernels: they follow from both, and where several would fit, it is refused. Its
rows stand one after the other, or, where a column says what each is connected to, as a graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, product
from math import isqrt, prod

from paribus.errors import TheoryError
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.refuse import by
from paribus.theory.layers.spellings import IDLE, kind_of
from paribus.theory.layers.values import Chain, behind, joined, words

SIZES = r"(?:None|-?\d+)\s*(?:,\s*(?:None|\d+)\s*)*,?"
SHAPE = rf"[\[(]+\s*{SIZES}\s*[\])]+"
KERAS = re.compile(rf"(?P<label>[\w./-]+)\s*\((?P<kind>\w*)\)?\s+(?P<shape>\[?\(\s*{SIZES}\s*[\])]*)\s+"
                   r"(?P<count>\d[\d,]*)(?P<more>.*)")  # fmt: skip
TORCHINFO = re.compile(rf"[├└─│\s]*(?P<kind>\w+)(?:\s*\(\w+\))?(?::\s*\d+(?:-\d+)*)?\s+(?:(?P<came>{SHAPE})\s+)?"
                       rf"(?P<shape>{SHAPE})\s+(?P<count>\d[\d,]*|--|\(recursive\))")  # fmt: skip
TORCHSUMMARY = re.compile(rf"(?P<kind>\w+?)-\d+\s+(?P<shape>{SHAPE})\s+(?P<count>\d[\d,]*)")
PLAIN = re.compile(r"(?m)^\s*([A-Za-z]\w*)(?: \d+x\d+)?\s{2,}(\d+(?: ?[x×] ?\d+)*)\s{2,}(\d[\d,]*)\s*$")
BOXED = re.compile(r"[│┃]")
RULED = re.compile(r"[┳╇┼┬]")  # a corner of boxes
SLIDING = {"conv", "dw", "deconv", "separable", "pool", "avgpool", "up", "zeropad", "gap", "gmp", "adaptive"}
WHOLE = {"sequential", "model", "functional"}
JOINTS = {"add": "|", "concatenate": "&", "concat": "&"}
BRANCHED = {*JOINTS, "multiply", "average", "subtract", "dot", "attention", "multiheadattention"}
KEEP = {*ACTIVATIONS, "dropout", "bn", "ln", "gn", "instance", "id"}  # give the shape that comes
USUAL = {28, 32, 48, 64, 84, 96, 100, 128, 150, 160, 180, 192, 200, 224, 227, 256, 299, 300, 320, 384, 416, 448, 512}
WHOLE_NET = "give the module itself: --plugin FILE.py NAME"
WRITE = "write the net out"
STEPWISE = {"linear", "attention", "ln", *CELLS}


@dataclass(frozen=True)
class Line:
    """A row of a summary: its class, the shape that it gives as it says it, and its parameters.

    Args:
        label: its own name.
        sources: the names that it is connected to.
        came: the shape that goes in.
        last: whether channels come last.
    """

    name: str
    shape: Shape
    parameters: int
    label: str = ""
    sources: tuple[str, ...] = ()
    came: Shape = ()
    last: bool = False

    @property
    def kind(self) -> str:
        """The kind of its layer; of a separable convolution a name of its own."""
        return "separable" if "separable" in self.name.lower() else kind_of(self.name)


@dataclass(frozen=True)
class Place:
    """What comes to a row: the layers behind it, and the shape in the order of the notation."""

    chain: Chain
    shape: Shape
    turned: bool = False  # channels of steps, of a framework whose steps come first


@dataclass
class Summed:
    """A summary as a net in the notation, its input, and what to say about it; the shapes must come out again."""

    text: str
    input: Shape
    said: tuple[str, ...]
    shapes: tuple[Shape, ...] = field(default=())


def summed_up(text: str, input: Shape) -> Summed | None:
    """The net of a pasted summary; None for other texts.

    Raises:
        TheoryError: a summary that does not say enough.
    """
    lines = list(summary(text))
    if not lines:
        if re.search(r"(?i)param #", text) and re.search(r"[├└]─", text):
            rule = "a summary without the shapes of its layers does not say their kernels"
            raise TheoryError(rule, got=text.strip().splitlines()[-1], hint="give summary(model, input_size=…) one")
        return None
    return Rebuilt().net(lines, input)


# rows


def summary(text: str) -> Iterator[Line]:
    """The layers of a pasted summary; nothing if it is none."""
    if not re.search(r"(?i)param|\(None,|\[-1,", text):
        return
    if re.match(r"(?i)\s*layer\s{2,}output.*\s{2,}param", text):  # columns of a table that somebody wrote
        text = PLAIN.sub(lambda m: f"{m[1]}-1 [-1, {', '.join(re.findall('[0-9]+', m[2]))}] {m[3]}", text)
    tree = re.search(r"[├└]─", text)
    for raw in _boxed(text) if RULED.search(text) else _unwrapped(text):
        keras = KERAS.match(raw.strip())
        other = None if keras else TORCHINFO.match(raw.strip()) or TORCHSUMMARY.match(raw.strip())
        found = keras or other
        if keras is None and "(None," in raw:
            raise TheoryError("a row of this summary is not one of a layer", got=raw.strip(), hint=WRITE)
        whole = other and (other["kind"].lower() in WHOLE or (tree and not re.match(r"\s*[│├└]", raw)))
        if found is None or whole:  # the first row of a tree is the net's, whatever its name
            continue
        name = found["kind"].rstrip("0123456789") if keras else found["kind"]
        if keras and f"({found['kind']})" not in found[0]:  # the class is cut off
            label = re.sub(r"_\d+$", "", found["label"])
            name = label if not name or kind_of(label) or label in BRANCHED | {"activation"} else name
        known = kind_of(name) or "separable" in name.lower()
        if keras and name.lower() == "activation":
            name, known = "id", "id"
        if keras and not known and name not in IDLE and name.lower() not in WHOLE | BRANCHED:
            raise TheoryError("there is no layer of this kind", got=name, hint="write the net out, or use --plugin")
        if not known and other and (found["count"] == "--" or name not in IDLE):
            continue
        sizes = found["count"].replace(",", "")
        yield Line(
            name,
            _sizes(found["shape"]),
            int(sizes) if sizes.isdigit() else 0,
            found["label"] if keras else "",
            tuple(re.findall(r"([\w./-]+)(?=\[\d|…)", found["more"])) if keras else (),
            _sizes(found["came"]) if other and "came" in other.groupdict() and other["came"] else (),
            last=bool(keras),
        )


def _sizes(text: str) -> Shape:
    """The axes behind that of the batch."""
    return tuple(0 if size == "None" else abs(int(size)) for size in re.findall(r"None|-?\d+", text)[1:])


def _boxed(text: str) -> Iterator[str]:
    """Rows whose cells stand in boxes, a row over several lines between rules."""
    ruled, cells = bool(re.search(r"(?m)^\s*├[─┼]", text)), list[list[str]]()
    for line in [*text.splitlines(), "├─┼"]:
        if re.match(r"\s*[├└┡┏]", line):
            yield "  ".join(" ".join(filter(None, column)) for column in cells)
            cells = []
        elif BOXED.search(line):
            parts = [part.strip() for part in BOXED.split(line.strip().strip("│┃"))]
            if not ruled or len(parts) != len(cells):
                yield "  ".join(" ".join(filter(None, column)) for column in cells)
                cells = [[] for _ in parts]
            for column, part in zip(cells, parts, strict=True):
                column.append(part)
        else:
            yield line


def _unwrapped(text: str) -> Iterator[str]:
    """Rows whose cells were too narrow, with what stands below them put behind."""
    row: dict[str, str] = {}
    at: dict[str, int] = {}
    for line in [*text.translate(str.maketrans("║|", "  ")).splitlines(), "="]:
        found = KERAS.search(line)
        if (
            found
            or not row
            or "(None," in line
            or re.match(r"\s*(?:[=_]|Total|Trainable|Non)", line)
            or TORCHSUMMARY.search(line)
        ):
            if row:
                yield f"{row['kind']}  {row['shape']}  {row['count']}  {row['more']}"
            row, at = {}, {}
            if found:
                row = {**found.groupdict(), "kind": f"{found['label']} ({found['kind']}"}
                row["kind"] += ")" if f"({found['kind']})" in found[0] else ""
                at = {key: found.start(key) for key in ("shape", "more")}
            else:
                yield line
            continue
        open_ = {"kind": not row["kind"].endswith(")"), "shape": ")" not in row["shape"], "more": "[" in line}
        for part in re.finditer(r"\S+", line):
            key = "more" if part.start() >= at["more"] - 1 else "shape" if part.start() > at["shape"] - 3 else "kind"
            row[key] = row[key].rstrip() + part[0] if open_[key] else row[key]


# layers


@dataclass
class Rebuilt:
    """Finds the layers that give the shapes and hold the parameters of a summary."""

    said: list[str] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = count()

    def net(self, lines: list[Line], input: Shape) -> Summed:
        """All rows, one after the other or as they are connected."""
        connected = any(line.sources for line in lines)
        branched = next((line for line in lines if line.name.lower() in BRANCHED), None)
        if branched and not connected:
            rule = "a summary does not say which layers a branch joins"
            raise TheoryError(rule, got=branched.name, hint=WHOLE_NET)
        given = input
        if lines[0].kind == "input":
            first, lines = lines[0], lines[1:]
            following = next((line for line in lines if line.name not in IDLE), lines[0] if lines else first)
            given = _channels_first(first.shape, following)
        else:
            first = Line("input", (), 0)
        if not lines:
            raise TheoryError("a summary has at least one layer behind its input", got=first.name, hint=WRITE)
        if any(line.kind == "input" for line in lines):
            raise TheoryError("a summary with several inputs does not say their order", got="input", hint=WHOLE_NET)
        came = given or _channels_first(lines[0].came, lines[0]) or _before(lines[0])
        if not given:
            self.said.append(f"the input {'×'.join(map(str, came))} follows from the first layer's sizes")
        start = Place((), came, turned=len(came) == 2 and lines[0].last and lines[0].kind in SLIDING | {"bn"})
        labels = [line.label for line in (first, *lines)]
        sources = dict.fromkeys(name for line in lines for name in line.sources)
        lost = [name for name in sources if not any(label.startswith(name) for label in labels)]
        places = {lost[0] if not first.label and len(lost) == 1 else first.label: start}  # an input without a row
        end = start
        for line in lines:
            ends = [_named(places, name) for name in line.sources] or [end]
            end = places[line.label or f"row {len(places)}"] = self.row(line, ends)
            self.shapes += [end.shape] if end.chain != ends[0].chain else []
        self.said.append("kernels and strides follow from the summary's sizes")
        return Summed(words(end.chain), came, tuple(self.said), tuple(self.shapes))

    def row(self, line: Line, ends: list[Place]) -> Place:
        """What a row gives."""
        if (sign := JOINTS.get(line.name.lower())) and len(ends) > 1:
            shape = _turned(line.shape, ends[0].turned) if len(line.shape) == 2 else _channels_first(line.shape, line)
            return Place(joined([one.chain for one in ends], sign, next(self.numbers)), shape, ends[0].turned)
        if len({id(one.chain) for one in ends}) > 1 or line.name.lower() in BRANCHED - {"multiheadattention"}:
            raise TheoryError("a summary does not say how these are joined", got=line.name, hint=WHOLE_NET)
        before, found = ends[0], list[str]()
        steps = line.last and len(line.shape) == 2
        if before.turned and steps and line.kind in STEPWISE:
            before, found = Place(before.chain, before.shape[::-1]), ["transpose"]
        sliding = line.last and (len(line.shape) == 2 or len(before.shape) == 2) and line.kind in SLIDING | {"bn"}
        if sliding and not before.turned and len(before.shape) == 2:
            before, found = Place(before.chain, before.shape[::-1], turned=True), ["transpose"]
        shape = _turned(line.shape, before.turned) if steps else _channels_first(line.shape, line)
        found += self.between(line, before.shape, shape) if not line.last else []
        came = self.came(before.shape, found)
        found += _written(line, came, shape)
        chain = before.chain
        for said in found:
            chain = behind(chain, said, next(self.numbers))
        return Place(chain, shape, before.turned and len(shape) == 2)

    def between(self, line: Line, before: Shape, shape: Shape) -> list[str]:
        """What a module's own code does between two rows: a pooling, a mean, the last step of a cell."""
        found = list[str]()
        if line.kind == "linear" and len(shape) == 1 and len(before) > 1:
            features = {one for one in (line.parameters // shape[0] - 1, line.parameters // shape[0]) if one > 0}
            if len(before) == 2 and before[-1] in features and prod(before) not in features:
                found = ["last"]
            elif len(before) > 2 and prod(before) not in features:
                sides = {isqrt(one // before[0]) for one in features if one % before[0] == 0} - {0}
                found = _pooled(before[1], sides) or (["gap"] if before[0] in features else [])
        elif line.kind in KEEP and len(shape) == len(before) > 2 and shape[0] == before[0] and shape != before:
            found = _pooled(before[1], {shape[1]})
        elif line.kind == "conv" and len(shape) == len(before) > 2 and not _slides(line, before, shape, 2):
            halved = (before[0], *(size // 2 for size in before[1:]))
            found = ["pool 2"] if min(halved) > 0 and _slides(line, halved, shape, 1) else []
        if found:
            self.said.append(f"a function without a row changes sizes before {line.name}: {found[0]} is put there")
        return found

    def came(self, before: Shape, found: list[str]) -> Shape:
        """The shape behind what was put between."""
        for said in found:
            if said == "last":
                before = before[1:]
            elif said.startswith("pool"):
                before = (before[0], *(size // int(said.split()[1]) for size in before[1:]))
            elif said == "gap":
                before = (before[0], *(1 for _ in before[1:]))
        return before


def _named(places: dict[str, Place], name: str) -> Place:
    """The place of a name, which may be cut off."""
    found = [place for label, place in places.items() if label == name]
    found = found or [place for label, place in places.items() if label and label.startswith(name)]
    if len(found) != 1:
        raise TheoryError("a row is connected to one that is not told, or to several", got=name, hint=WHOLE_NET)
    return found[0]


def _turned(shape: Shape, turned: bool) -> Shape:
    return shape[::-1] if turned else shape


def _channels_first(shape: Shape, line: Line) -> Shape:
    """Channels first, where there are positions."""
    if len(shape) == 2 and line.last and line.kind in SLIDING | {"bn"}:
        return shape[::-1]
    return (shape[-1], *shape[:-1]) if len(shape) > 2 and line.last else shape


def _pooled(size: int, wanted: set[int]) -> list[str]:
    """The pooling that leaves as many values along an axis as are wanted."""
    return next(([f"pool {k}"] for k in range(2, size + 1) if size // k in wanted), [])


def _before(line: Line) -> Shape:
    """The input that a first layer must have had."""
    shape = _channels_first(line.shape, line)
    if line.kind == "conv" and shape:
        channels, kernel = _filters(line, shape, None)
        grown = tuple(size + kernel - 1 for size in shape[1:])
        same = {*shape[1:]} <= USUAL and not {*grown} <= USUAL
        return (channels, *(shape[1:] if same else grown))
    if line.kind == "linear" and line.parameters and len(shape) == 1:
        return (line.parameters // shape[0] - 1,)
    if line.kind == "embedding" and len(shape) == 2:
        return shape[:1]
    if line.name in IDLE and line.last:
        return shape
    what = "steps and features" if line.kind in CELLS else "one example"
    rule, hint = f"the summary does not say the shape of {what}", "add --input, such as --input 20,32"
    raise TheoryError(rule, got=line.name, hint=hint)


def _root(value: int, axes: int) -> int:
    """The kernel with so many weights; 0 if none has."""
    return next((k for k in range(1, 33) if k**axes == value), 0)


def _filters(line: Line, shape: Shape, channels: int | None) -> tuple[int, int]:
    """Incoming channels and kernel of a convolution, from its parameters: out · (in · k^axes + 1)."""
    out, axes = shape[0], len(shape) - 1
    for bias in (1, 0):
        per_filter, rest = divmod(line.parameters - bias * out, out)
        if rest:
            continue
        for one in [channels] if channels else [1, 3]:
            if per_filter % one == 0 and (kernel := _root(per_filter // one, axes)):
                return one, kernel
    rule = "no square kernel has so many parameters"
    raise TheoryError(rule, got=f"{line.name}: {line.parameters:,}", hint=WRITE)


def _window(line: Line, before: Shape, shape: Shape) -> tuple[str, int]:
    """Whether a convolution has one group or as many as channels, and its kernel."""
    channels, axes = before[0], len(shape) - 1
    each = [_root(weights // channels, axes) for weights in (line.parameters - channels, line.parameters)]
    deep = next(filter(None, each), 0) if line.parameters // max(1, channels) < channels else 0
    if line.kind == "dw" or (deep and shape[0] == channels > 1):
        return "dw", deep or each[0] or 3
    return "conv", _filters(line, shape, channels)[1]


def _slides(line: Line, before: Shape, shape: Shape, most: int) -> tuple[int, int] | None:
    """Stride, of so many at most, and padding of a convolution between two shapes."""
    _, kernel = _window(line, before, shape)
    for stride, padding in product(range(1, most + 1), (0, kernel // 2)):
        if all((n + 2 * padding - kernel) // stride + 1 == m for n, m in zip(before[1:], shape[1:], strict=True)):
            return stride, padding
    return None


def _written(line: Line, before: Shape, shape: Shape) -> list[str]:
    """A layer in the notation, from the shapes before and behind it."""
    kind, name = line.kind, line.name.lower()
    if line.name in IDLE:
        return []
    windows = kind in SLIDING and (len(shape) != 1 or kind not in ("gap", "gmp", "adaptive"))
    flat = windows and len(shape) < 2  # without positions
    open_ = not before or not shape or flat or (windows and len(before) != len(shape))
    if open_ or not min(*before, *shape):
        rule = "the sizes of this summary leave something open, or do not follow from each other"
        raise TheoryError(rule, got=f"{line.name}: {by(before)} → {by(shape)}", hint=WRITE)
    ratio = max(1, round(before[1] / shape[1])) if windows else 1
    if kind in ("conv", "dw"):
        return [_convolution(line, before, shape)]
    if kind == "separable":
        return _separable(line, before, shape, ratio)
    if kind == "deconv":
        return [_transposed(line, before, shape)]
    if kind in ("pool", "avgpool"):
        same = " same" if ratio == 2 and before[1] // ratio < shape[1] == -(-before[1] // ratio) else ""
        return [f"{kind} {ratio}{same}"] if ratio > 1 else [f"{kind} 3 s1 p1"]
    if kind == "linear":
        flat = len(before) > 1 == len(shape)  # where the code flattens by itself
        features = prod(before) if flat else before[-1]
        bias = "bias" if line.parameters == shape[-1] * (features + 1) else "nobias"
        return [*(["flatten"] if flat else []), f"linear {shape[-1]} {bias}"]
    if kind in CELLS:
        return _cell(line, before, shape)
    if kind == "attention" and line.parameters == 4 * before[-1] * (before[-1] + 1):
        return ["attention"]
    if kind in ("gap", "gmp") and not (kind == "gap" and prod(shape[1:]) > 1):
        return [kind, "flatten"] if len(shape) == 1 else [kind]
    simple = {
        "embedding": f"embedding {line.parameters // shape[-1]} {shape[-1]}",
        "adaptive": "gap" if prod(shape[1:]) == 1 else f"adaptive {shape[-1]}",
        "reshape": f"reshape {'x'.join(map(str, shape))}",
        "up": f"up {shape[-1] // before[-1]}" if len(shape) > 1 else "up 1",
        "zeropad": f"zeropad {(shape[-1] - before[-1]) // 2}",
        "gn": "gn 1",  # whose number changes no figure
        "prelu": f"prelu {line.parameters}",
        "linear": "",
    }
    if kind == "ln" and line.parameters not in (2 * prod(before), 2 * before[-1]):
        kind = "ln channels" if len(before) > 2 and line.parameters == 2 * before[0] else ""
    if not kind or kind == "attention" or (kind == "gn" and line.parameters != 2 * before[0]):
        raise TheoryError("a summary does not say enough of this layer", got=line.name, hint=WRITE)
    return [] if kind == "id" or name == "activation" else [simple.get(kind, kind)]


def _convolution(line: Line, before: Shape, shape: Shape) -> str:
    """A convolution, of one group or as many as channels."""
    (kind, kernel), n, m = _window(line, before, shape), before[1], shape[1]
    slides = _slides(line, before, shape, 1) or _slides(line, before, shape, 2)
    stride = slides[0] if slides else max(1, round(n / m))
    fits = [p for p in (0, kernel // 2) if (n + 2 * p - kernel) // stride + 1 == m]
    padding = slides[1] if slides else fits[0] if fits else -1
    weights = before[0] * kernel ** (len(shape) - 1) * (1 if kind == "dw" else shape[0])
    said = [kind, "" if kind == "dw" else str(shape[0]), f"k{kernel}", f"s{stride}" if stride > 1 else ""]
    said += ["same" if padding < 0 else f"p{padding}" if padding else ""]
    return " ".join(filter(None, [*said, "bias" if line.parameters > weights else "nobias"]))


def _separable(line: Line, before: Shape, shape: Shape, stride: int) -> list[str]:
    """A depthwise convolution without a bias and a pointwise one."""
    points = before[0] * shape[0]
    for bias in (shape[0], 0):
        weights, rest = divmod(line.parameters - points - bias, before[0])
        if not rest and (kernel := _root(weights, len(shape) - 1)):
            same = " same" if -(-before[1] // stride) == shape[1] else ""
            step = f" s{stride}" if stride > 1 else ""
            return [f"dw k{kernel}{step}{same} nobias", f"conv {shape[0]} k1 {'bias' if bias else 'nobias'}"]
    raise TheoryError("no square kernel has so many parameters", got=f"{line.name}: {line.parameters:,}", hint=WRITE)


def _transposed(line: Line, before: Shape, shape: Shape) -> str:
    """A transposed convolution: its stride from the ratio of sizes, its padding the least that fits."""
    pairs, n, m = before[0] * shape[0], before[1], shape[1]
    stride = max(1, round(m / n)) if n > 1 else 1
    for bias in (shape[0], 0):
        weights, rest = divmod(line.parameters - bias, pairs)
        if rest or not (kernel := _root(weights, len(shape) - 1)):
            continue
        more = (n - 1) * stride + kernel - m
        padding, extra = (-(-more // 2), more % 2) if more >= 0 else (0, -more)
        if extra < max(2, stride):
            said = [
                f"deconv {shape[0]} k{kernel}",
                f"s{stride}" if stride > 1 else "",
                f"p{padding}" if padding else "",
            ]
            return " ".join(filter(None, [*said, f"o{extra}" if extra else "", "bias" if bias else "nobias"]))
    raise TheoryError("no square kernel has so many parameters", got=f"{line.name}: {line.parameters:,}", hint=WRITE)


def _cell(line: Line, before: Shape, shape: Shape) -> list[str]:
    """A recurrent layer: how many layers, directions and biases hold so many parameters."""
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[line.kind]
    last = ["last"] if len(shape) == 1 else []
    for ways, layers, biases in product((1, 2), (1, 2, 3, 4), (2, 1, 0)):
        units = shape[-1] // ways
        inputs = [before[-1], *[shape[-1]] * (layers - 1)]
        if units and sum(ways * gates * units * (units + one + biases) for one in inputs) == line.parameters:
            said = [f"{line.kind} {units}", f"l{layers}" if layers > 1 else "", "bi" if ways > 1 else ""]
            said += [{0: "nobias", 1: "bias1", 2: "bias2"}[biases]]
            return [" ".join(filter(None, said)), *last]
    raise TheoryError("no recurrent layer has so many parameters", got=f"{line.name}: {line.parameters:,}", hint=WRITE)
