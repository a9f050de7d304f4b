"""What listens to a running net, and writes down every layer and every function of torch that it meets.

Where a rule says something else than what was seen, the layer is listed with what was seen alone: no figure is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from paribus.errors import TheoryError
from paribus.theory.layers.counts import trained
from paribus.theory.layers.functions import operation
from paribus.theory.layers.graph import INPUT, Graph
from paribus.theory.layers.layer import Layer, Options, Shape
from paribus.theory.layers.modules import layer_of

PIECES = {"getitem", "iter", "unbind", "cat", "squeeze", "select"}  # take a cell's state apart and put it together
PACKED = {"_pack_padded_sequence", "_pad_packed_sequence"}  # the same steps in another order
ASKED = {"__bool__", "__float__", "__int__", "__index__", "item", "tolist", "nonzero", "masked_select", "unique"}


@dataclass(frozen=True)
class Seen:
    """What a layer did while it ran, for one example.

    Args:
        shape: of its output.
        parameters: numbers that it holds and no layer before it.
        multiplications: counted by torch, product by product.
        memory: bytes that its output takes beyond its input.
    """

    shape: Shape
    parameters: int
    multiplications: int
    memory: int


@dataclass
class Trace:
    """The layers of a net as they ran."""

    graph: Graph
    seen: list[Seen] = field(default_factory=list)


class StepsFirst(TheoryError):
    """A layer with ``batch_first=False`` met a batch that comes first: the net takes its steps first."""


class Writer(TorchFunctionMode):
    """Listens to a running net. Which tensor came from which layer is known by the tensor's identity."""

    def __init__(
        self,
        net: nn.Module,
        batch: Sequence[Tensor],
        batch_axis: int,
        counter: FlopCounterMode | None,
        originals: Mapping[int, int],
    ) -> None:
        super().__init__()
        self.net, self.counter = net, counter
        self.examples = batch[0].shape[batch_axis]
        first, *others = map(self.shape, batch)
        self.trace = Trace(Graph(first, others=tuple(others), batch_axis=batch_axis))
        self.paths = {module: path for path, module in net.named_modules()}
        self.nodes: dict[int, int] = {}  # identity of a tensor → number of its node
        self.states: dict[int, int] = {}  # identity of a recurrent cell's state, or of a piece of it → the cell's node
        self.kept: list[Tensor] = []  # so that no identity is used twice
        self.outputs: dict[int, Tensor] = {}  # number of a node → what it gave
        self.originals = originals
        self.counted: set[int] = set()  # identities of parameters
        self.inside = 0  # layers that are running now
        self.before = 0  # operations counted before the layer that runs now

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear every layer and every function of torch."""
        layers = [module for module in self.net.modules() if layer_of(module) is not None]
        before = [module.register_forward_pre_hook(self._enter, with_kwargs=True) for module in layers]
        after = [module.register_forward_hook(self._leave, with_kwargs=True) for module in layers]
        try:
            with self.counter or nullcontext(), self:
                yield
        finally:
            for hook in (*before, *after):
                hook.remove()

    def shape(self, tensor: Tensor) -> Shape:
        """Of one example: the shape without the batch, wherever that stands."""
        shape = tuple(tensor.shape)
        axis = self.axis(tensor)
        return shape[:axis] + shape[axis + 1 :]

    def axis(self, tensor: Tensor) -> int:
        """Where the batch stands: first, unless only another axis has as many values as there are examples."""
        shape = tuple(tensor.shape)
        return shape.index(self.examples) if self.examples in shape else 0

    def mark(self, tensor: Tensor, node: int) -> None:
        """Say that a tensor is a node's output."""
        self.nodes[id(tensor)] = node
        self.kept.append(tensor)

    def end(self, out: Any) -> None:
        """Say what the net gave, and list the parameters that no layer holds and no function was seen to use.

        Raises:
            TheoryError: for a result that did not come from the input by layers that were followed.
        """
        results = self._sources(list(out.values()) if isinstance(out, dict) else [out])
        if not results:
            rule = f"the result of {type(self.net).__name__} did not come through layers and functions of torch"
            raise TheoryError(rule, got=type(out).__name__, hint="a net maps tensors (B, …) to tensors")
        self.trace.graph.results = tuple(dict.fromkeys(results))
        for name, parameter in self.net.named_parameters():
            if self._identity(parameter) not in self.counted:
                self.counted.add(self._identity(parameter))
                self.trace.graph.add(Layer("own", {"name": name, "shape": tuple(parameter.shape)}), [], path=name)
                self.trace.seen.append(Seen(tuple(parameter.shape), parameter.numel(), 0, 0))

    def _identity(self, parameter: nn.Parameter) -> int:
        return self.originals.get(id(parameter), id(parameter))

    def _count(self) -> int:
        return self.counter.get_total_flops() if self.counter else 0

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        given = _tensors([*args, *kwargs.values()])
        if getattr(module, "batch_first", True) is False and given and given[0].dim() == 3 and self.axis(given[0]) == 0:
            rule = "a layer with batch_first=False takes its steps first, and a batch that comes first reaches it"
            raise StepsFirst(rule, got=self.paths.get(module, ""), hint="build it with batch_first=True")
        if not self.inside:
            self.before = self._count()
        self.inside += 1

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, out: Any) -> None:
        self.inside -= 1
        result = _unpacked(out[0] if isinstance(out, tuple) else out)
        if self.inside or not isinstance(result, Tensor):
            return
        layer, given = layer_of(module), [*args, *kwargs.values()]
        assert layer is not None
        multiplications = self._since()
        sources = self._sources(given[:1])[:1]
        if layer.kind == "attention" and not given[0] is given[1] is given[2]:
            layer = _looking(layer, given, self.shape)
            sources = self._sources(given[1:2])[:1] + sources
        held = list({id(p): p for p in module.parameters()}.values())
        sources = sources or [self._beginning(layer, given)]
        self._write(layer, sources, given, result, held, self.paths.get(module, ""), multiplications)
        if isinstance(module, nn.RNNBase):
            self._hold(out[1], self.nodes[id(result)])

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        before = 0 if self.inside else self._count()
        name = getattr(function, "__name__", "")
        out = function(*args, **kwargs)
        given, results = [*args, *kwargs.values()], _tensors([out])
        if (name in ASKED or (name == "__getitem__" and _masks(args[1]))) and (asked := self._known(given)):
            self._remark(name, asked[0])
        if self.inside or not results or name == "__get__":
            return out
        if name in PACKED:
            for node in self._known(given)[:1]:
                self.mark(results[0], node)
        elif name.strip("_") in PIECES and (cells := self._cells(args)):
            self._hold(out, cells[0])
        elif sources := self._sources(given):
            self.before = before
            for result in results:
                self._hear(function, args, kwargs, result, sources)
        return out

    def _remark(self, name: str, node: int) -> None:
        """Say that the way through the net depends on numbers."""
        where = "the input" if node < 0 else f"{node + 1} {self.trace.graph.nodes[node].layer}"
        what = "a mask" if name == "__getitem__" else name.strip("_")
        said = f"the code asks for values ({what} of {where}): other inputs may go another way than zeros do here"
        self.trace.graph.remark(said)

    def _hear(self, function: Any, args: Any, kwargs: Any, out: Tensor, sources: list[int]) -> None:
        """Write down what a module's own code does; a parameter that it uses is listed as the module's own."""
        shapes, shape = [self.trace.graph.shape(source) for source in sources], self.shape(out)
        moved = any(map(self.axis, _tensors([args, out])))  # rules are for a batch that comes first
        layer = operation(function, args, kwargs, out, shapes, shape, moved)
        if layer is None:
            self.mark(out, sources[0])  # the same values in the same shape
            return
        joins = layer.kind in ("add", "cat", "mul")
        self._write(layer, sources if joins else sources[:1], args, out, [], "", self._since())
        self.before = self._count()

    def _since(self) -> int:
        return (self._count() - self.before) // 2 // self.examples

    def _known(self, arguments: list[Any]) -> list[int]:
        return [self.nodes[id(tensor)] for tensor in _tensors(arguments) if id(tensor) in self.nodes]

    def _sources(self, arguments: list[Any]) -> list[int]:
        for state in _tensors(arguments):
            if id(state) in self.states:
                self._end(state)
        return self._known(arguments)

    def _beginning(self, layer: Layer, arguments: list[Any]) -> int:
        """The input, for a layer that takes what nobody saw being made from it, if that has the input's shape.

        Raises:
            TheoryError: if it has another one.
        """
        shape = self.shape(_tensors(arguments)[0])
        if shape != self.trace.graph.input:
            rule = f"what {layer} takes did not come through layers and functions of torch"
            raise TheoryError(rule, got="×".join(map(str, shape)), hint="let a module's code compute with tensors only")
        return INPUT

    def _hold(self, state: Any, node: int) -> None:
        """Say that tensors are the state of a recurrent cell; it is a layer of its own where something uses it."""
        for tensor in _tensors([state]):
            self.states[id(tensor)] = node
            self.kept.append(tensor)

    def _cells(self, arguments: Any) -> list[int]:
        """The recurrent cells whose states are among arguments."""
        return [self.states[id(tensor)] for tensor in _tensors(arguments) if id(tensor) in self.states]

    def _end(self, state: Tensor) -> None:
        """Write down that the state of a cell goes on alone: what it gave at the last step, or a part of that."""
        cell, shape = self.states.pop(id(state)), self.shape(state)
        whole = shape == self.trace.graph.shape(cell)[1:]
        layer = Layer("last") if whole else Layer("op", {"name": "state", "shape": shape})
        self._write(layer, [cell], (state,), state, [], "", 0)

    def _write(
        self,
        layer: Layer,
        sources: list[int],
        args: Any,
        out: Tensor,
        held: list[nn.Parameter],
        path: str,
        multiplications: int,
    ) -> None:
        known = sum(p.numel() for p in held if self._identity(p) in self.counted)
        parameters = sum(p.numel() for p in held)
        self.counted |= {self._identity(p) for p in held}
        seen = Seen(self.shape(out), parameters - known, multiplications, _new_bytes(args, out) // self.examples)
        self.trace.seen.append(seen)
        number = self._add(layer, sources, path, known, seen, parameters)
        self.outputs[number] = out
        self.mark(out, number)

    def _add(self, layer: Layer, sources: list[int], path: str, known: int, seen: Seen, parameters: int) -> int:
        """A node by its rule; by what was seen alone, where the rule says something else than that."""
        graph = self.trace.graph
        if layer.kind == "op" and "shape" in layer.options:
            return self._add_seen(layer.options, sources, path, seen)
        try:
            number = graph.add(layer, sources, path=path, known=known)
        except TheoryError:
            return self._add_seen({"name": layer.kind}, sources, path, seen)
        node = graph.nodes[number]
        more = parameters - trained(node.layer, graph.shape(sources[0]) if sources else (), node.shape).value
        if node.shape == seen.shape and not more:
            return number
        graph.nodes.pop()
        if node.shape == seen.shape and more > 0:  # as where a weight is computed from a direction and a length
            return graph.add(replace(layer, options={**layer.options, "more": more}), sources, path=path, known=known)
        return self._add_seen({"name": layer.kind}, sources, path, seen)

    def _add_seen(self, options: Options, sources: list[int], path: str, seen: Seen) -> int:
        measured = {"shape": seen.shape, "bytes": seen.memory, "parameters": seen.parameters}
        return self.trace.graph.add(Layer("op", {**options, **measured}), sources[:1], path=path)


def _looking(layer: Layer, given: Sequence[Any], shape: Callable[[Tensor], Shape]) -> Layer:
    """Attention of some queries to other steps; no rule is known for keys that are not the values."""
    if given[1] is not given[2]:
        return Layer("op", {"name": "attention", "shape": ()})
    return replace(layer, options={**layer.options, "queries": shape(given[0])[0], "keys": shape(given[1])[0]})


def _masks(index: Any) -> bool:
    """Whether an index chooses by values."""
    return any(part.dtype == torch.bool for part in _tensors([index]))


def _unpacked(result: Any) -> Any:
    """The steps of a packed sequence, which torch keeps as a tensor and their numbers."""
    return result.data if isinstance(result, nn.utils.rnn.PackedSequence) else result


def _tensors(arguments: Any) -> list[Tensor]:
    """The tensors among arguments, and in lists of them."""
    parts = [part for a in arguments for part in (a if isinstance(a, list | tuple) else [a])]
    return [t for part in parts for t in (part if isinstance(part, tuple) else [part]) if isinstance(t, Tensor)]


def _new_bytes(args: Any, out: Tensor) -> int:
    """Bytes of an output that are not those of an input."""
    storages = {t.untyped_storage()._cdata for t in _tensors(args)}
    return 0 if out.untyped_storage()._cdata in storages else out.numel() * out.element_size()
