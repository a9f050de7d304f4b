"""Frozen is frozen: parameters to the last bit, and the statistics of frozen norms."""

from __future__ import annotations

from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject
from paribus.models.weights import hash_of
from paribus.records.wording import count

SHOWN = 3  # tensors that are named


def frozen(subject: Subject) -> Verdict:
    """What the recipe freezes has the hash that it had before the first step.

    What is freed after some epochs is compared with the weights that were kept of epochs before that.
    """
    tensors = subject.began["frozen"]
    if not tensors:
        return kept("the recipe freezes nothing")
    epochs = subject.result.best_epoch if subject.result.stopped_early else subject.result.epochs
    still = {name: about for name, about in tensors.items() if about["until"] is None or about["until"] >= epochs}
    if not still:
        raise Unchecked("all that was frozen was freed again, and hashes are kept of the beginning and the end only")
    state = subject.weights
    moved = [name for name, about in still.items() if hash_of({name: state[name]})[:16] != about["sha256"]]
    if not moved:
        return kept(f"{count(len(still), 'frozen tensor')} are what they were before the first step")
    statistics = [name for name in moved if name.rpartition(".")[2] in STATISTICS]
    what = "statistics of a norm among them: it did not stay in evaluation mode" if statistics else "they were trained"
    return broken(
        f"{len(moved)} of {count(len(still), 'frozen tensor')} changed; {what}",
        "freeze whole layers by their name (model.freeze=backbone.*), and let no train() of your own switch them back",
        changed=", ".join(moved[:SHOWN]) + (", …" if len(moved) > SHOWN else ""),
    )


STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
