r"""A study for a paper: booktabs tables with both claims, figures, and the sentences on the method.

What is written is a piece that a paper takes in by ``\input``; it needs ``booktabs`` and ``graphicx``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from paribus.records import wording
from paribus.records.claims import Claim
from paribus.records.result import Effect, StudyResult
from paribus.reports import method, tables
from paribus.reports.method import ABOUT
from paribus.reports.page import Figure
from paribus.reports.tex import escape, foreign, grid, tabular

HEAD = r"""% Written by paribus from the study {name}. Take it into a paper by \input{{{stem}}}; in its preamble:
%   \usepackage{{booktabs,graphicx}}"""
LUA = "% Compile with lualatex or xelatex, and a font that has them: pdflatex cannot set {signs}"
LIKE: dict[Claim, str] = {
    "like-these": "These data: another training on the same examples; data like these: on another sample of them.",
    "examples": "These data: another training on the same examples; examples like these: judged on others, too.",
}
"""What two claims mean, by the one beside that about these data."""
ARMS = ("arm", "mean", "interval", "sd", "n", "runs")  # the caption says the rest
TABLE = r"""\begin{{table}}
\centering
\caption{{{caption}}}
\label{{{label}}}
\smallskip
\footnotesize
\setlength{{\tabcolsep}}{{4pt}}
{content}
\end{{table}}"""
FIGURE = r"""\begin{{figure}}
\centering
\includegraphics[width=\linewidth]{{{file}}}
\caption{{{caption}}}
\label{{{label}}}
\end{{figure}}"""


def study_latex(result: StudyResult, figures: Mapping[str, Figure], stem: str = "report") -> str:
    """The tables, the figures and the method of a study.

    Args:
        result: the study.
        figures: name of a picture's file → the figure.
        stem: of the file that this is written into.
    """
    text = "\n\n".join(_parts(result, figures))
    head = HEAD.format(name=_comment(result.design.name), stem=stem)
    if signs := foreign(text):
        head += "\n" + LUA.format(signs=_comment(" ".join(signs)))
    return f"{head}\n\n{text}\n"


def _parts(result: StudyResult, figures: Mapping[str, Figure]) -> Iterator[str]:
    yield f"\\paragraph{{Method.}} {escape(method.method(result))}"
    yield "\n".join(f"% {_comment(reference)}" for reference in method.references(result)) or "% no references"
    label = re.sub(r"[^a-z0-9]+", "-", result.design.name.lower()).strip("-") or "study"
    if result.effects:
        yield _table(_effects(result), _effects_caption(result), f"{label}-effects")
    if noise := tables.noise(result):
        yield _table(tabular(noise), "Where the spread between seeds comes from.", f"{label}-noise")
    yield _table(tabular(replace(tables.arms(result), heads=ARMS)), _arms_caption(result), f"{label}-arms")
    for file, figure in figures.items():
        yield FIGURE.format(file=file, caption=escape(figure.alt), label=f"fig:{label}-{figure.name}")


def _effects(result: StudyResult) -> str:
    """Every comparison, a row for each claim."""
    names, _ = wording.comparisons([(effect.contrast, effect.names) for effect in result.effects])
    several = len(result.effects[0].claims) > 1
    uneven = len({effect.estimate.n for effect in result.effects}) > 1
    heads = ["comparison", "difference"]
    heads += [*(["about"] if several else []), "interval", "p", *(["n"] if uneven else []), "verdict"]
    align = "lr" + ("l" if several else "") + "rr" + ("r" if uneven else "") + "l"
    groups = [
        [tuple(_cells(name, effect, claim, several, uneven)) for claim in effect.claims]
        for name, effect in zip(names, result.effects, strict=True)
    ]
    return grid(heads, groups, align)


def _cells(name: str, effect: Effect, claim: Claim, several: bool, uneven: bool) -> Iterator[str]:
    """One claim of a comparison; what all its claims share stands in the first row only."""
    judged, first = effect.claims[claim], claim == next(iter(effect.claims))
    yield name if first else ""
    yield _number(wording.difference(effect.metric, judged.estimate.value)) if first else ""
    if several:
        yield ABOUT[claim]
    yield wording.difference_interval(effect.metric, judged.estimate)
    yield wording.probability(judged.p_adjusted, judged.alpha)
    if uneven:
        yield str(judged.estimate.n)
    yield judged.verdict.word


def _effects_caption(result: StudyResult) -> str:
    metric, sure = wording.spoken(result.metric_name), wording.percent(result.design.confidence)
    judged = [effect.judged for effect in result.effects]
    _, reference = wording.comparisons([(effect.contrast, effect.names) for effect in result.effects])
    each = method.confidences(judged)
    unit = "percentage points" if result.metric.percent else result.metric.unit
    text = f"Effects on the {metric}{unit and f' in {unit}'}: {method.mean_differences(result)}"
    text += f", each arm minus {reference}," if reference else ""
    if judged[0].family > 1:
        text += f" with intervals that hold together with {sure}" + (f" ({each} each)." if each else ".")
    else:
        text += f" with {each or sure} intervals."
    if len(result.effects[0].claims) > 1:
        text += f" {LIKE[next(claim for claim in LIKE if claim in result.effects[0].claims)]}"
        text += f" The study's verdict is that about {ABOUT[result.claim]}."
    if result.delta is not None:
        delta = wording.threshold(result.metric, result.delta)
        text += f" No difference: the interval lies within δ = {delta} of zero."
    return text


def _arms_caption(result: StudyResult) -> str:
    metric, sure = wording.spoken(result.metric_name), wording.percent(result.design.confidence)
    seeds = wording.count(len(result.design.seeds), "seed")
    text = f"The {metric} of every arm: means over {seeds} with {sure} intervals and standard deviations."
    if result.effects:
        text += f" The intervals are about {ABOUT[result.claim]}; arms share their seeds, and are compared within them."
    return text


def _number(text: str) -> str:
    """A number without its unit, which stands in the caption."""
    return text.partition(" ")[0]


def _table(content: str, caption: str, label: str) -> str:
    return TABLE.format(content=content, caption=escape(caption), label=f"tab:{label}")


def _comment(text: str) -> str:
    """A text that stays on the line of its comment."""
    return wording.clean(text)
