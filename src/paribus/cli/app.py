"""All commands, in the order in which ``paribus --help`` shows them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paribus.cli import (
    activations,
    alone,
    analyse,
    arena,
    backprop,
    compare,
    data,
    denoise,
    derive,
    diagnose,
    evidence,
    explain,
    export,
    folds,
    inspect,
    layers,
    leaderboard,
    lint,
    lr_find,
    plan,
    predict,
    read,
    report,
    run,
    sample,
    skill,
    study,
    tune,
    ui,
)
from paribus.cli.words import Command

ELSEWHERE = {  # what other tools call it → what it is here
    "train": "run RECIPE",
    "fit": "run RECIPE",
    "resume": "run RECIPE",
    "search": "tune RECIPE --search FIELD=LOW..HIGH",
    "sweep": "tune RECIPE --search FIELD=LOW..HIGH, or for a comparison: study RECIPE --vary FIELD=VALUE,VALUE",
    "optimize": "tune RECIPE --search FIELD=LOW..HIGH",
    "evaluate": "test RUN",
    "eval": "test RUN",
    "lr_find": "lr-find RECIPE",
    "lr-finder": "lr-find RECIPE",
    "plot": "show RUN --plot FILE.png",
    "ls": "list",
    "help": "--help",
}


class Group(typer.core.TyperGroup):
    """All commands; who knows one by the name that it has elsewhere is told ours."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; a name that is another tool's is refused with ours."""
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in ELSEWHERE:
            ctx.fail(f"No such command '{cmd_name}'. Write: paribus {ELSEWHERE[cmd_name]}")
        return found


app = typer.Typer(
    cls=Group,
    name="paribus",
    help="Does this change help, by how much, and why? Controlled experiments in deep learning.",
    epilog="Start with: paribus study digits/cnn --vary model.norm=none,batch --seeds 5",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)


def _version(wanted: bool) -> None:
    if wanted:
        from paribus import __version__

        print(f"paribus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Does this change help, by how much, and why? Controlled experiments in deep learning."""


app.command("run", cls=Command)(run.run)
app.command("study", cls=Command)(study.study)
app.command("tune", cls=Command)(tune.tune)
app.command("plan", cls=Command)(plan.plan)
app.command("lr-find", cls=Command)(lr_find.lr_find)
app.command("evidence")(evidence.evidence)
app.command("report", cls=report.Command)(report.report)
app.command("test")(report.test)
app.command("folds")(folds.folds)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("export")(export.export)
app.command("explain")(explain.explain)
app.command("analyse")(analyse.analyse)
app.command("compare")(compare.compare)
app.command("skill")(skill.skill)
app.command("predict")(predict.predict)
app.command("read")(read.read)
app.command("sample")(sample.sample)
app.command("activations")(activations.activations)
app.command("denoise")(denoise.denoise)
app.command("diagnose")(diagnose.diagnose)
app.command("lint")(lint.lint)
app.command("derive", cls=derive.Command)(derive.derive)
app.command("backprop")(backprop.backprop)
app.command("layers", cls=alone.Command)(layers.layers)
app.command("arena")(arena.arena)
app.command("list")(inspect.list_)
app.command("show")(inspect.show)
app.command("data")(data.data)
app.command("schema")(inspect.schema)
app.command("ui")(ui.ui)
