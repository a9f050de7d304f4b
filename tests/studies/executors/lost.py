"""Runs that lose their place while they train: what tests of several clusters share."""

from __future__ import annotations

from dataclasses import replace

from paribus.records.run import RunFolder
from paribus.testing.executors import LONG, QUICK, Record, plan, recipe
from paribus.training.loop import train

OFTEN = replace(QUICK, checkpoint_seconds=0.2)


def alone(folder, job):
    """The hash of the weights of the same run, trained here."""
    return train(RunFolder(folder), job.recipe, job.seed, QUICK).weights_sha256


def long_job(folder):
    """A run of more than a second that is saved five times a second."""
    [job] = plan(folder, recipe(LONG))
    return replace(job, settings=OFTEN)


def when_saved(job, act):
    """A record that acts once, as soon as a job can go on from a checkpoint."""
    done = []

    def listen(event):
        record(event)
        if not done and event.kind == "progress" and list(job.folder.checkpoints.glob("step-*.json")):
            done.append(act())

    record = Record()
    return record, listen
