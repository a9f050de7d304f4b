"""What people paste: summaries of Keras and torchinfo, lists of layers as JSON or YAML, and the input of a text.

All of it becomes a text in the notation. A summary says sizes and parameters, not kernels: they follow from both, and
where several would fit, it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt, prod
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.code import followed
from paribus.theory.layers.drawn import drawn
from paribus.theory.layers.foreign import as_python
from paribus.theory.layers.kinds import WRITTEN
from paribus.theory.layers.known import known
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.matlab import layered
from paribus.theory.layers.notation import parse
from paribus.theory.layers.prose import phrased
from paribus.theory.layers.refuse import by
from paribus.theory.layers.shorthand import spaced, tabled, written_out
from paribus.theory.layers.spellings import kind_of
from paribus.theory.layers.tokens import mistyped

SHAPE = r"[\[(]+\s*(?:None|-?\d+)\s*(?:,\s*(?:None|\d+)\s*)*,?\s*[\])]+"
KERAS = re.compile(rf"([\w.]+)\s*\((\w+)\)?\s+({SHAPE})\s+(\d[\d,]*)")
TORCHINFO = re.compile(rf"[├└─│\s]*(\w+)(?:\s*\(\w+\))?:\s*\d+(?:-\d+)*\s+(?:{SHAPE}\s+)?({SHAPE})\s+(\d[\d,]*|--)")
TORCHSUMMARY = re.compile(rf"(\w+?)-\d+\s+({SHAPE})\s+(\d[\d,]*)")
RULES = str.maketrans("│┃║|", "    ")
SLIDING = {"conv", "dw", "pool", "avgpool", "up", "zeropad", "gap", "gmp", "adaptive"}
WHOLE = {"sequential", "model", "functional"}
BRANCHED = {"add", "concatenate", "multiply", "average", "subtract", "dot", "attention", "multiheadattention"}
NUMBERS = r"\d+(?:\s*[x×,]\s*\d+)*"
STRICT = re.compile(
    rf"(?:\s|[\[\],|&]|\b(?:{'|'.join(WRITTEN)}|same|nobias|bias|bi|plain|ceil)\b|\b[a-z]?\d+(?:x\d+)*(?:first)?c?\b)+"
)
CLASSES = re.compile(
    r"\b(?:nn|layers|keras)\.(?=\w)|[A-Za-z]Normali[sz]ation\(|\b\w*[123][Dd]\(|\b[A-Z]\w*\(\)"
)  # of a framework
CALL = re.compile(r"(?i)(?<![\w.])conv(?:2d)?\((\d+, ?\d+, ?\d+(?:, ?\d+)?)(?=\s*[,)])")
APART = re.compile(r"(?<=\))(?:[ \t]+|-)(?=[A-Z])|(?<=[A-Za-z])(?:[ \t]|-)(?=[A-Z]\w*\()")  # layers without commas
VGG = re.compile(r"(?i)\bconv(\d)-(\d+)")  # whose table means padding that keeps the size
USUAL = {28, 32, 48, 64, 84, 96, 100, 128, 150, 160, 180, 192, 200, 224, 227, 256, 299, 300, 320, 384, 416, 448, 512}
MLP = re.compile(r"(?i)\s*mlp\s*\(\s*(\d+(?:\s*,\s*\d+){2,})\s*\)\s*")
SAID = (  # how a text names its input, and whether its channels come last
    (r"input_shape\s*=\s*(?P<shape>[(\[][\d,\s]*[)\]])", True),
    (r"(?:batch_input_shape|batch_shape)\s*=\s*[(\[]\s*None\s*,(?P<shape>[\d,\s]*)[)\]]", True),
    (r"\bInput\s*\(\s*(?:shape\s*=\s*)?(?P<shape>[(\[][\d,\s]*[)\]])", True),
    (r"\bInput\(\s*(?:shape\s*=\s*)?(?P<shape>[\d,\s]+)\)", True),
    (r"\bDense\s*\([^)]*input_dim\s*=\s*(?P<shape>\d+)", False),
    (rf"^\s*(?i:inputs?)(?:\s+(?:of|size|layer))*\s*[:=]?\s*\(?(?P<shape>{NUMBERS})\)?"
     r"(?:\s+(?:units|neurons|features|inputs))?\s*(?=,|;|\n|→|->|\s-\s|$)", False),
    (r"^\s*(?P<shape>\d+(?:\s*[x×]\s*\d+){2})\s*(?=,|;|\n|→|->|-)", False),
    (r"^[^(]*(?:(?:Sequential|OrderedDict)\((?:\[|\s)*)*(?:\(?'\w+',\s*)?"
     r"nn\.Linear\((?:in_features=)?(?P<shape>\d+),\s*(?:out_features=)?\d", False),
    (r"^\s*(?P<shape>\d+)\s+(?:input (?:units|neurons|features|nodes)|inputs?)\b", False),
)  # fmt: skip


@dataclass(frozen=True)
class Pasted:
    """A net in the notation, and the input that its text names, channels first; empty if it names none.

    A summary also says ``shapes`` that come one after the other.
    """

    text: str
    input: Shape = ()
    said: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class Line:
    """A layer of a summary: its class, the shape that it gives, channels first, and its parameters."""

    name: str
    shape: Shape
    parameters: int


def pasted(text: str, input: Shape = ()) -> Pasted:
    """A text in the notation of what was pasted.

    Args:
        text: anything that stands for a net.
        input: the shape of one example, channels first, if it is known.

    Raises:
        TheoryError: a summary that does not say enough.
    """
    if lines := list(summary(text)):
        return rebuilt(lines, input)
    if named := known(text):
        return Pasted(named[0], said=(named[1],))
    text = as_python(text)
    if (code := followed(text)) is not None:
        said = (f"the text names its input: {by(code.input)}, channels first",) if code.input else ()
        return Pasted(code.text, code.input, (*said, *code.said))
    if picture := layered(text) or drawn(text, _box):
        words, given, remark = picture
        return Pasted(words, given, (remark,))
    text = _classed(spaced(printed(text)))
    if (items := listed(text)) is not None:
        return Pasted(", ".join(items))
    if short := written_out(text):
        words, given, remark = short
        return Pasted(words, given, (remark,))
    if found := MLP.fullmatch(text):
        sizes = [int(size) for size in re.findall(r"\d+", found[1])]
        return Pasted(", relu, ".join(f"linear {n}" for n in sizes[1:]), (sizes[0],), ("an mlp: relu between layers",))
    return _named(text, bool(input))


def otherwise(text: str) -> Iterator[Pasted]:
    """Other readings of a text that the notation does not take: a call as code, and sentences."""
    if STRICT.fullmatch(re.sub(r"[a-z]{4,}", lambda word: mistyped(word[0]) or word[0], text)):
        return  # the notation itself, perhaps mistyped: its refusal stands
    with suppress(TheoryError):
        if (code := followed(as_python(text), alone=True)) is not None:
            yield Pasted(code.text, code.input, code.said)
    if not CLASSES.search(text) and (said := phrased(_classed(tabled(text)))) is not None:
        yield Pasted(said[0], said[1], (f"read as sentences: {said[0]}",))


def _box(label: str) -> str:
    """What is in a box of a drawing, in the notation."""
    if (said := phrased(label)) is not None:
        return said[0]
    parse(label)
    return label


def printed(text: str) -> str:
    """What ``print(model)`` shows, whatever its class is called, as a row of layers.

    Raises:
        TheoryError: where the names tell that the layers do not run one after the other.
    """
    if not re.match(r"\s*\w+\(\s*\n\s*\(\w+\): ", text):
        return text
    if found := re.search(
        r"(?i)\((?:\w*(?:downsample|shortcut|skip|residual|branch)\w*)\):|\w*(?:bottleneck|basicblock)\w*\(", text
    ):
        hint = "give the module itself: --plugin FILE.py NAME"
        raise TheoryError("a printed module does not say how its branches meet", got=found[0], hint=hint)
    return re.sub(r"\b(?!Sequential\b)[A-Za-z_]\w*(?=\(\s*\n\s*\(\w+\): )", "Sequential", text)


def _classed(text: str) -> str:
    """``conv(3, 6, 5) … conv(6, 16, 5)`` as torch's class, where each takes what the one before it gives.

    As filters, kernel, stride and padding, where all have one kernel.
    """
    if len(APART.findall(text)) > 1 and not re.search(r"(?i)[-+>→|,;]\s*(?:bn|batch)|\.\w+\(", text):
        text = APART.sub(", ", text)
    if len(VGG.findall(text)) > 5 and not re.search(r"(?i)pad|same|valid|\bp\d", text):
        text = VGG.sub(lambda layer: f"conv {layer[2]} {layer[1]}x{layer[1]} same,", text)
    calls = [(call, [int(n) for n in re.findall(r"\d+", call[1])]) for call in CALL.finditer(text)]
    numbers = [sizes for _, sizes in calls]
    if len(calls) > 1 and all(one[1] == other[0] for one, other in pairwise(numbers)):
        return CALL.sub(lambda call: f"nn.Conv2d({call[1]}", text)
    if len(calls) > 1 and len({sizes[1] for sizes in numbers}) == 1 and numbers[0][1] in (1, 3, 5, 7):
        named = ("filters", "kernel_size", "stride", "padding")
        return CALL.sub(
            lambda call: (
                "conv(" + ", ".join(f"{key}={n}" for key, n in zip(named, re.findall(r"\d+", call[1]), strict=False))
            ),
            text,
        )
    return text


def _named(text: str, known: bool) -> Pasted:
    """The text without the input that it names."""
    for pattern, last in SAID:
        found = re.search(pattern, text)
        if known and (pattern.startswith("^[^(]*") or (found and re.fullmatch(r"\s*input\s+\d", found[0]))):
            continue  # a first layer's own number is checked later; input 2 of several
        if found is None:
            continue
        sizes = tuple(int(size) for size in re.findall(r"\d+", found["shape"]))
        if not sizes:
            continue
        turned = len(sizes) > 2 and (last or (sizes[-1] in (1, 3, 4) and sizes[0] > 4))
        shape = (sizes[-1], *sizes[:-1]) if turned else sizes
        rest = " " * len(found[0]) + text[found.end() :] if pattern.startswith(r"^\s*") else text
        rest = re.sub(r",\s*input_dim\s*=\s*\d+", "", rest) if "input_dim" in found[0] else rest
        return Pasted(rest, shape, (f"the text names its input: {'×'.join(map(str, shape))}, channels first",))
    return Pasted(text)


# lists of layers


def listed(text: str) -> list[str] | None:
    """Layers of a JSON or YAML list, as calls; None if it is none."""
    stripped = text.strip()
    if not re.match(r"(?:layers\s*:\s*\n\s*)?(?:[\[{]\s*[{\"']|-\s+[A-Za-z]\w*(?:\s*:|\s*\n))", stripped):
        return None
    try:
        found = json.loads(stripped) if stripped[0] in "[{" else _from_yaml(stripped)
    except (ValueError, RecursionError):
        return None
    entries = found.get("layers", [found]) if isinstance(found, dict) else found
    known = all(isinstance(entry, dict) or kind_of(str(entry)) for entry in entries)
    return [_call(entry) if isinstance(entry, dict) else str(entry) for entry in entries] if known else None


def _from_yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _call(entry: dict[str, Any]) -> str:
    """``{"type": "conv", "filters": 16}`` or ``{"conv": {"filters": 16}}`` as conv filters=16."""
    if len(entry) == 1 and kind_of(str(next(iter(entry)))):
        kind, value = next(iter(entry.items()))
        return _call({"type": kind, **value}) if isinstance(value, dict) else f"{kind} {_plain(value)}"
    options = {str(key): value for key, value in entry.items()}
    kind = next((options.pop(key) for key in ("type", "kind", "layer", "class_name") if key in options), "?")
    words = {**options.pop("config", {}), **options} if isinstance(options.get("config", {}), dict) else options
    return f"{kind}({', '.join(f'{_snake(key)}={_plain(value)}' for key, value in words.items() if key != 'name')})"


def _plain(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else str(value)


def _snake(key: str) -> str:
    """``kernelSize`` as kernel_size, of two words as one name."""
    return re.sub(r"(?<=[a-z])([A-Z])|[ -]", lambda found: f"_{found[1] or ''}", key).lower()


# summaries


def summary(text: str) -> Iterator[Line]:
    """The layers of a pasted summary; nothing if it is none."""
    if not re.search(r"(?i)param|\(None,|\[-1,", text):
        return
    for raw in text.splitlines():
        line = raw.translate(RULES).strip()
        keras = KERAS.match(line)
        other = TORCHINFO.match(raw.strip()) or TORCHSUMMARY.match(line)
        if keras and keras[2].lower() == "activation":
            continue  # which one changes no figure
        if keras and not kind_of(keras[2].rstrip("0123456789")) and keras[2].lower() not in WHOLE | BRANCHED:
            raise TheoryError("there is no layer of this kind", got=keras[2], hint="write the net out, or use --plugin")
        if keras:
            yield Line(keras[2].rstrip("0123456789"), _first(_sizes(keras[3])), int(keras[4].replace(",", "")))
        elif other and other[1].lower() not in WHOLE and (kind_of(other[1]) or other[3] != "--"):
            yield Line(other[1], _sizes(other[2]), int(other[3].replace(",", "").replace("--", "0")))


def _sizes(text: str) -> Shape:
    """The axes behind that of the batch."""
    return tuple(0 if size == "None" else abs(int(size)) for size in re.findall(r"None|-?\d+", text)[1:])


def _first(shape: Shape) -> Shape:
    """Channels first, where there are positions."""
    return (shape[-1], *shape[:-1]) if len(shape) > 2 else shape


def rebuilt(lines: list[Line], input: Shape) -> Pasted:
    """The layers that give the shapes and hold the parameters of a summary."""
    branched = next((line for line in lines if line.name.lower() in BRANCHED), None)
    if branched:
        rule = "a summary does not say which layers a branch joins"
        raise TheoryError(rule, got=branched.name, hint="give the module itself: --plugin FILE.py NAME")
    given = input
    if lines[0].name.lower() in ("inputlayer", "input"):
        given, lines = lines[0].shape, lines[1:]
    shape = given or _before(lines[0])
    words, at = [], shape
    for line in lines:
        words += _written(line, at)
        at = line.shape
    said = () if given else (f"the input {'×'.join(map(str, shape))} follows from the first layer's sizes",)
    said = (*said, "kernels and strides follow from the summary's sizes")
    return Pasted(", ".join(words), shape, said, tuple(line.shape for line in lines))


def _before(line: Line) -> Shape:
    """The input that a first layer must have had."""
    kind = kind_of(line.name)
    if kind == "conv":
        channels, kernel = _filters(line, None)
        grown = tuple(size + kernel - 1 for size in line.shape[1:])
        same = {*line.shape[1:]} <= USUAL and not {*grown} <= USUAL
        return (channels, *(line.shape[1:] if same else grown))
    if kind == "linear" and line.parameters and len(line.shape) == 1:
        return (line.parameters // line.shape[0] - 1,)
    shape = "steps and features" if kind in ("lstm", "gru", "rnn") else "one example"
    raise TheoryError(
        f"the summary does not say the shape of {shape}", got=line.name, hint="add --input, such as --input 20,32"
    )


def _filters(line: Line, channels: int | None) -> tuple[int, int]:
    """Incoming channels and kernel of a convolution, from its parameters: out · (in · k^axes + 1)."""
    out, axes = line.shape[0], len(line.shape) - 1
    for bias in (1, 0):
        per_filter, rest = divmod(line.parameters - bias * out, out)
        if rest:
            continue
        kernels = [k for k in (3, 5, 7, 1, 2, 4, 9, 11, 6, 8) if per_filter % k**axes == 0 < per_filter]
        fits = [(per_filter // k**axes, k) for k in kernels]
        fits = [fit for fit in fits if fit[0] == channels] if channels else [fit for fit in fits if fit[0] in (1, 3)]
        if fits:
            return fits[0]
    raise TheoryError(
        "no square kernel has so many parameters", got=f"{line.name}: {line.parameters:,}", hint="write the net out"
    )


def _written(line: Line, before: Shape) -> list[str]:
    """A layer in the notation, from the shapes before and behind it."""
    kind, name = kind_of(line.name), line.name.lower()
    windows = kind in SLIDING and (len(line.shape) != 1 or kind not in ("gap", "gmp", "adaptive"))
    flat = windows and len(line.shape) < 2  # without positions
    open_ = not before or not line.shape or flat or (windows and len(before) != len(line.shape))
    if open_ or not min(*before, *line.shape):
        rule = "the sizes of this summary leave something open, or do not follow from each other"
        raise TheoryError(rule, got=f"{line.name}: {by(before)} → {by(line.shape)}", hint="write the net out")
    if kind in ("conv", "dw"):
        return [_convolution(line, before, kind)]
    if kind in ("pool", "avgpool"):
        ratio = max(1, round(before[1] / line.shape[1]))
        return [f"{kind} {ratio}"]
    if kind == "linear":
        flat = len(before) > 1 == len(line.shape)  # where the code flattens by itself
        features = prod(before) if flat else before[-1]
        bias = "bias" if line.parameters == line.shape[-1] * (features + 1) else "nobias"
        return [*(["flatten"] if flat else []), f"linear {line.shape[-1]} {bias}"]
    if kind in ("lstm", "gru", "rnn"):
        return _cell(line, before, kind)
    if kind == "embedding":
        return [f"embedding {line.parameters // line.shape[-1]} {line.shape[-1]}"]
    if kind == "adaptive":
        return ["gap" if prod(line.shape[1:]) == 1 else f"adaptive {line.shape[1]}"]
    if kind in ("gap", "gmp"):
        return [kind, "flatten"] if len(line.shape) == 1 else [kind]
    if kind == "reshape":
        return [f"reshape {'x'.join(map(str, line.shape))}"]
    if kind == "up":
        return [f"up {line.shape[1] // before[1]}"]
    if kind == "zeropad":
        return [f"zeropad {(line.shape[1] - before[1]) // 2}"]
    if not kind or kind in ("deconv", "separable", "attention", "gn"):
        raise TheoryError("a summary does not say enough of this layer", got=line.name, hint="write the net out")
    return [] if name == "activation" else [kind]


def _convolution(line: Line, before: Shape, kind: str) -> str:
    n, m = before[1], line.shape[1]
    if kind == "dw":
        channels = before[0]
        kernel = isqrt(max(1, line.parameters // channels - 1)) if line.parameters % channels == 0 else 3
    else:
        _, kernel = _filters(line, before[0])
    stride = max(1, round(n / m))
    for padding in (0, kernel // 2):
        if (n + 2 * padding - kernel) // stride + 1 == m:
            break
    else:
        padding = -1
    out = "" if kind == "dw" else f" {line.shape[0]}"
    pairs = line.shape[0] * before[0] if kind == "conv" else before[0]
    weights = line.parameters - pairs * kernel ** (len(before) - 1)
    words = [f"{kind}{out} k{kernel}", f"s{stride}" if stride > 1 else "", f"p{padding}" if padding > 0 else ""]
    words += ["same" if padding < 0 else "", "bias" if weights else "nobias"]
    return " ".join(word for word in words if word)


def _cell(line: Line, before: Shape, kind: str) -> list[str]:
    gates, units = {"lstm": 4, "gru": 3, "rnn": 1}[kind], line.shape[-1]
    weights = gates * units * (units + before[-1])
    biases = {0: " nobias", 1: " bias1", 2: " bias2"}.get((line.parameters - weights) // (gates * units), "")
    return [f"{kind} {units}{biases}", *(["last"] if len(line.shape) == 1 else [])]
