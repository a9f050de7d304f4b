"""Studies over folds: arms share them, the claim is that of folds, and out-of-fold figures are scikit-learn's."""

import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from tests.small import small

from paribus.errors import StudyError
from paribus.evidence import k_folds
from paribus.inference.trained import load, prepared_with
from paribus.records.run import RunFolder
from paribus.reports.method import method, references
from paribus.reports.outcomes import folds_page
from paribus.studies.folds import incomplete, out_of_fold

FOLDS = {"split.folds": 4, "split.limit": 150}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    found = small(seeds=4, changes=FOLDS, runs=tmp_path_factory.mktemp("runs"))
    found.run(jobs=1)
    return found


def runs_of(study, arm):
    return [load(RunFolder(study.folder / study.design.arms()[arm].slug / f"seed-{seed}")) for seed in range(4)]


def test_arms_share_folds_and_every_example_validates_once(study):
    rows = [[prepared_with(run, "val").rows["val"] for run in runs_of(study, arm)] for arm in (0, 1)]
    assert all(map(torch.equal, *rows))
    prepared = prepared_with(runs_of(study, 0)[0], "val")
    whole = torch.cat([*rows[0], prepared.rows["test"]]).sort().values
    assert torch.equal(whole, torch.arange(len(prepared.examples)))


def test_the_claim_is_that_of_k_folds(study):
    [effect] = study.result.effects
    estimate = effect.claims["like-these"].estimate
    oracle = k_folds(effect.estimate.per_seed)
    assert estimate.overlap == 1 / 3
    assert (estimate.value, estimate.low, estimate.high, estimate.p) == pytest.approx(
        (oracle.value, oracle.low, oracle.high, oracle.p)
    )
    assert effect.claims["these"].estimate.overlap == 0
    assert "1/n + 1/3" in method(study.result)
    assert any("Bengio" in one for one in references(study.result))


def test_out_of_fold_figures_are_those_of_scikit_learn(study):
    found = out_of_fold(study.folder)
    assert [(one.arm, one.repetition, one.folds) for one in found] == [("lr=0.05", 0, 4), ("lr=0.1", 0, 4)]
    truth, shares = [], []
    for run in runs_of(study, 1):
        prepared = prepared_with(run, "val")
        inputs, targets = prepared.examples.take(prepared.rows["val"])
        with torch.inference_mode():
            shares.append(run.predict(inputs))
        truth.append(targets)
    truth, shares = torch.cat(truth), torch.cat(shares).double()
    metrics = found[1].metrics
    assert found[1].examples == len(truth)
    assert metrics["val/accuracy"] == pytest.approx(accuracy_score(truth, shares.argmax(1)))
    assert metrics["val/macro_f1"] == pytest.approx(f1_score(truth, shares.argmax(1), average="macro"))
    each = shares / shares.sum(1, keepdim=True)
    assert metrics["val/auroc"] == pytest.approx(roc_auc_score(truth, each, multi_class="ovr"), abs=1e-6)


def test_the_page_says_what_a_line_is(study):
    page = folds_page(out_of_fold(study.folder), {})
    [table] = page.sections[0].tables
    assert [row[0] for row in table.rows] == ["lr=0.05", "lr=0.1"]
    assert table.data()[0]["round"] == 0


def test_a_round_that_is_not_whole_is_said(tmp_path):
    def said(seeds, **changes):
        return incomplete(small(seeds=seeds, changes={**FOLDS, **changes}, runs=tmp_path).design)

    assert said(4) == said(8) == ()
    [text] = said(6)
    assert "2 seeds more, 6, 7," in text
    assert "same of the 4 folds" in said(4, **{"chance.split": 0})[0]
    assert incomplete(small(seeds=3, runs=tmp_path).design) == ()


@pytest.mark.parametrize(("changes", "said"), [(FOLDS, "--seeds 4"), ({}, "split.folds=5")])
def test_without_a_whole_round_there_are_no_figures(tmp_path, changes, said):
    unfinished = small(seeds=4, changes=changes, runs=tmp_path)
    unfinished.design.write(unfinished.folder)
    with pytest.raises(StudyError, match=said):
        out_of_fold(unfinished.folder)
