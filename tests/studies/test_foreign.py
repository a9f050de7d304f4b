"""Studies of trainings that paribus did not write: from a table of figures to the same record, tables and pages."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from scipy import stats

from paribus.errors import StudyError
from paribus.records.metric import Metric
from paribus.records.study import ARM, StudyDesign
from paribus.reports import brief, tables
from paribus.reports.files import study_html, study_markdown
from paribus.studies import conclusions
from paribus.studies.conclusions import of_values
from paribus.studies.foreign import plan
from paribus.studies.held_out import test_arm as open_arm

LOSS = Metric("loss", higher_is_better=False)
ACCURACY = Metric("accuracy", higher_is_better=True, percent=True)
SGD, ADAM = [0.90, 0.92, 0.91, 0.93, 0.90], [0.93, 0.94, 0.94, 0.95, 0.92]


def design(origin="numbers", figure=ACCURACY, factors=None, seeds=range(5), **more) -> StudyDesign:
    return plan(origin, figure, factors or {"optimizer": ["sgd", "adam"]}, seeds, name="mine", **more)


def values(**arms) -> dict[str, dict[int, float | None]]:
    return {name.replace("_", "="): dict(enumerate(figures)) for name, figures in arms.items()}


BOTH = values(optimizer_sgd=SGD, optimizer_adam=ADAM)


def test_figures_alone_give_the_paired_interval():
    [effect] = of_values(design(), BOTH).effects
    oracle = stats.ttest_rel(ADAM, SGD)
    interval = oracle.confidence_interval(0.95)
    assert (effect.label, effect.claim, effect.verdict.word) == ("optimizer: adam − sgd", "these", "better")
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((interval.low, interval.high))
    assert effect.p_adjusted == pytest.approx(oracle.pvalue)


def test_an_overlap_brings_the_wider_claim_and_without_one_it_is_refused():
    [effect] = of_values(design(overlap=0.25), BOTH).effects
    these, wider = effect.claims["these"].estimate, effect.claims["like-these"].estimate
    assert effect.claim == "like-these"
    assert wider.se / these.se == pytest.approx(math.sqrt((1 / 5 + 0.25) / (1 / 5)))
    with pytest.raises(StudyError, match="nobody said that seeds draw") as caught:
        design(claim="like-these")
    assert "--overlap" in caught.value.hint


def test_runs_that_nothing_pairs_are_compared_as_welch_does():
    unpaired = design(factors={ARM: ["a", "b"]}, paired=False)
    result = of_values(unpaired, values(a=SGD, b=ADAM[:4]))
    [effect] = result.effects
    oracle = stats.ttest_ind(ADAM[:4], SGD, equal_var=False)
    assert (effect.label, effect.estimate.n) == ("arm: b − a", 4)
    assert (effect.estimate.p, effect.estimate.df) == pytest.approx((oracle.pvalue, oracle.df))
    assert "runs" in tables.effects(result).heads
    page = study_markdown(result)
    assert "Welch" in page
    assert "| runs of each arm | 5, 4 |" in page
    assert "With 4 runs of an arm, intervals are wide" in page
    assert "Paired difference" not in page


def test_arms_as_they_are_are_compared_with_the_first():
    arms = [{"optimizer": "sgd", "lr": 0.1}, {"optimizer": "sgd", "lr": 0.2}, {"optimizer": "adam"}]
    factors = {"optimizer": ["sgd", "adam"], "lr": [0.1, 0.2]}
    whole = design(factors=factors, layout="listed", listed=arms)
    result = of_values(whole, {arm.name: dict(enumerate(SGD)) for arm in whole.arms()})
    assert [effect.label for effect in result.effects] == [
        "lr: 0.2 − 0.1",
        "arm: optimizer=adam − optimizer=sgd, lr=0.1",
    ]


def test_what_is_missing_failed_or_diverged_is_told_apart():
    result = of_values(design(), {"optimizer=sgd": {0: 0.9, 1: 0.8}, "optimizer=adam": {0: None, 1: math.nan}})
    assert [dict(arm.states) for arm in result.arms] == [
        {0: "finished", 1: "finished"},
        {0: "failed", 1: "diverged"},
    ]
    assert result.effects[0].verdict.word == "diverged"
    assert result.warnings[0].startswith("1 of 4 runs did not finish")


def test_a_figure_that_never_varies_is_said():
    same = of_values(design(), values(optimizer_sgd=[0.5] * 5, optimizer_adam=[0.5] * 5))
    assert "accuracy is the same in every run: it tells no arms apart." in same.warnings


def test_curves_become_means_with_intervals():
    curves = {name: {"accuracy": [[0.1, 0.5]] * 5} for name in BOTH}
    [arm, _] = of_values(design(), BOTH, curves).arms
    assert [mean.value for mean in arm.means["accuracy"]] == pytest.approx([0.1, 0.5])


def test_the_report_says_what_is_not_controlled_and_needs_no_recipe():
    result = of_values(design(uncontrolled="the function chose"), BOTH)
    text = study_markdown(result)
    assert "Does it matter for mine: optimizer (sgd, adam)?" in text
    assert "| not controlled | the function chose |" in text
    assert "Costs" not in text
    assert "Choices" not in text
    assert "<svg" in study_html(result)
    assert "optimizer=adam" in str(brief.study(result))
    assert result.varied == {"optimizer": {"optimizer=sgd": "sgd", "optimizer=adam": "adam"}}


def test_the_narrower_claim_alone_says_why():
    said = tables.about(of_values(design(), BOTH))
    assert said == "verdicts are only for these data: nobody said that seeds draw their own validation splits (overlap)"
    assert "for data like these" in tables.about(of_values(design(overlap=0.25), BOTH))


def test_a_design_without_a_recipe_is_written_and_read(tmp_path):
    whole = design("function", overlap=0.2, uncontrolled="x")
    whole.write(tmp_path)
    assert StudyDesign.open(tmp_path) == whole
    assert conclusions.analyse(whole, tmp_path).metric == ACCURACY
    with pytest.raises(StudyError, match="no recipe"):
        _ = whole.base
    with pytest.raises(StudyError, match="its own trainings only"):
        open_arm(tmp_path, "optimizer=adam")


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"factors": {"lr": []}}, "needs at least one value"),
        ({"factors": {"lr": [0.1, 0.1]}}, "lr has the same value twice"),
        ({"seeds": [1, 1]}, "seeds must differ"),
        ({"layout": "noise"}, "noise study"),
        ({"paired": False, "most": 20}, "seed by seed"),
        ({"delta": "2dB"}, "no such unit"),
        ({"overlap": -1.0}, "overlap"),
    ],
)
def test_a_design_that_cannot_be_compared_is_refused(wrong, rule):
    with pytest.raises(StudyError, match=rule):
        design(**wrong)


def test_numbers_need_no_torch():
    code = "import sys; import paribus.studies.foreign; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
