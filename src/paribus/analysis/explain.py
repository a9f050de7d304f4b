"""What a trained network does: several analyses of one run, asked together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, overload

from paribus.analysis.kept import analyse
from paribus.analysis.table import Analysis, analyses, find
from paribus.errors import ParibusError, RecipeError, RunError, nearest
from paribus.records.given import run_folder
from paribus.records.run import RunFolder


@dataclass(frozen=True)
class Explanation:
    """What analyses found out about a run.

    Args:
        run: its folder.
        records: analysis → what it found, also as ``explanation["gradcam"]``.
        left_out: analysis → why it was not asked, or has no answer.
    """

    run: str
    records: Mapping[str, Any]
    left_out: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.records[find(name).name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        return f"Explanation({self.run!r}, {', '.join(self.records)})"


@overload
def explain(run: Any, what: str, /, *, again: bool = ..., **options: Any) -> Any: ...
@overload
def explain(run: Any, what: Iterable[str] | None = ..., /, *, again: bool = ..., **options: Any) -> Explanation: ...
def explain(run: Any, what: str | Iterable[str] | None = None, /, *, again: bool = False, **options: Any) -> Any:
    """Ask a trained run what it does: one question, several, or by default all that apply and are quick.

    >>> pb.explain("last", "gradcam").maps  # doctest: +SKIP
    >>> pb.explain("last")  # doctest: +SKIP

    What is asked again with the same options is read from the run's folder: see :func:`paribus.analyse`.

    Args:
        run: it, its folder, a part of its name, or ``last``.
        what: the name of an analysis, whose record is returned; or several names, or none, for an
            :class:`Explanation`.
        again: compute the answers even if they are kept.
        options: of the analyses; each gets those that it has.

    Raises:
        RecipeError: if there is no such analysis, or none that is asked has such an option.
        DataError: if an analysis that was named does not apply to this run.
        RunError: if the run has not finished.
    """
    folder = run_folder(run)
    if isinstance(what, str):
        return analyse(folder, what, again=again, **options)
    if folder.result is None:
        got = f"{folder.path} is {folder.status.state}"
        raise RunError("only a finished run can be explained", got=got, hint="train it first")
    if what is not None:
        asked = list(dict.fromkeys(find(name) for name in what))
        _check(asked, options)
        return Explanation(str(folder.path), {one.name: _ask(folder, one, again, options) for one in asked}, {})
    return _all(folder, again, options)


def _all(folder: RunFolder, again: bool, options: Mapping[str, Any]) -> Explanation:
    """All that applies, with the reason for what does not."""
    records, left_out = {}, {}
    _check(analyses().values(), options)
    for name, analysis in analyses().items():
        try:
            if reason := _not_asked(folder, analysis):
                left_out[name] = reason
            else:
                records[name] = _ask(folder, analysis, again, options)
        except ParibusError as error:  # one question without an answer must not hide the others
            left_out[name] = error.rule
    return Explanation(str(folder.path), records, left_out)


def _not_asked(folder: RunFolder, analysis: Analysis) -> str:
    """Why somebody who asks for everything does not get this analysis; empty where it is asked."""
    if not analysis.needs.met(folder):
        return f"needs {analysis.needs.says}"
    if analysis.of == "arm":
        return "is about all seeds of an arm"
    return "" if analysis.quick else "takes long: ask for it by its name"


def _ask(folder: RunFolder, analysis: Analysis, again: bool, options: Mapping[str, Any]) -> Any:
    own = {name: value for name, value in options.items() if name.partition(".")[0] in analysis.options}
    return analyse(folder, analysis.name, again=again, **own)


def _check(asked: Iterable[Analysis], options: Mapping[str, Any]) -> None:
    """Refuse an option that nobody has."""
    known = {name for analysis in asked for name in analysis.options}
    for name in options:
        if name.partition(".")[0] not in known:
            raise RecipeError("no analysis that is asked has this option", got=name, hint=nearest(name, known))
