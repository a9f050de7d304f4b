"""Sequence to sequence: losses, what is written, figures, files, and that made tasks are learned."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from paribus.analysis.alignment import alignment
from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.metadata import PairsInfo, TextInfo
from paribus.data.sources.pairs.tokens import END, SPECIAL
from paribus.data.sources.pairs.writing import padded, shifted
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import load
from paribus.models.network import assemble
from paribus.records.parts import Part
from paribus.run import Run
from paribus.tasks.sequences.seq2seq import Seq2Seq, SequenceMeter, Translation, exact, trimmed

LETTERS = (*SPECIAL, *"abcde ")
INFO = DataInfo(
    (8,), (), {"train": 10}, (), (), (), {}, (8,), text=TextInfo(LETTERS, ignore=0), pairs=PairsInfo("characters")
)
SMALL = {"width": 8, "embedding": 8}


def network(model: str = "encoder_decoder", **options) -> torch.nn.Module:
    return assemble(Part(model, **(options or SMALL)), Seq2Seq(INFO), Seeds(0))


def batch(count: int = 5) -> Batch:
    generator = torch.Generator().manual_seed(0)
    lengths = [1 + place % 5 for place in range(count)]
    rows = [[*torch.randint(4, 9, (n,), generator=generator).tolist(), END] for n in lengths]
    source = torch.as_tensor(padded(rows, 8))
    return Batch(
        {"source": source, "before": torch.as_tensor(shifted(source.numpy()))}, source.clone(), torch.arange(count)
    )


def test_columns_without_tokens_are_left_out():
    small = trimmed(batch())
    assert small.inputs["source"].shape == small.inputs["before"].shape == small.targets.shape == (5, 6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_mean_over_tokens(smoothing):
    task, net, some = Seq2Seq(INFO, smoothing=smoothing), network().train(), batch()
    loss, counted = task.loss("model", net, some)
    logits = net(some.inputs).flatten(0, 1)
    wanted = F.cross_entropy(logits, some.targets.flatten(), ignore_index=0, label_smoothing=smoothing)
    torch.testing.assert_close(loss, wanted)
    nats = F.cross_entropy(logits, some.targets.flatten(), ignore_index=0, reduction="sum")
    torch.testing.assert_close(counted["nats"].sum(), nats)
    assert counted["tokens"].tolist() == [2, 3, 4, 5, 6]


def test_T21_attention_that_draws_leaves_the_loss_as_it_is_and_gives_scores_a_gradient():
    task, net, some = Seq2Seq(INFO), network(select="reinforce", **SMALL).train(), batch()
    torch.manual_seed(0)
    loss, counted = task.loss("model", net, some)
    torch.testing.assert_close(loss, counted["nats"].sum() / counted["tokens"].sum())
    loss.backward()
    assert net.model.scores.query.weight.grad.abs().max() > 0
    hard = network(select="hard", **SMALL).train()
    task.loss("model", hard, some)[0].backward()
    assert (hard.model.scores.query.weight.grad == 0).all()
    assert hard.model.forth.weight_ih_l0.grad.abs().max() > 0


def test_without_forcing_the_network_follows_itself():
    task, net, some = Seq2Seq(INFO, forcing=0.0), network().train(), trimmed(batch())
    mixed = task._mixed(net, some.inputs)["before"]
    said = net(some.inputs).argmax(2)
    assert (mixed[:, 0] == some.inputs["before"][:, 0]).all()
    there = some.inputs["before"][:, 1:] != 0
    assert (mixed[:, 1:] == said[:, :-1])[there].all()
    assert Seq2Seq(INFO, forcing=1.0)._answer(net, some)[0].shape == (*some.targets.shape, len(LETTERS))


@torch.no_grad()
@pytest.mark.parametrize("model", ["encoder_decoder", "transformer"])
def test_what_is_written_follows_from_the_likeliest_tokens(model):
    options = SMALL if model == "encoder_decoder" else {"width": 8, "heads": 2}
    task, net, some = Seq2Seq(INFO), network(model, **options).eval(), batch()
    written = task.write(net, some.inputs["source"])
    before = torch.cat([torch.ones(5, 1, dtype=torch.int64), written[:, :-1]], 1)
    logits = net({"source": some.inputs["source"], "before": before})
    logits[..., [0, 1, 3]] = -torch.inf
    ended = (written == END).cumsum(1) - (written == END).long() > 0
    assert (logits.argmax(2) == written)[~ended].all()
    assert (written[ended] == 0).all()
    beam = Seq2Seq(INFO, beam=3, penalty=0.0).write(net, some.inputs["source"])
    assert (chance(net, some, beam) >= chance(net, some, written) - 1e-5).all()  # here: in general it need not be


def chance(net, some: Batch, written: torch.Tensor) -> torch.Tensor:
    before = torch.cat([torch.ones(len(written), 1, dtype=torch.int64), written[:, :-1]], 1)
    logits = net({"source": some.inputs["source"], "before": before})
    logits[..., [0, 1, 3]] = -torch.inf
    logs = logits.log_softmax(2).gather(2, written[..., None]).squeeze(2)
    return logs.masked_fill(written == 0, 0.0).sum(1)


def test_figures_are_those_of_single_sequences():
    targets = torch.tensor([[4, 5, 2, 0], [6, 2, 0, 0]])
    written = torch.tensor([[4, 5, 2], [7, 2, 0]])
    assert exact(written, targets).tolist() == [True, False]
    meter, twice = SequenceMeter(), SequenceMeter()
    outputs = {
        "nats": torch.tensor([1.0, 3.0]),
        "tokens": torch.tensor([3, 2]),
        "right": torch.tensor([3, 1]),
        "written": written,
    }
    some = Batch({}, targets, torch.arange(2))
    meter.update("model", torch.tensor(0.8), outputs, some)
    assert meter.figures() == pytest.approx({"accuracy": 0.8, "perplexity": math.exp(0.8), "exact": 0.5, "loss": 0.8})
    twice.load(meter.state())
    twice.update("model", torch.tensor(0.8), outputs, some)
    assert twice.figures() == pytest.approx(meter.figures())


def test_translations_are_judged_as_text():
    task = Translation(INFO)
    meter, targets = task.meter("val"), torch.tensor([[4, 9, 5, 9, 6, 9, 7, 2]])
    nothing = {name: torch.zeros(1) for name in ("nats", "right")} | {"tokens": torch.ones(1)}
    meter.update("model", torch.tensor(0.0), {**nothing, "written": targets}, Batch({}, targets, torch.arange(1)))
    assert meter.figures()["bleu"] == pytest.approx(100)
    assert meter.figures()["chrf"] == pytest.approx(100)


def test_other_data_and_other_networks_are_refused():
    with pytest.raises(RecipeError, match="needs pairs of sequences"):
        Seq2Seq(DataInfo((8,), ("a",), {}, (), (), ()))
    with pytest.raises(RecipeError, match="reads a sequence and writes another"):
        Seq2Seq(INFO).write(torch.nn.Linear(2, 2), torch.ones(1, 3, dtype=torch.int64))


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    changes = {"data.pairs": 1200, "data.longest": 4, "data.letters": 4, "budget.epochs": 8, "optimizer.lr": 0.01}
    run = Run("copy/attention", {**changes, "training.batch_size": 32}, runs=tmp_path_factory.mktemp("runs"))
    run.train(threads=1)
    return run


def test_T21_copying_is_learned_and_attention_looks_where_it_copies(copied):
    assert copied.metrics["val/exact"] > 0.9
    found = alignment(load(copied), count=20)
    hits = [
        max(range(len(row)), key=row.__getitem__) == place
        for one in found.shown
        for place, row in enumerate(one.weights[:-1])
    ]
    assert sum(hits) / len(hits) > 0.8
    assert (copied.folder.previews / "final.png").is_file()


@pytest.mark.slow
def test_T21_straight_through_attention_learns_to_copy(tmp_path):
    changes = {"data.pairs": 1200, "data.longest": 4, "data.letters": 4, "budget.epochs": 12, "optimizer.lr": 0.01}
    changes |= {"training.batch_size": 32, "model.select": "straight_through"}
    run = Run("copy/attention", changes, runs=tmp_path)
    run.train(threads=1)
    assert run.metrics["val/exact"] > 0.9
    found = alignment(load(run), count=4)
    assert found.top == pytest.approx(1)  # it looks at one place alone
    assert found.spread == pytest.approx(0, abs=1e-6)


def test_lines_of_a_file_are_written_anew(copied, tmp_path):
    trained = load(copied)
    (tmp_path / "letters.txt").write_text("abcd\n\nabz\nddaa\n", encoding="utf-8")
    (tmp_path / "nothing.txt").write_text("\n", encoding="utf-8")
    files = [tmp_path / "letters.txt", tmp_path / "nothing.txt"]
    with torch.inference_mode():
        first, strange, last, nothing = trained.task.predict_files(trained.network.eval(), files)
    assert (first.label, last.label) == ("abcd", "ddaa")
    assert "a character never occurred in training" in strange.problem
    assert "'z'" in strange.problem
    assert nothing.problem == "there is no sentence in this file"


def test_lines_beyond_the_learned_places_are_named(tmp_path):
    (tmp_path / "long.txt").write_text("abc\nabcdeabcde\n", encoding="utf-8")
    learned = network("transformer", width=8, heads=2, positions="learned").eval()
    with torch.inference_mode():
        short, long = Seq2Seq(INFO).predict_files(learned, [tmp_path / "long.txt"])
    assert not short.problem
    assert "the network has learned 8 places" in long.problem
    with torch.inference_mode():
        turning = network("transformer", width=8, heads=2, positions="rotary").eval()
        assert not Seq2Seq(INFO).predict_files(turning, [tmp_path / "long.txt"])[1].problem


def test_an_alignment_needs_attention(tmp_path):
    changes = {"data.pairs": 100, "data.longest": 3, "budget.epochs": 1, "model.attention": "none", "model.width": 4}
    run = Run("copy/attention", changes, runs=tmp_path)
    run.train(threads=1)
    with pytest.raises(DataError, match="no attention"):
        alignment(load(run))
