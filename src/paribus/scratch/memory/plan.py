"""Where to put checkpoints: every √n layers, or as few as a budget of bytes allows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import isqrt

from paribus.scratch.errors import BudgetError
from paribus.scratch.memory.checkpoint import Plan, Segment
from paribus.scratch.memory.costs import Cost


def plain(layers: int) -> Plan:
    """Hold everything."""
    return (Segment(0, layers, again=False),)


def root(layers: int) -> Plan:
    """√n segments of √n layers: √n inputs are held, and √n layers are alive at a time (Chen et al. 2016, section 4.1).

    The last segment is held: its backward pass follows at once.
    """
    size = isqrt(layers - 1) + 1
    starts = range(0, layers, size)
    return tuple(Segment(start, min(start + size, layers), again=start != starts[-1]) for start in starts)


def peak(costs: Sequence[Cost], plan: Plan) -> int:
    """Largest number of bytes that a step holds at once, beyond parameters and data: a walk through the backward pass.

    Before it starts, all kept results are there. Then, segment by segment from the end, come the results computed
    again, the gradients in passing, and the gradients of the parameters, which stay.
    """
    *layers, last = costs
    kept = last.held + sum(_kept(layers, segment) for segment in plan)
    highest, gradients = kept + last.passing, 0
    for segment in reversed(plan):
        inner = _inner(layers[segment.start : segment.stop]) if segment.again else 0
        for cost in reversed(layers[segment.start : segment.stop]):
            gradients += cost.parameters
            highest = max(highest, kept + inner + cost.passing + gradients)
    return highest


def work(costs: Sequence[Cost], plan: Plan) -> int:
    """Bytes that are computed twice: the price of a plan."""
    return sum(cost.held for s in plan if s.again for cost in costs[s.start : s.stop])


def budgeted(costs: Sequence[Cost], budget: int) -> Plan:
    """The plan with the least work whose predicted peak is within ``budget`` bytes.

    Tried are all plans that recompute the first layers, in any number of segments of about equal size, and hold the
    rest: results at the end are used first and soonest freed.
    """
    plans = [plan for plan in _candidates(costs[:-1]) if peak(costs, plan) <= budget]
    if not plans:
        rule = f"no plan needs less than {peak(costs, smallest(costs)):,} bytes, and {budget:,} were granted"
        raise BudgetError(f"{rule}: grant more, or work off the batch in smaller portions (fit(..., micro=n))")
    return min(plans, key=lambda plan: (work(costs, plan), peak(costs, plan)))


def smallest(costs: Sequence[Cost]) -> Plan:
    """The plan with the lowest predicted peak, whatever the work."""
    return min(_candidates(costs[:-1]), key=lambda plan: peak(costs, plan))


def _candidates(layers: Sequence[Cost]) -> list[Plan]:
    n = len(layers)
    found = [plain(n)]
    for first in range(1, n):
        for count in range(1, first + 1):
            found.append((*_even(layers[:first], count), Segment(first, n, again=False)))
    return found


def _even(layers: Sequence[Cost], count: int) -> Plan:
    """Up to ``count`` segments that hold about equally many bytes each."""
    sums = list(accumulate(cost.held for cost in layers))
    middles = [end - cost.held // 2 for end, cost in zip(sums, layers, strict=True)]
    group = [min(count - 1, count * middle // max(1, sums[-1])) for middle in middles]
    starts = [i for i in range(len(layers)) if i == 0 or group[i] != group[i - 1]]
    return tuple(Segment(a, b, again=True) for a, b in zip(starts, [*starts[1:], len(layers)], strict=True))


def _inner(layers: Sequence[Cost]) -> int:
    """What a segment holds once it has been computed again, and the gradient that came to it."""
    return sum(cost.held for cost in layers) + layers[-1].output


def _kept(layers: Sequence[Cost], segment: Segment) -> int:
    inside = layers[segment.start : segment.stop]
    return inside[-1].output if segment.again else sum(cost.held for cost in inside)
