"""Memory by layer in a training step: predicted, and measured by ``tracemalloc``, which knows of NumPy's arrays."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from paribus.scratch import svg
from paribus.scratch.graph import Array, Primitive, primitive
from paribus.scratch.memory.checkpoint import Checkpointed, Plan, moment, replayed
from paribus.scratch.memory.costs import Cost, Loss, costs
from paribus.scratch.memory.plan import peak, plain
from paribus.scratch.nn.container import Sequential


@dataclass(frozen=True)
class Profile:
    """One training step: a row of predicted costs for each layer, what was measured, and the course of the memory."""

    rows: list[Cost]
    held: list[int]  # measured: by how much the memory grew while each layer ran forward; 0 where it shrank
    predicted: int
    measured: int
    course: list[tuple[str, int]]  # bytes after every layer, forward and backward

    def table(self) -> str:
        """As text: all numbers in kB."""
        head = f"{'layer':<44}{'parameters':>12}{'held: predicted':>17}{'measured':>10}"
        lines = [
            f"{row.layer[:43]:<44}{row.parameters / 1e3:>12,.1f}{row.held / 1e3:>17,.1f}{held / 1e3:>10,.1f}"
            for row, held in zip(self.rows, self.held, strict=True)
        ]
        total = f"{'highest point of the step':<44}{'':>12}{self.predicted / 1e3:>17,.1f}{self.measured / 1e3:>10,.1f}"
        return "\n".join([head, *lines, total])

    def picture(self) -> str:
        """The course of the memory through the step, as SVG."""
        points = [(float(i), size / 1e6) for i, (_, size) in enumerate(self.course)]
        limit = [(0.0, self.predicted / 1e6), (float(len(points) - 1), self.predicted / 1e6)]
        lines = {"measured": points, "predicted peak": limit}
        return svg.chart(lines, "Memory of one training step", "layers forward, then backward", "MB")


def profile(net: Sequential, loss: Loss, x: Array, y: Array, plan: Plan | None = None) -> Profile:
    """Predict a step of ``net`` on the batch (x, y), then take it and measure; afterwards no gradients are left."""
    rows, chosen = costs(net, loss, x, y), plan or plain(len(net))
    course, highest = _measure(net, loss, x, y, chosen)
    forward = [size for _, size in course[: len(rows)]]
    held = [max(0, b - a) for a, b in zip([0, *forward], forward, strict=False)]
    return Profile(rows, held, peak(rows, chosen), highest, course)


def measured_peak(step: Callable[[], object]) -> int:
    """Bytes that were allocated at the highest point of ``step``, beyond those before it."""
    with traced():
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step()
        return tracemalloc.get_traced_memory()[1] - before


def _measure(net: Sequential, loss: Loss, x: Array, y: Array, plan: Plan) -> tuple[list[tuple[str, int]], int]:
    """The memory after each layer, by probes between the layers, and its highest point."""
    course: list[tuple[str, int]] = []
    with replayed(net, moment(net)), traced():
        before = tracemalloc.get_traced_memory()[0]

        def note(label: str) -> None:
            course.append((label, tracemalloc.get_traced_memory()[0] - before))

        probed = Checkpointed(Sequential(*(_Probed(layer, note) for layer in net)), plan)
        tracemalloc.reset_peak()
        value = loss(probed(x), y)
        note("loss")
        value.backward()
        note("end")
        highest = tracemalloc.get_traced_memory()[1] - before
    for parameter in net.parameters():
        parameter.grad = None
    return course, highest


class _Probed(Sequential):
    """A layer that reports when it has run; only its first run counts as forward."""

    def __init__(self, layer: Any, note: Callable[[str], None]) -> None:
        super().__init__(layer)
        self.note, self.ran = note, False

    def forward(self, x: Any) -> Any:
        """Run, report, and report again in the backward pass."""
        y = watch(self.layers[0](x), note=lambda: self.note(f"backward {self.layers[0]!r}"))
        if not self.ran:
            self.note(repr(self.layers[0]))
        self.ran = True
        return y


def _watched(g: Any, y: Any, x: Any, note: Callable[[], None]) -> Any:
    note()
    return g


watch: Primitive = primitive("watch", lambda x, note: x, _watched)  # changes nothing, sees the gradient pass


@contextmanager
def traced() -> Iterator[None]:
    """Trace allocations for the length of a block; a trace that is already running goes on."""
    ours = not tracemalloc.is_tracing()
    if ours:
        tracemalloc.start(1)
    try:
        yield
    finally:
        if ours:
            tracemalloc.stop()
