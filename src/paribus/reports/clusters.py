"""The page about groups of examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records import wording
from paribus.records.wording import NONE, clean, count, text
from paribus.reports.page import Answer, Card, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.clusters import Cluster, Clusters, Grouping

NOTES = {
    "k-means": "Silhouette: 1 apart from the nearest other cluster, 0 on the border to it (Rousseeuw, 1987).",
    "fuzzy C-means": "Xie-Beni: spread within clusters over the gap between the nearest two (Xie & Beni, 1991).",
}
BLURRED = 0.1  # of the way from 1/C to 1: below it, memberships say next to nothing


def clusters_page(record: Clusters) -> Page:
    """Groups of examples against their classes."""
    from paribus.plots.clusters import indices

    number, kept = record.components
    first = Section(
        text=(
            f"{clean(record.says)}; by {count(number, 'principal component')} with {100 * kept:.0f} % of the variance.",
        ),
        figure=Figure("clusters-number", indices(record), "The index of every number of clusters."),
        tables=(_methods(record),),
        notes=(*NOTES.values(), *_notes(record)),
    )
    question = "Which groups do the examples form, and are these the classes?"
    whole = f"{count(record.examples, 'example')} of the {wording.SPLITS[record.split]} split, without their labels."
    groups = (section for one in record.groupings for section in _groups(one))
    return Page("Analysis", "clusters", question, tuple(_answers(record)), whole, sections=(first, *groups))


def _answers(record: Clusters) -> Iterator[Answer]:
    for one in record.groupings:
        against = "" if one.ari is None else f"against {record.classes} classes: ARI {one.ari:.3f}, NMI {one.nmi:.3f}"
        chosen = f"{one.number} clusters"
        yield Answer(one.method, chosen, beside=against)


def _methods(record: Clusters) -> Table:
    heads = ("method", "clusters", "index", "ARI", "NMI", "partition coefficient", "objective")
    rows = tuple(
        (
            one.method,
            str(one.number),
            f"{one.index} {one.indices[one.number]:.3f}",
            *(NONE if figure is None else f"{figure:.3f}" for figure in (one.ari, one.nmi)),
            f"{one.crispness:.3f}",
            text(one.objective[-1]),
        )
        for one in record.groupings
    )
    return Table(heads, rows, "lrlrrrr")


def _notes(record: Clusters) -> Iterator[str]:
    fuzzy = record.groupings[-1]
    yield f"Groups of both methods agree with an adjusted Rand index of {record.agreement:.3f}: 0 chance, 1 the same."
    yield (
        f"Memberships of fuzzy C-means (m = {record.fuzziness:g}): the partition coefficient is 1 where each example "
        f"belongs to one cluster, {1 / fuzzy.number:.3f} where all belong everywhere alike (Bezdek, 1981)."
    )
    least = 1 / fuzzy.number
    if fuzzy.crispness - least < BLURRED * (1 - least):
        yield "Here memberships are almost alike, so its clusters mean little: set fuzziness nearer to 1."


def _groups(one: Grouping) -> Iterator[Section]:
    heads = ("cluster", "examples", "mostly", "share")
    rows = tuple(
        (str(place), f"{it.size:,}", clean(it.mostly) or NONE, f"{100 * it.share:.0f} %" if it.mostly else NONE)
        for place, it in enumerate(one.clusters, 1)
    )
    cards = tuple(_card(place, it) for place, it in enumerate(one.clusters, 1) if it.rows)
    pictures = any(card.pictures for card in cards)
    said = ("The examples nearest to the centre of each cluster.",) if pictures else ()
    tables = (Table(heads, rows, "rrlr"),)
    yield Section(f"Clusters of {one.method}", said, cards=cards if pictures else (), tables=tables)


def _card(place: int, it: Cluster) -> Card:
    mostly = f", mostly {clean(it.mostly)} ({100 * it.share:.0f} %)" if it.mostly else ""
    return Card(tuple(filter(None, it.pictures)), (f"cluster {place}: {count(it.size, 'example')}{mostly}",))
