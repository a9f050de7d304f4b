"""Where a training that was begun before goes on: behind its result, at its newest whole checkpoint, or anew."""

from __future__ import annotations

import logging
from dataclasses import replace

from paribus.errors import RunError
from paribus.records.run import RunFolder, RunResult
from paribus.training import checkpoints
from paribus.training.session import FORMAT, Session

logger = logging.getLogger(__name__)


def finished(folder: RunFolder) -> RunResult | None:
    """The result, if there is one; what was interrupted just behind it is done now."""
    if (result := folder.result) is None:
        return None
    if folder.status.state != "finished":
        folder.write_status(replace(folder.status, state="finished", error=""))
    checkpoints.clear(folder.checkpoints)
    return result


def resume(folder: RunFolder, session: Session) -> None:
    """Load the newest whole checkpoint, and make the metrics agree with it.

    Raises:
        RunError: if another version of paribus wrote it.
    """
    state, problems = checkpoints.newest(folder.checkpoints)
    for problem in problems:
        logger.warning(problem)
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
        now, before = session.execution.plain(), state["execution"]
        if changed := [f"{name} {now[name]} instead of {before[name]}" for name in now if now[name] != before[name]]:
            logger.warning("resumed with %s: the last bits may differ", ", ".join(changed))
    folder.rewind_metrics(session.epoch)
