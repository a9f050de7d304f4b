"""Sizes that are not known yet, made equal by unification."""

from __future__ import annotations

from dataclasses import dataclass, field

from paribus.theory.expressions.tree import Size, times


@dataclass(frozen=True)
class Open:
    """A size that the expression has still to fix."""

    number: int


@dataclass(frozen=True)
class Product:
    """A product of sizes, as kron and vec make them."""

    left: Dim
    right: Dim


Dim = Size | Open | Product  # a number, a letter that the user chose, or one of the above
Dims = tuple[Dim, ...]

LETTERS = ("n", "m", "p", "q", "r", "s", "t", "u", "v", "k", "l", "h", "j", "b", "d", "g")


@dataclass
class Unifier:
    """What is known about the open sizes."""

    bound: dict[Open, Dim] = field(default_factory=dict)
    made: int = 0

    def fresh(self) -> Open:
        """A new open size."""
        self.made += 1
        return Open(self.made)

    def resolve(self, dim: Dim) -> Dim:
        """What a size is known to be."""
        while isinstance(dim, Open) and dim in self.bound:
            dim = self.bound[dim]
        if not isinstance(dim, Product):
            return dim
        left, right = self.resolve(dim.left), self.resolve(dim.right)
        closed = not isinstance(left, (Open, Product)) and not isinstance(right, (Open, Product))
        return times(left, right) if closed else Product(left, right)  # type: ignore[arg-type]

    def unify(self, a: Dim, b: Dim) -> bool:
        """Make two sizes equal, if that is possible."""
        a, b = self.resolve(a), self.resolve(b)
        if a == b:
            return True
        if isinstance(a, Open) or isinstance(b, Open):
            opened, other = (a, b) if isinstance(a, Open) else (b, a)
            assert isinstance(opened, Open)
            if opened in _inside(other):
                return False
            self.bound[opened] = other
            return True
        if isinstance(a, Product) and isinstance(b, Product):
            return self.unify(a.left, b.left) and self.unify(a.right, b.right)
        return False

    def letters(self, dims: list[Dim], taken: set[str]) -> dict[Open, str]:
        """Letters for the sizes that stay open: n if it is one, else m, n, p … in the order of appearance."""
        still = list(dict.fromkeys(size for dim in dims for size in _inside(self.resolve(dim))))
        free = [letter for letter in LETTERS if letter not in taken]
        free += [f"n{number}" for number in range(1, len(still) + 1)]
        if len(still) > 1 and free[:2] == ["n", "m"]:
            free[:2] = ["m", "n"]
        return dict(zip(still, free, strict=False))

    def close(self, dim: Dim, letters: dict[Open, str]) -> Size:
        """The size in numbers and letters."""
        dim = self.resolve(dim)
        if isinstance(dim, Product):
            return times(self.close(dim.left, letters), self.close(dim.right, letters))
        return letters.get(dim, "·") if isinstance(dim, Open) else dim


def _inside(dim: Dim) -> list[Open]:
    if isinstance(dim, Product):
        return _inside(dim.left) + _inside(dim.right)
    return [dim] if isinstance(dim, Open) else []
