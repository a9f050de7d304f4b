"""From what was typed and its shapes to an expression: axes, batches and sums over indices become products."""

from __future__ import annotations

from collections.abc import Callable

from paribus.errors import TheoryError
from paribus.theory.expressions import functions, powers, products
from paribus.theory.expressions.functions import last, norm_of, spread, summed, total
from paribus.theory.expressions.notation import ALONG, CONSTANTS, ENTRYWISE, REDUCED
from paribus.theory.expressions.raw import Raw
from paribus.theory.expressions.shapes import Inference
from paribus.theory.expressions.sizes import Open
from paribus.theory.expressions.stacks import einsum
from paribus.theory.expressions.sums import scalars
from paribus.theory.expressions.tokens import pointing
from paribus.theory.expressions.tree import BUILD, Expr, Shape, eye, length, name, number, ones, zeros

OWN = ("", "z", "yz", "xyz")  # letters of a node's own axes; those of sums are i, j, k …


class Lowering:
    """Builds expressions in normal form; a node within a sum over i has an axis for i in front of its own."""

    def __init__(self, inference: Inference, letters: dict[Open, str]) -> None:
        self.inference = inference
        self.letters = letters

    def shape(self, raw: Raw) -> Shape:
        """Its own axes."""
        return tuple(self.inference.unifier.close(dim, self.letters) for dim in self.inference.dims[raw])

    def labels(self, raw: Raw) -> str:
        """The indices that it depends on."""
        return "".join(self.inference.labels[raw])

    def build(self, raw: Raw) -> Expr:
        """The expression of a node."""
        if not raw.args:
            return self._leaf(raw)
        args = [self.build(arg) for arg in raw.args]
        if raw.op == "neg":
            return -args[0]
        if raw in self.inference.products:
            return self._product(raw, *args)
        if raw.op in ("+", "-", "*", "/", "**", "frac") or raw.op in ENTRYWISE:
            return self._entrywise(raw, args)
        if raw.op in ("@", "juxt", "dot", "matmul"):
            return self._product(raw, *args)
        if raw.op == "Σ":
            return self._sum(raw, args[0])
        if raw.op in REDUCED or raw.op == "‖":
            return self._reduced(raw, args[0])
        if raw.op == "at":
            return args[0]
        if self.labels(raw) and raw.op not in ("T", "^", "bars", "inner", "transpose"):
            rule = f"{raw.op} within a sum over {self.labels(raw)} is not read"
            raise pointing(rule, self.inference.text, raw.column, "write it with matrices: X @ w for all wᵀxᵢ")
        if raw.op in ALONG:
            return self._along(raw, args[0])
        return FUNCTIONS[raw.op](self, raw, args)

    def _leaf(self, raw: Raw) -> Expr:
        shape = self.shape(raw)
        if raw.op == "number":
            return number(raw.value)
        if raw.op == "entry":
            stem = raw.value[0]
            closed = tuple(self.inference.unifier.close(dim, self.letters) for dim in self.inference.names[stem])
            return name(stem, closed)
        if raw.op == "name":
            return self._name(raw, shape)
        filled: dict[str, Callable[[], Expr]] = {
            "ones": lambda: ones(shape),
            "zeros": lambda: zeros(shape),
            "eye": lambda: eye(shape[0]),
            "tril": lambda: Expr("tril", shape=shape),
            "K": lambda: products.commutation(*raw.value),
        }
        return filled[raw.op]()

    def _name(self, raw: Raw, shape: Shape) -> Expr:
        if raw.value in self.inference.names:
            return name(raw.value, shape)
        if raw.value in self.inference.constants:
            return CONSTANTS[raw.value]
        if self.inference.is_size(raw.value):
            return length(raw.value)
        return ones(shape) if raw.value == "𝟏" else eye(shape[0])

    def _entrywise(self, raw: Raw, args: list[Expr], op: str = "") -> Expr:
        build = OPERATORS.get(op or raw.op) or ENTRYWISE[raw.op][1]
        if raw.op == "heaviside" and dict(raw.value or ()).get("half"):
            build = BUILD["touch"]
        labels = self.labels(raw)
        if not labels and (inside := _matrices(args)):
            return products.vec(build(*inside))  # the columns of both below each other
        if not labels:
            shapes = [arg.shape for arg in args]
            if len({*shapes} - {()}) > 1:
                args = [spread(arg, _common(shapes)) for arg in args]
            return build(*args)
        rank = max(len(self.shape(arg)) for arg in raw.args)
        wanted = labels + OWN[rank]
        return build(
            *(self._aligned(node, arg, raw.args, args, wanted) for node, arg in zip(raw.args, args, strict=True))
        )

    def _aligned(self, node: Raw, arg: Expr, nodes: tuple[Raw, ...], args: list[Expr], wanted: str) -> Expr:
        """An operand with an axis for every letter; those that it lacks are filled with copies."""
        have = self._letters(node)
        if not have or have == wanted:
            return arg
        sizes = {
            letter: size
            for one, made in zip(nodes, args, strict=True)
            for letter, size in zip(self._letters(one), made.shape, strict=False)
        }
        missing = [letter for letter in wanted if letter not in have]
        return einsum(((have, *missing), wanted), arg, *(ones((sizes[letter],)) for letter in missing))

    def _letters(self, raw: Raw) -> str:
        return self.labels(raw) + OWN[len(self.shape(raw))]

    def _product(self, raw: Raw, a: Expr, b: Expr) -> Expr:
        left, right = raw.args
        m, n = len(self.shape(left)), len(self.shape(right))
        if not m or not n:
            return self._entrywise(raw, [a, b], "*") if self.labels(raw) else a * b
        outer = m == n == 1 and len(self.shape(raw)) == 2
        if not self.labels(raw) and not self.shape(raw) and (inside := _matrices([a, b])):
            return functions.inner(*inside)
        if not self.labels(raw) and max(m, n) < 3:
            return products.outer(a, b) if outer else a @ b
        if max(m, n) > 2:
            one, other, made = _stacked(m, n)
        else:
            one, other = ("u", "w") if outer else ("uv"[2 - m :], "vw"[:n])
            made = "".join(letter for letter in one + other if letter != "v")
        first, second = self.labels(left), self.labels(right)
        return einsum(((first + one, second + other), self.labels(raw) + made), a, b)

    def _sum(self, raw: Raw, inside: Expr) -> Expr:
        labels, own = self.labels(raw.args[0]), OWN[len(self.shape(raw.args[0]))]
        out = self.labels(raw) + own
        absent = [one for one in raw.value if one not in labels]
        if absent:
            rule = f"nothing in this sum depends on {absent[0]}"
            raise pointing(rule, self.inference.text, raw.column, f"entries are written with it: x_{absent[0]}")
        return einsum(((labels + own,), out), inside) if inside.shape else inside

    def _reduced(self, raw: Raw, inside: Expr) -> Expr:
        options = dict(raw.value or ()) if raw.op != "‖" else {"ord": raw.value}
        labels, rank = self.labels(raw.args[0]), len(self.shape(raw.args[0]))
        axis = options.get("axis")
        if labels and rank:
            if rank > 1:
                raise pointing("within a sum over indices only vectors are read here", self.inference.text, raw.column)
            axis = -1
        if labels and not rank:
            return inside
        if axis is None:
            return _everything(raw.op, inside, options)
        found = _along_axis(raw.op, inside, axis % inside.rank, options)
        return self._kept(found, inside, axis % inside.rank) if options.get("keepdims") else found

    def _kept(self, found: Expr, inside: Expr, axis: int) -> Expr:
        """The sum with an axis of size 1 where it was taken."""
        if inside.rank == 1:
            return found * ones((1,))
        letters = "abcdef"[: inside.rank]
        return einsum(((letters.replace(letters[axis], ""), letters[axis]), letters), found, ones((1,)))

    def _along(self, raw: Raw, inside: Expr) -> Expr:
        axis = dict(raw.value or ()).get("axis")
        axis = inside.rank - 1 if axis is None else axis % inside.rank
        order = [*(i for i in range(inside.rank) if i != axis), axis]
        turned = _permuted(inside, order)
        found = LAST[raw.op](turned)
        return _permuted(found, [order.index(i) for i in range(inside.rank)])


def _matrices(args: list[Expr]) -> list[Expr]:
    """The matrices of which all arrays among the operands are the columns, one below the other; else nothing."""
    pairs = [scalars(arg) for arg in args]
    stacked = [inside.op == "vec" for _, inside in pairs if inside.shape]
    if not stacked or not all(stacked) or len({inside.args[0].shape for _, inside in pairs if inside.shape}) > 1:
        return []
    return [scale * inside.args[0] if inside.shape else scale * inside for scale, inside in pairs]


def _stacked(m: int, n: int) -> tuple[str, str, str]:
    """Letters of a product of stacks of matrices."""
    batch = "b"
    one = (batch if m > 2 else "") + "uv"
    other = (batch if n > 2 else "") + "vw"
    return one, other, batch + "uw"


def _common(shapes: list[Shape]) -> Shape:
    """The shape that all are repeated to."""
    rank = max(map(len, shapes))
    found: list[int | str] = [1] * rank
    for shape in shapes:
        for place, size in enumerate(shape, rank - len(shape)):
            found[place] = size if size != 1 else found[place]
    return tuple(found)


def _permuted(x: Expr, order: list[int]) -> Expr:
    letters = "abcdef"[: x.rank]
    return einsum(((letters,), "".join(letters[i] for i in order)), x) if order != sorted(order) else x


def _everything(op: str, x: Expr, options: dict[str, object]) -> Expr:
    """A reduction over all entries."""
    found = _all(op, x, options)
    return found * ones((1,) * x.rank) if options.get("keepdims") and x.shape else found


def _all(op: str, x: Expr, options: dict[str, object]) -> Expr:
    if op in ("norm", "‖"):
        return norm_of(x, options.get("ord"))  # type: ignore[arg-type]
    if op in ("var", "std"):
        count = BUILD["mul"](*map(length, x.shape)) - options.get("ddof", 0) if x.shape else number(1)  # type: ignore[operator]
        found = total((x - functions.mean(x)) ** 2) / count
        return functions.sqrt(found) if op == "std" else found
    return WHOLE[op](x)


def _along_axis(op: str, x: Expr, axis: int, options: dict[str, object]) -> Expr:
    """A reduction along one axis."""
    size = length(x.shape[axis])
    if x.rank == 1:
        return _all(op, x, options)
    if op == "sum":
        return summed(x, axis)
    if op == "mean":
        return summed(x, axis) / size
    if op in ("norm", "‖"):
        order = options.get("ord")
        if order in ("inf", "fro", "nuc"):
            raise TheoryError("along an axis the norms 1 and 2 are read", got=f"ord={order}")
        return summed(BUILD["abs"](x), axis) if order == 1 else functions.sqrt(summed(x**2, axis))
    if op in ("var", "std"):
        centred = x - _back(summed(x, axis) / size, x.shape, axis)
        found = summed(centred**2, axis) / (size - options.get("ddof", 0))  # type: ignore[operator]
        return functions.sqrt(found) if op == "std" else found
    if op == "logsumexp":
        return functions.logsumexp(_permuted(x, [*(i for i in range(x.rank) if i != axis), axis]))
    raise TheoryError(f"{op} is not read along an axis", got=op, hint="logsumexp(X, axis=1) is the smooth maximum")


def _back(found: Expr, shape: Shape, axis: int) -> Expr:
    """What was reduced, repeated along the axis again."""
    letters = "abcdef"[: len(shape)]
    return einsum(((letters.replace(letters[axis], ""), letters[axis]), letters), found, ones((shape[axis],)))


def _raised(lowering: Lowering, raw: Raw, args: list[Expr]) -> Expr:
    base, exponent = args
    if base == CONSTANTS["e"]:
        return BUILD["exp"](exponent)
    if raw in lowering.inference.powers and not lowering.labels(raw):
        return powers.matrix_power(base, exponent)
    return lowering._entrywise(raw, args, "**")


def _bars(lowering: Lowering, raw: Raw, args: list[Expr]) -> Expr:
    return functions.det(args[0]) if len(lowering.shape(raw.args[0])) == 2 else BUILD["abs"](args[0])


def _inner(lowering: Lowering, raw: Raw, args: list[Expr]) -> Expr:
    if not lowering.labels(raw):
        return functions.inner(*args)
    return lowering._product(raw, *args)


def _transposed(lowering: Lowering, raw: Raw, args: list[Expr]) -> Expr:
    return args[0] if lowering.labels(raw) and len(lowering.shape(raw)) < 2 else args[0].T


def _plainly(build: Callable[..., Expr]) -> Builder:
    """What needs only its operands."""
    return lambda lowering, raw, args: build(*args)


Builder = Callable[[Lowering, Raw, list[Expr]], Expr]
OPERATORS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "frac": lambda a, b: a / b,
    "**": lambda a, b: BUILD["exp"](b) if a == CONSTANTS["e"] else a**b,
}
WHOLE: dict[str, Callable[[Expr], Expr]] = {
    "sum": total, "mean": functions.mean, "logsumexp": functions.logsumexp, "prod": functions.product,
    "max": functions.largest, "min": lambda x: -functions.largest(-x),
}  # fmt: skip
LAST: dict[str, Callable[[Expr], Expr]] = {
    "softmax": functions.softmax,
    "log_softmax": lambda z: z - last(functions.logsumexp(z), z.shape),
    "cumsum": lambda x: (
        Expr("tril", shape=x.shape[-1:] * 2) @ x if x.rank == 1 else x @ Expr("tril", shape=x.shape[-1:] * 2).T
    ),
}
FUNCTIONS: dict[str, Builder] = {
    "T": _transposed, "transpose": _transposed, "^": _raised, "bars": _bars, "inner": _inner,
    "column": lambda low, raw, args: products.outer(args[0], ones((1,))),
    "row": lambda low, raw, args: products.outer(ones((1,)), args[0]),
    "solve": lambda low, raw, args: products.inv(args[0]) @ args[1],
    "matrix_power": _plainly(powers.matrix_power), "powers": _plainly(powers.powers),
    "einsum": lambda low, raw, args: einsum(raw.value, *args),
    "logabsdet": lambda low, raw, args: BUILD["log"](BUILD["abs"](functions.det(args[0]))),
    "tr": _plainly(functions.tr), "det": _plainly(functions.det), "logdet": _plainly(functions.logdet),
    "inv": _plainly(products.inv), "diag": _plainly(products.diag), "vec": _plainly(products.vec),
    "ravel": _plainly(lambda x: products.vec(x.T) if x.rank == 2 else x),
    "u1": _plainly(BUILD["u1"]), "v1": _plainly(BUILD["v1"]), "polar": _plainly(BUILD["polar"]),
    "cosine_similarity": _plainly(lambda a, b: a @ b / (functions.norm(a) * functions.norm(b))),
    "len": _plainly(lambda x: length(x.shape[0])),
    "kron": _plainly(products.kron), "outer": _plainly(products.outer),
}  # fmt: skip
