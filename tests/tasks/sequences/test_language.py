"""Language: losses, carried states, and what is drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.metadata import TextInfo
from paribus.errors import DataError, RecipeError
from paribus.models.network import assemble
from paribus.records.parts import Part
from paribus.tasks.evaluation import evaluate
from paribus.tasks.sequences.drawing import chances, continued
from paribus.tasks.sequences.labelling import Labelling
from paribus.tasks.sequences.language import Language
from paribus.tasks.sequences.state import RecurrentState

LETTERS = tuple("abcde\n")
KNOWN = TextInfo(LETTERS, "characters")
INFO = DataInfo((8,), LETTERS, {"train": 10}, (1,) * 6, (), (), {}, (8,), text=KNOWN)


def network(model: str = "lstm", info: DataInfo = INFO, **options) -> torch.nn.Module:
    options = {"width": 7, **options}
    return assemble(Part(model, **options), Labelling(info), Seeds(0)).eval()


def text(n: int = 200) -> torch.Tensor:
    return torch.randint(6, (n,), generator=torch.Generator().manual_seed(0))


def batches(tokens: torch.Tensor, places: int, length: int = 8) -> list[Batch]:
    """A text in passages, read in some places at once."""
    rows = torch.arange((len(tokens) - 1) // length)
    streams = rows.split(-(-len(rows) // places))
    found = []
    for step in range(len(streams[0])):
        some = torch.stack([stream[step] for stream in streams if step < len(stream)])
        passages = tokens.unfold(0, length + 1, length)[some]
        found.append(Batch(passages[:, :-1], passages[:, 1:], some))
    return found


@torch.no_grad()
@pytest.mark.parametrize("model", ["lstm", "gru", "rnn"])
def test_carried_on_the_loss_is_that_of_the_whole_text(model):
    task, net, tokens = Language(INFO), network(model), text(161)
    task.begin()
    losses = [float(task.loss("model", net, batch)[0]) for batch in batches(tokens, 1)]
    whole = net.model.advance(tokens[None, :-1], None)[0]
    assert sum(losses) / len(losses) == pytest.approx(float(F.cross_entropy(whole[0], tokens[1:])), rel=1e-5)


@pytest.mark.parametrize("places", [1, 3, 7])
@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_pieces_of_a_batch_keep_their_own_states(places, pieces):
    """Gradient accumulation cuts batches; every passage still goes on from the one before it."""
    net, tokens = network(), text()
    task, whole = Language(INFO), []
    for batch in batches(tokens, places):
        found = [task.loss("model", net, piece)[1] for piece in batch.chunks(pieces)]
        whole.append((batch.rows, torch.cat(found)))
    streams = torch.arange(24).split(-(-24 // places))
    expected = {}
    for stream in streams:
        read = tokens[int(stream[0]) * 8 : (int(stream[-1]) + 1) * 8]
        outputs = net.model.advance(read[None], None)[0][0]
        expected |= {int(row): outputs[8 * k : 8 * k + 8] for k, row in enumerate(stream)}
    for rows, outputs in whole:
        for row, one in zip(rows.tolist(), outputs, strict=True):
            torch.testing.assert_close(one, expected[row])


def test_begin_forgets_and_state_goes_on():
    net, tokens = network(), text()
    pieces = batches(tokens, 3)
    task = Language(INFO)
    first = task.loss("model", net, pieces[0])[1]
    saved = task.state()
    second = task.loss("model", net, pieces[1])[1]
    other = Language(INFO)
    other.load(saved)
    assert torch.equal(other.loss("model", net, pieces[1])[1], second)
    task.begin()
    assert torch.equal(task.loss("model", net, pieces[0])[1], first)
    assert not torch.equal(task.loss("model", net, pieces[2])[1], Language(INFO).loss("model", net, pieces[1])[1])
    assert not any(state.requires_grad for state in task.state()["states"])


def test_gradients_end_where_the_passage_begins():
    net, tokens = network(), text()
    one, two = batches(tokens, 1)[:2]
    recurrent = RecurrentState()
    recurrent.through(net, one.inputs, one.rows)
    for parameter in net.parameters():
        parameter.grad = None
    F.cross_entropy(recurrent.through(net, two.inputs, two.rows)[0], two.targets[0]).backward()
    seen = net.model.reader.embedding.weight.grad.abs().sum(1) > 0
    assert set(seen.nonzero().flatten().tolist()) == set(two.inputs.flatten().tolist())


@torch.no_grad()
def test_figures_of_language():
    task, net = Language(INFO), network()
    meter, total, count = task.meter("val"), 0.0, 0
    for batch in batches(text(), 7):
        loss, outputs = task.loss("model", net, batch)
        meter.update("model", loss, outputs, batch)
        total += float(F.cross_entropy(outputs.flatten(0, 1), batch.targets.flatten(), reduction="sum"))
        count += batch.targets.numel()
    nats = total / count
    expected = {"loss": nats, "perplexity": math.exp(nats), "bits": nats / math.log(2)}
    assert meter.figures() == pytest.approx(expected, rel=1e-6)


def test_a_net_without_a_state_reads_every_passage_alone():
    net = network("tcn", width=4)
    task, batch = Language(INFO), batches(text(), 3)[0]
    torch.testing.assert_close(task.loss("model", net, batch)[1], net(batch.inputs))
    assert task.state() == {}


def test_who_sees_the_future_is_refused():
    with pytest.raises(RecipeError, match="sees the tokens"):
        Language(INFO).loss("model", network(bidirectional=True), batches(text(), 3)[0])
    with pytest.raises(RecipeError, match="learned from a text"):
        Language(DataInfo((8,), LETTERS, {}, (), (), ()))


LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
SHARES = LOGITS.softmax(1)[0].tolist()  # 0.64, 0.24, 0.09, 0.03


def test_temperature_sharpens_and_flattens():
    torch.testing.assert_close(chances(LOGITS), LOGITS.softmax(1))
    torch.testing.assert_close(chances(LOGITS, temperature=0.5), (2 * LOGITS).softmax(1))
    assert chances(LOGITS, temperature=1e-3)[0].tolist() == pytest.approx([1, 0, 0, 0])


@pytest.mark.parametrize(
    ("options", "kept"),
    [({"top_k": 1}, 1), ({"top_k": 3}, 3), ({"top_k": 9}, 4), ({"top_p": 0.6}, 1), ({"top_p": 0.7}, 2),
     ({"top_p": 0.9}, 3), ({"top_p": 1.0}, 4), ({"top_p": 0.9, "top_k": 2}, 2)],
)  # fmt: skip
def test_only_the_likeliest_are_kept(options, kept):
    total = sum(SHARES[:kept])
    expected = [share / total for share in SHARES[:kept]] + [0.0] * (4 - kept)
    assert chances(LOGITS, **options)[0].tolist() == pytest.approx(expected, rel=1e-5)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(chances(LOGITS[:, order], **options), chances(LOGITS, **options)[:, order])


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=9), st.floats(0.05, 5), st.integers(1, 9), st.floats(0.01, 1))
def test_chances_are_chances(logits, temperature, top_k, top_p):
    found = chances(torch.tensor([logits]), temperature, top_k, top_p)
    assert float(found.sum()) == pytest.approx(1, rel=1e-4)
    assert (found >= 0).all()
    assert found[0, int(torch.tensor(logits).argmax())] > 0


@pytest.mark.parametrize("model", ["lstm", "tcn"])
def test_texts_are_drawn_from_what_the_network_expects(model):
    net = network(model)
    tokens = torch.tensor([[0, 1, 2]])
    torch.manual_seed(0)
    greedy = continued(net, tokens, 5, known=6, top_k=1)
    for _ in range(5):
        read = net.model.advance(tokens, None)[0] if model == "lstm" else net(tokens)
        tokens = torch.cat([tokens, read[:, -1].argmax(1, keepdim=True)], 1)
    assert torch.equal(greedy, tokens[:, 3:])
    many = continued(net, torch.tensor([[0]]).expand(4000, -1), 1, known=6)
    read = net.model.advance(torch.tensor([[0]]), None)[0] if model == "lstm" else net(torch.tensor([[0]]))
    shares = many.flatten().bincount(minlength=6) / 4000
    torch.testing.assert_close(shares, read[0, -1].softmax(0), atol=0.03, rtol=0)  # 4 standard errors of 0.008


def test_what_is_unknown_is_never_written():
    info = DataInfo((8,), LETTERS, {"train": 10}, (1,) * 6, (), (), {}, (8,), text=replace(KNOWN, unknown=True))
    net = network(info=info)
    net.model.output.bias.data[5] = 100.0
    assert "\n" not in Language(info).sample(net, 3, length=20).text.replace(
        "\n────────────────────────────────────────\n", ""
    )


def test_prompts_are_continued():
    task, net = Language(INFO), network()
    torch.manual_seed(0)
    drawn = task.sample(net, 2, length=5, prompt="abc").text.split("\n" + "─" * 40 + "\n")
    assert [one[:3] for one in drawn] == ["abc", "abc"]
    assert [len(one) for one in drawn] == [8, 8]
    with pytest.raises(DataError, match="token 3 of the prompt never occurred") as error:
        task.sample(net, 1, prompt="abx")
    assert error.value.got == "'x'"


@torch.no_grad()
def test_a_text_is_judged_by_its_perplexity(tmp_path):
    task, net, tokens = Language(INFO), network(), text(700)
    (tmp_path / "a.txt").write_text("".join(LETTERS[i] for i in tokens))
    (tmp_path / "b.txt").write_text("abcx")
    good, bad = task.predict_files(net, [tmp_path / "a.txt", tmp_path / "b.txt"])
    outputs = net.model.advance(tokens[None, :-1], None)[0]
    nats = float(F.cross_entropy(outputs[0], tokens[1:]))
    assert good.figures == pytest.approx({"perplexity": math.exp(nats), "bits": nats / math.log(2)}, rel=1e-5)
    assert "token 4 of b.txt never occurred" in bad.problem


def test_labels_that_do_not_count():
    info = DataInfo((8,), ("x", "y"), {}, (), (), (), {}, (8,), text=TextInfo(LETTERS, ignore=9))
    net, task = network(info=info), Labelling(info)
    targets = torch.tensor([[0, 1, 9, 9, 1, 0, 9, 1]])
    batch = Batch(text(8)[None], targets, torch.tensor([0]))
    loss, outputs = task.loss("model", net, batch)
    known = targets != 9
    torch.testing.assert_close(loss, F.cross_entropy(outputs[known], targets[known]))
    meter = task.meter("val")
    meter.update("model", loss.detach(), outputs.detach(), batch)
    assert meter.figures()["accuracy"] == pytest.approx(
        float((outputs[known].argmax(1) == targets[known]).float().mean())
    )
    assert task.predict(net, batch.inputs).sum(2).allclose(torch.ones(1, 8))


@torch.no_grad()
def test_evaluation_carries_the_state():
    class Whole:  # what a loader is to an evaluation
        def in_order(self):
            return iter(batches(text(161), 1))

    net = network()
    found = evaluate(Language(INFO), net, Whole(), "val")
    whole = net.model.advance(text(161)[None, :-1], None)[0]
    assert found["val/loss"] == pytest.approx(float(F.cross_entropy(whole[0], text(161)[1:])), rel=1e-5)
