"""Which finding is the root of which: causes first, what follows from them below, gravest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from paribus.diagnosis.causes import CAUSES
from paribus.diagnosis.finding import SEVERITIES, Finding

SYMPTOMS = frozenset(name for name, cause in CAUSES.items() if cause.kind == "symptom") - {"broke-off"}
POORLY_LEARNED = frozenset({"underfitting", "too-few-epochs", "lr-too-low"})
LABELS = frozenset({"labels-wrong", "class-twice", "class-thinned", "labels-permuted"})
"""What is told by how single classes are answered, which any other cause spoils as well."""
FITTED = frozenset({"overfitting", "underfitting"})
UNITS = frozenset({"dead-units", "saturated-units", "weights-zero"})

BALANCE = frozenset({"mode-collapse", "modes-not-covered", "lr-too-low", "too-few-epochs"})
STEPS = frozenset({"lr-too-high", "exploding-gradients"})
NORMS = frozenset({"batch-norm-frozen", "lr-too-high", "underfitting", "overfitting"})

FOLLOWS: Mapping[str, frozenset[str]] = {  # cause → what follows from it; symptoms follow from every cause
    "discriminator-wins": BALANCE,
    "discriminator-too-weak": BALANCE,
    "noisy-inputs": UNITS | POORLY_LEARNED | FITTED | LABELS,
    "capacity-too-small": UNITS | POORLY_LEARNED | {"lr-too-high", "symmetric-units", "initial-weights-zero"},
    "inputs-not-scaled": UNITS | POORLY_LEARNED | STEPS | {"initial-weights-too-large", "clipped-to-nothing"},
    "inputs-too-small": UNITS | POORLY_LEARNED | {"vanishing-gradients", "linear-network"},
    "wrong-axis": POORLY_LEARNED | {"no-skill", "hard-baseline"},
    "drift": POORLY_LEARNED,
    "linear-network": POORLY_LEARNED | {"initial-weights-too-large"},
    "initial-weights-zero": UNITS | POORLY_LEARNED | STEPS | {"symmetric-units", "vanishing-gradients"},
    "symmetric-units": UNITS | POORLY_LEARNED | STEPS | {"vanishing-gradients", "initial-weights-too-large"},
    "initial-weights-too-large": UNITS | POORLY_LEARNED | STEPS | {"overfitting", "clipped-to-nothing"},
    "summed-loss": UNITS | STEPS | {"underfitting", "squared-error-of-classes", "clipped-to-nothing"},
    "double-softmax": POORLY_LEARNED | {"cut-outputs", "squared-error-of-classes", "saturated-units"},
    "cut-outputs": UNITS | POORLY_LEARNED,
    "squared-error-of-classes": POORLY_LEARNED,
    "vanishing-gradients": UNITS | POORLY_LEARNED,
    "exploding-gradients": UNITS | {"lr-too-high", "underfitting"},
    "clipped-to-nothing": POORLY_LEARNED,
    "warm-up-never-left": POORLY_LEARNED,
    "stopped-too-early": POORLY_LEARNED,
    "batches-too-small": NORMS | UNITS | STEPS,
    "one-class-batches": NORMS | {"dead-units"},
    "batch-norm-frozen": frozenset({"overfitting"}) | LABELS,
    "over-regularised": UNITS | POORLY_LEARNED | {"lr-too-high"},
    "lr-too-high": UNITS | {"too-few-epochs", "underfitting", "overfitting", "batch-norm-frozen"},
    "dead-units": POORLY_LEARNED | {"saturated-units", "weights-zero", "vanishing-gradients", "linear-network"},
    "saturated-units": POORLY_LEARNED,
    "labels-permuted": UNITS | POORLY_LEARNED | STEPS | FITTED | LABELS | {"vanishing-gradients"},
    "lr-too-low": frozenset({"too-few-epochs", "underfitting"}),
    "too-few-epochs": frozenset({"underfitting"}),
    "class-thinned": frozenset({"labels-wrong", "overfitting"}),
    "class-twice": frozenset({"labels-wrong", "overfitting", "class-thinned"}),
    "labels-wrong": frozenset({"overfitting", "underfitting"}),
}

BUILT = frozenset({
    "double-softmax", "cut-outputs", "linear-network", "batch-norm-frozen", "one-class-batches", "symmetric-units",
    "initial-weights-zero", "initial-weights-too-large", "capacity-too-small", "inputs-not-scaled", "inputs-too-small",
    "wrong-axis", "batches-too-small", "vanishing-gradients", "over-regularised", "clipped-to-nothing", "lr-too-low",
    "warm-up-never-left", "stopped-too-early", "summed-loss",
})  # fmt: skip
"""What is built into a network, its batches or its steps: examples that say little of their targets bring none of it
about."""

UNTOLD = frozenset({"noisy-inputs", "labels-permuted"})
"""What is told by neighbours, which say as little of textures or waves: it comes behind what is built in."""

ORDER = tuple(FOLLOWS) + tuple(name for name in CAUSES if name not in FOLLOWS)
"""Of two causes as grave, the one that stands first is the likelier root."""


def ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Roots, gravest first, each with what follows from it among its consequences.

    A warning explains no fault: only what is as grave as its consequence, or graver, can be its root.
    """
    built = any(
        (one.cause in BUILT or one.given) and one.cause not in UNTOLD and one.severity == "fault" for one in findings
    )

    def place(one: Finding) -> tuple[int, bool, int]:
        later = one.cause in UNTOLD if built else not one.given
        return SEVERITIES.index(one.severity), later, ORDER.index(one.cause)

    order = sorted(findings, key=place)
    roots: list[Finding] = []
    for finding in order:
        root = next((at for at, known in enumerate(roots) if explains(known, finding)), None)
        if root is None:
            roots.append(finding)
        else:
            roots[root] = replace(roots[root], consequences=(*roots[root].consequences, finding))
    return tuple(roots)


def explains(root: Finding, other: Finding) -> bool:
    """Whether one finding follows from another."""
    if other.given:
        return False
    if other.cause in FOLLOWS.get(root.cause, ()) or (other.cause in LABELS and root.cause not in LABELS | FITTED):
        return True
    return other.cause in SYMPTOMS and root.cause not in SYMPTOMS and CAUSES[root.cause].kind == "cause"
