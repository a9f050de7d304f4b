"""Word vectors: what a dot product comes to, what counts, and what is near."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from paribus.analysis.words import words
from paribus.chance import Seeds
from paribus.data.deliver.surroundings import Surroundings
from paribus.data.prepare.prepared import open_dataset, prepare
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import load
from paribus.models.network import assemble
from paribus.models.word_vectors import WordVectors
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.run import Run
from paribus.tasks.sequences.association import associations
from paribus.tasks.sequences.words import Words, correlation

COUNT = 6  # different words


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A text of which each word likes some others: a chain of Markov."""
    generator = np.random.default_rng(0)
    chances = generator.dirichlet(np.full(COUNT, 0.7), COUNT)
    word, words = 0, []
    for _ in range(2500):
        word = int(generator.choice(COUNT, p=chances[word]))
        words.append("abcdef"[word] * 3)
    file = tmp_path_factory.mktemp("text") / "text.txt"
    file.write_text(" ".join(words), encoding="utf-8")
    return file


def recipe(path, **changes) -> Recipe:
    return Recipe.load("text/words", {"data.path": str(path), "data.window": 2, "data.least": 1, **changes})


def test_surroundings_are_the_words_on_both_sides(path):
    data = open_dataset(recipe(path).data)
    examples = Surroundings(data, 2)
    words = examples.tokens.tolist()
    inputs, _ = examples.take(torch.tensor([0, 7, len(words) - 1]))
    assert inputs["around"][0].tolist() == [-1, -1, words[1], words[2]]
    assert inputs["around"][1].tolist() == [words[5], words[6], words[8], words[9]]
    assert inputs["around"][2].tolist() == [words[-3], words[-2], -1, -1]
    assert inputs["centre"].tolist() == [words[0], words[7], words[-1]]


def test_associations_are_counted_by_hand(path):
    examples = Surroundings(open_dataset(recipe(path).data), 2)
    rows = torch.arange(100, 300)
    found = associations(examples, rows, power=0.75)
    words = examples.tokens.tolist()
    pairs = [(words[i], words[j]) for i in rows.tolist() for j in (i - 2, i - 1, i + 1, i + 2)]
    drawn = [max(1, sum(words[i] == w for i in rows.tolist())) ** 0.75 for w in range(COUNT)]
    for first, second in {*pairs}:
        share = pairs.count((first, second)) / sum(one == first for one, _ in pairs)
        value, there = found.of(torch.tensor([first]), torch.tensor([second]))
        assert there.all()
        assert float(value) == pytest.approx(math.log(share / (drawn[second] / sum(drawn))))
    assert int(found.counts.sum()) == len(pairs)


def test_T22_dot_products_come_to_mutual_information_less_log_k(path):
    """At the minimum of the expected loss u·v = log P(pair)/(P(word)·Q(other)) − log k (Levy & Goldberg, 2014)."""
    plain = {"task.dynamic": False, "task.subsample": 0, "model.width": 8, "task.negatives": 3, "task.power": 1.0}
    known = recipe(path, **plain)
    prepared = prepare(known, Seeds(0))
    task = Words(prepared.info, **known.task.options)
    net = assemble(known.model, task, Seeds(0)).train()
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    batch = prepared.loader("train", 2500, "cpu").take(prepared.rows["train"])
    for step in range(350):
        for group in optimizer.param_groups:
            group["lr"] = 0.02 * (1 - step / 350)
        optimizer.zero_grad()
        task.loss("model", net, batch)[0].backward()
        optimizer.step()
    found = associations(prepared.examples, prepared.rows["train"], 1.0)
    often = found.counts > 60
    first, second = found.pairs[often] // COUNT, found.pairs[often] % COUNT
    dots = (net.model.inner.weight[first] * net.model.outer.weight[second]).sum(1).double().detach()
    assert often.sum() > 12
    torch.testing.assert_close(dots, found.values[often] - math.log(3), atol=0.12, rtol=0.0)  # noise of drawn words


def test_T22_a_lookup_is_the_product_with_a_one_hot_row():
    torch.manual_seed(0)
    model = WordVectors((4,), COUNT, width=3)
    model.outer.reset_parameters()
    torch.nn.init.normal_(model.outer.weight)
    inputs = {"centre": torch.tensor([2, 5]), "around": torch.randint(COUNT, (2, 4))}
    one_hot = F.one_hot(inputs["centre"], COUNT).float() @ model.inner.weight
    around = F.one_hot(inputs["around"], COUNT).float() @ model.outer.weight
    torch.testing.assert_close(model(inputs), (around @ one_hot[..., None]).squeeze(2))
    reference = WordVectors((4,), COUNT, vectors="one_hot")
    rows = reference.inner.weight
    assert (F.cosine_similarity(rows[:, None], rows[None], dim=2) == torch.eye(COUNT)).all()  # no word is like another
    table = torch.nn.init.normal_(reference.outer.weight)
    expected = torch.stack([table[others, word] for word, others in zip(*inputs.values(), strict=True)])
    torch.testing.assert_close(reference(inputs), expected)
    assert [name for name, _ in reference.named_parameters()] == ["outer.weight"]


@pytest.mark.parametrize("vectors", ["learned", "one_hot"])
def test_a_text_of_few_words_is_learned_and_looked_at(path, vectors, tmp_path):
    changes = {"task.subsample": 0, "task.dynamic": False, "training.batch_size": 128, "optimizer.lr": 0.05}
    run = Run(recipe(path, **changes, **{"model.vectors": vectors, "budget.epochs": 5}), runs=tmp_path)
    run.train(threads=1, signals=False)
    seen = words(load(run))
    assert len(seen.names) == len(seen.x) == COUNT  # a map of fewer words than neighbours would be asked for
    assert seen.pmi > 0.8
    cosines = {round(cosine, 3) for _, near in seen.nearest.items() for _, cosine in near}
    assert (cosines == {0.0}) == (vectors == "one_hot")


@torch.no_grad()
@pytest.mark.parametrize("direction", ["skipgram", "cbow"])
def test_the_reference_is_the_softmax_over_all_words(path, direction):
    known = recipe(
        path, **{"task.negatives": 0, "task.dynamic": False, "task.subsample": 0, "task.direction": direction}
    )
    prepared = prepare(known, Seeds(0))
    task = Words(prepared.info, **known.task.options)
    net = assemble(known.model, task, Seeds(0)).eval()
    torch.nn.init.normal_(net.model.outer.weight)
    batch = prepared.loader("train", 8, "cpu").take(torch.tensor([0, 50, 90]))
    loss, counted = task.loss("model", net, batch)
    losses = []
    for centre, around in zip(batch.inputs["centre"].tolist(), batch.inputs["around"].tolist(), strict=True):
        others = [word for word in around if word >= 0]
        if direction == "skipgram":
            logs = (net.model.outer.weight @ net.model.inner.weight[centre]).log_softmax(0)
            losses += [-float(logs[word]) for word in others]
        else:
            logs = (net.model.outer.weight @ net.model.inner.weight[others].mean(0)).log_softmax(0)
            losses.append(-float(logs[centre]))
    assert float(loss) == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    assert int(counted["pairs"]) == len(losses)


def test_near_words_count_more_and_frequent_ones_less(path):
    known = recipe(path, **{"data.window": 4, "task.subsample": 0.05})
    task = Words(prepare(known, Seeds(0)).info, subsample=0.05)
    torch.manual_seed(0)
    inputs = {"around": torch.zeros(20_000, 8, dtype=torch.int64), "centre": torch.zeros(20_000, dtype=torch.int64)}
    kept = float(task.kept[0])
    share = torch.tensor(task.info.class_counts, dtype=torch.float64)[0] / sum(task.info.class_counts)
    assert kept == pytest.approx(math.sqrt(0.05 / float(share)))
    shares = task._counts(inputs, training=True).float().mean(0) / kept**2
    wanted = torch.tensor([1, 2, 3, 4, 4, 3, 2, 1]) / 4  # P(window ≥ distance)
    assert (shares - wanted).abs().max() < 4 * 0.5 / math.sqrt(20_000) / kept**2
    assert task._counts(inputs, training=False).all()


def test_the_correlation_is_that_of_numpy():
    x, y = np.random.default_rng(0).normal(size=(2, 40))
    moments = torch.tensor([40, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])
    assert correlation(moments) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert correlation(torch.tensor([3.0, 3.0, 1.0, 3.0, 9.0, 1.0])) == 0.0  # x does not vary


def test_neighbours_and_sums_of_words(path, tmp_path):
    prepared = prepare(recipe(path), Seeds(0))
    task = Words(prepared.info)
    net = assemble(Part("word_vectors", width=2), task, Seeds(0)).eval()
    angles = torch.tensor([0.0, 10.0, 90.0, 100.0, 180.0, 270.0]).deg2rad()
    net.model.inner.weight.data = torch.stack([angles.cos(), angles.sin()], 1)
    a, b, c, d = task.info.classes[:4]
    (word, cosine), *_ = task.neighbours(net, a)
    assert word == b
    assert cosine == pytest.approx(math.cos(math.radians(10)))
    assert task.neighbours(net, f"{d} - {c} + {a}")[0][0] == b  # 100° − 90° + 0°, as unit vectors
    (tmp_path / "asked.txt").write_text(f"{a}\n{a} + nowhere\n", encoding="utf-8")
    with torch.inference_mode():
        known, strange = task.predict_files(net, [tmp_path / "asked.txt"])
    assert known.label.startswith(b)
    assert "does not hold this word" in strange.problem


def test_what_does_not_fit_is_refused(path, tmp_path):
    (tmp_path / "short.txt").write_text("once upon a time", encoding="utf-8")
    with pytest.raises(DataError, match="at least two words that occur 5 times"):
        open_dataset(Part("words", path=str(tmp_path / "short.txt")))
    with pytest.raises(RecipeError, match="trains word vectors"):
        Words(prepare(recipe(path), Seeds(0)).info).neighbours(torch.nn.Linear(2, 2), "aaa")
    with pytest.raises(RecipeError, match="word vectors are learned from words"):
        WordVectors((3, 8, 8), 0)
