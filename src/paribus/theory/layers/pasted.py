"""What people paste: summaries of Keras and torchinfo, lists of layers as JSON or YAML, and the input of a text.

All of it becomes a text in the notation. A summary says sizes and parameters, not kernels: they follow from both, and
where several would fit, it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from paribus.errors import TheoryError
from paribus.theory.layers.code import followed
from paribus.theory.layers.drawn import drawn
from paribus.theory.layers.foreign import as_python
from paribus.theory.layers.kinds import KINDS, WRITTEN
from paribus.theory.layers.known import known
from paribus.theory.layers.labels import unlabelled
from paribus.theory.layers.layer import Shape, ends_in_colours
from paribus.theory.layers.lexicon import concept, mistyped
from paribus.theory.layers.matlab import layered
from paribus.theory.layers.notation import SAMPLE, option_name, parse
from paribus.theory.layers.printed import printed
from paribus.theory.layers.refuse import Place, by, unreadable
from paribus.theory.layers.shorthand import SOFTMAX, spaced, written_out
from paribus.theory.layers.spellings import kind_of
from paribus.theory.layers.summary import summed_up

if TYPE_CHECKING:
    from paribus.theory.layers.tokens import Unread

NUMBERS = r"\d+(?:\s*[x×,]\s*\d+)*"
STRICT = re.compile(
    rf"(?:\s|[\[\],|&*]|\b(?:{'|'.join(WRITTEN)}|same|nobias|bias|bi|plain|ceil|open)\b|"
    r"\b[a-z]?\d+(?:x\d+)*(?:first)?c?\b)+"
)
CLASSES = re.compile(
    r"\b(?:nn|layers|keras)\.(?=\w)|[A-Za-z]Normali[sz]ation\(|\b\w*[123][Dd]\(|\b[A-Z]\w*\(\)"
)  # of a framework
CALL = re.compile(r"(?i)(?<![\w.])conv(?:2d)?\((\d+, ?\d+, ?\d+(?:, ?\d+)?)(?=\s*[,)])")
APART = re.compile(r"(?<=\))(?:[ \t]+|-)(?=[A-Z])|(?<=[A-Za-z])(?:[ \t]|-)(?=[A-Z]\w*\()")  # layers without commas
VGG = re.compile(r"(?i)\bconv(\d)-(\d+)")  # whose table means padding that keeps the size
VOLUMES = re.compile(  # what a layer gives: -> 64x64x32 ->, flatten (9216)
    r"(?<=[\w)])\s*(?:->|→|=>)\s*(\d+x\d+x\d+|\(\d+(?:, ?\d+)*\)(?=\s*(?:\n|$)))\s*(?=->|→|=>|\n|$)"
    r"|(?i:\b(flatten)) ?(\(\d{2,}\)|\d{2,}\b)"
)
MLP = re.compile(r"(?i)\s*mlp\s*\(\s*([\[(]?\d+(?:[\s,\[\]()]+\d+){2,})[)\]\s]*\s*")
FED = r"^\s*(?P<shape>\d+)(?=\s*(?:->|→|=>))"  # 50 -> 20, where no other input is known
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
    (FED, False),
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


def pasted(text: str, input: Shape = ()) -> Pasted:
    """A text in the notation of what was pasted.

    Args:
        text: anything that stands for a net.
        input: the shape of one example, channels first, if it is known.

    Raises:
        TheoryError: a summary that does not say enough.
    """
    if found := summed_up(text, input):
        return Pasted(found.text, found.input, found.said, found.shapes)
    if named := known(text):
        return Pasted(named[0], said=(named[1],))
    if shown := next(printed(text), None):
        return Pasted(shown[0], said=shown[1])
    text = as_python(text)
    if (code := followed(text)) is not None:
        said = (f"the text names its input: {by(code.input)}, channels first",) if code.input else ()
        return Pasted(code.text, code.input, (*said, *code.said))
    if picture := layered(text) or drawn(text, _box):
        words, given, remark = picture
        return Pasted(words, given, (remark,))
    text = _classed(spaced(text))
    bare, shapes = _noted(text)
    if shapes:
        return replace(pasted(bare, input), shapes=shapes)
    if classes := SOFTMAX.search(text):
        plain = pasted(SOFTMAX.sub(r"\2linear \3 softmax", text), input)
        remark = f"softmax {classes[3]}: a linear layer of {classes[3]} outputs, and a softmax over them"
        return replace(plain, said=(*plain.said, remark))
    if (items := listed(text)) is not None:
        return Pasted(", ".join(items))
    if short := written_out(text):
        words, given, remark = short
        return Pasted(words, given, (remark,))
    if chain := MLP.fullmatch(text):
        sizes = [int(size) for size in re.findall(r"\d+", chain[1])]
        return Pasted(", relu, ".join(f"linear {n}" for n in sizes[1:]), (sizes[0],), ("an mlp: relu between layers",))
    return _named(text, input)


def otherwise(text: str) -> Iterator[Pasted]:
    """Other readings of a text that the notation does not take: a call as code, and sentences."""
    if readings := list(printed(text)):
        yield from (Pasted(words, said=said) for words, said in readings[1:])
        return
    if STRICT.fullmatch(re.sub(r"[a-z]{4,}", lambda word: mistyped(word[0]) or word[0], text)):
        return  # the notation itself, perhaps mistyped: its refusal stands
    with suppress(TheoryError):
        if (code := followed(as_python(text), alone=True)) is not None:
            yield Pasted(code.text, code.input, code.said)
    if (bare := unlabelled(text)) != text:
        with suppress(TheoryError):
            found = pasted(bare)
            yield replace(found, said=("what stands before the colon is taken as a name", *found.said))
    text = re.sub(r"\bnn\.(?=[A-Z]\w*\b(?!\())", "", text)  # nn.LSTM with hidden size 128
    plain, shapes = _noted(spaced(text))
    if CLASSES.search(text):
        return
    classed = _classed(plain)
    from paribus.theory.layers.sentences import worded
    from paribus.theory.layers.tokens import Unread

    try:
        words, given, remarks = worded(classed)
    except Unread as error:
        raise_unread(text, error)
    else:
        yield Pasted(words, given, (f"read as sentences: {words}", *remarks), shapes)


def raise_unread(text: str, error: Unread) -> None:
    """Name what a sentence says that is not understood; nothing, where the text is no sentence or has no such place."""
    if kind := next((kind for kind in KINDS if error.why.startswith(f"{kind} needs ")), ""):
        rule = f"{kind} needs its {option_name(KINDS[kind], error.why.split()[-1])}"
        words = [word for word in re.finditer(r"[^\W\d_]+", text) if kind_of(word[0]) == kind]
        place = Place(text, *(words[0].span() if words else (0, len(text))))
        raise unreadable(rule, place, f"for example: {KINDS[kind].example}")
    silent = [word for word in re.findall(r"[^\W\d_]+", text.lower()) if concept(word) == ("", "")]
    found = re.search(rf"(?i)(?<!\w){re.escape(error.token.text)}", text) if error.token and error.token.text else None
    if found is not None and len({*silent}) > 1:
        rule = f"this is not understood: {error.why}" if error.why else "this is not understood as words about layers"
        raise unreadable(rule, Place(text, *found.span()), f"say it otherwise, or leave it out; or {SAMPLE}")


def _noted(text: str) -> tuple[str, tuple[Shape, ...]]:
    """A text without the sizes that it notes of what its layers give, and these, channels first."""
    found = [[int(n) for n in re.findall(r"\d+", one[1] or one[3])] for one in VOLUMES.finditer(text)]
    shapes = tuple((one[2], *one[:2]) if len(one) > 2 and one[0] == one[1] else tuple(one) for one in found)
    return VOLUMES.sub(lambda one: one[2] or " ", text), shapes


def _box(label: str) -> str:
    """What is in a box of a drawing, in the notation."""
    from paribus.theory.layers.sentences import worded
    from paribus.theory.layers.tokens import Unread

    with suppress(Unread):
        return worded(label)[0]
    parse(label)
    return label


def _classed(text: str) -> str:
    """``conv(3, 6, 5) … conv(6, 16, 5)`` as torch's class, where each takes what the one before it gives.

    As filters, kernel, stride and padding, where all have one kernel.
    """
    if len(APART.findall(text)) > 1 and not re.search(r"(?i)[-+>→|,;]\s*(?:bn|batch)|\.\w+\(", text):
        text = APART.sub(", ", text)
        text = re.sub(
            r"\b([A-Z]\w*)-(?=([A-Z]\w*)\b)", lambda m: f"{m[1]}, " if kind_of(m[1]) and kind_of(m[2]) else m[0], text
        )
    if len(VGG.findall(text)) > (1 if "vgg" in text.lower() else 3) and not re.search(
        r"(?i)pad|same|valid|\bp\d", text
    ):
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


def _named(text: str, known: Shape) -> Pasted:
    """The text without the input that it names."""
    for pattern, last in SAID:
        found = re.search(pattern, text)
        if known and (pattern.startswith("^[^(]*") or (found and re.fullmatch(r"\s*input\s+\d", found[0]))):
            continue  # a first layer's own number is checked later; input 2 of several
        if found is None or (pattern == FED and known not in ((), (int(found[0]),))):
            continue
        sizes = tuple(int(size) for size in re.findall(r"\d+", found["shape"]))
        if not sizes:
            continue
        turned = len(sizes) > 2 and (last or ends_in_colours(sizes))
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
