"""Every kind of picture that paribus draws, at every size, on one page: to be looked at before a release.

    python -m docs.gallery FOLDER              draw everything into FOLDER; index.html shows it
    python -m docs.gallery FOLDER --refresh    also renew the pictures that README.md and docs/ show

Small trainings of every kind of task give the pictures of runs; studies made up from known numbers give the others.
Three pictures of the documentation are photographs, taken where a browser is at hand: ``page.png`` of the report of the
study that README.md opens with, which ``--refresh`` leaves in FOLDER/studies/digits-cnn--model.norm, ``confusions.png``
and ``worst.png`` of that of FOLDER/runs/digits-cnn. They are cut from what this takes:

    chromium --headless --hide-scrollbars --window-size=1000,5200 --screenshot=page.png report.html
"""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from random import Random

import torch
from docs.families import Small, families
from PIL import Image
from tests import made

import paribus as pb
from paribus import plots
from paribus.analysis.comparison import ClassChurn, Layers
from paribus.analysis.errors.calibration import calibration
from paribus.analysis.gradients import Gradients, Layer
from paribus.analysis.latent import LatentMap
from paribus.analysis.quality import Quality
from paribus.analysis.reading import Judged, summed
from paribus.chance import key
from paribus.data.augmentation import PARTS
from paribus.data.augmentation.compose import Compose
from paribus.data.prepare.prepared import open_dataset
from paribus.evidence.detection import detections
from paribus.plots import Chart
from paribus.plots import arena as arena_plots
from paribus.plots.activations import activations, depths
from paribus.plots.alignment import alignments
from paribus.plots.compare import churn
from paribus.plots.compare import layers as alignment
from paribus.plots.errors import ranks, reliability
from paribus.plots.gradients import gradients
from paribus.plots.latent import latent
from paribus.plots.layers import sizes
from paribus.plots.quality import quality
from paribus.plots.rates import rates
from paribus.plots.reading import outcomes
from paribus.plots.search import history, parallel
from paribus.plots.seeds import seeds
from paribus.records.parts import Part, build
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.run import RunFolder
from paribus.reports import files as reports
from paribus.reports.pictures import save_picture
from paribus.reports.run import run_page
from paribus.tasks.sequences.alignment import Alignment
from paribus.tasks.sheet import sheet
from paribus.theory import arena
from paribus.theory.activations import ACTIVATIONS, through_depth
from paribus.theory.layers import table
from paribus.training import loop
from paribus.training.execution import Settings
from paribus.training.finder import lr_find

STUDIES: dict[str, Callable[[], StudyResult]] = {
    "two arms": made.two_arms,
    "two arms, two seeds": lambda: made.two_arms(seeds=2),
    "two arms, one seed": lambda: made.two_arms(seeds=1),
    "split fixed": made.split_fixed,
    "two claims apart": made.apart,
    "factorial": made.factorial,
    "24 arms": made.many_arms,
    "diverged": made.diverged,
    "failed": made.failed,
    "one arm": made.one_arm,
    "nothing yet": made.nothing_yet,
    "noise": made.noise,
    "over n": made.over_n,
}
PICTURES, LARGEST = Path(__file__).parent / "pictures", 150_000  # bytes of a picture of the documentation
SEARCHED = {"lr": "1e-3..1", "model.dropout": "0..0.5"}  # by the search that a page shows
SHOWN = {  # name → run and picture of its report
    "run": ("digits/cnn", "curves"),
    "segmentation": ("shapes/unet", "preview-final"),
    "denoising": ("textures/denoise", "preview-final"),
    "gan": ("digits/gan", "preview-final"),
    "vae": ("digits/vae", "preview-final"),
    "forecast": ("seasons/lstm", "examples"),
    "language-model": ("markov/rnn", "curves"),
}
STRONG = {"rotate": {"degrees": 40}, "colour": {"brightness": 0.5, "contrast": 0.6, "saturation": 0.9}}  # to be seen
STRONG |= {"cutout": {"size": 16}, "translate": {"fraction": 0.3}, "crop": {"padding": 12}, "mixup": {"alpha": 1.0}}
STRONG |= {"resized_crop": {"smallest": 0.2}, "erase": {"probability": 1.0}, "randaugment": {"magnitude": 18}}
QUICK = {"training.precision": "fp32"}
ASKED = {  # analyses that the reports show
    "digits/cnn": ("neighbours", "clusters", "embed", "features", "classes", "corruptions"),
    "copy/attention": ("alignment",),
}
RUNS: dict[str, dict[str, object]] = {
    "digits/cnn": {"budget.epochs": 6, "model.widths": [16, 32]},
    "shapes/unet": {"budget.epochs": 12, "data.pictures": 300, "model.width": 8, "model.depth": 3},
    "textures/denoise": {"budget.epochs": 12, "data.pictures": 160, "training.batch_size": 4},
    "digits/gan": {"budget.epochs": 60},
    "gaussians/gan": {"budget.epochs": 10},
    "digits/vae": {"budget.epochs": 60},
    "seasons/lstm": {"budget.epochs": 4, "split.limit": 2000},
    "markov/rnn": {"budget.epochs": 8, "data.tokens": 20_000},
    "lookahead/bilstm": {"budget.epochs": 2},
    "copy/attention": {"budget.epochs": 2},
}
EXPLAINED = ("digits/cnn", "shapes/unet")  # whose reports show where the network looks


def main(folder: Path, refresh: bool) -> None:
    """Draw everything, and a page that shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    drawn = augmentations(folder / "augmentation.png")
    drawn_plates = plates(folder / "plates.png")
    shown = [*studies(folder), *others(folder), drawn, drawn_plates, *runs(folder), course(folder)]
    index = folder / "index.html"
    index.write_text(page(shown, folder), encoding="utf-8")
    if refresh:
        refreshed(folder)
    print(f"{len(shown)} pictures and pages in {index}, {time.perf_counter() - started:.0f} s")


def studies(folder: Path) -> Iterator[Path]:
    """All plots of all kinds of studies, and their reports."""
    for name, make in STUDIES.items():
        result = make()
        for plot in (plots.forest, plots.arms, plots.levels, plots.paired, plots.curves, plots.costs, plots.noise):
            yield saved(plot(result), folder, f"{name} {plot.__name__}")
        yield reports.write(result, folder / file_name(name))


def looks(source: str, written: str) -> Alignment:
    """A made alignment: equal tokens look at each other, others at their own place."""
    read, said = source.split(), written.split()
    wanted = [read.index(token) if token in read else place for place, token in enumerate(said)]
    weights = tuple(tuple(0.8 if at == place else 0.2 / (len(read) - 1) for at in range(len(read))) for place in wanted)
    return Alignment(tuple(read), tuple(said), weights)


def others(folder: Path) -> Iterator[Path]:
    """Pictures of analyses and of the theory."""
    draw = Random(0)
    codes = [
        (draw.gauss(digit % 4, 0.4), draw.gauss(digit // 4, 0.3), str(digit)) for digit in range(10) for _ in range(40)
    ]
    beale, rosenbrock = arena.problem("beale"), arena.problem("rosenbrock")
    losses = {
        "generator loss": (-0.4, -1.2, -2.0),
        "discriminator loss": (0.1, -0.2, -0.3),
        "Fréchet distance": (9, 4, 3),
    }
    race = arena.race(rosenbrock, [arena.optimizer(name) for name in ("sgd", "adam", "newton")], None, 200)
    tried = (1e-3, 1e-2, 1e-1, 1.0)
    vanishing = tuple(
        Layer(f"layers.{k}", 0.15 ** (19 - k), 0.02 * 0.15 ** (19 - k), 0.15 ** (19 - k), 0.27 ** (19 - k))
        for k in range(20)
    )
    charts = {
        "latent": latent(LatentMap(*zip(*codes, strict=True), ("z₁", "z₂"))),
        "alignment": alignments([looks("the cat sat", "die Katze sass"), looks("a b c d e", "e d c b a")]),
        "quality": quality(Quality(dict.fromkeys(losses, (1, 2, 3)), losses)),
        "activations": activations(list(ACTIVATIONS.values())),
        "relu": activations([ACTIVATIONS["relu"]]),
        "depths": depths([through_depth(name, depth=20, width=64) for name in ("sigmoid", "tanh", "relu")]),
        "layers": sizes(
            table("conv 64 k7 s2 p3 nobias, bn, relu, pool 3 s2 p1, conv 64 k3 p1, conv 128 k3 s2 p1", (3, 224, 224))
        ),
        "reading": outcomes(summed(lost(), 60, 3, 0.5)),
        "paths": arena_plots.paths(race),
        "falls": arena_plots.falls(race),
        "falls of all": arena_plots.falls(arena.race(beale, [arena.optimizer(one) for one in arena.LABELS], None, 100)),
        "sweeps": arena_plots.sweeps(
            arena.sweep(beale, [arena.optimizer("adam"), arena.optimizer("sgd")], "lr", tried, 5, 50)
        ),
        "landmarks": arena_plots.landmarks(arena.search(arena.problem("himmelblau"), 200)),
        "crossing": arena_plots.crossing(arena.convexity(beale, 200)),
        "backtracking": arena_plots.backtracking(arena.trace(beale, arena.optimizer("linesearch"), None, 2), 2),
        "learning rates": rates(lr_find("digits/mlp", device="cpu")),
        "gradients": gradients(Gradients("start", vanishing, True, 32)),
        "online": arena_plots.online(arena.reddi(3.0, 300)),
        **judged(),
    }
    for name, chart in charts.items():
        yield saved(chart, folder, name)


def judged() -> dict[str, Chart]:
    """Ranks and calibration of a network that is too sure, and what another one does otherwise."""
    true = torch.arange(600) % 6
    scores = torch.randn(600, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    shares = (2 * scores + 3 * torch.nn.functional.one_hot(true, 6)).softmax(1)
    names = [f"class {one}" for one in range(6)]
    churned = [ClassChurn(name, 100, 0.8, 0.82, 7 - one, 2 * one, 1.0) for one, name in enumerate(names)]
    alike = tuple(tuple(math.exp(-(((i / 20 - j / 32) * 3) ** 2)) for j in range(32)) for i in range(20))
    deep = [tuple(f"layer{one}.conv" for one in range(number)) for number in (20, 32)]
    return {
        "roc": ranks(names, detections(shares.numpy(), true.numpy()).classes),
        "reliability": reliability(calibration(shares, true, 0.95)),
        "churn": churn(churned),
        "cka": alignment(Layers(deep[0], deep[1], alike, 512), "first", "second"),
    }


def runs(folder: Path) -> Iterator[Path]:
    """Small trainings of every kind of task, and their reports."""
    plain = {name: Small(name, changes, ASKED.get(name, ())) for name, changes in RUNS.items()}
    for name, one in {**plain, **families(folder / "data")}.items():
        run = RunFolder(folder / "runs" / file_name(name))
        if run.result is None:
            loop.train(run, Recipe.load(one.recipe, {**QUICK, **one.changes}), 0, Settings("cpu", 1))
        reports.look(run)
        for asked in one.asked:
            pb.analyse(run, asked)
        if name in EXPLAINED:
            pb.explain(run, "gradcam")
        for picture in run_page(run).figures:
            yield saved(picture.chart, folder, f"{name} {picture.name}")
        yield from sorted(run.previews.glob("final.png"))
        yield reports.write_run(run)


def augmentations(path: Path) -> Path:
    """Each augmentation, four times, on the same picture."""
    pictures = textured(5)
    rows = torch.arange(5)
    changed: list[torch.Tensor] = []
    for name in PARTS:
        chain = Compose({name: build("augment", Part(name, **STRONG.get(name, {})))})
        changed += [chain(pictures, key("gallery", turn), rows)[0][0] for turn in range(4)]
    lines = [[*PARTS][at : at + 2] for at in range(0, len(PARTS), 2)]  # two augmentations side by side
    sheets = [sheet(pictures[0][None, None], ["as it is"], "What each augmentation does to a picture, four times")]
    for names, row in zip(lines, torch.stack(changed).split(8), strict=True):
        sheets.append(sheet(row[None], [name for name in names for _ in range(4)]))
    written(below(sheets), path)
    return path


def plates(path: Path) -> Path:
    """Plates as they are drawn, and what each of the four strengths makes of them."""
    clear = dict.fromkeys(("perspective", "blur", "dirt", "night"), 0.0)
    looks = {"as made": clear, **{name: {**clear, name: 1.0} for name in clear}, "all": dict.fromkeys(clear, 0.6)}
    columns = []
    for look in looks.values():
        made = open_dataset(Part("made_plates", plates=10, colour="rgb", **look))
        columns.append(made.inputs[:6].clone())
    written(sheet(torch.stack(columns, 1), [*looks], "Plates that are drawn"), path)
    return path


def lost() -> list[Judged]:
    """Texts as they are lost, made up."""
    kinds = {
        "right": (30, "AB1", 0.8),
        "misread": (18, "AB7", 0.7),
        "misplaced": (8, "B1", 0.4),
        "missed": (4, "", 0.0),
    }
    return [
        Judged(f"{name}-{k}.jpg", "AB1", said, "AB1" if k % 5 else "A81", iou, name)  # type: ignore[arg-type]
        for name, (count, said, iou) in kinds.items()
        for k in range(count)
    ]


def textured(count: int, size: int = 48) -> torch.Tensor:
    """Colour pictures with something in them that shows what was turned, moved or mixed: (B, 3, H, W) uint8."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, size),) * 2, indexing="ij")
    found = []
    for turn in range(count):
        ring = ((x**2 + y**2).sqrt() * (6 + turn)).sin()
        stripes = (8 * (x * math.cos(turn) + y * math.sin(turn))).sin()
        inside = (x + 0.2).abs() + (y - 0.1).abs() < 0.5
        layers = torch.stack([ring, stripes, 0.5 * ring - x]) if turn % 2 else torch.stack([-x, 0.6 * ring, stripes])
        layers[0][inside], layers[2][inside] = 0.9, -0.6
        found.append(((layers.clamp(-1, 1) + 1) * 110 + 15).to(torch.uint8))
    return torch.stack(found)


def course(folder: Path) -> Path:
    """A page about several studies and a run."""
    parts = {**{name: make() for name, make in STUDIES.items()}, "a run": RunFolder(folder / "runs" / "digits-cnn")}
    return reports.write_course(parts, folder / "course.html", overwrite=True)


def refreshed(folder: Path) -> None:
    """Renew the pictures in README.md and docs/: of studies that they show, and of the runs above."""
    for name, study, drawn in pages_studies(folder / "studies"):
        result = study.run()
        study.report()
        stacked([plot(result) for plot in drawn], PICTURES / f"{name}.png")
    planned = pb.Study("digits/mlp", epochs=5, vary={"model.dropout": [0, 0.3]}, runs=folder / "studies")
    stacked([seeds(planned.plan(delta="3pt", pilot=5))], PICTURES / "plan.png")
    augmentations(PICTURES / "augmentation.png")
    plates(PICTURES / "plates.png")
    found = pb.Tune("digits/mlp", epochs=3, search=SEARCHED, trials=12, runs=folder / "studies").run(jobs=1)
    stacked([history(found), parallel(found)], PICTURES / "tune.png")
    for name, (run, picture) in SHOWN.items():
        page = run_page(RunFolder(folder / "runs" / file_name(run)))
        small(save_picture(page, folder / f"{name}.png", picture, overwrite=True), PICTURES / f"{name}.png")


def pages_studies(runs: Path) -> Iterator[tuple[str, pb.Study, Sequence[Callable[[StudyResult], Chart]]]]:
    """The studies whose pictures pages show: name of the picture, study, plots."""
    norm = {"model.norm": ["none", "batch"]}
    optimizers = {"optimizer.use": ["sgd", "adam"], "optimizer.lr": [0.01, 0.001]}
    yield "report", pb.Study("digits/cnn", vary=norm, runs=runs), (plots.forest, plots.curves)
    until = pb.Study("digits/mlp", epochs=5, vary=norm, seeds=3, most=20, runs=runs)
    yield "seeds", until, (plots.forest, plots.paired)
    factorial = pb.Study("digits/mlp", epochs=6, vary=optimizers, seeds=3, runs=runs)
    yield "vary", factorial, (plots.forest, plots.arms)
    noise = pb.Study("digits/mlp", epochs=6, dropout=0.2, layout="noise", seeds=30, runs=runs)
    yield "noise", noise, (plots.noise,)


def stacked(charts: Sequence[Chart], path: Path) -> None:
    """Pictures below each other, as one."""
    written(below([Image.open(io.BytesIO(chart.png(1.5))).convert("RGB") for chart in charts]), path)


def below(images: Sequence[Image.Image]) -> Image.Image:
    """All of them below each other."""
    whole = Image.new("RGB", (max(one.width for one in images), sum(one.height for one in images)), "white")
    top = 0
    for one in images:
        whole.paste(one, (0, top))
        top += one.height
    return whole


def small(source: Path, path: Path) -> None:
    """A picture as wide as a page of the documentation."""
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    image.thumbnail((1000, 1400))
    written(image, path)


def written(image: Image.Image, path: Path) -> None:
    """A picture in few colours, so that its file stays small."""
    path.parent.mkdir(exist_ok=True)
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < LARGEST, f"{path} is larger than {LARGEST} bytes"


def saved(chart: Chart, folder: Path, name: str) -> Path:
    """A picture as a file of the folder."""
    return chart.save(folder / f"{file_name(name)}.png", overwrite=True)


def file_name(name: str) -> str:
    """A name without what a file name should not hold."""
    return "-".join(name.replace("/", " ").replace(",", "").split())


def page(shown: list[Path], folder: Path) -> str:
    """All pictures below each other, and links to the pages."""
    pieces = []
    for path in shown:
        name = escape(str(path.relative_to(folder)))
        what = f'<img src="{name}" loading="lazy">' if path.suffix == ".png" else f'<a href="{name}">page</a>'
        pieces.append(f"<h2>{name}</h2>{what}")
    style = "body{font:14px sans-serif;margin:2rem;background:#eceff3}img{max-width:100%}h2{font-size:1rem}"
    return f'<!doctype html><meta charset="utf-8"><title>Gallery</title><style>{style}</style>{"".join(pieces)}'


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--refresh" in sys.argv)
