"""Words in the plane."""

from __future__ import annotations

from paribus.analysis.words import WordMap
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import finish, layer, nothing, number, span
from paribus.records import wording

HEIGHT = 620  # pixels


def words(found: WordMap) -> Chart:
    """Every word where its vector lies."""
    title = "Where the words lie"
    if not found.names:
        return nothing(title, "There are no words.")
    rows = [
        {"x": x, "y": y, "word": wording.clean(name)} for x, y, name in zip(found.x, found.y, found.names, strict=True)
    ]
    x, y = (
        number(name, span(values, 0.04), labels=False, grid=False) for name, values in (("x", found.x), ("y", found.y))
    )
    mark = {"type": "text", "fontSize": 11, "color": theme.INK}
    view = {"width": theme.WIDTH, "height": HEIGHT, **layer(mark, rows, x=x, y=y, text={"field": "word"})}
    says = {"pca": "Two principal components", "tsne": "t-SNE", "umap": "UMAP"}[found.method]
    return finish(
        view, title, f"{says} of the vectors, all of length 1: near each other where they point the same way."
    )
