"""Records in a terminal: the same tables as in the reports, printed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from paribus.errors import RunError
from paribus.records.metric import details, is_detail
from paribus.records.run import RunFolder, find_runs
from paribus.records.study import StudyDesign
from paribus.records.wording import count, format_figure, show

if TYPE_CHECKING:
    from paribus.analysis.denoising import Score
    from paribus.analysis.skill import Skill
    from paribus.data.prepare.scan import Report
    from paribus.data.prepare.survey import Survey
    from paribus.diagnosis.finding import Finding
    from paribus.evidence.estimate import Estimate
    from paribus.inference.held_out import HeldOut
    from paribus.records.recipe import Recipe
    from paribus.records.result import StudyResult
    from paribus.reports.page import Table as View
    from paribus.tasks.prediction import Prediction

TONES = {
    "better": "bold green",
    "worse": "bold red",
    "interaction": "bold blue",
    "undecided": "yellow",
    "diverged": "bold magenta",
    "no-difference": "cyan",
}
WIDTH = 140  # characters on a line where the output is not a terminal


def console() -> Console:
    """A console that keeps tables whole where the output is not a terminal, unless COLUMNS says how wide it is."""
    out = Console(highlight=False, markup=False, emoji=False)  # names are names, [brackets] and :colons: included
    if not out.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        out.width = WIDTH
    return out


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], align: str = "") -> Table:
    """Texts in rows and columns; nothing in them is taken for markup."""
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for i, head in enumerate(heads):
        grid.add_column(Text(head), justify="right" if align[i : i + 1] == "r" else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid


def titled(title: str, grid: Table) -> RenderableType:
    """A table below its title, which may be wider than the table."""
    return Group(Text(title, style="bold"), grid)


def rendered(view: View) -> Table:
    """A report's table for the terminal, in its colours."""
    grid = table(view.heads, (), view.align)
    for i, row in enumerate(view.rows):
        tone = TONES.get(view.tones[i], "") if view.tones else ""
        grid.add_row(*(Text(cell, tone if j == view.tinted else "") for j, cell in enumerate(row)))
    return grid


def print_study(result: StudyResult, page: Path | None) -> None:
    """What a study found: arms, effects, verdicts, and where the report is."""
    from paribus.reports import tables
    from paribus.reports.glossary import SHARES

    out = console()
    out.print(Text(result.question, style="bold"))
    out.print()
    out.print(titled(f"{result.metric_name} per arm", rendered(tables.arms(result))))
    out.print()
    if result.effects:
        out.print(titled("effects", rendered(tables.effects(result))))
    if noise := tables.noise(result):
        out.print(titled("where the spread comes from", rendered(noise)))
        out.print(Text(SHARES, style="dim"))
    for warning in result.warnings:
        out.print(Text(f"note: {warning}", style="yellow"))
    if page is not None:
        out.print(f"\nreport: {page}", soft_wrap=True)


def print_design(design: StudyDesign, folder: Path) -> None:
    """What a study would do."""
    out = console()
    out.print(Text(design.question, style="bold"))
    rows = [
        [arm.name, ", ".join(f"{path}={show(value)}" for path, value in arm.settings.items())] for arm in design.arms()
    ]
    out.print(table(["arm", "settings"], rows))
    seeds = len(design.seeds)
    size = f"{count(len(rows), 'arm')} × {count(seeds, 'seed')} = {count(len(rows) * seeds, 'run')}"
    out.print(f"{size} into {folder}", soft_wrap=True)


def print_run(folder: RunFolder, fresh: bool) -> None:
    """What a run left behind, or where it stands."""
    out = console()
    content, status, result = folder.read(), folder.status, folder.result
    state = status.state if fresh or result is None else f"{status.state} before; nothing to train"
    rows = [["recipe", content["name"]], ["seed", str(content["seed"])], ["state", state]]
    if status.error:
        rows.append(["error", status.error])
    if result is not None:
        rows += [
            ["figures", _figures(result.metrics)],
            *([name, _shares(name, shares)] for name, shares in details(result.metrics).items()),
            ["trained", f"{count(result.epochs, 'epoch')}, {result.steps:,} steps in {result.seconds:.1f} s"],
            ["speed", f"{result.examples_per_second:,.0f} examples/s"],
            ["parameters", f"{result.parameters:,}"],
            ["execution", ", ".join(f"{name} {show(value)}" for name, value in result.execution.items())],
            ["weights", f"sha256 {result.weights_sha256}"],
        ]
    rows.append(["folder", str(folder.path)])
    out.print(table(["", ""], rows))


def print_tests(tests: Sequence[tuple[RunFolder, HeldOut]]) -> None:
    """Figures on the held-out test; of several runs also the mean per arm."""
    out = console()
    names = [name for name in tests[0][1].metrics if not is_detail(name)] if tests else []
    align = "l" + "r" * (len(names) + 1)
    arms: defaultdict[str, list[HeldOut]] = defaultdict(list)
    rows = []
    for folder, held in tests:
        figures = [format_figure(name, held.metrics[name]) for name in names]
        rows.append(["/".join(folder.path.parts[-3:]), *figures, f"{held.examples:,}"])
        arms[folder.path.parent.name].append(held)
    out.print(table(["run", *names, "examples"], rows, align))
    if len(tests) == 1:
        for name, shares in details(tests[0][1].metrics).items():
            out.print(table(["", name], [[one, format_figure(name, value)] for one, value in shares.items()], "lr"))
    if len(tests) > 1:
        means = []
        for arm, runs in arms.items():
            figures = [format_figure(name, _mean(held.metrics[name] for held in runs)) for name in names]
            means.append([arm, *figures, str(len(runs))])
        out.print()
        out.print(titled("mean per arm", table(["arm", *names, "runs"], means, align)))
        out.print(Text("note: choose on validation figures; the test is for the arm already chosen", style="yellow"))


def print_predictions(predictions: Sequence[Prediction]) -> None:
    """Answers with their three largest figures each, and the problems if there are any."""
    rows = []
    for answer in predictions:
        figures = sorted((answer.figures or {}).items(), key=lambda entry: -entry[1])[:3]
        largest = "  ".join(f"{name} {share:.1%}" if share <= 1 else f"{name} {share:.4g}" for name, share in figures)
        rows.append([answer.file, answer.label or answer.text, largest, answer.problem])
    columns = 4 if any(answer.problem for answer in predictions) else 3
    heads = ["file", "answer", "figures", "problem"]
    console().print(table(heads[:columns], [row[:columns] for row in rows]))
    for answer in predictions:
        if answer.table:
            console().print()
            console().print(titled(answer.file, _answer_table(answer.table)))


def _answer_table(columns: Mapping[str, Sequence[float | str]]) -> Table:
    cells = [[entry if isinstance(entry, str) else f"{entry:.6g}" for entry in values] for values in columns.values()]
    return table(list(columns), list(zip(*cells, strict=True)), "l" + "r" * len(columns))


def print_skills(skills: Sequence[tuple[RunFolder, Skill]]) -> None:
    """Errors of runs and of what needs no model, and the skill against each with its interval."""
    out = console()
    baselines = list(dict.fromkeys(name for _, one in skills for name in one.against))
    rows = []
    for folder, one in skills:
        own, *_ = one.errors.values()
        cells = [interval(one.against[name]) if name in one.against else "" for name in baselines]
        rows.append(["/".join(folder.path.parts[-3:]), f"{own:.4g}", *cells, f"{one.examples:,}"])
    part = skills[0][1].part if skills else ""
    heads = ["run", "error", *(f"skill against {name}" for name in baselines), "examples"]
    out.print(titled(f"1 − error / error of the baseline, {part} part", table(heads, rows, "lr" + "r" * len(heads))))
    errors = {name: value for _, one in skills for name, value in one.errors.items() if name in baselines}
    for name, value in errors.items():
        out.print(Text(f"{name}: error {value:.4g}", style="dim"))


def interval(estimate: Estimate) -> str:
    """A value with the ends of its interval: ``0.21 [0.18, 0.24]``."""
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def print_scores(scores: Sequence[Score]) -> None:
    """How near methods come to clean pictures, by the strength of the noise."""
    rows = [[f"{one.sigma:g}", one.method, f"{one.psnr:.2f}", f"{one.ssim:.3f}"] for one in scores]
    out = console()
    out.print(table(["σ", "method", "PSNR (dB)", "SSIM"], rows, "rlrr"))
    out.print(f"means over {scores[0].pictures} pictures", soft_wrap=True)


def print_findings(findings: Sequence[Finding], folder: RunFolder) -> None:
    """What is wrong with a run, gravest first, each with its figures and its treatment."""
    out = console()
    if not findings:
        out.print(f"{folder.path}: nothing found in the records of this run")
    for finding in findings:
        out.print(Text(finding.name, style="bold red"))
        out.print(finding.says)
        rows = [
            [name, f"{value:.4g}" if isinstance(value, float) else str(value)]
            for name, value in finding.evidence.items()
        ]
        out.print(table(["figure", "value"], rows))
        if finding.treatment:
            changes = " ".join(f"{field}={show(value)}" for field, value in finding.treatment.items())
            out.print(Text.assemble("treatment: ", (changes, "bold green")))
        if finding.advice:
            out.print(finding.advice)
        out.print()


def print_overview(names: Mapping[str, Sequence[str]]) -> None:
    """Everything there is, by kind."""
    console().print(table(["kind", "names"], [[kind, ", ".join(entries)] for kind, entries in names.items()]))
    console().print("\nmore on one of them: paribus show NAME")


def print_recipes(names: Sequence[str]) -> None:
    """Recipes with their sentence."""
    from paribus.records.recipe import Recipe

    console().print(table(["recipe", "about"], [[name, Recipe.load(name).about] for name in names]))


def print_parts(kind: str) -> None:
    """All parts of a kind with their sentence."""
    from paribus.records.options import describe
    from paribus.records.parts import find, names

    console().print(table([kind, "about"], [[name, describe(find(kind, name))[0]] for name in names(kind)]))


def print_part(kind: str, name: str) -> None:
    """One part with its options."""
    from paribus.records.options import describe, schema
    from paribus.records.parts import Part, find

    factory = find(kind, name)
    console().print(Text(f"{kind} {name}: {describe(factory)[0]}", style="bold"))
    rows = []
    for option, content in schema(kind, factory).model_json_schema().get("properties", {}).items():
        default = show(content["default"]) if "default" in content else "must be given"
        rows.append([f"{Part(name).field(kind)}.{option}", default, _values(content), content.get("description", "")])
    console().print(table(["option", "default", "values", "meaning"], rows))


def print_recipe(recipe: Recipe) -> None:
    """A recipe with what every choice means."""
    from paribus.records.choices import choices

    out = console()
    out.print(Text(f"{recipe.name}: {recipe.about}", style="bold"))
    out.print(table(["field", "value", "meaning"], [[one.field, one.value, one.meaning] for one in choices(recipe)]))


def print_runs(root: Path) -> None:
    """All runs below a folder."""
    rows = []
    for folder in find_runs(root):
        name = str(folder.path.relative_to(root))
        try:
            status, result = folder.status, folder.result
        except RunError as error:  # one damaged folder must not hide the others
            rows.append([name, "damaged", "", error.rule])
            continue
        figures = _figures(result.metrics) if result else ""
        rows.append([name, status.state, f"{status.epoch}/{status.epochs}", figures])
    console().print(table(["run", "state", "epochs", "validation"], rows) if rows else f"no runs in {root} yet")


def print_studies(root: Path) -> None:
    """All studies below a folder."""
    rows = []
    for path in sorted(root.glob("*/study.json")):
        design = StudyDesign.open(path.parent)
        over = sum(RunFolder(run.parent).status.over for run in path.parent.glob("*/*/recipe.json"))
        rows.append([path.parent.name, f"{over}/{len(design.arms()) * len(design.seeds)}", design.question])
    console().print(table(["study", "runs over", "question"], rows) if rows else f"no studies in {root} yet")


def print_sources() -> None:
    """The data sets, and where they are found."""
    from paribus.cache import paths
    from paribus.data.prepare import cache
    from paribus.records.options import describe
    from paribus.records.parts import find, names

    own = paths.own_data()
    rows = []
    for name in names("data"):
        found = own is not None and (own / _FOLDERS.get(name, name)).is_dir()
        where = "in PARIBUS_DATA" if found else _WHERE.get(name, "downloaded when first used")
        rows.append([name, where, describe(find("data", name))[0]])
    out = console()
    out.print(table(["data", "where", "about"], rows))
    decoded = cache.size()["datasets"] / 1e6
    out.print(f"PARIBUS_DATA: {own or 'not set'}", soft_wrap=True)
    out.print(f"cache: {paths.cache()} ({decoded:.1f} MB decoded)", soft_wrap=True)


_WHERE = {
    "digits": "built in",
    **dict.fromkeys(("folder", "masks", "patches", "series", "text"), "your own"),
    **dict.fromkeys(("gaussians", "lookahead", "markov", "seasons", "shapes", "textures"), "generated"),
    **dict.fromkeys(("bsd", "camvid", "carla", "energy", "nuclei", "shakespeare"), "to be put into PARIBUS_DATA"),
}
_FOLDERS = {"bsd": "denoise", "carla": "carla_mini", "shakespeare": "text"}  # where they are called otherwise


def print_scan(found: Report) -> None:
    """What a folder of pictures holds, and what is wrong with it."""
    out = console()
    parts = list(found.counts)
    rows = [[name, *(f"{found.counts[part][name]:,}" for part in parts)] for name in found.classes]
    good = table(["class", *parts], rows, "l" + "r" * len(parts))
    out.print(titled(f"{len(found.good):,} good pictures", good))
    if found.bad:
        out.print(table(["left out", "reason"], found.bad))
    for problem, entries in (("identical pictures in different parts", found.leaks),
                             ("identical pictures with different labels", found.conflicts)):  # fmt: skip
        if entries:
            examples = "; ".join(" = ".join(entry.name for entry in same) for same in entries[:3])
            out.print(Text(f"note: {len(entries)} {problem}: {examples}", style="yellow"))
    if found.shared_groups:
        out.print(Text(f"note: groups in several parts: {', '.join(found.shared_groups[:5])}", style="yellow"))


def print_survey(found: Survey) -> None:
    """What a folder of pictures with masks holds, and what is wrong with it."""
    out = console()
    sizes = ", ".join(f"{width} × {height} ({number})" for (height, width), number in list(found.sizes.items())[:5])
    rows = [[str(value), f"{share:.2%}"] for value, share in found.values.items()]
    good = table(["mask value", "pixels"], rows, "rr")
    parts = ", ".join(f"{part} {number:,}" for part, number in found.parts.items())
    out.print(titled(f"{sum(found.parts.values()):,} good pictures with masks: {parts}", good))
    out.print(f"sizes: {sizes or 'none'}", soft_wrap=True)
    if found.bad:
        out.print(table(["left out", "reason"], found.bad))


def _figures(metrics: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {format_figure(name, value)}" for name, value in metrics.items() if not is_detail(name))


def _shares(metric: str, shares: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {format_figure(metric, value)}" for name, value in shares.items())


def _mean(values: Iterable[float | None]) -> float | None:
    """Their mean; none where a value is missing, for a mean of the others would hide it."""
    found = list(values)
    known = [value for value in found if value is not None]
    return fmean(known) if len(known) == len(found) else None


def _values(content: Mapping[str, Any]) -> str:
    """What values a option takes, from its schema."""
    if "anyOf" in content:
        return " or ".join(filter(None, map(_values, content["anyOf"])))
    if "enum" in content:
        return " | ".join(map(str, content["enum"]))
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = " ".join(f"{sign} {content[key]:g}" for key, sign in bounds.items() if key in content)
    kind = {"array": "list", "null": "null"}.get(content.get("type", ""), content.get("type", ""))
    return f"{kind} {limits}".strip()
