"""Starting, stopping and going on: everything that changes something, each by a process of its own."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from paribus.errors import ParibusError, RunError, StudyError
from paribus.web import jobs
from paribus.web.answers import body
from paribus.web.known import id_of

MOST_SEEDS = 1000


def recipes(request: Request) -> Any:
    """All recipes that ship, and files of one's own in the folder of the page."""
    desk = request.app.state.desk
    return {"recipes": desk.reading.ask("recipes:recipes", runs=str(desk.known.root))}


def keep(request: Request) -> Any:
    """Keep a recipe that is sent in the folder of the page, if it is one.

    Raises:
        ParibusError: for what is none.
    """
    desk, asked = request.app.state.desk, body(request)
    name, text = asked.get("name"), asked.get("text")
    if not isinstance(name, str) or not isinstance(text, str) or not text.strip():
        raise ParibusError("send a name, and the text of a recipe", got=str(name or "")[:80])
    return {"name": desk.reading.ask("recipes:keep", root=str(desk.known.root), name=name, text=text)}


def schema(request: Request) -> Any:
    """A recipe as a form; its parts may be exchanged by the query: ``?model=mlp``."""
    desk, overrides = request.app.state.desk, dict(request.query_params)
    given = {"name": request.path_params["name"], "overrides": overrides, "root": str(desk.known.root)}
    return desk.reading.ask("forms:form", **given)


def preview(request: Request) -> Any:
    """What a study or a search would be."""
    desk = request.app.state.desk
    found = desk.reading.ask("plans:preview", asked=body(request), root=str(desk.known.root))
    found.pop("argv", None)
    return found


def start(request: Request) -> Any:
    """Put a study or a search into the queue."""
    desk = request.app.state.desk
    found = desk.reading.ask("plans:preview", asked=body(request), root=str(desk.known.root))
    if not found["ok"]:
        problem = found["problems"][0]
        raise StudyError(problem["message"], got=problem["got"], hint=problem["hint"])
    job = desk.queue.add(["paribus", *found["argv"]], found["command"], found["folder"])
    return _queued(job)


def queue(request: Request) -> Any:
    """What runs, and what will."""
    return {"jobs": [_shown(job) for job in request.app.state.desk.queue.jobs()]}


def remove(request: Request) -> Any:
    """Take a command out of the queue, or ask it to stop."""
    job = request.app.state.desk.queue.remove(request.path_params["id"])
    return {"removed": job.id, "was": job.state}


def _queued(job: jobs.Job) -> dict[str, Any]:
    return {"id": _folder_of(job), "kind": _kind(job), "queue_id": job.id, "command": job.command}


def _shown(job: jobs.Job) -> dict[str, Any]:
    wanted = ("id", "command", "state", "name", "submitted", "began", "ended", "problem")
    plain = job.plain()
    return {**{name: plain[name] for name in wanted}, "kind": _kind(job), "study": _folder_of(job)}


def _kind(job: jobs.Job) -> str:
    """What a command works on: a run, a study or a search."""
    verb = job.argv[1] if len(job.argv) > 1 else "study"
    return "search" if verb == "tune" else verb


def _folder_of(job: jobs.Job) -> str:
    return id_of(job.name)


def stop_run(request: Request) -> Any:
    """Ask a run to save and stop; one that its study trains itself stops the study with it."""
    known = request.app.state.desk.known
    wanted = request.path_params["id"]
    known.run(wanted)
    return {"asked": jobs.stop_run(known.summary(wanted))}


def stop_group(request: Request) -> Any:
    """Ask a study or a search to save all and stop."""
    desk, group = request.app.state.desk, _group(request)
    active = [job for job in desk.queue.jobs() if job.name == group.name and job.state not in jobs.OVER]
    if active:
        return {"asked": len([desk.queue.remove(job.id) for job in active])}
    return {"asked": jobs.stop_study(group.runs)}


def resume_run(request: Request) -> Any:
    """Go on with a run that was interrupted."""
    desk, wanted = request.app.state.desk, request.path_params["id"]
    folder, summary = desk.known.run(wanted), desk.known.summary(wanted)
    if summary.over or summary.state == "running":
        raise RunError("only a run that was interrupted can go on", got=summary.state)
    name = str(folder.path.relative_to(desk.known.root))
    command = f"paribus: go on with {name}"
    return _queued(desk.queue.add(jobs.go_on("run", folder.path), command, name)) | {"id": wanted}


def resume_group(request: Request) -> Any:
    """Go on with a study or a search."""
    desk, group = request.app.state.desk, _group(request)
    if any(run.state == "running" for run in group.runs):
        raise StudyError("this is running", got=group.name, hint="stop it first, or wait")
    return _queued(desk.queue.add(jobs.go_on(group.kind, group.path), _command(group), group.name))


def seeds(request: Request) -> Any:
    """Add seeds to a study; that one looked before is noted in it."""
    desk, group, count = request.app.state.desk, _group(request), body(request).get("count")
    if type(count) is not int or not 0 < count <= MOST_SEEDS:
        raise StudyError(f"seeds to add are a whole number up to {MOST_SEEDS}", got=count)
    if any(run.state == "running" for run in group.runs):
        raise StudyError("this is running", got=group.name, hint="stop it first, or wait")
    command = f"{_command(group)}  # with {count} more seeds"
    return _queued(desk.queue.add(jobs.go_on("study", group.path, count), command, group.name))


def report(request: Request) -> Any:
    """Write the report of a study or a search into its folder."""
    desk, group = request.app.state.desk, _group(request)
    desk.reading.ask(f"studies:{group.kind}_report", path=str(group.path))
    desk.known.changed(group.name)
    return {"report": f"/api/{'studies' if group.kind == 'study' else 'searches'}/{group.id}/report"}


def _command(group: Any) -> str:
    """The command that a study was begun with."""
    from paribus import files

    try:
        content = files.read_json(group.path / f"{group.kind}.json")
        return str(content.get("command") or f"paribus: go on with {group.name}")
    except (ParibusError, AttributeError):
        return f"paribus: go on with {group.name}"


def _group(request: Request) -> Any:
    known, wanted = request.app.state.desk.known, request.path_params["id"]
    group = known.group(wanted)
    if not group.kind:
        raise StudyError("this folder holds runs, and no study", got=group.name)
    known.folder(wanted)
    return group


ENDPOINTS = {
    "/recipes": recipes,
    "POST /recipes": keep,
    "/recipes/{name:path}/schema": schema,
    "POST /start/preview": preview,
    "POST /start": start,
    "/queue": queue,
    "DELETE /queue/{id}": remove,
    "POST /runs/{id}/stop": stop_run,
    "POST /runs/{id}/resume": resume_run,
    "POST /studies/{id}/stop": stop_group,
    "POST /studies/{id}/resume": resume_group,
    "POST /studies/{id}/seeds": seeds,
    "POST /studies/{id}/report": report,
    "POST /searches/{id}/stop": stop_group,
    "POST /searches/{id}/resume": resume_group,
    "POST /searches/{id}/report": report,
}
