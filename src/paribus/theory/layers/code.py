"""Code of a net, as its layers and branches in the notation.

Assignments, a class with its ``forward``, and calls that feed one another are followed without being run: a value is
the chain of layers behind it. Where chains meet in a sum or a concatenation, the layers that both begin with stand
before the bracket, and what each has alone is a branch: ``id`` if that is nothing.
"""

from __future__ import annotations

import ast
import re
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count

from paribus.errors import TheoryError
from paribus.theory.layers.kinds import ACTIVATIONS
from paribus.theory.layers.spellings import CONTAINERS, kind_of

Chain = tuple[tuple[frozenset[int], str], ...]  # layers, each with a number of its own; a bracket with all it holds
GIVEN = {"x", "X", "inputs", "input", "inp", "img", "image", "images", "input_img", "h", "net", "features", "inputs_"}
RUNS = ("forward", "__call__", "call")
MAKES = ("__init__", "setup")
SUMS = {"add": "|", "concat": "&", "concatenate": "&", "cat": "&"}
MODES = {"training", "train", "deterministic", "use_running_average"}
FREE = {*ACTIVATIONS, "pool", "avgpool", "gap", "gmp", "dropout", "flatten", "up", "id"}  # hold no weights: used twice
HINT = "give the module itself, which is followed as it runs: --plugin FILE.py NAME"


def followed(text: str) -> str | None:
    """The net of a piece of code in the notation; None where the text is no code in which values flow.

    Raises:
        TheoryError: code that does more than feed layers into each other.
    """
    try:
        tree = ast.parse(re.sub(r"\b(\d+)x(\d+)\b", r"(\1, \2)", text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    code = Code()
    try:
        code.body(tree.body)
    except RecursionError:
        return None
    if code.flows and code.open is not None:
        raise code.beyond(code.open)
    if not code.flows and code.more and code.stack:
        return ", ".join(code.stack)
    return ", ".join(words for _, words in code.result) if code.flows else None


class Known(ast.NodeTransformer):
    """Names whose values the code says, replaced by them."""

    def __init__(self, said: dict[str, ast.expr]) -> None:
        self.said = said

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What the name stands for, or the name."""
        return self.said.get(node.id, node)


@dataclass
class Code:
    """What names stand for while the lines of a text are gone through."""

    values: dict[str, Chain] = field(default_factory=dict)
    layers: dict[str, ast.expr] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    said: dict[str, ast.expr] = field(default_factory=dict)  # numbers and words under a name
    stack: list[str] = field(default_factory=list)  # what ``model.add(…)`` put on each other, or a Sequential holds
    more: bool = False  # whether other lines stand around a stack
    open: ast.stmt | None = None  # a loop or a case: which of its layers run is not known
    used: set[str] = field(default_factory=set)
    result: Chain = ()
    flows: bool = False  # whether a layer was ever applied to a value

    def __post_init__(self) -> None:
        self.numbers = count()

    def body(self, lines: list[ast.stmt]) -> None:
        """Statements in their order."""
        for line in lines:
            self.line(line)

    def line(self, line: ast.stmt) -> None:
        """One statement: a class, a function, an assignment, a result."""
        if isinstance(line, ast.ClassDef):
            self.classes[line.name] = line
            if not _open(line):
                self.values, self.layers = {}, {}  # the last class is the net
                self.module(line)
        elif isinstance(line, ast.AnnAssign) and line.value is not None:
            self.said[ast.unparse(line.target)] = line.value
        elif isinstance(line, ast.FunctionDef):
            self.function(line, runs=True)
        elif isinstance(line, ast.Assign | ast.AugAssign):
            self.assign(line)
        elif isinstance(line, ast.Expr) and self.stacked(line.value):
            return
        elif isinstance(line, ast.Import | ast.ImportFrom):
            self.more = True
        elif isinstance(line, ast.Return | ast.Expr) and line.value is not None:
            found = self.value(line.value)
            if found is not None:
                self.result = found
                if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
                    self.values |= dict.fromkeys(GIVEN & self.values.keys(), found)  # one layer a line
            elif self.flows and (isinstance(line, ast.Return) or self.touches(line.value)):
                raise self.beyond(line)
        elif isinstance(line, ast.For | ast.While | ast.If | ast.With | ast.Try):
            self.open = line

    def module(self, line: ast.ClassDef, value: Chain = ()) -> None:
        """A class: what it makes, and then what it does with a value."""
        parts = {part.name: part for part in line.body if isinstance(part, ast.FunctionDef)}
        self.body([part for part in line.body if isinstance(part, ast.AnnAssign)])
        for name in (*MAKES, *RUNS):
            if name in parts:
                self.function(parts[name], runs=name in RUNS, value=value)

    def inside(self, call: ast.Call, value: Chain) -> Chain:
        """What a class of the text gives when it is made with some numbers and applied to a value."""
        line = self.classes[ast.unparse(call.func)]
        made = next((p for p in line.body if isinstance(p, ast.FunctionDef) and p.name in MAKES), None)
        names = [argument.arg for argument in made.args.args[1:]] if made else []
        given = dict(zip(names, call.args, strict=False)) | {key.arg: key.value for key in call.keywords if key.arg}
        others = {name: kind for name, kind in self.classes.items() if name != line.name}
        inner = Code(
            classes=others, said={name: Known(self.said).visit(deepcopy(node)) for name, node in given.items()}
        )
        inner.numbers, inner.flows = self.numbers, True
        inner.module(line, value)
        return inner.result

    def stacked(self, node: ast.expr) -> bool:
        """``model.add(layer)``, and lines that only say how it is trained or printed."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        if node.func.attr == "add" and len(node.args) == 1:
            self.stack.append(self.written(node.args[0]))
        elif node.func.attr in ("compile", "summary", "fit", "build", "to", "eval", "train", "__init__"):
            self.more = True
        else:
            return False
        return True

    def written(self, node: ast.expr) -> str:
        """A layer as it stands, its names replaced by what they stand for."""
        return ast.unparse(Known({**self.said, **self.layers}).visit(deepcopy(node)))

    def function(self, function: ast.FunctionDef, *, runs: bool, value: Chain = ()) -> None:
        """The lines of a function; what it takes is the input of the net."""
        if runs:
            names = [argument.arg for argument in function.args.args if argument.arg not in ("self", *MODES)]
            self.values |= {names[0]: value} if names else {}
        self.more = True
        for argument, default in zip(function.args.args[::-1], function.args.defaults[::-1], strict=False):
            self.said.setdefault(argument.arg, default)
        self.body(function.body)

    def assign(self, line: ast.Assign | ast.AugAssign) -> None:
        """A value or a layer under a name; of several values the first."""
        target = line.targets[0] if isinstance(line, ast.Assign) else line.target
        if isinstance(target, ast.Tuple):
            target = target.elts[0]
        found = self.value(line.value)
        if isinstance(line, ast.AugAssign):
            before = self.value(line.target)
            found = self.joined([before, found], "|") if before is not None and found is not None else None
        name = ast.unparse(target)
        if found is not None:
            self.values[name] = self.result = found
        elif self.touches(line.value):
            raise self.beyond(line)
        elif isinstance(line.value, ast.Constant):
            self.said[name] = line.value
        else:
            self.layers[name] = line.value
            inner = _unsent(line.value)
            base = ast.unparse(inner.func).rpartition(".")[2] if isinstance(inner, ast.Call) else ""
            self.more = self.more or (not kind_of(base) and base != "Sequential")
            if base == "Sequential" and isinstance(inner, ast.Call) and inner.args:
                self.stack = [self.written(inner)]

    def value(self, node: ast.expr) -> Chain | None:
        """The chain behind an expression; None if it is no value of the net."""
        if isinstance(node, ast.Name | ast.Attribute):
            name = ast.unparse(node)
            if name in GIVEN and not self.values and name not in self.layers:
                self.values[name] = ()  # what nobody made goes in
            return self.values.get(name)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [self.value(node.left), self.value(node.right)]
            return None if None in sides else self.joined([side for side in sides if side is not None], "|")
        if isinstance(node, ast.Subscript):
            return self.picked(node)
        if isinstance(node, ast.Call):
            return self.called(node)
        return None

    def called(self, node: ast.Call) -> Chain | None:
        """A layer applied to a value, a function of it, or a method."""
        base = ast.unparse(node.func).rpartition(".")[2]
        if base.lower() in CONTAINERS - {"add", "model"}:
            return None
        if base in ("Input", "InputLayer"):
            return ()
        found = [self.several(argument) for argument in node.args]
        given = [one for values in found for one in values]
        if base == "Model":
            named = [one for key in node.keywords if key.arg == "outputs" for one in self.several(key.value)]
            made = named or given
            return made[-1] if made else None
        layer = node.func if isinstance(node.func, ast.Call) else self.layers.get(ast.unparse(node.func))
        if layer is not None:
            name = "" if layer is node.func else ast.unparse(node.func)
            if not given and node.args and self.flows:
                raise self.beyond(node)
            return self.applied(layer, given, name) if given else None
        if base.lower() in SUMS and given:
            return self.joined(given, SUMS[base.lower()])
        inner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if inner is not None:
            return self.function_of(inner, base, node.args, node.keywords)
        if len(given) != 1 or not found[0]:
            return None
        return self.function_of(given[0], ast.unparse(node.func), node.args[1:], node.keywords)

    def several(self, node: ast.expr) -> list[Chain]:
        """The values among what is given, those of a list too."""
        nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        return [found for found in map(self.value, nodes) if found is not None]

    def applied(self, layer: ast.expr, given: list[Chain], name: str) -> Chain:
        """What a layer gives; one with weights only once, for its weights are counted once."""
        base = ast.unparse(layer.func).rpartition(".")[2] if isinstance(layer, ast.Call) else ""
        if base.lower() in SUMS:
            return self.joined(given, SUMS[base.lower()])
        if name and name in self.used and kind_of(base) not in FREE:
            raise TheoryError("a layer that is used twice shares its weights", got=name, hint=HINT)
        self.used.add(name)
        if base in self.classes and isinstance(layer, ast.Call):
            return self.inside(layer, given[0])
        return self.behind(given[0], self.written(layer))

    def function_of(
        self, value: Chain, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]
    ) -> Chain | None:
        """``F.max_pool2d(x, 2)``, ``x.view(-1, 400)``: the layer that does the same."""
        base, words = name.rpartition(".")[2], [ast.unparse(argument) for argument in arguments]
        axes = [keyword.value for keyword in keywords if keyword.arg in ("dim", "axis")] or arguments
        if base in ("size", "dim", "shape"):
            return None
        if base in ("contiguous", "float", "clone"):
            return value
        if base in ("view", "reshape"):
            sizes = words[0].strip("()").split(", ") if len(words) == 1 else words
            if len(sizes) == 2 and sizes[0] != sizes[1]:
                return self.behind(value, "flatten")
            if all(size.isdigit() for size in sizes[1:]):
                return self.behind(value, f"reshape {'x'.join(sizes[1:])}")
        if (base, words) in (("transpose", ["1", "2"]), ("permute", ["0", "2", "1"]), ("swapaxes", ["1", "2"])):
            return self.behind(value, "transpose")
        if base == "mean" and axes and re.sub(r"[\s()\[\]]", "", ast.unparse(axes[-1])) in ("2,3", "1,2", "-2,-1"):
            return self.behind(value, "gap, flatten")
        if kind_of(base) and kind_of(base) not in ("reshape", "transpose"):
            words = [self.written(argument) for argument in arguments]
            named = [ast.unparse(keyword) for keyword in keywords if keyword.arg not in MODES]
            return self.behind(value, f"{name}({', '.join([*words, *named])})")
        rule = "this step of the code is none of the layers that are known"
        raise TheoryError(rule, got=f"{name}({', '.join(words)})", hint=HINT)

    def picked(self, node: ast.Subscript) -> Chain | None:
        """``out[:, -1]`` is the last step, ``lstm(x)[0]`` what comes first of several."""
        value, at = self.value(node.value), re.sub(r"[\s()]", "", ast.unparse(node.slice))
        if value is None or at == "0":
            return value
        if at in (":,-1", ":,-1,:"):
            return self.behind(value, "last")
        raise TheoryError("this part of a value is none that is known", got=ast.unparse(node), hint=HINT)

    def joined(self, given: list[Chain], sign: str) -> Chain:
        """Chains that meet."""
        self.flows = True
        return joined(given, sign, next(self.numbers))

    def behind(self, value: Chain, words: str) -> Chain:
        """A chain and one more layer."""
        self.flows = True
        return behind(value, words, next(self.numbers))

    def touches(self, node: ast.AST) -> bool:
        """Whether a value goes into an expression, by more than its shape."""
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim"):
            return False
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("size", "dim", "print"):
            return False
        if isinstance(node, ast.Name):
            return node.id in self.values
        return any(map(self.touches, ast.iter_child_nodes(node)))

    def beyond(self, line: ast.AST) -> TheoryError:
        """A step that says which layers run only when it runs, or that is none of them."""
        rule = "this step of the code is none of the layers that are known, or a loop or case"
        return TheoryError(rule, got=ast.unparse(line).splitlines()[0], hint=HINT)


def _open(line: ast.ClassDef) -> list[ast.arg]:
    """What a class must be given to be made: those without a value of their own."""
    made = next((part for part in line.body if isinstance(part, ast.FunctionDef) and part.name in MAKES), None)
    return made.args.args[1 : len(made.args.args) - len(made.args.defaults)] if made else []


def _unsent(node: ast.expr) -> ast.expr:
    """``Sequential(…).to("cuda")`` without where it is sent."""
    sent = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)
    return node.func.value if sent and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node


def behind(value: Chain, words: str, number: int) -> Chain:
    """A chain and one more layer, under its number."""
    return (*value, (frozenset([number]), words))


def joined(given: list[Chain], sign: str, number: int) -> Chain:
    """Chains that meet: what they share, then a bracket with what each has alone."""
    shared = 0
    while all(len(chain) > shared and chain[shared] == given[0][shared] for chain in given):
        shared += 1
    branches = [", ".join(words for _, words in chain[shared:]) or "id" for chain in given]
    held = [frozenset[int]().union(*(numbers for numbers, _ in chain[shared:])) for chain in given]
    if sum(map(len, held)) > len(frozenset[int]().union(*held)):
        rule = "a layer goes into two branches that meet again, and brackets cannot say so"
        raise TheoryError(rule, got=f" {sign} ".join(branches), hint=HINT)
    return (*given[0][:shared], (frozenset([number]).union(*held), f"[{f' {sign} '.join(branches)}]"))
