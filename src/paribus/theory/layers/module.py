"""From a module of torch to a graph: the net runs once, and every layer and operation that it meets is written down.

Layers that the table of kinds knows are read from their attributes; what a module's own code does between them
(sums, joints, flattening, functions) is caught on the way. No weights are touched: the run is a copy's.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from paribus.errors import TheoryError
from paribus.theory.layers.functions import operation
from paribus.theory.layers.graph import INPUT, Graph
from paribus.theory.layers.layer import Layer, Shape
from paribus.theory.layers.modules import layer_of, reads_words

PIECES = {"getitem", "iter", "unbind", "cat"}  # functions that take a cell's state apart and put it together
BATCH = 2  # batch norm needs more than one example while it learns


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


def trace(net: nn.Module, input: Shape, device: str = "meta", words: bool | None = None) -> Trace:
    """Run a copy of a net once on zeros and write down its layers.

    Args:
        net: any module that maps one tensor (B, *input) to one.
        input: shape of one example.
        device: ``meta`` computes shapes only, ``cpu`` everything.
        words: whether the input are word numbers; seen from the first layer by default.

    Raises:
        TheoryError: if the net does not run on this input, with torch's own words.
    """
    if late := [name for name, module in net.named_modules() if getattr(module, "batch_first", True) is False]:
        rule = "inputs come with the batch first, and a layer takes it second"
        raise TheoryError(rule, got=late[0] or type(net).__name__, hint="build it with batch_first=True")
    runner = _on(copy.deepcopy(net), device).train()
    integers = reads_words(net) if words is None else words
    x = torch.zeros(BATCH, *input, device=device, dtype=torch.long if integers else _dtype(net))
    pairs = zip(*(module.named_parameters(remove_duplicate=False) for module in (runner, net)), strict=True)
    originals = {id(moved): id(original) for (_, moved), (_, original) in pairs}  # moving unties what is shared
    with torch.no_grad(), torch.device(device):
        return record(runner, x, originals=originals).trace


def record(net: nn.Module, x: Tensor, count: bool = True, originals: Mapping[int, int] | None = None) -> Writer:
    """Run a net on a batch as it is, and write down its layers and their outputs.

    Args:
        net: the net.
        x: the batch.
        count: whether to count operations; off for a run through which gradients pass.
        originals: identity of a parameter → that of the parameter it is a copy of.
    """
    input = tuple(x.shape[1:])
    writer = Writer(net, input, FlopCounterMode(display=False) if count else None, originals or {})
    with writer.listening():
        writer.mark(x, INPUT)
        try:
            out = net(x)
        except TheoryError:
            raise
        except Exception as error:  # whatever the user's module may raise
            raise _stopped(net, input, error) from error
    if not writer.knows(out):
        rule = f"the result of {type(net).__name__} did not come through layers and functions of torch"
        raise TheoryError(rule, got=type(out).__name__, hint="a net maps a tensor (B, …) to tensors")
    writer.add_own_parameters()
    return writer


def _on(net: nn.Module, device: str) -> nn.Module:
    """The net on a device; weights without values get any, for only what they do to shapes is asked."""
    empty = any(parameter.is_meta for parameter in net.parameters())
    return net.to_empty(device=device) if empty else net.to(device)


def _dtype(net: nn.Module) -> torch.dtype:
    return next((p.dtype for p in net.parameters() if p.dtype.is_floating_point), torch.float32)


def _stopped(net: nn.Module, input: Shape, error: Exception) -> TheoryError:
    rule = f"{type(net).__name__} does not run on an input of {'×'.join(map(str, input))}"
    return TheoryError(rule, got=str(error).splitlines()[0] if str(error) else type(error).__name__)


class Writer(TorchFunctionMode):
    """Listens to a running net. Which tensor came from which layer is known by the tensor's identity."""

    def __init__(
        self, net: nn.Module, input: Shape, counter: FlopCounterMode | None, originals: Mapping[int, int]
    ) -> None:
        super().__init__()
        self.net, self.trace, self.counter = net, Trace(Graph(input)), counter
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
        before = [module.register_forward_pre_hook(self._enter) for module in layers]
        after = [module.register_forward_hook(self._leave, with_kwargs=True) for module in layers]
        try:
            with self.counter or nullcontext(), self:
                yield
        finally:
            for hook in (*before, *after):
                hook.remove()

    def mark(self, tensor: Tensor, node: int) -> None:
        """Say that a tensor is a node's output."""
        self.nodes[id(tensor)] = node
        self.kept.append(tensor)

    def knows(self, out: Any) -> bool:
        """Whether a result came from the input by layers that were followed."""
        parts = out.values() if isinstance(out, dict) else out if isinstance(out, list | tuple) else [out]
        return bool(self._sources(list(parts)))

    def _identity(self, parameter: nn.Parameter) -> int:
        return self.originals.get(id(parameter), id(parameter))

    def _count(self) -> int:
        return self.counter.get_total_flops() if self.counter else 0

    def _enter(self, module: nn.Module, args: Any) -> None:
        if not self.inside:
            self.before = self._count()
        self.inside += 1

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, out: Any) -> None:
        self.inside -= 1
        result = out[0] if isinstance(out, tuple) else out
        if self.inside or not isinstance(result, Tensor):
            return
        layer = layer_of(module)
        assert layer is not None
        sources = self._sources([*args, *kwargs.values()])[:1] or [self._beginning(layer, [*args, *kwargs.values()])]
        held = list({id(p): p for p in module.parameters()}.values())
        self._write(layer, sources, args or tuple(kwargs.values()), result, held, self.paths.get(module, ""))
        if isinstance(module, nn.RNNBase):
            self._hold(out[1], self.nodes[id(result)])

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        before = 0 if self.inside else self._count()
        out = function(*args, **kwargs)
        name, results = getattr(function, "__name__", "").strip("_"), _tensors([out])
        if self.inside or not results or name == "get":
            return out
        if name in PIECES and (cells := self._cells(args)):
            self._hold(out, cells[0])
        elif sources := self._sources([*args, *kwargs.values()]):
            self.before = before
            for result in results:
                self._hear(function, args, kwargs, result, sources)
        return out

    def _hear(self, function: Any, args: Any, kwargs: Any, out: Tensor, sources: list[int]) -> None:
        """Write down what a module's own code does; a parameter that it uses is listed as the module's own."""
        layer = operation(function, args, kwargs, out, [self.trace.graph.shape(source) for source in sources])
        if layer is None:
            self.mark(out, sources[0])  # the same values in the same shape
            return
        if "shape" in layer.options:  # not known: what was seen stands in for a rule
            layer = replace(layer, options={**layer.options, "bytes": _new_bytes(args, out) // BATCH})
        joins = layer.kind in ("add", "cat", "mul")
        self._write(layer, sources if joins else sources[:1], args, out, [], "")
        self.before = self._count()

    def _sources(self, arguments: list[Any]) -> list[int]:
        tensors = _tensors(arguments)
        for state in tensors:
            if id(state) in self.states:
                self._end(state)
        return [self.nodes[id(tensor)] for tensor in tensors if id(tensor) in self.nodes]

    def _beginning(self, layer: Layer, arguments: list[Any]) -> int:
        """The input, for a layer that takes what nobody saw being made from it, if that has the input's shape.

        Raises:
            TheoryError: if it has another one.
        """
        shape = tuple(_tensors(arguments)[0].shape[1:])
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
        cell, shape = self.states.pop(id(state)), tuple(state.shape[1:])
        whole = shape == self.trace.graph.shape(cell)[1:]
        layer = Layer("last") if whole else Layer("op", {"name": "state", "shape": shape, "bytes": 0})
        self._write(layer, [cell], (state,), state, [], "")

    def _write(
        self, layer: Layer, sources: list[int], args: Any, out: Tensor, held: list[nn.Parameter], path: str
    ) -> None:
        known = sum(p.numel() for p in held if self._identity(p) in self.counted)
        fresh = sum(p.numel() for p in held) - known
        self.counted |= {self._identity(p) for p in held}
        multiplications = (self._count() - self.before) // 2 // BATCH
        seen = Seen(tuple(out.shape[1:]), fresh, multiplications, _new_bytes(args, out) // BATCH)
        number = self.trace.graph.add(layer, sources, path=path, known=known)
        self.outputs[number] = out
        self.mark(out, number)
        self.trace.seen.append(seen)

    def add_own_parameters(self) -> None:
        """Parameters that no layer holds and no function was seen to use."""
        for name, parameter in self.net.named_parameters():
            if self._identity(parameter) not in self.counted:
                self.counted.add(self._identity(parameter))
                self.trace.graph.add(Layer("own", {"name": name, "shape": tuple(parameter.shape)}), [], path=name)
                self.trace.seen.append(Seen(tuple(parameter.shape), parameter.numel(), 0, 0))


def _tensors(arguments: Any) -> list[Tensor]:
    """The tensors among arguments, and in lists of them."""
    return [t for a in arguments for t in (a if isinstance(a, list | tuple) else [a]) if isinstance(t, Tensor)]


def _new_bytes(args: Any, out: Tensor) -> int:
    """Bytes of an output that are not those of an input."""
    storages = {t.untyped_storage()._cdata for t in _tensors(args)}
    return 0 if out.untyped_storage()._cdata in storages else out.numel() * out.element_size()
