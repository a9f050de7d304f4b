"""What ``print(model)`` shows, as layers in the notation: a tree of modules, in the order in which they were made.

What runs between them is not printed. Blocks whose code everybody shares, torch's encoder layer and torchvision's
residual blocks, are read as that code; a pooling in a module's own code follows from the features that a layer takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from paribus.errors import TheoryError
from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.spellings import is_activation, kind_of

HEAD = re.compile(r"\s*(?:\(([\w-]+)\): )?(?:(\d+) x )?([A-Za-z_][\w.]*)\((.*)")
FIRST = re.compile(r"\s*\w+\(\s*\n\s*\([\w-]+\): ")
BESIDE = re.compile(r"(?i)downsample|shortcut|skip|residual|branch")
RESIDUAL = re.compile(r"(?i)basicblock|bottleneck|res(?:idual|net)?_?block")
ENCODED = {"self_attn", "linear1", "linear2", "norm1", "norm2"}
MOST = 6  # convolutions behind which a pooling may stand
POOL = "MaxPool2d(2)"


@dataclass
class Module:
    """A line of the tree, and what stands below it."""

    key: str
    name: str
    inside: str = ""
    times: int = 1
    parts: list[Module] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.name}({self.inside})"

    @property
    def kind(self) -> str:
        """The kind of its layer, of a line without others below it."""
        return "" if self.parts else kind_of(self.name)


def printed(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Readings of a printed module in the notation, the likeliest first, with what to say; nothing for other texts.

    Raises:
        TheoryError: where the names tell that the layers do not run one after the other.
    """
    if not FIRST.match(text):
        return
    tree, said = _tree(text), list[str]()
    if tree is None:
        return
    items = _items(tree, said)
    yield ", ".join(items), tuple(said)
    yield from _pooled(items, tuple(said))


def _tree(text: str) -> Module | None:
    """The tree of a text; None where its lines do not open and close as they do in print."""
    open_ = [Module("", "Sequential")]
    for line in text.strip().splitlines():
        if not line.strip() or line.strip() == ")":
            if line.strip() and len(open_) > 1:
                open_.pop()
            continue
        found = HEAD.fullmatch(line.rstrip())
        if found is None:
            return None
        key, times, name, inside = found.groups()
        module = Module(key or "", name.rpartition(".")[2], "", int(times or 1))
        open_[-1].parts.append(module)
        if inside.endswith(")"):
            module.inside = inside[:-1]
        else:
            open_.append(module)
    return open_[0]


def _items(module: Module, said: list[str]) -> list[str]:
    """The layers of a module in the notation."""
    keys = {part.key for part in module.parts}
    if keys >= ENCODED:
        found = [_encoder(module, said)]
    elif module.name in ("MultiheadAttention", "MultiHeadAttention") and module.parts:
        found = [f"attention{'' if 'bias=True' in module.parts[0].inside else ' nobias'}"]
        _say(said, "how many heads is not printed: it changes no size and no number of parameters")
    elif (beside := [part for part in module.parts if BESIDE.search(part.key)]) or RESIDUAL.search(module.name):
        found = _residual(module, beside, said)
    elif module.parts:
        found = _row(module.parts, said)
    else:
        found = [] if re.search(r"Sequential|ModuleList|Loss$", module.name) else [str(module)]
    return [f"[{', '.join(found)}] x{module.times}"] if module.times > 1 and found else found


def _row(parts: list[Module], said: list[str]) -> list[str]:
    """Parts one after the other, with what their kinds need between them."""
    found = list[str]()
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        found += _items(part, said)
        ahead = [one.kind for one in _leaves(parts[parts.index(part) + 1 :]) if one.kind != "dropout"]
        if part.kind in CELLS and following is not None and ahead[:1] == ["linear"]:
            found.append("last")
            _say(said, "what goes on from a recurrent layer is not printed: the last step was taken")
        if part.kind == "embedding" and following is not None and following.name == "Conv1d":
            found.append("transpose")
            _say(said, "steps come before channels behind an embedding: transpose was put between")
    return found


def _leaves(parts: list[Module]) -> Iterator[Module]:
    """The layers of parts in their order, also those inside containers."""
    for part in parts:
        yield from _leaves(part.parts) if part.parts else (part,)


def _say(said: list[str], words: str) -> None:
    if words not in said:
        said.append(words)


def _encoder(module: Module, said: list[str]) -> str:
    """torch's encoder layer."""
    by = {part.key: part for part in module.parts}
    sizes = {name: re.search(rf"{name}=(\d+)", by["linear1"].inside) for name in ("in_features", "out_features")}
    width, inner = (found[1] if found else "0" for found in sizes.values())
    _say(said, "how many heads is not printed: it changes no size and no number of parameters")
    return f"nn.TransformerEncoderLayer({width}, 1, {inner})"


def _residual(module: Module, beside: list[Module], said: list[str]) -> list[str]:
    """A block of ResNet: its convolutions with norms, relu between them, and what stands beside added before the last.

    Raises:
        TheoryError: for blocks of other parts.
    """
    main = [part for part in module.parts if part not in beside and not is_activation(part.kind)]
    phi = next((str(part) for part in module.parts if is_activation(part.kind)), "relu")
    kinds = [part.kind for part in main]
    known = RESIDUAL.search(module.name) and len(beside) < 2 and kinds in (["conv", "bn"] * 2, ["conv", "bn"] * 3)
    if not known:
        hint = "give the module itself: --plugin FILE.py NAME"
        got = f"({beside[0].key}):" if beside else f"{module.name}("
        raise TheoryError("a printed module does not say how its branches meet", got=got, hint=hint)
    _say(said, f"a {module.name} is read as torchvision's: what stands beside is added before its last {kind_of(phi)}")
    pairs = [f"{conv}, {norm}" for conv, norm in zip(main[::2], main[1::2], strict=True)]
    other = ", ".join(_items(beside[0], said)) if beside else ""
    return [f"[{f', {phi}, '.join(pairs)} | {other or 'id'}]", phi]


def _pooled(items: list[str], said: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The layers with a pooling of the module's own code behind convolutions, behind as many as possible first."""
    pools = [item for item in items if kind_of(item.partition("(")[0]) in ("pool", "avgpool")]
    pool = pools[0] if len(pools) == 1 else POOL
    rest = [item for item in items if item not in pools] if len(pools) == 1 else items
    convs = [i for i, item in enumerate(rest) if re.match(r"Conv[12]d", item)]
    if not 0 < len(convs) <= MOST:
        return
    pool = pool.replace("2d", "1d") if rest[convs[0]].startswith("Conv1d") else pool
    again = (*said, f"what a module's own code pools is not printed: {pool} stands where the features fit only so")
    ends = [_end(rest, one) for one in convs]
    for many in range(len(convs), 0, -1):
        for chosen in combinations(ends[::-1], many):
            starts = [0, *sorted(chosen)]
            parts = [rest[a:b] for a, b in pairwise(starts)]
            yield ", ".join([item for part in parts for item in (*part, pool)] + rest[starts[-1] :]), again


def _end(items: list[str], at: int) -> int:
    """Where a convolution ends with the norm and the activation behind it."""
    at += 1
    while at < len(items) and (
        kind_of(items[at].partition("(")[0]) == "bn" or is_activation(items[at].partition("(")[0])
    ):
        at += 1
    return at
