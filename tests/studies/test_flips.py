"""Which examples flip between the arms of a study."""

from __future__ import annotations

import numpy as np
import pytest
from tests.small import small

import paribus as pb
from paribus.errors import StudyError
from paribus.records.study import run_folder
from paribus.reports.compare import flips_page
from paribus.reports.render import draw, to_html
from paribus.studies.flips import flips_of


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> pb.Study:
    found = small(
        {"optimizer.lr": [0.1, 1e-6]}, changes={"chance.split": 0}, seeds=2, runs=tmp_path_factory.mktemp("runs")
    )
    found.run(jobs=1)
    return found


def test_hits_are_those_of_the_runs(study):
    found = flips_of(study.folder, shown=5)
    design = pb.Study.open(study.folder).design
    reference, other = design.arms()
    hits = [
        np.stack([run_folder(study.folder, arm, seed).read_examples("accuracy")[1] for seed in (0, 1)]).astype(float)
        for arm in (reference, other)
    ]
    (arm,) = found.arms
    crossed = (np.abs(hits[0][0] - hits[1][1]).mean() + np.abs(hits[0][1] - hits[1][0]).mean()) / 2
    within = np.mean([np.abs(one[0] - one[1]).mean() for one in hits])
    assert arm.between == pytest.approx(crossed)
    assert arm.within == pytest.approx(within)
    assert arm.least_p == 0.5
    assert arm.excess > 0  # one arm learned, and the other did not
    assert arm.found == 0  # two seeds cannot tell
    assert all(one.pictures and one.truth for one in arm.shown)
    page = flips_page(found)
    assert "<script" not in to_html(page, draw(page))
    assert "p cannot fall below 0.500" in str(page.sections[0].notes)


def test_python_takes_a_study_or_two_runs(study, tmp_path):
    assert pb.compare(study) == flips_of(study.folder)
    one, other = (study.folder / "lr=0.1" / f"seed-{seed}" for seed in (0, 1))
    assert pb.compare(one, other, most=40, probe=10).examples == 40
    with pytest.raises(StudyError, match="two runs have no arms"):
        pb.compare(one, other, arm="lr=0.1")
    with pytest.raises(StudyError, match="nothing to be compared with"):
        pb.compare(one)
    with pytest.raises(StudyError, match="nothing to be compared with"):
        pb.compare(pb.load(one))


def test_runs_with_different_examples_are_refused(tmp_path):
    found = small({"optimizer.lr": [0.1, 0.2]}, seeds=2, runs=tmp_path)
    found.run(jobs=1)
    with pytest.raises(StudyError, match="validate on the same examples"):
        flips_of(found.folder)
    with pytest.raises(StudyError, match="reference of a study"):
        flips_of(found.folder, "lr=0.1")
