"""Records of analyses as pages, the same in a terminal, a report and a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from paribus.records.metric import ACCURACY, LOSS, Metric
from paribus.records.wording import clean, count, difference, difference_interval, known, level, percent, text
from paribus.reports.page import Answer, Figure, Page, Section, Table
from paribus.reports.settings import as_table

if TYPE_CHECKING:
    from paribus.analysis.alignment import Alignments
    from paribus.analysis.averaging import Averaging
    from paribus.analysis.denoising import Denoising, Score
    from paribus.analysis.latent import LatentMap, Likelihood
    from paribus.analysis.quality import Quality
    from paribus.analysis.residuals import Residuals
    from paribus.analysis.skill import Skill
    from paribus.analysis.words import WordMap
    from paribus.evidence import Estimate


def sections_of(name: str, page: Page) -> Iterator[Section]:
    """The page of an analysis as a part of another one, under its name."""
    first, *rest = page.sections
    yield replace(
        first,
        title=name.replace("-", " ").capitalize(),
        text=tuple(filter(None, (page.question, *first.text, page.summary, *page.warnings))),
        answers=(*page.answers, *first.answers),
    )
    yield from rest


def skill_page(record: Skill) -> Page:
    """The skill of one run."""
    return replace(skills_page([("this one", record)]), question="How much better is it than what needs no model?")


def skills_page(skills: Sequence[tuple[str, Skill]]) -> Page:
    """Errors of named runs and of baselines, and the skill against each with its interval."""
    baselines = list(dict.fromkeys(name for _, one in skills for name in one.against))
    rows = []
    for run, one in skills:
        own, *_ = one.errors.values()
        cells = [interval(one.against[name]) if name in one.against else "" for name in baselines]
        rows.append((run, f"{own:.4g}", *cells, f"{one.examples:,}"))
    heads = ("run", "error", *(f"skill against {name}" for name in baselines), "examples")
    errors = {name: value for _, one in skills for name, value in one.errors.items() if name in baselines}
    split = skills[0][1].split if skills else ""
    section = Section(
        f"1 − error / error of the baseline, {split} split",
        tables=(Table(heads, tuple(rows), "l" + "r" * (len(heads) - 1)),),
        notes=tuple(f"{name}: error {value:.4g}" for name, value in errors.items()),
    )
    return Page("Analysis", "skill", sections=(section,))


def residuals_page(record: Residuals) -> Page:
    """What a regression says against what is true."""
    from paribus.plots.residuals import residuals

    sure = percent(next(iter(record.r2.values())).confidence)
    heads = ("number", "R²", f"{sure} interval", "RMSE", "MAE", "MAE of the mean", "examples")
    rows = tuple(
        (
            clean(name),
            f"{one.value:.3f}",
            f"[{one.low:.3f}, {one.high:.3f}]",
            *(f"{known[name]:.4g}" for known in (record.rmse, record.mae, record.mean_mae)),
            f"{record.examples:,}",
        )
        for name, one in record.r2.items()
    )
    notes = (
        "The interval is over the examples of this split: how sure R² of this one network is. Other seeds: a study.",
        "The mean of the training examples explains nothing: its R² is 0 or a little less.",
    )
    table = Section(f"{record.split} split", tables=(Table(heads, rows, "l" + "r" * 6),), notes=notes)
    alt = "Every example as a dot: what it is, and what is said of it."
    drawn = (
        Section(
            f"Residuals: {clean(name)}",
            figure=Figure(f"residuals-{place}", residuals(name, true, record.said[name]), alt),
        )
        for place, (name, true) in enumerate(record.truth.items(), 1)
    )
    return Page("Analysis", "residuals", "How near do predictions come to the truth?", sections=(table, *drawn))


def averaging_page(record: Averaging) -> Page:
    """What averaged probabilities gain over single ones."""
    metrics = {"accuracy": ACCURACY, "loss": LOSS}
    what = "ensemble" if record.members > 1 else "tta"
    answers = tuple(_gain(name, metrics[name], gain) for name, gain in record.gains.items())
    rows = tuple(
        (name, level(metric, record.single[name]), level(metric, record.averaged[name]))
        for name, metric in metrics.items()
    )
    table = Table(("figure", "single", "averaged"), rows, "lrr", data=lambda: _averaging_data(record))
    about = "networks" if record.members > 1 else "views of a picture"
    members = f"{count(record.members, 'network')}, {count(record.views, 'view')} of each picture"
    notes = [
        f"{count(record.examples, 'example')} of the {record.split} split; {members}",
        f"{record.agreement:.1%} of the {about} say on their own what they say together, on average over the examples",
        "the intervals are about these very networks and examples like these; another seed is a question for a study",
    ]
    if record.left_out:
        lost = count(record.left_out, "example")
        notes.insert(1, f"left out: {lost} that some network was trained on, or has in another split")
    question = f"Do several {about} together know more than one?"
    return Page("Analysis", what, question, answers, sections=(Section(tables=(table,), notes=tuple(notes)),))


def _gain(name: str, metric: Metric, gain: Estimate) -> Answer:
    """A gain with its interval, and whether that leaves the sign open."""
    good = (gain.value > 0) == metric.higher_is_better
    verdict = "undecided" if gain.low <= 0 <= gain.high else "better" if good else "worse"
    finding = f"{difference(metric, gain.value)} {difference_interval(metric, gain)}"
    return Answer(f"{name}: averaged − single", finding, verdict, verdict)


def _averaging_data(record: Averaging) -> list[dict[str, Any]]:
    """The figures as they were computed."""
    return [
        {
            "figure": name,
            "single": record.single[name],
            "averaged": record.averaged[name],
            "gain": gain.value,
            "low": gain.low,
            "high": gain.high,
            "p": gain.p,
        }
        for name, gain in record.gains.items()
    ]


def denoising_page(record: Denoising) -> Page:
    """A network against classical filters."""
    return replace(scores_page(record.scores), question="How near do methods come to the clean pictures?")


def scores_page(scores: Sequence[Score]) -> Page:
    """How near methods come to clean pictures, by the strength of the noise."""
    rows = tuple((f"{one.sigma:g}", one.method, f"{one.psnr:.2f}", f"{one.ssim:.3f}") for one in scores)
    whole = Table(("σ", "method", "PSNR (dB)", "SSIM"), rows, "rlrr")
    means = f"means over {scores[0].pictures} pictures"
    return Page("Analysis", "denoising", summary=means, sections=(Section(tables=(whole,)),))


def latent_page(record: LatentMap) -> Page:
    """Where examples lie among the codes."""
    from paribus.plots.latent import latent

    alt = f"{len(record.x)} examples as dots over {record.axes[0]} and {record.axes[1]}."
    rows = tuple((clean(name), f"{n:,}", text(x), text(y)) for name, (n, x, y) in record.centres.items())
    section = Section(
        text=(f"{count(len(record.x), 'example')}; x: {record.axes[0]}, y: {record.axes[1]}.",),
        figure=Figure("latent-map", latent(record), alt),
        tables=(Table(("class", "examples", "mean x", "mean y"), rows, "lrrr"),) if rows else (),
    )
    return Page("Analysis", "latent-map", "Where do examples lie among the codes?", sections=(section,))


def likelihood_page(record: Likelihood) -> Page:
    """How probable the examples are."""
    bound = f"{record.bound:.2f} nats per example".replace("-", "−")
    sure = f"± {record.error:.2f}, the standard error over the examples" if known(record.error) else ""
    answer = Answer("log p(x), at least", bound, sure=sure)
    draws = (
        f"Importance-weighted bound with {count(record.draws, 'draw')} for each of {count(record.examples, 'example')}."
    )
    section = Section(text=(draws,))
    question = "How probable does the network hold the examples to be?"
    return Page("Analysis", "likelihood", question, answers=(answer,), sections=(section,))


def alignment_page(record: Alignments) -> Page:
    """Where a network looks while it writes."""
    from paribus.plots.alignment import alignments

    alt = "Matrices of weights: tokens read across, tokens written down."
    looks = (
        f"The token that it looks at most has {record.top:.0%} of the weight on average; the entropy of the weights is "
        f"{record.spread:.2f} nats, over {count(record.sequences, 'sequence')}."
    )
    section = Section(text=(looks,), figure=Figure("alignment", alignments(record.shown), alt))
    return Page("Analysis", "alignment", "Where does it look for what it writes?", sections=(section,))


def words_page(record: WordMap) -> Page:
    """Word vectors in view."""
    from paribus.plots.words import words

    rows = tuple(
        (clean(asked), ", ".join(f"{clean(word)} {cosine:.2f}" for word, cosine in found))
        for asked, found in record.nearest.items()
    )
    dots = (
        f"Over the {record.pairs:,} pairs of words that stand near each other {record.often} times or more, dot "
        f"products and mutual information less log k have a correlation of {text(record.pmi)}, and differ by "
        f"{text(record.offset)} on average."
    )
    near = Section("Nearest words, with the cosine", text=(dots,), tables=(Table(("word", "nearest"), rows, "ll"),))
    alt = f"{count(len(record.names), 'word')} in the plane."
    where = Section("Map", figure=Figure("words", words(record), alt))
    return Page("Analysis", "words", "Which words are alike?", sections=(near, where))


def quality_page(record: Quality) -> Page:
    """Losses of a generator beside its quality."""
    from paribus.plots.quality import quality

    alt = "Losses and Fréchet distance over the epochs."
    rows = tuple(
        (name, f"{epochs[0]} – {epochs[-1]}", *(text(record.values[name][place]) for place in (0, -1)))
        for name, epochs in record.epochs.items()
    )
    section = Section(
        figure=Figure("quality", quality(record), alt),
        tables=(Table(("figure", "epochs", "first", "last"), rows, "lrrr"),),
    )
    return Page("Analysis", "quality", "Do the losses say how good the drawn examples are?", sections=(section,))


def plain_page(record: Any) -> Page:
    """What a record holds, for analyses without a page of their own."""
    name = type(record).__name__
    return Page("Analysis", name, name, sections=(Section(tables=(as_table(asdict(record)),)),))


def interval(estimate: Estimate) -> str:
    """A value with the ends of its interval: ``0.21 [0.18, 0.24]``."""
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
