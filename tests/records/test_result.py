"""What a study found, as a notebook shows it and as JSON holds it."""

import json

from tests import made

from paribus.records import wording


def test_an_effect_in_a_line():
    (effect,) = made.two_arms().effects
    effect = made.estimated(effect, value=0.02, low=0.004, high=0.036)
    beside = f"for these data {wording.difference_interval(made.ACCURACY, effect.claims['these'].estimate)}"
    said = f"+2.00 points [0.40, 3.60], better for data like these; {beside}"
    assert repr(effect) == f"Effect('norm: batch − none', {said})"
    assert str(effect) == f"norm: batch − none: {said}"
    assert str(made.split_fixed().effects[0]).endswith("], better for these data")


def test_a_result_in_a_line():
    result = made.two_arms()
    assert repr(result) == f"StudyResult('made', val/accuracy, 2 × 5 runs, effects=[{result.effects[0]!r}])"


def test_the_record_stays_plain_data():
    effects = json.loads(json.dumps(made.two_arms().plain(), allow_nan=False))["effects"]
    assert effects[0]["label"] == "norm: batch − none"
    assert effects[0]["contrast"] == {
        "kind": "arm",
        "factors": ["model.norm"],
        "levels": ["batch"],
        "reference": ["none"],
        "weights": [-1.0, 1.0],
    }
    verdict = {"word": "better", "delta": made.DELTA, "nonzero": True, "more_seeds": None, "reason": ""}
    verdict["needs_data"] = False
    assert effects[0]["judged"]["verdict"] == verdict
    assert effects[0]["claim"] == "like-these"
    assert [*effects[0]["claims"]] == ["these", "like-these"]
    assert effects[0]["judged"] == effects[0]["claims"]["like-these"] != effects[0]["claims"]["these"]
    assert len(effects[0]["judged"]["estimate"]["per_seed"]) == 5
    assert effects[0]["metric"]["percent"]
