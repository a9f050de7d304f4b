"""``paribus arena``: optimizers on test surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli.words import Overwrite
from paribus.errors import TheoryError
from paribus.progress import working

if TYPE_CHECKING:
    from paribus.plots import Chart
    from paribus.theory.arena import Optimizer, Problem

DEFAULT = "sgd,momentum,adam,linesearch,newton,lbfgs"


@working("computing")
def arena(
    surface: Annotated[
        str, typer.Argument(metavar="[SURFACE]", help="rosenbrock, beale, … or reddi; without it all are listed.")
    ] = "",
    function: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help='A surface of your own in x, y, z or x1, x2, …: `"x**2 + 3*y**2"`.'),
    ] = None,
    optimizers: Annotated[
        str, typer.Option(metavar="NAMES", help="Names with commas between them, or: all.")
    ] = DEFAULT,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps of each path; 500, 3 in a trace, 6000 for reddi.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="X,Y", help="Where to start; by default where the surface says.")
    ] = None,
    starts: Annotated[
        int | None,
        typer.Option(min=1, help="Start from so many random points of the domain, the same for all optimizers."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the random points.")] = 0,
    lr: Annotated[float | None, typer.Option(help="One learning rate for all; by default each gets its best.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME.SETTING=VALUE", help="A setting: adam.beta1=0.5.")
    ] = None,
    tune: Annotated[bool, typer.Option(help="Choose learning rates that were not given.")] = True,
    sweep: Annotated[
        str | None, typer.Option(metavar="SETTING=LOW..HIGH", help="Vary a setting: lr=1e-4..1, adam.beta1=0,0.5,0.9.")
    ] = None,
    trace: Annotated[
        str | None, typer.Option(metavar="NAME", help="Each number of this optimizer's first steps.")
    ] = None,
    stationary: Annotated[
        bool, typer.Option("--stationary", help="Find points where the gradient is zero, and classify them.")
    ] = False,
    convexity: Annotated[bool, typer.Option("--convexity", help="Look for a witness against convexity.")] = False,
    at: Annotated[str | None, typer.Option(metavar="X,Y", help="With --stationary: classify this point.")] = None,
    dimension: Annotated[
        int | None, typer.Option(min=1, help="Coordinates, where the surface leaves it open; 2 by default.")
    ] = None,
    condition: Annotated[float, typer.Option(help="Condition number of the quadratic.")] = 10.0,
    angle: Annotated[float, typer.Option(help="By how many degrees the quadratic is turned.")] = 0.0,
    width: Annotated[float, typer.Option(help="With --function: the domain is [-width, width].")] = 5.0,
    c: Annotated[float, typer.Option("--c", help="Of reddi: the large slope C, above 2.")] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page; a race moves in it.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the picture as SVG.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the picture as PNG.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Let optimizers run on a surface where everything can be checked, or look at the surface itself.

    Examples:

    - `paribus arena`

    - `paribus arena rosenbrock --optimizers all --start -1.2,1`

    - `paribus arena himmelblau --starts 100 --html race.html`

    - `paribus arena rosenbrock --sweep lr=1e-4..1 --optimizers adam,sgd --starts 50`

    - `paribus arena rosenbrock --trace adam --lr 0.1`

    - `paribus arena beale --stationary`

    - `paribus arena --function "x**4 - 2*x**2 + y**2" --convexity`

    - `paribus arena reddi`
    """
    from paribus.theory import arena as room

    output = Output(json, html, svg, png, overwrite)
    if not surface and function is None:
        return _list(output)
    if surface == "reddi":
        return output.show(room.reddi(c, steps or 6000, 0.5 if lr is None else lr))
    _one_of({"--stationary": stationary, "--convexity": convexity, "--trace": trace, "--sweep": sweep})
    problem = _problem(surface, function, dimension, condition, angle, width)
    given = _starts(start, starts)
    if stationary:
        return output.show(room.at(problem, _point(at)) if at else room.search(problem, starts or 400, seed))
    if convexity:
        return output.show(room.convexity(problem, seed=seed))
    if trace:
        return output.show(room.trace(problem, _only(_optimizers(trace, settings, lr)), given, steps or 3))
    chosen = _optimizers(optimizers, settings, lr, swept=sweep)
    if sweep:
        return output.show(room.sweep(problem, chosen, *room.parse(sweep), given, steps or 500, seed))
    return output.show(room.race(problem, chosen, given, steps or 500, seed, tune))


@dataclass(frozen=True)
class Output:
    """Where an answer goes: to the terminal or as JSON, and into files."""

    json: bool
    html: Path | None
    svg: Path | None
    png: Path | None
    overwrite: bool = False

    def show(self, record: Any) -> None:
        """Print a record, and draw it where a file was asked for."""
        from paribus.files import save
        from paribus.reports.arena import arena_page, as_html, as_json, print_arena_page

        if self.json:
            print(as_json(record), end="")
        else:
            print_arena_page(arena_page(record))
        charts = _charts(record) if self.html or self.svg or self.png else ()
        for file in filter(None, (self.svg, self.png)):
            if not charts:
                raise TheoryError("there is no picture of this", got=str(file), hint="leave --svg and --png out")
            self._said(charts[0].save(file, self.overwrite))
        if self.html:
            self._said(save(self.html, as_html(arena_page(record), charts, *_motion(record)), self.overwrite))

    def _said(self, file: Path) -> None:
        if not self.json:
            print(f"written: {file}")


def _list(output: Output) -> None:
    from paribus.reports.arena import as_json, print_arena_page
    from paribus.reports.arena.tables import known
    from paribus.theory.arena import KNOWN, problem

    problems = [problem(name) for name in KNOWN]
    if output.json:
        print(as_json(problems), end="")
    else:
        print_arena_page(known(problems))


def _problem(
    surface: str, function: str | None, dimension: int | None, condition: float, angle: float, width: float
) -> Problem:
    from paribus.theory.arena import problem, typed

    if function is None:
        return problem(surface, dimension, condition, angle)
    if surface:
        raise TheoryError("a race is on one surface", got=f"{surface} and --function", hint="leave one of them out")
    return typed(function, width)


def _one_of(asked: dict[str, Any]) -> None:
    chosen = [name for name, value in asked.items() if value]
    if len(chosen) > 1:
        raise TheoryError("these options ask for different things", got=" and ".join(chosen), hint="give one of them")


def _starts(start: str | None, starts: int | None) -> Any:
    if start is not None and starts is not None:
        raise TheoryError("a race has one given start, or random ones", got=f"--start {start} --starts {starts}")
    return starts if start is None else _point(start)


def _point(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise TheoryError("a point is numbers with commas between", got=text, hint="for example -1.2,1") from None


def _optimizers(names: str, settings: list[str] | None, lr: float | None, swept: str | None = None) -> list[Optimizer]:
    """The optimizers, with what --lr and --set say; what is swept is left open."""
    from paribus.theory.arena import LABELS, optimizer

    chosen = [optimizer(name) for name in (LABELS if names == "all" else dict.fromkeys(names.split(",")))]
    if lr is not None and not (swept or "").startswith("lr="):
        chosen = [one.having(lr=lr) for one in chosen]
    for word in settings or ():
        owner, name, value = _setting(word)
        if owner not in {one.name for one in chosen}:
            optimizer(owner)
            raise TheoryError("this optimizer does not take part", got=word, hint=f"add {owner} to --optimizers")
        chosen = [one.having(**{name: value}) if one.name == owner else one for one in chosen]
    return chosen


def _only(optimizers: list[Optimizer]) -> Optimizer:
    if len(optimizers) > 1:
        raise TheoryError("a trace is of one optimizer", got=", ".join(one.name for one in optimizers))
    return optimizers[0]


def _setting(word: str) -> tuple[str, str, float]:
    path, _, value = word.partition("=")
    owner, _, name = path.strip().lower().rpartition(".")
    try:
        if not owner:
            raise ValueError
        return owner, name, float(value)
    except ValueError:
        raise TheoryError(
            "a setting is written NAME.SETTING=NUMBER", got=word, hint="for example --set adam.beta1=0.5"
        ) from None


def _charts(record: Any) -> tuple[Chart, ...]:
    from paribus.plots import arena as plots
    from paribus.theory.arena import Convexity, Map, Online, Race, Sweep, Trace

    match record:
        case Race() if record.problem.dimensions <= 2:
            return plots.paths(record), plots.falls(record)
        case Race():
            return (plots.falls(record),)
        case Sweep():
            return (plots.sweeps(record),)
        case Map() if record.problem.dimensions == 2:
            return (plots.landmarks(record),)
        case Convexity() if record.witness:
            return (plots.crossing(record),)
        case Trace() if record.steps[0].trials:
            return tuple(plots.backtracking(record, step.t) for step in record.steps[:6])
        case Online():
            return (plots.online(record),)
    return ()


def _motion(record: Any) -> tuple[str, int]:
    from paribus.plots.arena.motion import animation, horizon
    from paribus.theory.arena import Race

    return (animation(record), horizon(record)) if isinstance(record, Race) else ("", 0)
