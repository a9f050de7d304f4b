"""What calls mean in the code of a net: layers, rows of them, functions and methods of values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.attending import Attending, Scores
from paribus.theory.layers.expressions import beyond
from paribus.theory.layers.known import apart
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.spellings import IDLE, kind_of
from paribus.theory.layers.steps import FREE, METHODS, QUIET, flat, listed, pixelwise, written
from paribus.theory.layers.values import (
    HINT,
    Alike,
    Bound,
    Chain,
    Class,
    Function,
    Instance,
    Made,
    Name,
    Row,
    Scope,
    Signal,
    State,
    Unsaid,
    opened,
)

GIVEN = {"x", "X", "inputs", "input", "inp", "img", "image", "images", "input_img", "img_input", "h", "net", "data",
         "features", "inputs_", "input_tensor", "tokens"}  # fmt: skip
ROWS = {"sequential", "serial", "chain", "hybridsequential"}
LISTS = {"modulelist", "list", "ordereddict", "moduledict"}
RUNS = ("forward", "__call__", "call", "hybrid_forward")
SUMS = {"add": "|", "concat": "&", "concatenate": "&", "cat": "&", "multiply": "*"}
CELLS = ("LSTM", "GRU", "RNN")
NUMBERWISE = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
LIBRARIES = {"layers", "torch", "tf", "keras", "jnp", "np", "F", "nd", "sym"}


@dataclass(frozen=True)
class Net:
    """A whole net that is a value: Keras's ``Model(inputs, outputs)``."""

    chain: Chain


@dataclass(frozen=True)
class Tensor:
    """A tensor of a known shape that is no value of the net: ``torch.randn(1, 3, 32, 32)``."""

    shape: tuple[Any, ...]


LAYERS = (Made, Row, Name, Net, Function, Instance, Class, Unsaid)


@dataclass
class Calls(Attending):
    """What calls on layers and values mean."""

    inputs: int = 1
    input: Shape = ()
    mades: list[Made] = field(default_factory=list)
    entrance: str = ""  # a name that nobody made
    flow: Signal | None = None  # the last value at the top

    def of_name(self, node: ast.Name, scope: Scope) -> Any:
        """What a name stands for; what nobody made goes into the net."""
        if node.id in GIVEN and node.id not in scope:
            scope[node.id] = Signal(())
        return super().of_name(node, scope)

    def of_attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        """A part of a value; a net to which layers are added before it was named."""
        grows = (
            node.attr in ("add", "add_module") and isinstance(node.value, ast.Name) and node.value.id not in LIBRARIES
        )
        if grows and isinstance(node.value, ast.Name) and node.value.id not in scope:
            scope[node.value.id] = Row([])
        found = super().of_attribute(node, scope)
        if isinstance(found, Bound) and isinstance(found.owner, Signal) and found.name in ("T", "mT"):
            return self.reshaped(found.owner, ".transpose", (1, 2), {}, node)
        if isinstance(found, Bound) and isinstance(found.owner, tuple) and found.name == "values":
            return found.owner[0]  # of a maximum and where it is
        return found

    def operated(self, sign: ast.AST, left: Any, right: Any, node: ast.AST) -> Any:
        """Sums of values; a number changes none of their sizes."""
        if isinstance(sign, ast.MatMult):
            return self.multiplied(left, right, node)
        if scores := [side for side in (left, right) if isinstance(side, Scores)]:
            return scores[0]  # scaled, or masked
        values = [side for side in (left, right) if isinstance(side, Signal)]
        if len(values) == 2 and isinstance(sign, ast.Mult):
            return self.joined([left, right], "*")
        if len(values) == 2 and isinstance(sign, ast.Add):
            return self.joined([left, right], "|")
        if any(isinstance(side, int | float | Alike) for side in (left, right)) and isinstance(sign, NUMBERWISE):
            if values:
                return self.passed(values[0])
            if alike := [side for side in (left, right) if isinstance(side, Alike)]:
                return alike[0]
        if values and not isinstance(sign, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            raise beyond(node)
        if isinstance(left, Row | Instance) and isinstance(right, Row | Instance):
            return Row([*self.items(left, node), *self.items(right, node)])
        return super().operated(sign, left, right, node)

    def meant(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a call on a net's values means."""
        everything = flat((*args, *named.values()))
        if any(isinstance(one, Scores) for one in (getattr(called, "owner", None), *everything)):
            return self.weighed(called, args, named, node)
        given = [one for one in everything if isinstance(one, Signal)]
        if any(one.heads for one in given) and isinstance(called, Made | Row | Net):
            raise beyond(node)  # heads that were not put together
        if isinstance(called, Name) and (product := self.product_of(called.base, args, node)):
            return product
        if isinstance(called, Name) and called.base.lower() in ROWS:
            return Row(_layers((*args, *named.values())))
        if isinstance(called, Name):
            return self.function(called, given, args, named, node) if given else self.named(called, args, named, node)
        if isinstance(called, Bound):
            return self.method(called, args, named, node)
        if isinstance(called, Function):
            return self.applied(called, args, named, node)
        if isinstance(called, Class):
            return self.instance(called, args, named, node)
        tensors = [one for one in args if isinstance(one, Tensor)]
        if not given and tensors and self.depth == 0 and isinstance(called, Instance | Row | Net):
            if all(isinstance(size, int) for size in tensors[0].shape):
                self.input = self.input or tuple(tensors[0].shape[1:])
            return Unsaid(ast.unparse(node))  # it runs below, once
        if not given and isinstance(called, Made) and (open_ := [one for one in flat(args) if self.enters(one)]):
            given = [Signal(()) for _ in open_]
        if not given:
            if isinstance(called, Made | Row | Net) and not args and not named:
                return called
            return Unsaid(ast.unparse(node))
        if isinstance(called, Made):
            ends = [Signal(()) if self.enters(one) else one for one in flat((*args, *named.values()))]
            return self.layer(called, [one for one in ends if isinstance(one, Signal)], named)
        if isinstance(called, Net) and given[0].pixels:
            raise beyond(node)
        if isinstance(called, Net):
            fresh = {old: next(self.numbers) for held, _ in called.chain for old in held}
            return Signal(
                (*given[0].chain, *((frozenset(fresh[n] for n in held), text) for held, text in called.chain))
            )
        if isinstance(called, Row | list):
            value: Any = given[0]
            for layer in flat(called.layers if isinstance(called, Row) else called):
                value = self.meant(layer, (value,), {}, node)
            return value
        if isinstance(called, Instance):
            return self.module(called, args, named, node)
        raise beyond(node)

    def module(self, made: Instance, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a module of the text gives, once: its weights are counted once."""
        run = made.parts.get("forward") if made.kind is None else None
        if isinstance(run, Function):
            function = Function(run.node, run.scope, made.parts["self"] if _takes_self(run) else None)
            return self.applied(function, args, named, node)
        run = next((name for name in RUNS if made.kind and name in made.kind.methods), None)
        made.used = True
        if run is None or made.kind is None:
            if made.row:
                return self.meant(Row(made.row), args, named, node)
            raise beyond(node)
        return self.applied(Function(made.kind.methods[run], made.kind.scope, made), args, named, node)

    def enters(self, value: Any) -> bool:
        """Whether a bare name that nobody made is what goes in: always the same one."""
        if not isinstance(value, Name) or "." in value.path or kind_of(value.path):
            return False
        self.entrance = self.entrance or value.path
        return value.path == self.entrance

    def layer(self, made: Made, given: list[Signal], named: dict[str, Any]) -> Signal:
        """What a layer gives; one with weights only once."""
        base = made.base
        if base.lower() in SUMS:
            return self.joined(given, SUMS[base.lower()])
        if made.used and kind_of(base) not in FREE:
            raise TheoryError("a layer that is used twice shares its weights", got=made.name, hint=HINT)
        made.used = True
        if "ttention" in base and any(one.chain != given[0].chain for one in given):
            raise TheoryError("attention between two values is not known here", got=made.name, hint=HINT)
        if given[0].pixels:
            return replace(self.behind(given[0].chain, written(pixelwise(made))), pixels=True)
        found = self.behind(given[0].chain, written(made))
        if base in CELLS and (len(made.args) > 1 or {"hidden_size", "input_size"} & made.named.keys()):
            both = bool(made.named.get("bidirectional"))
            return Signal(found.chain, State(found.chain, both))
        return found

    def named(self, called: Name, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """A call of another's class or function, with nothing of the net in it."""
        base, low = called.base, called.base.lower()
        if base == "partial" and args and isinstance(args[0], Name) and kind_of(args[0].base):
            return Made(args[0].path, args[1:], named)
        if args and isinstance(args[-1], dict) and kind_of(base):  # of TensorFlow for JavaScript
            said = {re.sub(r"(?<=[a-z])([A-Z])", r"_\1", str(key)).lower(): value for key, value in args[-1].items()}
            return self.named(called, args[:-1], {**said, **named}, node)
        if low in LISTS:
            if args and isinstance(args[0], dict):
                return args[0]
            return _layers((*args, *named.values())) if low != "list" else [*flat(args)]
        if low in ("input", "inputlayer", "placeholder"):
            self.takes(args, named)
            return Signal(())
        if low in SUMS and (ends := [one for one in flat(args) if isinstance(one, State)]):
            if len(ends) != 2 or not all(one.half for one in ends):
                raise beyond(node)
            return self.behind(ends[0].chain, "last")  # both directions of a recurrent layer
        if base in ("randn", "rand", "normal", "random_normal", "uniform") and any(
            isinstance(one, Unsaid) for one in flat((*args, *named.values()))
        ):
            return Alike(ast.unparse(node))  # drawn in the size of a value
        if base in ("randn", "rand", "zeros", "ones", "empty", "normal"):
            return Tensor(tuple(flat(args)))
        if base in ("Lambda", "Fn", "partial", "deepcopy", "jit", "vmap") and args:
            return deepcopy(args[0]) if base == "deepcopy" and isinstance(args[0], Made) else args[0]
        if base == "summary" and len(args) > 1 and isinstance(args[1], tuple) and len(args[1]) in (1, 3):
            self.input = self.input or args[1]
        if base in ("setattr", "getattr") and isinstance(args[0], Instance) and isinstance(args[1], str):
            if base == "getattr":
                return self.part(args[0], args[1])
            args[0].parts[args[1]] = args[2]
        if re.search(r"(?i)init\w*$|^spectral_norm", base) and args and isinstance(args[0], Made):
            return args[0]  # with other first values
        if base in IDLE:
            self.takes((), named if "input_shape" in named else {})
            return Made("Identity")
        if re.search(r"\bmodels\.", called.path) and (parts := apart(f"{base}({self.classes(named)})")):
            return self.built(*parts)
        if (
            kind_of(base)
            or base in ("Bidirectional", "TimeDistributed", "Activation")
            or low in SUMS
            or "Transformer" in base
        ):
            if base == "Activation" and args and isinstance(args[0], Name | Made):
                return args[0]
            made = Made(called.path, args, named)
            for inner in flat((*args, *named.values())):
                if isinstance(inner, Made):
                    inner.used = True  # Bidirectional(LSTM(…))
            self.mades.append(made)
            self.takes((), named if "input_shape" in named or "batch_input_shape" in named else {})
            if isinstance(size := named.get("input_dim"), int) and base == "Dense":
                self.input = self.input or (size,)
                made.named = {key: value for key, value in named.items() if key != "input_dim"}
            return made
        return Unsaid(ast.unparse(node))

    def classes(self, named: dict[str, Any]) -> str:
        """How many classes a net that has a name was made for."""
        return f"num_classes={named['num_classes']}" if isinstance(named.get("num_classes"), int) else ""

    def built(self, body: str, head: list[str], name: str) -> Instance:
        """A net that has a name, with the layers of its head under theirs, so that they may be exchanged."""
        widths = {"fc": 2048 if "2048" in body else 512}.get(name, 9216 if "adaptive 6" in body else 25088)
        layers = list[Any]()
        for said in head:
            kind, _, size = said.partition(" ")
            if kind == "linear":
                layers.append(Made("nn.Linear", (widths, int(size))))
                widths = int(size)
            else:
                layers.append(Made("nn.Dropout", (float(size),)) if kind == "dropout" else Made("nn.ReLU"))
        part: Any = layers[0] if name == "fc" else Row(layers)
        return Instance(None, {name: part}, [Net(self.behind((), body).chain), part])

    def takes(self, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """The input that the code names, channels first."""
        shape = next(
            (named[key] for key in ("shape", "input_shape", "batch_shape", "batch_input_shape") if key in named), None
        )
        shape = shape if shape is not None else args[0] if args else ()
        sizes = shape if isinstance(shape, tuple | list) else (shape,)
        sizes = sizes[1:] if sizes and sizes[0] is None and len(sizes) > 1 else sizes
        if sizes and all(isinstance(size, int) and size > 0 for size in sizes) and not self.input:
            self.input = (sizes[-1], *sizes[:-1]) if len(sizes) > 2 else tuple(sizes)

    def method(self, called: Bound, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """A method of a value, a row, a net."""
        owner, name = called.owner, called.name
        if isinstance(owner, Signal):
            return self.reshaped(owner, f".{name}", args, named, node)
        if isinstance(owner, Alike) and name.rstrip("_") in METHODS and len(args) == 1:
            return self.operated(METHODS[name.rstrip("_")], owner, args[0], node)
        if isinstance(owner, Bound) and owner.name == "super":
            return self.inherited(owner.owner, name, args, named, node)
        if name == "super":
            return called
        held = owner.layers if isinstance(owner, Row) else owner.row if isinstance(owner, Instance) else None
        if held is not None and name in ("add", "append", "add_module", "extend"):
            several = args if name == "add" and not named else args[-1:]
            held += (
                _layers(args[-1:]) if name == "extend" else [one for one in several if one != Signal(())]
            )  # an input
            if isinstance(owner, Instance) and name == "add_module" and isinstance(args[0], str):
                owner.parts[args[0]] = args[-1]
            return None
        if name in QUIET:
            return owner
        if name in RUNS or name == "apply":
            return self.meant(owner, args, named, node)
        if any(isinstance(one, Signal) for one in flat((*args, *named.values()))):
            raise beyond(node)
        return Unsaid(ast.unparse(node))

    def inherited(self, owner: Instance, name: str, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """``super().__init__(…)`` and ``super().forward(x)``."""
        if owner.kind is None:
            return None
        for base in owner.kind.bases:
            other = owner.kind.scope.get(base)
            if isinstance(other, Class) and name in other.methods:
                return self.applied(Function(other.methods[name], other.scope, owner), args, named, node)
            if base.lower() in ROWS and name == "__init__":
                owner.row += _layers(args)
            elif base.lower() in ROWS and name in RUNS:
                return self.meant(Row(owner.row), args, named, node)
        return None

    def function(
        self, called: Name, given: list[Signal], args: tuple[Any, ...], named: dict[str, Any], node: ast.AST
    ) -> Any:
        """A function of another library on values of the net."""
        low = called.base.lower()
        if low == "model":
            named = {**args[0], **named} if args and isinstance(args[0], dict) else named  # of JavaScript
            outputs = named.get("outputs", args[1] if len(args) > 1 else named.get("output"))
            ends = [one for one in flat((outputs,)) if isinstance(one, Signal)]
            if not ends:
                raise beyond(node)
            self.flow = self.results(ends)
            return Net(self.flow.chain)
        if low in SUMS:
            named_ = [Signal(()) if self.enters(one) else one for one in flat(args)]
            given = [one for one in named_ if isinstance(one, Signal)]
            args = tuple(given) + tuple(one for one in flat(args) if isinstance(one, int | str))
            if any(not isinstance(one, Signal | int | str) for one in flat(args)):
                raise beyond(node)
            axis = next((one for one in args if isinstance(one, int)), named.get("dim", named.get("axis")))
            self.along(given, axis, low, node)
            return self.joined(given, SUMS[low])
        if low in ("print", "len", "super"):
            return None
        rest = tuple(one for one in args if not isinstance(one, Signal))
        others = {key: value for key, value in named.items() if not isinstance(value, Signal)}
        if len(given) != 1 or any(
            isinstance(one, tuple | list) and any(isinstance(x, Signal) for x in one) for one in rest
        ):
            raise beyond(node)
        return self.reshaped(given[0], called.path, rest, others, node)


def _layers(given: Iterable[Any]) -> list[Any]:
    """Layers among what is given: lists, dictionaries, pairs of a name and a layer."""
    return [one for one in opened(given, _held) if isinstance(one, LAYERS)]


def _held(one: Any) -> Iterable[Any] | None:
    """What is in a list of layers; of a pair its second."""
    if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str):
        return one[1:]
    return one.values() if isinstance(one, dict) else listed(one)


def _takes_self(function: Function) -> bool:
    arguments = function.node.args.args
    return bool(arguments) and arguments[0].arg == "self"
