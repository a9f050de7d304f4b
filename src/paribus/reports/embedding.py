"""The page with a map of examples: whoever points at a dot sees its picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records import wording
from paribus.records.wording import clean, count
from paribus.reports.page import Answer, Figure, Page, Section, Spots, Table

if TYPE_CHECKING:
    from paribus.analysis.embed import Embedding
    from paribus.plots.embedding import By

TRUST = "Trustworthiness: 1 where neighbours in the plane are neighbours in truth, about 0.5 where places are random."
SHOWN = 10  # components in the table
METHODS = {"pca": "principal components", "tsne": "t-SNE", "umap": "UMAP"}
UNSAID = {
    "pca": (
        "Distances in the plane are at most those in truth: what overlaps here may lie apart in other components.",
    ),
    "tsne": (
        "What t-SNE does not say: distances between groups, how large and how dense they are, and how many there are. "
        "It keeps neighbours, spreads crowded places, draws sparse ones together, and breaks noise into groups, too.",
        "Only what stays with another perplexity and another seed is in the data (Wattenberg et al., 2016): "
        "--set perplexity=10, --set seed=1.",
    ),
    "umap": (
        "What UMAP does not say: distances between groups, and how large and how dense they are. Only what stays with "
        "another number of neighbours and another seed is in the data: --set perplexity=10, --set seed=1.",
    ),
}


def embedding_page(record: Embedding) -> Page:
    """Examples as dots, by class, by mistake and by confidence."""
    first, *others = _maps(record)
    section = Section(
        text=(_what(record), TRUST),
        figure=first,
        tables=(_components(record),),
        notes=(*UNSAID[record.method], *_hint(record)),
    )
    more = (Section(one.chart.title, figure=one) for one in others)
    question = "Which examples does the network make similar things of?"
    answers = (
        Answer(
            "trustworthiness",
            f"{record.trustworthiness:.3f}",
            beside=f"{100 * record.kept:.0f} % of the 10 nearest neighbours are kept",
        ),
    )
    whole = f"{count(len(record.x), 'example')} of the {wording.SPLITS[record.split]} split."
    return Page("Analysis", "embed", question, answers, whole, sections=(section, *more))


def _what(record: Embedding) -> str:
    settings = f" (perplexity {record.perplexity:g}, seed {record.seed})" if record.perplexity else ""
    return f"{METHODS[record.method]}{settings} of {clean(record.says)}."


def _maps(record: Embedding) -> Iterator[Figure]:
    from paribus.plots.embedding import embedding

    kinds: tuple[By | None, ...] = ("class", "error", "confidence") if record.truth else (None,)
    for by in kinds:
        alt = f"{len(record.x)} examples as dots" + (f", coloured by {by}." if by else ".")
        yield Figure(f"embed-{by or 'examples'}", embedding(record, by), alt, _spots(record))


def _spots(record: Embedding) -> Spots:
    from paribus.plots.embedding import spots

    return Spots(tuple(spots(record)), tuple(_captions(record)), record.pictures)


def _captions(record: Embedding) -> Iterator[str]:
    for place, row in enumerate(record.rows):
        if not record.truth:
            yield f"example {row}"
            continue
        truth, said = record.truth[place], record.said[place]
        wrong = "" if truth == said else f", taken for {said}"
        yield f"{clean(truth + wrong)} ({100 * record.confidence[place]:.0f} %), example {row}"


def _components(record: Embedding) -> Table:
    total, rows = 0.0, []
    for place, share in enumerate(record.explained[:SHOWN], 1):
        total += share
        rows.append((str(place), f"{100 * share:.1f} %", f"{100 * total:.1f} %"))
    return Table(("principal component", "share of the variance", "together"), tuple(rows), "rrr")


def _hint(record: Embedding) -> tuple[str, ...]:
    return ("In HTML a dot shows its picture to whoever points at it.",) if record.pictures else ()
