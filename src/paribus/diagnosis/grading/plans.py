"""How a fault gets into a host: fields of the recipe that change, and examples that are spoiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.diagnosis.grading.host import Host


@dataclass(frozen=True)
class Plan:
    """One fault in one host, in one severity.

    Args:
        changes: dotted field → value.
        spoil: name and level of what is done to the examples; empty for nothing.
        twin: what the sound twin has, too, where the fault needs something that the host has not.
        metric: the figure by which harm is judged, where the host's own does not show it.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    spoil: tuple[str, float] | None = None
    twin: Mapping[str, Any] = field(default_factory=dict)
    metric: str = ""

    @property
    def planted(self) -> Mapping[str, Any]:
        """All that differs from the host; what is changed as a whole takes none of the twin's options."""
        kept = {name: value for name, value in self.twin.items() if name.partition(".")[0] not in self.changes}
        return {**kept, **self.changes}


Plant = Callable[[Host, float], Plan]


def spoiled(name: str, metric: str = "") -> Plant:
    """Examples that are spoiled in this way."""
    return lambda host, level: Plan(spoil=(name, level), metric=metric)


def assembled(plan: int, **inner: Any) -> Plant:
    """The host's network, put together by somebody's own plan; ``inner`` options are those of the twin, too."""

    def plant(host: Host, level: float) -> Plan:
        options = {**host.recipe["model"], **inner}
        core = options.pop("use")
        own = {"use": "assembled", "core": core, "inner": options}
        twin = {f"model.{name}": value for name, value in inner.items()}
        return Plan({"model": {**own, "plan": plan, "value": level}}, twin=twin)

    return plant


def normalised(plan: int) -> Plant:
    """The same with batch norm, which resnets and U-Nets have anyway."""
    with_norm = assembled(plan, norm="batch")
    return lambda host, level: with_norm(host, level) if host.model in ("mlp", "cnn") else assembled(plan)(host, level)


def rate(host: Host, level: float) -> Plan:
    """The learning rate times a factor."""
    return Plan({"optimizer.lr": host.lr * level})


def lower_rate(host: Host, level: float) -> Plan:
    """The learning rate divided by a factor."""
    return Plan({"optimizer.lr": host.lr / level})


def fewer_epochs(host: Host, level: float) -> Plan:
    """The training divided by a number, in steps where it is shorter than an epoch."""
    steps = host.steps / level
    return Plan({"budget.steps": max(1, round(steps))})


def deep(host: Host, level: float) -> Plan:
    """So many sigmoid layers one upon the other, without norm or skips."""
    layers = round(level)
    width = {"mlp": 32, "numbers": 32}.get(host.family, 0)
    if width:
        return Plan({"model.widths": [width] * layers, "model.activation": "sigmoid", "model.norm": "none"})
    if host.family == "cnn":
        return Plan({"model.depth": layers // 2, "model.activation": "sigmoid", "model.norm": "none"})
    if host.family == "resnet":
        changes = {"model.blocks": [layers // 4, layers // 4], "model.skips": False}
        return Plan({**changes, "model.activation": "sigmoid", "model.norm": "none"})
    return Plan({"model.convolutions": max(2, layers // 5), "model.activation": "sigmoid", "model.norm": "none"})


def loss_form(form: int) -> Plant:
    """A loss of somebody's own, times the level."""
    tasks = {"numbers": "numbered"}
    return lambda host, level: Plan({"task": {"use": tasks.get(host.family, "named"), "form": form, "value": level}})


def squared(host: Host, level: float) -> Plan:
    """Squared error of probabilities, of raw outputs, or of a sigmoid of each."""
    return Plan({"task": {"use": "named", "form": round(level)}})


def raw(host: Host, level: float) -> Plan:
    """Inputs as they are stored, times the level; of series in their own unit."""
    if host.family == "forecast":
        return Plan({"data.scale": "none"})
    return assembled(8)(host, level)


def batch_of(host: Host, level: float) -> Plan:
    """So few examples in a batch; the learning rate stays."""
    return Plan({"training.batch_size": round(level)})


def batch_with_norm(host: Host, level: float) -> Plan:
    """The same where there is batch norm."""
    twin = {"model.norm": "batch"} if host.model in ("mlp", "cnn") else {}
    return Plan({"training.batch_size": round(level)}, twin=twin)


def large_batch(host: Host, level: float) -> Plan:
    """A share of all examples in one batch; the learning rate and the epochs stay."""
    if host.examples is None:
        return Plan({"training.batch_size": round(level * 1000)})
    return Plan({"training.batch_size": max(1, int(level * len(host.examples().targets)))})


def one_class(host: Host, level: float) -> Plan:
    """Batches that hold examples of one class, so many."""
    twin = {"model.norm": "batch"} if host.model in ("mlp", "cnn") else {}
    size = {"training.batch_size": round(level)}
    return Plan({**size, "data.use": "ordered", "data.together": round(level)}, twin={**twin, **size})


def regularised(host: Host, level: float) -> Plan:
    """Weight decay, and dropout where the network has some: .1 and .8 at a level of 1."""
    dropout = {} if host.family in ("resnet", "gan") else {"model.dropout": min(0.95, 0.7 + 0.1 * level)}
    if host.family == "resnet":
        dropout = {"model.dropout": min(0.95, 0.7 + 0.1 * level)}
    return Plan({"optimizer.weight_decay": 0.1 * level, **dropout})


def sparse(host: Host, level: float) -> Plan:
    """A penalty on the sizes of the weights."""
    return Plan({"training.l1": level})


def few_examples(host: Host, level: float) -> Plan:
    """A share of the examples, as many steps, and nothing against learning them by heart."""
    assert host.examples is not None
    left = max(round(level * len(host.examples().targets)), 2 * len(host.examples().classes), 12)
    size = min(host.batch_size, max(2, left // 2))
    free = {"optimizer.weight_decay": 0.0, **({"model.dropout": 0.0} if "dropout" in host.recipe["model"] else {})}
    changes = {"training.batch_size": size, "budget.epochs": max(1, host.steps // -(-left // size)), "augment": {}}
    return Plan({**changes, **free}, spoil=("reduced", level))


def narrow(host: Host, level: float) -> Plan:
    """Hidden layers of so many units."""
    units = round(level)
    if host.family in ("mlp", "cnn", "numbers"):
        widths = {"model.widths": [units] * len(host.recipe["model"]["widths"])}
        return Plan({**widths, **({"model.hidden": [units]} if "hidden" in host.recipe["model"] else {})})
    return Plan({"model.width": units / 64 if host.family == "resnet" else units})


def swapped(host: Host, level: float) -> Plan:
    """Another optimizer, with the learning rate of the first one."""
    adaptive = host.recipe["optimizer"]["use"] != "sgd"
    names = ("sgd", "sgd", "adagrad") if adaptive else ("adam", "rmsprop", "adamax")
    options: dict[str, Any] = {"use": names[round(level) - 1], "lr": host.lr}
    return Plan({"optimizer": {**options, "momentum": 0.0} if adaptive and level < 2 else options})


def clipped(host: Host, level: float) -> Plan:
    """The gradient is cut to this norm."""
    return Plan({"training.clip_norm": level})


def impatient(host: Host, level: float) -> Plan:
    """Training ends behind the first epoch that is not better by so much of the figure."""
    metric = "val/loss" if host.family != "gan" else host.figure.metric
    rule = {"use": "patience", "metric": metric, "patience": 1, "min_delta": level, "restore": False}
    return Plan({"stopping": rule})


def recurrence(host: Host, level: float) -> Plan:
    """A plain recurrent network whose state is multiplied by this in the beginning, and no clipping."""
    options = {name: value for name, value in host.recipe["model"].items() if name in ("width", "embedding")}
    own = {"use": "assembled", "core": "rnn", "inner": options, "plan": 11, "value": level}
    return Plan({"model": own, "training.clip_norm": None}, twin={"model": {"use": "rnn", **options}})


def stage_rate(stage: str) -> Plant:
    """The learning rate of one of two networks, times a factor."""
    return lambda host, level: Plan({f"optimizers.{stage}.lr": host.lr * level})


def collapsing(host: Host, level: float) -> Plan:
    """A generator that runs ahead, and no penalty that keeps the discriminator smooth."""
    return Plan({"optimizers.generator.lr": host.lr * level, "task.r1": 0.0, "training.ema": None})


def columns(host: Host, level: float) -> Plan:
    """The sequence runs over the columns; the past is so many steps."""
    length = {"data.length": round(level)}
    return Plan({"model.axis": "features", **length}, twin=length)


def drifting(host: Host, level: float) -> Plan:
    """A series that rises by so much every hour."""
    return Plan({"data.trend": level})


def leaking(host: Host, level: float) -> Plan:
    """A second column that is so many hours ahead."""
    data = {name: host.recipe["data"][name] for name in ("steps", "length", "horizon")}
    own = {"use": "metered", **data, "noise": host.recipe["data"].get("noise", 1.0)}
    return Plan({"data": {**own, "lead": round(level)}}, twin={"data": own})
