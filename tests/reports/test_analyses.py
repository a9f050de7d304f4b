"""Records of analyses in every format: a page, a terminal, a notebook."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from paribus import notebook
from paribus.analysis.averaging import Averaging
from paribus.analysis.denoising import Denoising, Score
from paribus.analysis.examples import Example, Examples
from paribus.analysis.gradients import Gradients
from paribus.analysis.gradients import Layer as OnTheWay
from paribus.analysis.latent import LatentMap, Likelihood
from paribus.analysis.memory import Layer as InMemory
from paribus.analysis.memory import StepMemory, Way
from paribus.analysis.quality import Quality
from paribus.analysis.residuals import Residuals
from paribus.analysis.skill import Skill
from paribus.analysis.table import ANALYSES, resolve
from paribus.analysis.weights import Matrix, Scales, Units, Weights
from paribus.evidence import Estimate
from paribus.evidence.penalties import penalty_of
from paribus.reports.analyses import skills_page
from paribus.reports.render import draw, to_html, to_markdown
from paribus.reports.terminal import print_page
from paribus.training.costs import Memory as Held
from paribus.training.watch import Moment

HOSTILE = "<script>[b]x"
EARNED = Estimate(0.25, 0.125, 0.375, 90, 0.1, 89, 0.01, 0.95)
SEEN = Example(7, 2.5, HOSTILE, "dog", {"dog": 0.9}, ("data:image/png;base64,iVBORw0KGgo=",), None, HOSTILE)
AVERAGED = Averaging(
    "val", 90, 7, 1, 2, {"accuracy": 0.5, "loss": 0.6}, {"accuracy": 0.75, "loss": 0.35},
    {"accuracy": EARNED, "loss": Estimate(-0.25, -0.5, 0.125, 90, 0.1, 89, 0.2)}, 0.8,
)  # fmt: skip
RECORDS = {
    "ensemble": replace(AVERAGED, members=3, views=1),
    "tta": AVERAGED,
    "examples": Examples("val", 3, 3, "loss", (), (HOSTILE, "dog"), ((0, 2), (0, 1)), "examples", (SEEN,), (SEEN,)),
    "skill": Skill("val", {"forecast": 3.0, "seasonal": 4.0}, {"seasonal": EARNED}, 90),
    "residuals": Residuals(
        "val",
        {HOSTILE: EARNED},
        {HOSTILE: 12.5},
        {HOSTILE: 9.75},
        {HOSTILE: 20.0},
        {HOSTILE: (1.0, 2.0)},
        {HOSTILE: (1.5, 1.5)},
        90,
    ),
    "denoising": Denoising((Score(25.0, "noisy", 20.15, 0.5, 2), Score(25.0, HOSTILE, 29.0, 0.9, 2))),
    "latent-map": LatentMap((0.5, -1.0), (1.0, 2.0), (HOSTILE, "b"), ("z₁", "z₂")),
    "likelihood": Likelihood(-91.5, math.nan, 100, 1),
    "memory": StepMemory(
        2,
        "cpu",
        "fp32",
        (Held("parameters", HOSTILE, 400, 400), Held("activations", "not known", None, 1600)),
        HOSTILE,
        (InMemory(HOSTILE, None, 1600, 400, 400, 0),),
        (Moment("forward", 1600, 0, 80), Moment("update", 0, 400, 0)),
        Moment("forward", 1600, 0, 80),
        4096,
        (Way("plain", 1680, (1, 1, 1), 0), Way(HOSTILE, 840, (1.25, 1, 2), 0)),
        {HOSTILE: (9, 3)},
    ),
    "weights": Weights(
        (Matrix(HOSTILE, (2, 2), 5.0, 2.5, (4.0, 3.0), 1.5625, 0.25, 0, 0, penalty_of([3.0, 4.0]), (-4, 4), (1, 3)),),
        (Scales(HOSTILE, 0.0, 1.0, 2.0, 1, 8),),
        (Units(HOSTILE, 8, 3, 0.5),),
        "val",
        90,
        (HOSTILE,),
        HOSTILE,
    ),
    "gradients": Gradients(
        "start", (OnTheWay(HOSTILE, 1e-9, 2e-9, 1e-9, 1e-8), OnTheWay("last", 1.0, None, 1.0, 1.0)), False, 32
    ),
    "quality": Quality({"Fréchet distance": (1, 2)}, {"Fréchet distance": (8.0, 0.5)}),
}
SAID = {
    "ensemble": ("Do several networks together know more than one?", "3 networks, 1 view", "75.00 %", "better"),
    "tta": ("+25.00 points [12.50, 37.50]", "−0.25 [−0.5, 0.125]", "undecided", "left out: 7 examples", "80.0%"),
    "examples": ("Where is it right", "taken for"),
    "skill": ("0.250 [0.125, 0.375]", "seasonal: error 4"),
    "residuals": ("[0.125, 0.375]", "12.5"),
    "denoising": ("29.00", "means over 2 pictures"),
    "latent-map": ("2 examples; x: z₁, y: z₂.", "−1"),
    "likelihood": ("−91.5", "100 draws for each of 1 example"),
    "quality": ("1 – 2", "0.5"),
    "memory": ("holds 2.08 kB at most", "1.6 kB"),
    "weights": ("3 of 8 ReLU units never fire on 90 examples", "1.56"),
    "gradients": ("× 1e-09 in each of 1 layers", "vanishes", "that training started from"),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_every_record_can_be_read_everywhere(name, capsys):
    record = RECORDS[name]
    page = resolve(ANALYSES[name].page)(record)
    assert page.question.endswith("?")
    print_page(page)
    printed = capsys.readouterr().out
    for text in (printed, to_html(page, draw(page)), to_markdown(page).replace("\\", ""), notebook.html(record)):
        assert [said for said in SAID[name] if said not in text] == []
    assert "<script" not in to_html(page, draw(page))


def test_skills_of_several_runs_stand_in_one_table():
    other = Skill("val", {"forecast": 2.0, "naive": 1.0}, {"naive": EARNED}, 90)
    (table,) = skills_page([("a/b/seed-0", RECORDS["skill"]), ("a/b/seed-1", other)]).sections[0].tables
    assert table.heads == ("run", "error", "skill against seasonal", "skill against naive", "examples")
    assert table.rows[1] == ("a/b/seed-1", "2", "", "0.250 [0.125, 0.375]", "90")
