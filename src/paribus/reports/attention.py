"""The page about where a network looks: the verdict first, then the maps, then each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records.wording import clean, count, percent, share
from paribus.reports.page import Answer, Figure, Page, Photo, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.attention.records import Attention, Certificate, Map, Test
    from paribus.evidence.estimate import Estimate

TONES = {"certified": "better", "not certified": "undecided", "refused": "worse", "not tested": "undecided"}
OUTCOMES = {"passes": "better", "fails": "worse", "undecided": "undecided"}
NAMES = {
    "gradcam": "Grad-CAM",
    "cam": "CAM",
    "gradcam++": "Grad-CAM++",
    "integrated_gradients": "integrated gradients",
    "occlusion": "occlusion",
}
NECESSARY = (
    "Passing these tests is necessary, not sufficient: it does not show that a map is the reason for the answer. "
    "Failing one is a reason not to read it."
)


def attention_page(record: Attention) -> Page:
    """Where a network looks, and whether to believe that."""
    return Page(
        "Analysis",
        "gradcam",
        "Where does it look, and can that be believed?",
        answers=tuple(_answers(record)),
        summary=NECESSARY,
        sections=(_maps(record), *_certificate(record)),
    )


def _answers(record: Attention) -> Iterator[Answer]:
    yield Answer(NAMES[record.method] + _of_layer(record), _reason(record), record.verdict, TONES[record.verdict])
    if record.certificate is not None:
        for test in record.certificate.tests:
            yield Answer(_spoken(test), _figure(test), test.outcome, OUTCOMES[test.outcome])


def _of_layer(record: Attention) -> str:
    return f" of {record.layer}" if record.layer else " of the pixels"


def _reason(record: Attention) -> str:
    """The verdict in words."""
    if record.certificate is None:
        return record.untested
    failed = [test for test in record.certificate.tests if test.outcome != "passes"]
    if record.verdict == "refused":
        return "random weights give much the same maps, so they do not show what was learned"
    if failed:
        return f"does not pass {', '.join(map(_spoken, failed))}"
    return f"passes all {len(record.certificate.tests)} tests on {count(record.certificate.pictures, 'picture')}"


def _spoken(test: Test) -> str:
    return test.name if test.name == "weight randomisation" else f"{test.name} against {test.against}"


def _figure(test: Test) -> str:
    if test.name == "weight randomisation":
        return f"rank correlation with maps of random weights {_interval(test.estimate)}"
    return f"area under the curve better by {_interval(test.estimate)}"


def _interval(estimate: Estimate) -> str:
    sign = "−" if estimate.value < 0 else ""
    low, high = (f"{end:.3f}".replace("-", "−") for end in (estimate.low, estimate.high))
    return f"{sign}{abs(estimate.value):.3f} [{low}, {high}]"


def _maps(record: Attention) -> Section:
    from paribus.plots.attention import overlaid

    photos = tuple(
        Photo(f"attention-{place}", overlaid(one), _caption(one), small=True)
        for place, one in enumerate(record.maps, 1)
    )
    heads = ("picture", "class", "logit", "probability", "map", "raw range", "negative")
    rows = tuple(
        (
            clean(one.place),
            f"{clean(one.label)} ({one.role})",
            _logit(one),
            percent(one.probability),
            "×".join(map(str, one.size)),
            _range(one),
            share(one.negative),
        )
        for one in record.maps
    )
    return Section(
        "Maps", (_how(record),), photos=photos, tables=(Table(heads, rows, "llrrlrr"),), notes=tuple(_notes(record))
    )


def _how(record: Attention) -> str:
    source = f"the layer {record.layer}" if record.layer else "the pixels themselves"
    refused = " These maps are refused: look at them as a warning." if record.verdict == "refused" else ""
    return (
        f"{NAMES[record.method]} of {source}. Over a picture stands the positive part of its map, what speaks for the "
        f"class, as a share of its own largest value; the raw map beside it is orange for the class,"
        f" blue against it.{refused}"
    )


def _notes(record: Attention) -> Iterator[str]:
    for one in record.maps:
        if one.refused:
            yield f"{clean(one.place)}, {clean(one.label)}: refused, {one.refused}"
    gaps = [one.gap for one in record.maps if one.gap is not None]
    if gaps:
        yield f"completeness: the maps add up to the difference of logits, but for {percent(max(gaps))} of it at most"
    if record.method in ("integrated_gradients", "occlusion") or record.certificate:
        yield f"a picture that shows nothing is: {record.empty}"


def _caption(one: Map) -> str:
    truth = f", in truth {clean(one.truth)}" if one.truth and one.truth != one.label else ""
    pixels = f" of {count(one.pixels, 'pixel')}" if one.pixels else ""
    refused = f" Refused: {one.refused}." if one.refused else ""
    return (
        f"{clean(one.place)}: {clean(one.label)} ({one.role}){truth}{pixels}, logit {_logit(one)}, "
        f"probability {percent(one.probability)}; raw map {_range(one)}, {share(one.negative)} negative.{refused}"
    )


def _logit(one: Map) -> str:
    return f"{one.logit:.2f}".replace("-", "−")


def _range(one: Map) -> str:
    return f"{one.low:.3g} … {one.high:.3g}".replace("-", "−")


def _certificate(record: Attention) -> Iterator[Section]:
    found = record.certificate
    if found is None:
        return
    from paribus.plots.attention import cascade, faithfulness, likeness

    yield Section(
        "Random weights",
        (
            "From the output down, layer after layer gets other random weights. A map of what was learned must change. "
            f"It is refused where its rank correlation with the map of random weights stays above {found.limit:g}.",
        ),
        Figure("attention-likeness", likeness(found), "Rank correlation and SSIM by how many layers are random."),
        photos=(
            Photo("attention-cascade", cascade(found.cascade), "The map of one picture while layers become random."),
        ),
        tables=(_likeness(found),),
        notes=(_tested(found), f"intervals are over pictures and over {found.draws} draws of weights"),
    )
    yield Section(
        "Deletion and insertion",
        (
            "Pixels go in the order of the map, those that count most first, and the class should vanish sooner than "
            "in the order of something that knows nothing of the network; inserted, it should come back sooner.",
        ),
        Figure("attention-curves", faithfulness(found), "Probability over deleted and over inserted pixels."),
        tables=(_tests(found),),
        notes=("differences of areas under the curves, paired by picture; 95 % intervals over pictures",),
    )


def _tested(found: Certificate) -> str:
    left_out = f"; {found.left_out} left out, whose maps show nothing" if found.left_out else ""
    return f"tested on {count(found.pictures, 'picture')}, for the class that is predicted{left_out}"


def _likeness(found: Certificate) -> Table:
    heads = ("random down to", "rank correlation", "SSIM")
    rows = tuple((clean(one.layer), _interval(one.rank), _interval(one.ssim)) for one in found.likeness)
    return Table(heads, rows, "lrr")


def _tests(found: Certificate) -> Table:
    tests = [test for test in found.tests if test.name != "weight randomisation"]
    rows = tuple((test.name, test.against, _interval(test.estimate), test.outcome) for test in tests)
    return Table(
        ("test", "against", "better by", "outcome"), rows, "llrl", tuple(OUTCOMES[t.outcome] for t in tests), 3
    )
