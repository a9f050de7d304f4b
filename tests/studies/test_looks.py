"""Looking must never cost honesty: what is said of studies that still run, and of those that grow seed by seed."""

from __future__ import annotations

import math

import pytest
from tests.small import TWO, TWO_BY_TWO, Heard, by_arm, small

import paribus as pb
from paribus.errors import StudyError
from paribus.evidence import at_every_look, mean_interval
from paribus.evidence.anytime import wider
from paribus.records.run import RunFolder, Status, this_process

pytestmark = pytest.mark.usefixtures("here")
NOISY = [0.02, 0.01, 0.03, 0.02, 0.00, 0.03, 0.01, 0.02, 0.01, 0.02]


def noisy(arm: str, seed: int) -> float:
    return 0.9 + 0.01 * (seed % 3) + ("0.1" in arm) * (0.02 + NOISY[seed % 10])


def stop(study: pb.Study, arm: str, seed: int, state: str = "interrupted") -> None:
    """As if this run had not come to its end."""
    run = RunFolder(study.folder / arm / f"seed-{seed}")
    (run.path / "result.json").unlink()
    run.write_status(Status(state=state, **(this_process() if state == "running" else {})))


def test_S21_an_unfinished_study_rests_on_intervals_that_hold_at_every_look(scripted):
    study = small()
    whole = study.run(executor=scripted(by_arm(TWO)), listen=Heard())
    assert (whole.looks.rule, whole.looks.sentence) == ("end", "")
    stop(study, "lr=0.1", 4)
    result = study.result
    [effect] = result.effects
    by_hand = at_every_look(mean_interval([b - a for a, b in zip(*TWO.values(), strict=True)][:4]))
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((by_hand.low, by_hand.high))
    assert effect.p_adjusted == pytest.approx(by_hand.p)
    assert (result.looks.rule, result.looks.pairs, result.looks.wider) == ("anytime", 4, pytest.approx(wider(4)))
    said = "Not finished, 9 of 10 runs are over: intervals hold at every look; at 4 seeds they are 2.2 times as wide as"
    assert result.warnings[0] == f"{said} at a planned end."
    assert result.plain()["looks"]["rule"] == "anytime"


def test_S21_seeds_count_in_the_order_in_which_they_were_planned(scripted):
    """Those that end first may be a selection: the third seed waits for the second, in each comparison for itself."""
    study = small(TWO_BY_TWO, layout="one-at-a-time")
    study.run(executor=scripted(noisy), listen=Heard())
    stop(study, "momentum=0.9", 1)
    result = study.result
    assert [effect.estimate.n for effect in result.effects] == [1, 5]
    assert [arm.level.n for arm in result.arms] == [5, 1, 5]
    assert result.arms[1].count("finished") == 4
    assert result.arms[0].level.high - result.arms[0].level.low > 2 * 1.05 * result.arms[0].level.se * 2.78


def test_S21_a_run_that_failed_met_its_end(scripted):
    study = small(seeds=4)
    script = scripted(lambda arm, seed: "failed" if (arm, seed) == ("lr=0.1", 1) else noisy(arm, seed))
    result = study.run(executor=script, listen=Heard())
    assert (result.looks.rule, result.looks.over, result.effects[0].estimate.n) == ("end", 8, 3)
    assert any(warning.startswith("1 of 8 runs did not finish") for warning in result.warnings)


def test_S21_a_run_that_is_going_on_is_said(scripted):
    study = small(seeds=3)
    study.run(executor=scripted(noisy), listen=Heard())
    stop(study, "lr=0.1", 2, "running")
    assert study.result.looks.sentence == (
        "Still running, 5 of 6 runs are over: intervals hold at every look, and begin at 3 seeds."
    )


def test_S21_between_planned_looks_verdicts_are_those_of_the_last_one(scripted):
    study = small(seeds=3, most=6, delta=0.001)
    script = scripted(lambda arm, seed: 0.9 + ("0.1" in arm) * 0.05 * (-1) ** seed)
    after = study.run(executor=script, listen=Heard())
    assert (len(after.design.seeds), after.looks.rule) == (6, "planned")
    stop(study, "lr=0.1", 5)
    result = study.result
    assert (result.looks.rule, result.effects[0].estimate.n) == ("planned", 5)
    assert "verdicts are those of the last planned look" in result.warnings[0]
    stop(study, "lr=0.1", 2)
    assert study.result.looks.rule == "anytime"


def test_S21_with_looks_at_any_time_seeds_may_follow_each(scripted):
    script = scripted(noisy)
    small(seeds=3, looks="anytime").run(executor=script, listen=Heard())
    study = small(seeds=[8, 1])  # which stays what it was begun for
    result = study.run(executor=script, listen=Heard())
    assert (result.design.seeds, result.design.looking, result.design.extended) == ((0, 1, 2, 8), "anytime", ())
    assert result.warnings == (
        "Looks at any time: intervals hold at every look; at 4 seeds they are 2.2 times as wide as at a planned end.",
    )
    assert pb.Study.open(study.folder).result == result
    assert not math.isinf(result.effects[0].estimate.low)


def test_S21_seeds_are_added_until_decided_with_a_look_after_each_few(scripted):
    script = scripted(noisy)
    study = small(seeds=3, most=20, looks="anytime", delta=0.005)
    assert study.design.interim == (3, 4, 5, 6, 8, 10, 12, 15, 19, 20)
    result = study.run(executor=script, listen=Heard())
    assert (result.effects[0].verdict.word, len(result.design.seeds)) == ("better", 4)
    assert len(script.ran) == 8


def test_S21_who_looked_at_a_planned_end_before_is_told(scripted):
    script = scripted(noisy)
    small(seeds=3).run(executor=script, listen=Heard())
    result = small(seeds=3, looks="anytime").run(executor=script, listen=Heard())
    assert (result.design.extended, result.design.looking) == ((3,), "anytime")
    assert any("looked at before, with 3 seeds" in warning for warning in result.warnings)
    small(seeds=2, most=4, name="planned").run(executor=script, listen=Heard())
    with pytest.raises(StudyError, match="looks are planned before the first one"):
        small(seeds=2, name="planned", looks="anytime").run(executor=script, listen=Heard())


def test_S21_looks_are_planned_or_at_any_time():
    with pytest.raises(StudyError, match=r"at looks that are planned, or at any time\n.*sometimes"):
        small(looks="sometimes")
    with pytest.raises(StudyError, match="a noise study decides nothing"):
        small(None, layout="noise", looks="anytime")


def test_S27_three_arms_are_ranked_and_two_are_not(scripted):
    assert small(seeds=3).run(executor=scripted(noisy), listen=Heard()).ranking is None
    result = small(TWO_BY_TWO).run(executor=scripted(noisy), listen=Heard())
    standings = [place.standing for place in result.ranking.places]
    assert standings[:2] == ["another is as good or better", "may be the best"]
    winner = result.ranking.winner
    assert winner.naive == result.arms[winner.arm].level
    assert winner.low <= winner.value <= winner.high <= 1.0
    assert len(result.plain()["ranking"]["places"]) == 4
