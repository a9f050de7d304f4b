"""Where a training that was begun before goes on: behind its result, at its newest whole checkpoint, or anew.

What was trained before under another name, a twin, is taken over.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace

from paribus.errors import DamagedRecord, RunError, RunLocked
from paribus.models.weights import hash_of
from paribus.records.run import RunFolder, RunResult, copy_run
from paribus.training import checkpoints
from paribus.training.execution import Execution, Settings, is_as_asked
from paribus.training.session import FORMAT, Session

logger = logging.getLogger(__name__)


def finished(folder: RunFolder) -> RunResult | None:
    """The result, if there is one; what was interrupted just behind it is done now.

    Raises:
        DamagedRecord: if a file of the run is not what it was at its end.
    """
    if (result := folder.result) is None:
        return None
    folder.check_seal()
    status = folder.last_status()
    if status.state != "finished":
        folder.write_status(replace(status, state="finished", error="", epoch=result.epochs, step=result.steps))
    checkpoints.clear(folder.checkpoints)
    return result


def adopt(folder: RunFolder, twins: Sequence[RunFolder], settings: Settings) -> bool:
    """Take over the first finished run of the same recipe and seed that is sound and was carried out as is asked now.

    Returns:
        Whether there was one.
    """
    for twin in twins:
        try:
            if not is_as_asked(settings, twin.result.execution if twin.result else {}):
                continue
            check(twin)
        except DamagedRecord as error:
            logger.warning("%s is not taken over: %s", twin.path, error.rule)
            continue
        folder.refuse_links()
        try:
            with folder.lock() if folder.path.exists() else nullcontext():
                if folder.last_status().state == "new":
                    copy_run(twin, folder)
        except RunLocked:  # somebody trains it just now: the run itself will say so
            return False
        return True
    return False


def check(folder: RunFolder) -> None:
    """Refuse a finished run whose result, rows and weights do not belong together.

    Raises:
        DamagedRecord: saying what is wrong.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder.check_seal()
    if (result := folder.result) is not None and not result.weights_sha256 and folder.origin != "recipe":
        return  # somebody's own, whose weights nobody knows
    try:
        found = hash_of(load_file(folder.weights))
    except (SafetensorError, OSError) as error:
        raise DamagedRecord(f"its weights cannot be read: {error}", got=str(folder.weights)) from None
    if result is None or found != result.weights_sha256:
        raise DamagedRecord("its weights do not match the recorded hash", got=str(folder.weights))


def resume(folder: RunFolder, session: Session) -> None:
    """Load the newest whole checkpoint, and make the metrics agree with it.

    Raises:
        RunError: if another version of paribus wrote it.
    """
    state, problems = checkpoints.newest(folder.checkpoints)
    for problem in problems:
        logger.warning(problem)
    if state is not None and "rows" not in state:  # of an earlier version
        state["rows"] = folder.history
        if [row["epoch"] for row in state["rows"]][: state["epoch"]] != list(range(1, state["epoch"] + 1)):
            state, problems = None, ["rows of metrics.jsonl are lost"]
            logger.warning(problems[0])
        else:
            del state["rows"][state["epoch"] :]
    if problems and state is None:
        logger.warning("no checkpoint is whole: the training starts again from its beginning")
    if state is not None:
        if state["format"] != FORMAT:
            raise RunError(
                f"this version of paribus goes on from checkpoints of format {FORMAT}",
                got=f"format {state['format']} in {folder.checkpoints}",
                hint="finish the run with the version that began it, or delete the folder to start again",
            )
        session.load(state)
        now, before = asdict(session.execution), asdict(Execution(**state["execution"]))
        if changed := [f"{name} {now[name]} instead of {before[name]}" for name in now if now[name] != before[name]]:
            logger.warning("resumed with %s: the last bits may differ", ", ".join(changed))
    for mended in (folder.restore_metrics(session.rows), folder.restore_signals(session.signals.looks)):
        if mended:
            logger.warning(mended)
