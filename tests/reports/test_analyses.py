"""Records of analyses in every format: a page, a terminal, a notebook."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from tests import attended

from paribus import notebook
from paribus.analysis.alignment import Alignments
from paribus.analysis.averaging import Averaging
from paribus.analysis.classes import Classes, ClassFigures, ClassSeeds, Confused, Correlation, Mistake
from paribus.analysis.clusters import Cluster, Clusters, Grouping
from paribus.analysis.corruptions import Corruptions
from paribus.analysis.denoising import Denoising, Score
from paribus.analysis.embed import Embedding
from paribus.analysis.errors.calibration import calibration
from paribus.analysis.errors.costs import costs
from paribus.analysis.errors.errors import Errors
from paribus.analysis.errors.figures import class_figures
from paribus.analysis.errors.labels import Labels
from paribus.analysis.examples import Example, Examples
from paribus.analysis.features import Features, Sheet
from paribus.analysis.gradients import Gradients
from paribus.analysis.gradients import Layer as OnTheWay
from paribus.analysis.latent import LatentMap, Likelihood
from paribus.analysis.memory import Layer as InMemory
from paribus.analysis.memory import StepMemory, Way
from paribus.analysis.neighbours import Curve, Decomposition, Near, Neighbourhood, Neighbours
from paribus.analysis.otherwise import Otherwise, Paired
from paribus.analysis.pictures import Sprites
from paribus.analysis.probe import Probe, Reading
from paribus.analysis.quality import Quality
from paribus.analysis.reading import Judged, ReadingErrors
from paribus.analysis.residuals import Residuals
from paribus.analysis.retrieval import Placed, Retrieval
from paribus.analysis.skill import Skill
from paribus.analysis.table import ANALYSES, resolve
from paribus.analysis.weights import Matrix, Scales, Units, Weights
from paribus.analysis.words import WordMap
from paribus.evidence import Estimate
from paribus.evidence.detection import detections
from paribus.evidence.penalties import penalty_of
from paribus.evidence.proportion import Proportion
from paribus.records.metric import EXACT
from paribus.reports.analyses import skills_page
from paribus.reports.render import draw, to_html, to_markdown
from paribus.reports.terminal import print_page
from paribus.tasks.sequences.alignment import Alignment
from paribus.training.costs import Memory as Held
from paribus.training.watch import Moment

HOSTILE = "<script>[b]x"
EARNED = Estimate(0.25, 0.125, 0.375, 90, 0.1, 89, 0.01, 0.95)
SEEN = Example(7, 2.5, HOSTILE, "dog", {"dog": 0.9}, ("data:image/png;base64,iVBORw0KGgo=",), None, HOSTILE)
AVERAGED = Averaging(
    "val", 90, 7, 1, 2, {"accuracy": 0.5, "loss": 0.6}, {"accuracy": 0.75, "loss": 0.35},
    {"accuracy": EARNED, "loss": Estimate(-0.25, -0.5, 0.125, 90, 0.1, 89, 0.2)}, 0.8,
)  # fmt: skip
PICTURE = "data:image/png;base64,iVBORw0KGgo="
SHARE = Proportion(2, 4, 0.25, 0.75)
NEAR = Near(3, HOSTILE, 0.5, PICTURE)
GROUPS = (Cluster(7, HOSTILE, 0.75, (PICTURE,), (3,)), Cluster(2, "", 0.0, ("",), (5,)))
PAIRS = (Confused(HOSTILE, "dog", 2, 9, (Mistake(4, PICTURE, 6, PICTURE),)),)
TOGETHER = Correlation(0.75, 0.5, 0.875, 0.015625)
SAYS = {"inputs": "inputs: 64 numbers (1×8×8)", "penultimate": "penultimate: 32 numbers"}
CLASSES, TRUE = (HOSTILE, "dog"), torch.arange(40) % 2
SHARES = torch.tensor([[0.7, 0.3], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]], dtype=torch.float64).repeat(10, 1)
RECORDS = {
    "neighbours": Neighbours(
        "val",
        90,
        200,
        (1, 200),
        SHARE,
        (Curve("inputs", SAYS["inputs"], (SHARE, SHARE), (1.0, 0.125), (Decomposition(0.5, 0.25, 0.375, 0.125),) * 2),),
        20,
        200,
        (Neighbourhood(NEAR, "dog", {"inputs": (NEAR,)}),),
        0.95,
    ),
    "clusters": Clusters(
        "val",
        9,
        SAYS["inputs"],
        (10, 0.875),
        1.5,
        2,
        (
            Grouping("k-means", "silhouette", {2: 0.5, 3: 0.25}, 2, (12.5,), 0.625, 0.75, 1.0, GROUPS),
            Grouping("fuzzy C-means", "Xie-Beni", {2: 0.25, 3: 0.5}, 2, (20.0, 9.5), None, None, 0.51, GROUPS),
        ),
        0.375,
    ),
    "embed": Embedding(
        "val",
        "tsne",
        SAYS["inputs"],
        (0.0, 1.0),
        (2.0, 3.0),
        (4, 5),
        (HOSTILE, "dog"),
        ("dog", "dog"),
        (0.625, 0.75),
        (0.5, 0.25),
        0.9375,
        0.5,
        30.0,
        0,
        Sprites(PICTURE, 8, 8, 2, 2),
    ),
    "features": Features(
        "example 4, val split",
        HOSTILE,
        "dog",
        PICTURE,
        Sheet("first", (2, 1, 3, 3), -0.5, 0.25, 0.0, 0, 2, False, PICTURE),
        (
            Sheet("second", (4, 8, 8), 0.0, 1.5, 0.5, 1, 3, False, PICTURE),
            Sheet("last", (2,), 0.0, 1.0, 0.5, 1, 0, False, ""),
        ),
    ),
    "classes": Classes(
        "val",
        9,
        SAYS,
        (
            ClassFigures("dog", 4, 7, SHARE, dict.fromkeys(SAYS, 0.5), dict.fromkeys(SAYS, HOSTILE), "", 0),
            ClassFigures(HOSTILE, 5, 8, SHARE, dict.fromkeys(SAYS, 0.25), dict.fromkeys(SAYS, "dog"), "dog", 2),
        ),
        {"inputs": TOGETHER, "training examples": replace(TOGETHER, p=0.5)},
        PAIRS,
        0.95,
    ),
    "class-seeds": ClassSeeds(
        "val",
        SAYS,
        3,
        {"dog": EARNED, HOSTILE: EARNED},
        {name: {"dog": EARNED, HOSTILE: EARNED} for name in SAYS},
        {"inputs": TOGETHER},
        {"x → dog": EARNED},
        PAIRS,
        0.95,
    ),
    "ensemble": replace(AVERAGED, members=3, views=1),
    "tta": AVERAGED,
    "errors": Errors(
        Examples("val", 3, 3, "loss", (), CLASSES, ((0, 2), (0, 1)), "examples", (SEEN,), (SEEN,)),
        0.95,
        class_figures(((0, 2), (0, 1)), CLASSES),
        detections(SHARES.numpy(), TRUE.numpy()),
        calibration(SHARES, TRUE, 0.95),
        costs("fn=10 fp=1", None, SHARES, TRUE, CLASSES, 0.95),
        Labels("held-out", 1, 40, 1, 0.025, ((19.0, 1.0), (0.0, 20.0)), (SEEN,), "why not more"),
        ("another thing cannot be checked",),
    ),
    "gradcam": attended.made(label=HOSTILE),
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
    "alignment": Alignments("val", (Alignment((HOSTILE, "b"), ("c",), ((0.75, 0.25),)),), 0.75, 0.5, 1),
    "words": WordMap({HOSTILE: ((HOSTILE, 0.5),)}, (HOSTILE, "b"), (0.0, 1.0), (1.0, 0.0), "tsne", 0.75, -0.25, 9, 5),
    "reading": ReadingErrors(
        3,
        0.5,
        {**dict.fromkeys(("right", "missed", "misplaced"), SHARE), "misread": Proportion(1, 4, 0.125, 0.5)},
        Proportion(3, 4, 0.25, 0.875),
        EARNED,
        (0.625, 0.75),
        1,
        2,
        (Judged(HOSTILE, HOSTILE, "dog", HOSTILE, 0.75, "misread"), Judged("b.png", "x", "x", "x", 1.0, "right")),
    ),
    "otherwise": Otherwise(
        "val",
        90,
        {HOSTILE: ("greedy", "beam")},
        {"exact": (0.5, 0.75), "loss": (1.25, 1.125), "slot/1": (0.5, 0.5)},
        {"exact": Paired(3, 2, EARNED), "loss": Paired(1, 0, None)},
        {"exact": EXACT},
        0.95,
    ),
    "probe": Probe("val", 90, HOSTILE, 5, (Reading(HOSTILE, 200, SHARE, Proportion(1, 4, 0.125, 0.5)),), 0.95),
    "corruptions": Corruptions(
        "val",
        90,
        (0.0, 1.0),
        {"noise": (SHARE, Proportion(1, 4, 0.125, 0.5))},
        {"noise": 0.5},
        {"noise": (PICTURE, PICTURE)},
        0.95,
    ),
    "retrieval": Retrieval(
        "val", 90, 5, {HOSTILE: Placed({1: SHARE}, 0.875, 0.25, ((0.0, 0.0), (1.0, 1.0)), (0.5, 0.25), None)}, 0.95
    ),
    "quality": Quality({"Fréchet distance": (1, 2)}, {"Fréchet distance": (8.0, 0.5)}),
}
SAID = {
    "neighbours": ("inputs, best k = 1", "50.0 % [25.0, 75.0]", "100.0 %", "12.5 %"),
    "clusters": ("ARI 0.625, NMI 0.750", "Xie-Beni 0.250", "almost alike", "10 principal components with 88 %"),
    "embed": ("0.938", "50 % of the 10 nearest", "What t-SNE does not say", "perplexity 30, seed 0"),
    "features": ("4×8×8", "1 of 4", "example 4, val split: dog, in truth"),
    "classes": ("0.75 [0.50, 0.88]", "p 0.016", "open: p 0.500", "dog (2)"),
    "class-seeds": ("25.0 % [12.5, 37.5]", "over 3 seeds", "x → dog"),
    "ensemble": ("Do several networks together know more than one?", "3 networks, 1 view", "75.00 %", "better"),
    "tta": ("+25.00 points [12.50, 37.50]", "−0.25 [−0.5, 0.125]", "undecided", "left out: 7 examples", "80.0%"),
    "errors": ("Where is it right", "taken for"),
    "gradcam": ("passes all 7 tests on 12 pictures", "certified", "−1 … 2", "necessary, not sufficient"),
    "skill": ("0.250 [0.125, 0.375]", "seasonal: error 4"),
    "residuals": ("[0.125, 0.375]", "12.5"),
    "denoising": ("29.00", "means over 2 pictures"),
    "latent-map": ("2 examples; x: z₁, y: z₂.", "−1"),
    "likelihood": ("−91.5", "100 draws for each of 1 example"),
    "alignment": ("75% of the weight on average", "0.50 nats, over 1 sequence"),
    "words": ("Over the 9 pairs", "differ by −0.25"),
    "quality": ("1 – 2", "0.5"),
    "reading": ("2 texts in 3 photographs; 1 box about none", "+25.0", "62.5%", "trained on 2 of these"),
    "otherwise": ("75.00 %", "greedy → beam", "+25.00 points [12.50, 37.50]", "1.125"),
    "probe": ("50.0 % [25.0, 75.0]", "25.0 % [12.5, 50.0]", "200", "the same layer of the same network"),
    "corruptions": ("strength 1", "25.0 % [12.5, 50.0]", "texture: amplitudes"),
    "retrieval": ("recall at 1", "5-way one-shot", "87.5", "over 2 sets of 5 classes"),
    "memory": ("holds 2.08 kB at most", "1.6 kB"),
    "weights": ("3 of 8 ReLU units never fire on 90 examples", "1.56"),
    "gradients": (
        "1e-09 times that at the last, × 1e-09 from layer to layer",
        "vanishes",
        "that training started from",
    ),
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


def test_sections_behind_the_first_stand_in_the_page():
    said = {
        "neighbours": ("20 training sets of 200", "neighbours: &lt;script&gt;[b]x (0.50)"),
        "clusters": ("Clusters of fuzzy C-means", "cluster 1: 7 examples, mostly &lt;script&gt;"),
        "features": ("first: 2×1×3×3; from −0.5 to 0.25", "second: 4×8×8, the first 3"),
        "classes": ("Confused pairs", "taken for dog", "2 of 9 examples", "example 4, and example 6"),
    }
    for name, texts in said.items():
        page = resolve(ANALYSES[name].page)(RECORDS[name])
        html = to_html(page, dict.fromkeys((figure.name for figure in page.figures), ""))
        assert [text for text in texts if text not in html] == []


def test_a_dot_of_a_map_shows_its_picture_from_one_sheet_to_who_points_at_it():
    page = resolve(ANALYSES["embed"].page)(RECORDS["embed"])
    html = to_html(page, draw(page))
    assert len(page.figures) == 3
    assert html.count(PICTURE) == 1
    assert html.count('class="sheet-0"') == 6
    assert html.count("&lt;script&gt;[b]x, taken for dog (62 %), example 4</b>") == 3
    assert "background-position:calc(var(--w) * -1) calc(var(--h) * 0)" in html


def test_skills_of_several_runs_stand_in_one_table():
    other = Skill("val", {"forecast": 2.0, "naive": 1.0}, {"naive": EARNED}, 90)
    (table,) = skills_page([("a/b/seed-0", RECORDS["skill"]), ("a/b/seed-1", other)]).sections[0].tables
    assert table.heads == ("run", "error", "skill against seasonal", "skill against naive", "examples")
    assert table.rows[1] == ("a/b/seed-1", "2", "", "0.250 [0.125, 0.375]", "90")
