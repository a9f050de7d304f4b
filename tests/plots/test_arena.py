"""Pictures of the arena: contours against exact areas, and every picture draws."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from paribus.plots import arena as plots
from paribus.plots.arena.contour import contours, loops
from paribus.plots.arena.motion import SECONDS, horizon
from paribus.theory import arena


def area(loop: list[tuple[float, float]]) -> float:
    """Shoelace formula; positive where the loop runs anticlockwise."""
    x, y = np.array(loop).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def grid(function, cells: int = 80, half: float = 2.0) -> np.ndarray:
    x = np.linspace(-half, half, cells + 1)
    return function(*np.meshgrid(x, x))


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.9])
def test_a_circle_has_its_area(radius: float) -> None:
    (loop,) = loops(grid(lambda x, y: x**2 + y**2), radius**2)
    cell = (4 / 80) ** 2
    assert loop[0] == loop[-1]
    assert area(loop) * cell == pytest.approx(np.pi * radius**2, rel=(0.05 / radius) ** 2)  # chords cut off O(h²)


def test_a_ring_has_a_hole_that_runs_the_other_way() -> None:
    found = loops(grid(lambda x, y: (np.hypot(x, y) - 1) ** 2), 0.25)
    areas = sorted(area(loop) * (4 / 80) ** 2 for loop in found)
    assert areas == pytest.approx([-np.pi * 0.25, np.pi * 2.25], rel=0.01)
    assert sum(areas) == pytest.approx(np.pi * 2, rel=0.01)


def test_the_rim_closes_regions() -> None:
    half_plane = loops(grid(lambda x, y: x), 0.0)
    assert [area(loop) * (4 / 80) ** 2 for loop in half_plane] == pytest.approx([8.0])
    everything = loops(grid(lambda x, y: x), np.inf)
    assert [area(loop) * (4 / 80) ** 2 for loop in everything] == pytest.approx([16.0])


def test_random_surfaces_have_the_area_of_their_low_points() -> None:
    """Interpolation agrees with counting points on a fine grid, saddles between cells included."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        a, b, c = rng.uniform(1, 4, 3)
        function = lambda x, y, a=a, b=b, c=c: np.sin(a * x) * np.cos(b * y) + 0.2 * c * x * y  # noqa: E731
        ours = sum(map(area, loops(grid(function, 160), 0.1))) / 160**2
        assert ours == pytest.approx((grid(function, 1600) < 0.1).mean(), abs=4e-3)


def test_levels_are_logarithmic_where_heights_are() -> None:
    low, high = np.array([-2.0, -2.0]), np.array([2.0, 2.0])
    steep = contours(arena.problem("rosenbrock").value, low, high, 100, 100)
    flat = contours(lambda x: x[..., 0], low, high, 100, 100)
    assert steep.ratio is not None
    assert steep.ratio > 1
    assert flat.ratio is None
    assert flat.distance == pytest.approx(4 / 10)


RACES = {
    "one map": ("rosenbrock", ("sgd", "adam", "newton"), 2),
    "many maps": ("beale", tuple(arena.LABELS), 1),
    "a curve": ("softplus", ("sgd", "newton"), 1),
    "no map": ("rosenbrock3", ("adam",), 1),
    "no minimum": ("saddle", ("sgd", "newton"), 1),
    "gone at once": ("himmelblau", ("sgd1",), 1),
}


def race(name: str) -> arena.Race:
    surface, names, starts = RACES[name]
    problem = arena.problem(surface.rstrip("3"), 3 if surface.endswith("3") else None)
    optimizers = [arena.optimizer("sgd", {"lr": 50.0}) if one == "sgd1" else arena.optimizer(one) for one in names]
    return arena.race(problem, optimizers, starts if starts > 1 else None, 30)


@pytest.mark.parametrize("name", RACES)
def test_races_draw_themselves(name: str) -> None:
    found = race(name)
    for chart in (plots.paths(found), plots.falls(found)):
        ElementTree.fromstring(chart.svg())
    motion = plots.animation(found)
    assert bool(motion) == (found.problem.dimensions <= 2)
    if motion:
        root = ElementTree.fromstring(motion)
        assert len(root.findall(".//{*}circle/{*}animate")) == 2 * len(found.trajectories)
        assert "http" not in motion.replace("http://www.w3.org/2000/svg", "")
        assert "nan" not in motion


def test_the_dot_ends_where_the_path_ends() -> None:
    found = arena.race(arena.problem("himmelblau"), [arena.optimizer("lbfgs")], steps=60)
    dot = ElementTree.fromstring(plots.animation(found)).findall(".//{*}circle/{*}animate")
    ends = [float(one.get("values").split(";")[-1]) for one in dot]
    cross = re.search(r'<path d="M([\d.]+),([\d.]+)h10M', plots.animation(found))  # the first minimum, (3, 2)
    assert cross
    assert ends == pytest.approx([float(cross[1]) + 5, float(cross[2])], abs=0.2)
    assert dot[0].get("dur") == f"{SECONDS + 2:g}s"
    assert horizon(found) < 30


def test_other_pictures_draw_themselves() -> None:
    beale = arena.problem("beale")
    swept = arena.sweep(beale, [arena.optimizer("adam"), arena.optimizer("sgd")], "lr", (1e-3, 1e-2, 10.0), 5, 20)
    charts = [
        plots.sweeps(swept),
        plots.landmarks(arena.search(beale, 50)),
        plots.landmarks(arena.search(arena.problem("rastrigin", 3), 20)),
        plots.crossing(arena.convexity(beale, 200)),
        plots.crossing(arena.convexity(arena.problem("softplus"), 200)),
        plots.backtracking(arena.trace(beale, arena.optimizer("linesearch"), None, 2), 2),
        plots.backtracking(arena.trace(beale, arena.optimizer("adam"), None, 1)),
        plots.online(arena.reddi(3.0, 300)),
    ]
    for chart in charts:
        ElementTree.fromstring(chart.svg())
