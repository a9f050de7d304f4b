"""Layers in the order in which they run, with their sources and the shapes between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import prod

from paribus.errors import TheoryError
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, CHANNELS_FIRST, STEPS_FIRST
from paribus.theory.layers.layer import Layer, Shape
from paribus.theory.layers.notation import JOINTS, RESULTS, Block, Item, Repeat, Step, parse
from paribus.theory.layers.pasted import Pasted, otherwise, pasted
from paribus.theory.layers.refuse import Impossible, Place, by
from paribus.theory.layers.sizes import Sizes, joined, output_size
from paribus.theory.layers.spellings import RESNETS
from paribus.theory.layers.worked import worked

INPUT = -1
KERAS = {"lstm": 1, "rnn": 1, "gru": 2}  # bias vectors in a recurrent cell; torch has two in all of them


@dataclass(frozen=True)
class Node:
    """A layer in its place.

    Args:
        layer: with every option settled for its input.
        sources: numbers of the nodes whose outputs go in; -1 is the input of the net.
        sizes: the output's sizes with their workings.
        place: where the text says it.
        path: where the module keeps it.
        known: how many of its parameters another layer holds already.
    """

    layer: Layer
    sources: tuple[int, ...]
    sizes: Sizes
    place: Place | None = None
    path: str = ""
    known: int = 0

    @property
    def shape(self) -> Shape:
        """The output's shape, without the batch."""
        return tuple(worked(size).value for size in self.sizes)


@dataclass
class Graph:
    """A net that grows layer by layer; each is refused if it cannot be.

    Args:
        input: shape of one example.
        convention: whose recurrent cells are meant where a text does not say: torch or keras.
        others: shapes of what else goes in.
        results: numbers of the nodes that come out; where there are none the last one.
        remarks: what to know about how the net runs.
        batch_axis: 1 for a module that takes its steps first.
    """

    input: Shape
    convention: str = "torch"
    nodes: list[Node] = field(default_factory=list)
    others: tuple[Shape, ...] = ()
    results: tuple[int, ...] = ()
    remarks: list[str] = field(default_factory=list)
    batch_axis: int = 0

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shape of everything that goes in."""
        return (self.input, *self.others)

    @property
    def outputs(self) -> tuple[Shape, ...]:
        """The shape of everything that comes out."""
        return tuple(map(self.shape, self.results or (len(self.nodes) - 1,)))

    def shape(self, number: int) -> Shape:
        """The shape that a node gives; below zero are the inputs."""
        return self.inputs[INPUT - number] if number < 0 else self.nodes[number].shape

    def add(
        self, layer: Layer, sources: Sequence[int], place: Place | None = None, path: str = "", known: int = 0
    ) -> int:
        """Append a layer; its number.

        Raises:
            TheoryError: for a layer that cannot be, with its number and place.
        """
        if self.results and sources:
            rule = "nothing stands behind several results"
            hint = "[… | …] adds branches, [… & …] joins them"
            raise Impossible(rule, hint=hint).at(len(self.nodes) + 1, str(layer), place, path)
        shapes = [self.shape(source) for source in sources]
        settled = settle(layer, shapes[0] if shapes else (), self.convention)
        try:
            if len(sources) > 1 and layer.kind != "attention":
                names = [self._name(source) for source in sources]
                sizes = joined(layer.kind, shapes, names)
            else:
                sizes = output_size(layer.kind, settled.options, shapes[0] if shapes else ())
        except Impossible as error:
            raise error.at(len(self.nodes) + 1, str(layer), place, path) from None
        self.nodes.append(Node(settled, tuple(sources), sizes, place, path, known))
        return len(self.nodes) - 1

    def remark(self, said: str) -> None:
        """Something to know about the net, once."""
        if said not in self.remarks:
            self.remarks.append(said)

    def _name(self, source: int) -> str:
        return "the input" if source < 0 else f"layer {source + 1} ({self.nodes[source].layer})"

    @property
    def axes(self) -> Shape:
        """The axes of the input that have positions: all but channels or features."""
        if len(self.input) > 2:
            return self.input[1:]
        kinds = (node.layer.kind for node in self.nodes)
        first = next((kind for kind in kinds if kind in CHANNELS_FIRST | STEPS_FIRST | {"transpose"}), "linear")
        if len(self.input) == 1:
            return self.input if first == "embedding" else ()
        return self.input[1:] if first in CHANNELS_FIRST | {"transpose"} else self.input[:1]


def settle(layer: Layer, x: Shape, convention: str = "torch") -> Layer:
    """A layer with every option in place for the input that comes."""
    options = dict(layer.options)
    if layer.kind in CELLS:
        options.setdefault("biases", KERAS[layer.kind] if convention == "keras" else 2)
    if str(options.get("out", "")).endswith("c"):
        options["out"] = int(options["out"][:-1]) * x[0]
    if layer.kind == "reshape" and options["shape"].count(0) == 1:  # what is left over
        left = prod(x) // prod(size for size in options["shape"] if size)
        options["shape"] = tuple(size or left for size in options["shape"])
    settled = Layer(layer.kind, options).fitted(len(x) - 1)
    if layer.kind != "dw":
        return settled
    return replace(settled, options={**settled.options, "groups": x[0], "out": x[0] * settled.options["multiplier"]})


def read(text: str, inputs: Sequence[Shape], convention: str = "torch") -> Graph:
    """The graph of a text for what goes in.

    Raises:
        TheoryError: for a text that breaks the grammar, or a layer that cannot be.
    """
    try:
        found = pasted(text, inputs[0] if inputs else ())
        return _laid(text, found, inputs, convention)
    except TheoryError as error:
        for found in otherwise(text):
            with suppress(TheoryError):
                return _laid(text, found, inputs, convention)
        raise error


def _laid(text: str, found: Pasted, inputs: Sequence[Shape], convention: str) -> Graph:
    """The graph of a text that is in the notation."""
    items = parse(found.text)
    if len(found.input) == 2 and _turns(items):  # Keras names steps first
        inputs = [found.input[::-1] if shape == found.input else shape for shape in inputs]
        found = replace(found, input=found.input[::-1])
    if not inputs and not found.input:
        raise TheoryError("a net in text needs the shape of its input", got=text, hint="add --input 3,224,224")
    if inputs and found.input and _plain(found.input) != _plain(inputs[0]) and found.input != (prod(inputs[0]),):
        rule = "the text names another input than the one that is given"
        raise TheoryError(rule, got=f"{by(found.input)} and {by(inputs[0])}", hint="leave one of them out")
    if inputs and _entrance(items) == inputs[0]:
        items = items[1:]
        found = replace(found, said=(*found.said, f"the first {inputs[0][0]} is what goes in, and no layer"))
    graph = Graph(inputs[0] if inputs else found.input, convention, others=tuple(inputs[1:]))
    for said in found.said:
        graph.remark(said)
    if re.search(r"\bconv\d-\d+", found.text):
        graph.remark("conv3-64 has no padding, unless it says p1; VGG's layers have it")
    if re.search(r"(?i)\bcausal\b", text):
        graph.remark(
            "causal padding stands before the first step alone: sizes as of same, but no field reaches behind its step"
        )
    if RESNETS.search(found.text):
        graph.remark(
            "conv3x3(8, 16) is read as in ResNet's code: 8 channels in, 16 out, padded to keep the size, no bias"
        )
    _lay_all(graph, items, INPUT, first=True)
    if (
        graph.nodes
        and any(node.layer.kind in ("gap", "gmp") for node in graph.nodes)
        and set(graph.outputs[0][1:]) == {1}
    ):
        graph.remark("a mean over everything leaves channels × 1 × 1; flatten makes a row of them")
    nodes = (node.shape for node in graph.nodes)
    for shape in found.shapes:
        if shape not in nodes and shape != graph.input:  # each behind the one before
            rule = "the layers do not give the sizes that the text says"
            raise TheoryError(rule, got=by(shape), hint="add --input, or give the module: --plugin FILE.py NAME")
    return graph


def _entrance(items: Sequence[Item]) -> Shape:
    """What goes in, where a text begins with its bare size: ``784, fc 256, relu``."""
    first = items[0]
    if len(items) > 1 and isinstance(first, Step) and first.layer.kind == "linear" and first.place.words.isdigit():
        return (int(first.place.words),)
    return ()


def _turns(items: Sequence[Item]) -> bool:
    """Whether a net begins with a layer of Keras over positions."""
    first = items[0]
    while not isinstance(first, Step):
        first = first.item if isinstance(first, Repeat) else first.branches[0][0]
    return first.turns and first.layer.kind in CHANNELS_FIRST


def _plain(shape: Shape) -> list[int]:
    """Sizes in any order, without axes of one."""
    return sorted(size for size in shape if size > 1)


def _lay_all(graph: Graph, items: Sequence[Item], source: int, first: bool) -> int:
    """Lay items one after the other; the number of the last node."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        source = _lay(graph, item, source, first, following)
    return source


def _lay(graph: Graph, item: Item, source: int, first: bool, following: Item | None) -> int:
    if isinstance(item, Repeat):
        for turn in range(item.times):
            source = _lay(graph, item.item, source, turn == 0, following)
        return source
    if isinstance(item, Block):
        return _lay_block(graph, item, source, first)
    return _lay_step(graph, item, source, first, following)


def _lay_step(graph: Graph, step: Step, source: int, first: bool, following: Item | None) -> int:
    options = {name: value for name, value in step.layer.options.items() if first or name not in step.first}
    weighted = step.layer.kind in ("conv", "dw", "deconv", "linear")
    if weighted and "bias" not in options and isinstance(following, Step) and following.layer.kind == "bn":
        graph.remark("a layer before a batch norm has a bias, as in every framework; nobias (bias=False) leaves it out")
    layer = Layer(step.layer.kind, options)
    if layer.kind == "linear" and len(graph.shape(source)) > 1 and _averaged(graph, source):
        source = graph.add(Layer("flatten"), [source], step.place)
    turns = step.turns or (step.words and layer.kind != "linear" and _embedded(graph, source))
    if turns and len(graph.shape(source)) == 2 and _turned(layer.kind, _order(graph, source)):
        source = graph.add(Layer("transpose"), [source], step.place)
        graph.remark("steps come before channels here: transpose was put between")
    if layer.kind == "linear" and _flattens(graph, step, source):
        source = graph.add(Layer("flatten"), [source], step.place)
    if layer.kind == "linear" and step.plain and _remembered(graph, source):
        graph.remark("a fully connected layer behind a recurrent one works at every step; last before it: at the last")
    try:
        _check_layout(graph, layer.kind, source)
        _check_expected(graph.shape(source), step)
    except Impossible as error:
        raise error.at(len(graph.nodes) + 1, str(layer), step.place) from None
    if layer.kind in ("skip", "id"):
        return source  # nothing happens, so there is no node
    if layer.kind == "input":
        return _input(graph, step)
    return graph.add(layer, [source], step.place)


def _turned(kind: str, order: str) -> bool:
    """Whether steps of channels come where channels of steps are taken, or the other way."""
    return (order == "steps" and kind in CHANNELS_FIRST) or (order == "channels" and kind in STEPS_FIRST - {"ln"})


def _averaged(graph: Graph, source: int) -> bool:
    """Whether a mean or a maximum over everything comes, perhaps through layers that act on each value alone."""
    while source >= 0 and graph.nodes[source].layer.kind in (*ACTIVATIONS, "dropout"):
        source = graph.nodes[source].sources[0]
    return source >= 0 and graph.nodes[source].layer.kind in ("gap", "gmp")


def _remembered(graph: Graph, source: int) -> bool:
    """Whether all steps of a recurrent layer come, perhaps through dropout."""
    while source >= 0 and graph.nodes[source].layer.kind == "dropout":
        source = graph.nodes[source].sources[0]
    return source >= 0 and graph.nodes[source].layer.kind in CELLS


def _embedded(graph: Graph, source: int) -> bool:
    """Whether steps of features come that nobody can take for channels: words that are embedded, or attended to."""
    while source >= 0:
        if graph.nodes[source].layer.kind in ("embedding", "attention"):
            return True
        source = graph.nodes[source].sources[0]
    return False


def _flattens(graph: Graph, step: Step, source: int) -> bool:
    """Whether a fully connected layer takes all values that come, as plain words mean behind a picture.

    Refused where a mean over all of it may be meant.
    """
    before = graph.nodes[source] if source >= 0 else None
    if len(graph.shape(source)) > 1 and step.expects == prod(graph.shape(source)) and not step.plain:
        graph.remark("a layer that takes as many features as all values that come: flatten was put before it")
        return True
    if step.turns and len(graph.shape(source)) > 2 and {*graph.shape(source)[1:]} == {1}:
        return True  # Keras's channels come last, so that they are what it takes
    if len(graph.shape(source)) < 3 or not step.plain:
        return False
    if before and before.layer.kind == "avgpool" and before.place and not re.search(r"\d", before.place.words):
        rule = "a mean before a fully connected layer may be over everything, or over windows of 2"
        raise Impossible(rule, hint="write gap, linear …, or avgpool 2, flatten, linear …").at(
            len(graph.nodes) + 1, str(step.layer), before.place
        )
    graph.remark("a fully connected layer behind a picture takes all its values: flatten was put before it")
    return True


def _input(graph: Graph, step: Step) -> int:
    """The node of an input by its number."""
    number = int(step.layer.options["number"])
    if number > len(graph.inputs):
        shapes = " and ".join(map(by, graph.inputs))
        error = Impossible(f"the net has no input {number}, only {shapes}", hint="give it one: --input 3,32,32+10")
        raise error.at(len(graph.nodes) + 1, str(step.layer), step.place)
    return INPUT - number + 1


def _check_expected(x: Shape, step: Step) -> None:
    """Refuse a layer that was said to take another number of channels or features than comes."""
    comes = x[-1] if step.layer.kind in STEPS_FIRST else x[0]
    if step.expects not in (None, comes):
        what = "features" if step.layer.kind in STEPS_FIRST else "channels"
        raise Impossible(f"it takes {step.expects} {what}, and {comes} come ({by(x)})", hint="check the first number")


def _check_layout(graph: Graph, kind: str, source: int) -> None:
    """Refuse what torch would let pass with the wrong axis: steps taken for channels, or channels for steps."""
    shape, order = graph.shape(source), _order(graph, source)
    if kind == "linear" and len(shape) > 2:
        rule = f"it takes a row of values or steps of features, and an input of {by(shape)} comes"
        raise Impossible(rule, hint="put flatten, or gap, flatten, before it")
    if len(shape) == 2 and order == "channels" and kind in STEPS_FIRST - {"ln"}:
        rule = f"it takes steps of features, and channels of steps come ({by(shape)})"
        raise Impossible(rule, hint="put transpose before it" + (", or flatten" if kind == "linear" else ""))
    if len(shape) == 2 and order == "steps" and kind in CHANNELS_FIRST - {"bn", "instance", "gn"}:
        rule = f"it takes channels of steps, and steps of features come ({by(shape)})"
        raise Impossible(rule, hint="put transpose before it")


def _order(graph: Graph, source: int) -> str:
    """What the first axis is, where an earlier layer tells."""
    turns = 0
    while source >= 0:
        kind = graph.nodes[source].layer.kind
        if kind == "reshape":
            return ""
        turns += kind == "transpose"
        if kind in CHANNELS_FIRST - {"bn", "instance", "gn"}:
            return ("channels", "steps")[turns % 2]
        if kind in STEPS_FIRST - {"ln"}:
            return ("steps", "channels")[turns % 2]
        source = graph.nodes[source].sources[0]
    return ""


def _lay_block(graph: Graph, block: Block, source: int, first: bool) -> int:
    """Branches in the order of the text, those that follow another's shape last, then what unites them."""
    if not block.joint:
        return _lay_all(graph, block.branches[0], source, first)
    if not all(block.branches):
        rule = "a branch holds at least one layer"
        raise Impossible(rule, hint="write id for the input as it is").at(len(graph.nodes) + 1, "block", block.place)
    followers = [branch for branch in block.branches if _follows(branch)]
    ends = [_lay_all(graph, branch, source, first) for branch in block.branches if not _follows(branch)]
    if not ends:
        rule = "skip and id? go beside a branch with layers of its own"
        raise Impossible(rule, hint="for example [conv 64 k3 p1, bn | skip]").at(
            len(graph.nodes) + 1, "block", block.place
        )
    for branch in followers:
        ends += _follow(graph, branch[0], source, ends[0])
    if len(ends) == 1:
        return ends[0]
    if block.joint == RESULTS:
        graph.results = tuple(dict.fromkeys(ends))
        return ends[0]
    return graph.add(Layer(JOINTS[block.joint]), ends, block.place)


def _follows(branch: Sequence[Item]) -> bool:
    return len(branch) == 1 and isinstance(branch[0], Step) and (branch[0].layer.kind == "skip" or branch[0].optional)


def _follow(graph: Graph, step: Item, source: int, beside: int) -> list[int]:
    """The shortcut beside a branch (He et al. 2016, section 3.3): as it is, or projected, or left out."""
    assert isinstance(step, Step)
    x, y = graph.shape(source), graph.shape(beside)
    if x == y:
        return [source]
    if step.optional:
        return []
    stride = tuple(-(-n // m) for n, m in zip(x[1:], y[1:], strict=True))
    conv = Layer("conv", {"out": y[0], "kernel": (1,), "stride": stride, "bias": False})
    return [graph.add(Layer("bn"), [graph.add(conv, [source], step.place)], step.place)]
