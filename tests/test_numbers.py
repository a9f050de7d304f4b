"""Evidence from numbers: figures that were measured elsewhere, from files, frames, records and mappings."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys

import pytest
from scipy import stats

import paribus as pb
from paribus.errors import DataError, EvidenceError, MissingData, ParibusError
from paribus.numbers import evidence

SGD = {0: 0.912, 1: 0.908, 2: 0.919, 3: 0.910, 4: 0.914}
ADAM = {0: 0.929, 1: 0.928, 2: 0.934, 3: 0.927, 4: 0.925}
RECORDS = [
    {"optimizer": name, "seed": seed, "accuracy": value}
    for name, of_arm in (("sgd", SGD), ("adam", ADAM))
    for seed, value in of_arm.items()
]
LONG = {"arm": "optimizer", "seed": "seed", "metric": "accuracy"}


def columns(records=RECORDS) -> dict[str, list]:
    return {name: [record[name] for record in records] for name in records[0]}


def csv(records=RECORDS, sign=",") -> str:
    rows = [sign.join(records[0])] + [sign.join("" if v is None else str(v) for v in one.values()) for one in records]
    return "\n".join(rows) + "\n"


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes, name: str = "results.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def check_oracle(result) -> None:
    [effect] = result.effects
    oracle = stats.ttest_rel([*ADAM.values()], [*SGD.values()])
    interval = oracle.confidence_interval()
    assert effect.estimate.p == pytest.approx(oracle.pvalue)
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((interval.low, interval.high))
    assert effect.verdict.word == "better"


def test_S23_long_records_are_the_paired_t_test_of_scipy():
    result = evidence(RECORDS, **LONG)
    check_oracle(result)
    assert result.effects[0].label == "optimizer: adam − sgd"
    assert result.warnings[0] == ("accuracy: higher is better, as its name says; its values are shares, 0 to 1.")


def test_S23_without_a_seed_it_is_the_test_of_welch():
    result = evidence(
        [{k: v for k, v in one.items() if k != "seed"} for one in RECORDS], arm="optimizer", metric="accuracy"
    )
    [effect] = result.effects
    oracle = stats.ttest_ind([*ADAM.values()], [*SGD.values()], equal_var=False)
    interval = oracle.confidence_interval()
    assert (effect.estimate.p, effect.estimate.df) == pytest.approx((oracle.pvalue, oracle.df))
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((interval.low, interval.high))
    assert any("nothing pairs runs" in said and "Welch" in said for said in result.warnings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.csv", csv()),
        ("r.csv", "\ufeff" + csv()),
        ("r.csv", csv().replace("\n", "\r\n\r\n")),
        ("r.csv", csv(sign=";")),
        ("r.tsv", csv(sign="\t")),
        ("r.jsonl", "\n".join(map(json.dumps, RECORDS)) + "\n\n"),
        ("r.json", json.dumps(RECORDS)),
        ("r.json", json.dumps(columns())),
    ],
)
def test_files_say_the_same(file, name, text):
    check_oracle(evidence(file(text, name), **LONG))


def test_wide_tables_have_a_column_for_each_arm(file):
    wide = [{"seed": seed, "sgd": SGD[seed], "adam": ADAM[seed]} for seed in SGD]
    for table in (file(csv(wide)), wide, {"sgd": SGD, "adam": ADAM}):
        result = evidence(table, metric="accuracy")
        check_oracle(result)
        assert [arm.name for arm in result.arms] == ["sgd", "adam"]
    paired = evidence({"sgd": [*SGD.values()], "adam": [*ADAM.values()]}, metric="accuracy")
    check_oracle(paired)
    assert any("same place" in said for said in paired.warnings)


def test_arms_of_different_lengths_are_not_paired():
    result = evidence({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0, 7.5]}, metric="loss")
    oracle = stats.ttest_ind([4.0, 5.0, 6.0, 7.5], [1.0, 2.0, 3.0], equal_var=False)
    assert result.effects[0].estimate.p == pytest.approx(oracle.pvalue)
    assert any("different numbers of figures" in said for said in result.warnings)


def test_pb_evidence_can_be_called_before_and_after_its_room_is_imported():
    assert pb.evidence({"a": [1.0, 2.0], "b": [3.0, 4.0]}, metric="loss").metric_name == "loss"
    from paribus import evidence as room

    assert room.contrast
    check_oracle(room(RECORDS, **LONG))


def test_frames_of_pandas(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(RECORDS)
    check_oracle(evidence(frame, **LONG))
    check_oracle(evidence(frame.set_index("seed"), **LONG))
    wide = frame.pivot_table(index="seed", columns="optimizer", values="accuracy")
    wide.loc[4, "adam"] = math.nan
    result = evidence(wide, metric="accuracy", reference="sgd")
    assert (result.effects[0].estimate.n, result.effects[0].estimate.diverged) == (4, 0)


def test_frames_of_polars():
    polars = pytest.importorskip("polars", reason="polars is not installed")
    check_oracle(evidence(polars.DataFrame(RECORDS), **LONG))


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    table = pyarrow.Table.from_pylist(RECORDS)
    parquet.write_table(table, tmp_path / "r.parquet")
    check_oracle(evidence(tmp_path / "r.parquet", **LONG))
    check_oracle(evidence(table, **LONG))


def test_parquet_names_the_extra_where_its_reader_is_missing(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match="pyarrow, which is not installed") as caught:
        evidence(file(b"PAR1", "r.parquet"), **LONG)
    assert "paribus[parquet]" in caught.value.hint


def test_several_columns_are_factors_where_all_combinations_are_there():
    records = [
        {
            "optimizer": name,
            "lr": lr,
            "seed": seed,
            "loss": 1 + (name == "adam") + lr + random.Random(seed).random() / 9,
        }
        for name in ("sgd", "adam")
        for lr in (0.1, 0.01)
        for seed in range(3)
    ]
    whole = evidence(records, arm=["optimizer", "lr"], metric="loss", reference="optimizer=sgd, lr=0.01")
    assert [effect.label for effect in whole.effects] == [
        "optimizer: adam − sgd",
        "lr: 0.1 − 0.01",
        "optimizer: adam − sgd × lr: 0.1 − 0.01",
    ]
    part = evidence(records[:9], arm=["optimizer", "lr"], metric="loss")
    assert [effect.kind for effect in part.effects] == ["arm", "arm"]
    assert any("Not all combinations are there (optimizer=adam, lr=0.01 missing)" in said for said in part.warnings)


def test_the_common_seeds_are_paired_and_the_others_named():
    more = [*RECORDS, {"optimizer": "adam", "seed": 9, "accuracy": 0.5}]
    result = evidence(more, **LONG)
    check_oracle(result)
    assert any("sgd lacks 9" in said for said in result.warnings)


def test_seeds_that_are_not_shared_are_not_paired():
    apart = [{**one, "seed": one["seed"] + 10 * (one["optimizer"] == "adam")} for one in RECORDS]
    result = evidence(apart, **LONG)
    oracle = stats.ttest_ind([*ADAM.values()], [*SGD.values()], equal_var=False)
    assert result.effects[0].estimate.p == pytest.approx(oracle.pvalue)
    assert any("have no seed in common" in said for said in result.warnings)


def test_missing_figures_are_left_out_and_diverged_ones_count(file):
    missing = [{**one, "accuracy": None if one["seed"] == 4 else one["accuracy"]} for one in RECORDS]
    result = evidence(file(csv(missing)), **LONG)
    assert result.effects[0].estimate.n == 4
    assert any(said.startswith("2 runs without a figure left out: optimizer=sgd seed 4;") for said in result.warnings)
    lost = [{**one, "accuracy": "inf" if one["seed"] == 4 else one["accuracy"]} for one in RECORDS]
    result = evidence(file(csv(lost)), **LONG)
    assert result.effects[0].conclusion == "diverged in 1 of 5 seeds"
    assert result.arms[0].level.n == 4


def by_epoch(best: int = 1) -> list[dict]:
    return [
        {**one, "epoch": epoch, "accuracy": one["accuracy"] - 0.01 * abs(epoch - best)}
        for one in RECORDS
        for epoch in range(3)
    ]


@pytest.mark.parametrize(
    ("rule", "peak", "said"), [("epoch", 2, False), ("best:epoch", 1, True), ("last:epoch", 2, False)]
)
def test_the_figure_of_a_run_is_that_of_its_last_epoch_or_its_best(rule, peak, said):
    rows = by_epoch(peak)
    random.Random(0).shuffle(rows)
    result = evidence(sorted(rows, key=lambda row: row["optimizer"] == "adam"), **LONG, by_epoch=rule)
    check_oracle(result)
    [arm, _] = result.arms
    assert arm.epochs == (0, 1, 2)
    assert [mean.value for mean in arm.means["accuracy"]] == pytest.approx(
        [arm.level.value - 0.01 * abs(epoch - peak) for epoch in range(3)]
    )
    assert any("best of its epochs" in warning for warning in result.warnings) == said


def test_many_epochs_are_thinned_in_the_curves_only():
    rows = [
        {"optimizer": name, "seed": seed, "accuracy": (epoch + seed) / 2000, "epoch": epoch}
        for name in "ab"
        for seed in range(2)
        for epoch in range(1, 1001)
    ]
    result = evidence(rows, **LONG, by_epoch="epoch")
    assert len(result.arms[0].epochs) == 200
    assert result.arms[0].epochs[-1] == 1000
    assert result.arms[0].values == {0: 0.5, 1: 0.5005}


def test_per_cent_and_shares_give_the_same():
    hundred = [{**one, "accuracy": 100 * one["accuracy"]} for one in RECORDS]
    check_oracle(evidence(hundred, **LONG))
    error = [{"arm": name, "seed": seed, "err": 5 + seed / 9 + (name == "b")} for name in "ab" for seed in range(3)]
    assert evidence(error, arm="arm", metric="err", percent=True).arms[0].level.value == pytest.approx(0.05 + 0.01 / 9)


def test_one_arm_has_a_level_and_no_comparison():
    result = evidence(RECORDS[:5], **LONG)
    assert result.effects == ()
    assert result.arms[0].level.n == 5
    alone = evidence([{"seed": seed, "loss": seed / 2} for seed in range(4)], metric="loss")
    assert (len(alone.arms), alone.arms[0].level.value) == (1, 0.75)


def test_seeds_without_numbers_are_counted():
    named = [{**one, "seed": f"run-{one['seed']}"} for one in RECORDS]
    result = evidence(named, **LONG)
    check_oracle(result)
    assert any("seeds are counted as they appear" in said for said in result.warnings)


def test_nested_records_are_flattened():
    nested = [
        {"config": {"optimizer": {"name": one["optimizer"]}}, "seed": one["seed"], "accuracy": one["accuracy"]}
        for one in RECORDS
    ]
    check_oracle(evidence(nested, arm="config.optimizer.name", metric="accuracy"))


def test_a_torn_last_line_is_left_out(file):
    text = "\n".join(map(json.dumps, RECORDS)) + '\n{"optimizer": "ad'
    result = evidence(file(text, "r.jsonl"), **LONG)
    check_oracle(result)
    assert any("last line of r.jsonl is torn" in said for said in result.warnings)


def test_the_report_is_written_where_it_is_asked_for(tmp_path):
    evidence(RECORDS, **LONG, overlap=0.25, out=tmp_path / "out", name="mine")
    text = (tmp_path / "out" / "report.md").read_text()
    assert (tmp_path / "out" / "report.html").exists()
    assert "Does it matter for mine: optimizer (sgd, adam)?" in text
    with pytest.raises(ParibusError, match="there"):
        evidence(RECORDS, **LONG, out=tmp_path / "out")


def change(place: int, **values) -> list[dict]:
    return [{**one, **values} if at == place else one for at, one in enumerate(RECORDS)]


@pytest.mark.parametrize(
    ("records", "more", "rule", "got"),
    [
        (change(2, accuracy="good"), {}, "accuracy holds numbers", "'good' in row 4"),
        (change(2, accuracy="0,91"), {}, "accuracy holds numbers", "'0,91' in row 4"),
        (change(2, accuracy="91%"), {}, "accuracy holds numbers", "'91%' in row 4"),
        (change(1, seed=0), {}, "optimizer=sgd has seed 0 twice", "row 2 and row 3"),
        (change(3, accuracy=91.0), {}, "shares and percentages in one column", "0.912 of optimizer=sgd seed 0, 91"),
        (change(3, accuracy=-0.5), {}, "values lie between 0 and 1", "-0.5 of optimizer=sgd seed 3"),
        (change(3, seed=""), {}, "every row has a seed", "row 5"),
        (RECORDS, {"arm": "optimiser"}, "there is no such column", "optimiser"),
        (RECORDS, {"metric": "acc"}, "there is no such column", "acc"),
        (RECORDS, {"seed": "sed"}, "there is no such column", "sed"),
        (RECORDS, {"metric": None}, "which figure is compared", "results"),
        (RECORDS, {"arm": ()}, "which column makes the arms", "columns optimizer, accuracy"),
        (RECORDS, {"reference": "adm"}, "there is no such arm", "adm"),
        (RECORDS, {"claim": "like-these"}, "nobody said that seeds draw", "--claim like-these"),
        (RECORDS, {"claim": "all"}, "claim", "all"),
        (RECORDS, {"delta": "1"}, "has its unit", "1"),
        (by_epoch(), {}, "has seed 0 twice", "row 2 and row 3"),
        (by_epoch(), {"by_epoch": "epok"}, "there is no such column", "epok"),
        (by_epoch(), {"by_epoch": "optimizer"}, "optimizer holds numbers", "'sgd' in row 2"),
        ([{**one, "mystery": one["accuracy"]} for one in RECORDS], {"metric": "mystery"}, "more or less", "mystery"),
    ],
)
def test_what_cannot_be_read_as_asked_is_one_error(file, records, more, rule, got):
    with pytest.raises(ParibusError, match=rule) as caught:
        evidence(file(csv(records).replace("0,91,", '"0,91",').replace("0,91\n", '"0,91"\n')), **{**LONG, **more})
    assert caught.value.got.startswith(got)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("r.csv", "", "holds no table: it is empty"),
        ("r.csv", "optimizer,seed,accuracy\n", "holds no row of figures"),
        ("r.csv", "optimizer,seed,seed\na,1,1\n", "two columns have the same name"),
        ("r.csv", "optimizer seed accuracy\nsgd 1 0.9\n", "there is no such column"),
        ("r.csv", "optimizer,seed,accuracy\nsgd,1\n", "every row has a cell for each column"),
        ("r.csv", "0.1,0.2,0.3\n0.4,0.5,0.6\n", "the first line names the columns"),
        ("r.csv", 'optimizer,seed,accuracy\n"sgd,1,2\n', "no row of CSV"),
        ("r.csv", "optimizer,seed,accuracy\nsgd,1,0.9\nsgdé,1,0.9\n".encode("latin1"), "no UTF-8 text"),
        ("r.csv", "optimizer,seed,accuracy\n".encode("utf-16"), "no UTF-8 text"),
        ("r.jsonl", '{"a": 1}\nnonsense\n{"a": 2}\n', "this line is no JSON"),
        ("r.jsonl", "[1]\n[2]\n", "names its values"),
        ("r.json", "{", "this is no JSON"),
        ("r.json", "[" * 100_000, "this is no JSON"),
        ("r.jsonl", "[" * 100_000 + "\n{}\n", "this line is no JSON"),
        ("r.json", '[{"optimizer": "a", "seed": 1, "accuracy": 1%s}]' % ("0" * 400), "accuracy holds numbers"),
        ("r.json", "7", "this is no table"),
        ("r.xlsx", "", "ending of a file"),
    ],
)
def test_a_file_that_is_no_table_is_one_error(file, name, content, rule):
    with pytest.raises(ParibusError, match=rule):
        evidence(file(content, name), **LONG)


@pytest.mark.parametrize("given", [7, None, [], {}, {"a": 3}, "missing.csv", [1, 2], {"a": []}])
def test_what_is_no_table_is_refused(given):
    with pytest.raises((EvidenceError, MissingData, DataError)):
        evidence(given, metric="loss")


def test_too_many_runs_are_probably_epochs():
    with pytest.raises(EvidenceError, match="at most 1,000 runs") as caught:
        evidence([{"arm": "a", "epoch": row, "loss": 1.0} for row in range(1001)], arm="arm", metric="loss")
    assert "--by-epoch epoch" in caught.value.hint


def test_numbers_need_no_torch():
    code = (
        "import sys, paribus as pb; r = pb.evidence({'a': [1., 2, 3], 'b': [2., 3, 5]}, metric='loss');"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_notebook_shows_tables_and_pictures():
    from paribus.notebook import html

    shown = html(evidence(RECORDS, **LONG))
    assert "optimizer: adam − sgd" in shown
    assert "<svg" in shown


def test_arms_whose_names_would_share_a_folder_are_two_arms():
    result = evidence({"a b": [1.0, 2.0, 3.0], "a-b": [2.0, 3.0, 5.0]}, metric="loss")
    assert [arm.name for arm in result.arms] == ["a b", "a-b"]
