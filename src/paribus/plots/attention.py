"""Maps over pictures, how they change while layers become random, and what their order of pixels is worth."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.analysis.attention.records import Cascade, Certificate, Map
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, heading, layer, number
from paribus.tasks.sheet import sheet

STRONG = 0.75  # how much of a picture the strongest place of a map covers
# from nothing to most; and from against the class over nothing to for it
HEAT = ("#1f2933", "#56306e", "#b34700", "#e69f00", "#fff3b0")
SIGNED = ("#0072b2", "#9cc7e2", "#ffffff", "#f2b58a", "#d55e00")
PANEL = 230  # height of a panel in pixels


def overlaid(found: Map) -> bytes:
    """A picture, the shown map over it, and the raw map with blue for what speaks against the class, as PNG."""
    picture, raw = pixels(found.picture), torch.tensor(found.values)
    shown = torch.stack([picture, over(picture, raw), signed(raw, picture.shape[1:])])[None]
    return _png(shown, ("picture", "map over it", "raw map"), f"{found.label}, {found.place}")


def cascade(found: Cascade) -> bytes:
    """The map of the trained network, and those with more and more random layers, from left to right, as PNG."""
    picture = pixels(found.picture)
    rows = [over(picture, torch.tensor(values)) for values in found.maps.values()]
    title = f"{found.label}: trained, then random from the output down to …"
    return _png(torch.stack([picture, *rows])[None], ("picture", *found.maps), title)


def likeness(found: Certificate) -> Chart:
    """How like maps stay while layers become random: rank correlation and SSIM, with intervals, and the limit."""
    x = {
        "field": "layer",
        "type": "ordinal",
        "scale": {"domain": [one.layer for one in found.likeness]},
        "axis": {"title": "random from the output down to", "labelAngle": -40, "labelLimit": 160},
    }
    y = number("value", (-0.6, 1), "likeness to the trained network's maps", tickCount=5)
    figures = {
        "rank correlation": {one.layer: one.rank for one in found.likeness},
        "SSIM": {one.layer: one.ssim for one in found.likeness},
    }
    colour = colours(list(figures), (theme.ARMS[1], theme.ARMS[2]))
    drawn = []
    for aside, (name, values) in zip((-4, 4), figures.items(), strict=True):
        rows: list[Row] = [
            {"layer": where, "arm": name, "value": it.value, "low": max(-0.6, it.low), "high": min(1, it.high)}
            for where, it in values.items()
        ]
        ends = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
        drawn.append(layer({"type": "rule", "strokeWidth": 1.6, "xOffset": aside}, rows, x=x, color=colour, **ends))
        dot = {"type": "point", "filled": True, "size": 46, "opacity": 1, "xOffset": aside}
        drawn.append(layer(dot, rows, x=x, y=y, color=colour))
    limit = layer(
        {"type": "rule", "strokeDash": [5, 4], "color": theme.MUTED},
        [{"limit": found.limit}],
        y={"field": "limit", "type": "quantitative"},
    )
    view: Spec = {"width": theme.WIDTH - 90, "height": PANEL, "layer": [limit, *drawn]}
    reading = "A map that shows what was learned is lost below the dashed line where all weights are random."
    return finish(view, "Maps while layers become random", reading)


def faithfulness(found: Certificate) -> Chart:
    """Probability of the class while pixels are deleted, and while they are inserted, in the order of each ranking."""
    names = list(found.deletion)
    panels = [
        _curves(found.shares, found.deletion, names, "deleted, those that count most first: sooner down is better"),
        _curves(found.shares, found.insertion, names, "inserted, those that count most first: sooner up is better"),
    ]
    view = {"concat": panels, "columns": 2, "bounds": "flush", "spacing": 62}
    return finish(view, "What pixels are worth", "Means over pictures of the probability of the predicted class.")


def _curves(shares: Sequence[float], found: Mapping[str, Sequence[float]], names: list[str], title: str) -> Spec:
    rows: list[Row] = [
        {"arm": name, "share": 100 * share, "value": value}
        for name in names
        for share, value in zip(shares, found[name], strict=True)
    ]
    x, y = (
        number("share", (0, 100), "% of the pixels", tickCount=5),
        number("value", (0, 1), "probability", tickCount=5),
    )
    palette = (theme.ARMS[1], *theme.ARMS[2:5])
    line = layer({"type": "line", "strokeWidth": 2.2}, rows, x=x, y=y, color=colours(names, palette))
    return {"width": theme.WIDTH / 2 - 62, "height": PANEL, "layer": [line, heading([title])]}


def pixels(address: str) -> Tensor:
    """A picture from its address of HTML, (3, H, W) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(b64decode(address.partition(",")[2]))) as image:
        return torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)


def over(picture: Tensor, raw: Tensor) -> Tensor:
    """The positive part of a raw map (h, w) in colours over a picture (3, H, W), which is grey below it."""
    shown = F.interpolate(raw.nan_to_num(0.0).relu()[None, None], picture.shape[1:], mode="bilinear")[0, 0]
    shown = shown / shown.max().clamp(min=1e-30)
    grey = picture.float().mean(0, keepdim=True)
    share = STRONG * shown.sqrt()
    return (grey * (1 - share) + share * coloured(shown, HEAT)).round().to(torch.uint8)


def signed(raw: Tensor, size: Sequence[int]) -> Tensor:
    """A raw map (h, w) in colours, (3, H, W) uint8: orange for the class, blue against it, white for nothing."""
    most = raw.nan_to_num(0.0).abs().max().clamp(min=1e-30)
    places = F.interpolate((raw.nan_to_num(0.0) / most)[None, None], tuple(size), mode="nearest")[0, 0]
    return coloured((places + 1) / 2, SIGNED).round().to(torch.uint8)


def coloured(places: Tensor, anchors: Sequence[str]) -> Tensor:
    """Numbers from 0 to 1 (H, W) as colours between anchors at equal distances, (3, H, W) from 0 to 255."""
    table = np.array([[int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in anchors], np.float64)
    along = np.linspace(0, 1, len(anchors))
    return torch.from_numpy(np.stack([np.interp(places.numpy(), along, channel) for channel in table.T])).float()


def _png(pictures: Tensor, columns: Sequence[str], title: str) -> bytes:
    target = io.BytesIO()
    sheet(pictures, columns, title).save(target, "png")
    return target.getvalue()
