"""What a study found, as a notebook shows it and as JSON holds it."""

import json
from dataclasses import replace

from tests import made

from paribus.records.metric import ACCURACY


def test_an_effect_in_a_line():
    (effect,) = made.two_arms().effects
    known = replace(effect.estimate, value=0.02, low=0.0114, high=0.0285)
    effect = replace(effect, label="norm: batch − none", estimate=known, metric=ACCURACY)
    assert repr(effect) == "Effect('norm: batch − none', +2.00 points [1.14, 2.85], better)"


def test_a_result_in_a_line():
    result = made.two_arms()
    assert repr(result) == f"StudyResult('made', val/accuracy, 2 × 5 runs, effects=[{result.effects[0]!r}])"


def test_the_record_stays_plain_data():
    effects = json.loads(json.dumps(made.two_arms().plain(), allow_nan=False))["effects"]
    assert effects[0]["verdict"]["word"] == "better"
    assert effects[0]["metric"]["percent"]
