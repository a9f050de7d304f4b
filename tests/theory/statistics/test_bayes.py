"""Naive Bayes: the classroom numbers, fractions by hand, scikit-learn, and AG News."""

from __future__ import annotations

import csv
import gzip
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from paribus.errors import TheoryError
from paribus.theory.statistics import bayes


@pytest.mark.parametrize(
    ("alpha", "size", "wanted"), [(0, None, "0.7141"), (1, None, "0.6144"), (1, 6, "0.6144"), (1, 7, "0.6197")]
)
def test_T26_the_headline_example(alpha, size, wanted):
    model = bayes.fit(bayes.HEADLINES, alpha, size)
    assert f"{model.posterior(bayes.HEADLINE)['sport']:.4f}" == wanted
    assert len(model.vocabulary) == 6


def test_T26_the_headline_example_in_fractions_counted_by_eye():
    sport = Fraction(3, 7) * Fraction(1 * 3 * 1 * 2 * 1, 9**5)
    politics = Fraction(4, 7) * Fraction(1, 8**5)
    found = bayes.fit(bayes.HEADLINES, alpha=0).posterior(bayes.HEADLINE)
    assert found["sport"] == pytest.approx(float(sport / (sport + politics)), rel=1e-12)


def test_T26_the_step_table_shows_the_fractions():
    rows = bayes.fit(bayes.HEADLINES, 1, 7).worked(bayes.HEADLINE).rows
    assert rows[0] == ("P(c)", "3/7", "4/7")
    assert rows[2] == ("P(win | c)", "(3 + 1)/(9 + 7)", "(1 + 1)/(8 + 7)")
    assert rows[-1] == ("P(c | d)", "0.6197", "0.3803")
    product = float(rows[-2][1]), float(rows[-2][2])
    assert product[0] / sum(product) == pytest.approx(0.6197, abs=1e-3)  # products are shown with four digits
    assert bayes.fit(bayes.HEADLINES, 0).worked(bayes.HEADLINE).rows[2][1] == "3/9"


@pytest.mark.parametrize("alpha", [0.1, 1.0, 2.5])
def test_T26_posteriors_are_those_of_scikit_learn(alpha):
    rng = np.random.default_rng(0)
    texts = [[f"w{k}" for k in rng.zipf(1.6, size=rng.integers(1, 20)) if k < 40] or ["w1"] for _ in range(60)]
    labels = [f"c{k}" for k in rng.integers(0, 3, size=60)]
    counter = CountVectorizer(analyzer=lambda document: document)
    theirs = MultinomialNB(alpha=alpha).fit(counter.fit_transform(texts[:40]), labels[:40])
    ours = bayes.fit(zip(texts[:40], labels[:40], strict=True), alpha)
    wanted = theirs.predict_proba(counter.transform(texts[40:]))
    found = [[ours.posterior(text)[c] for c in theirs.classes_] for text in texts[40:]]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_probabilities_of_words_add_up_with_room_for_unknown_ones():
    model = bayes.fit(bayes.HEADLINES, 0.5, 8)
    for c in model.classes:
        known = sum(model.likelihood(word, c) for word in model.vocabulary)
        assert known + 2 * model.likelihood("unheard of", c) == pytest.approx(1)


def test_unknown_words_count_only_where_there_is_room():
    tight, roomy = bayes.fit(bayes.HEADLINES, 1), bayes.fit(bayes.HEADLINES, 1, 7)
    assert tight.known("win tomorrow") == ["win"]
    assert roomy.known("win tomorrow") == ["win", "tomorrow"]


def test_long_documents_do_not_underflow():
    model = bayes.fit(bayes.HEADLINES, 1)
    assert sum(model.posterior(["win", "leader"] * 5_000).values()) == pytest.approx(1)
    assert model.predict(["win"] * 5_000) == "sport"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bayes.fit([]), "0 classes"),
        (lambda: bayes.fit([("", "a")]), "0 words"),
        (lambda: bayes.fit(bayes.HEADLINES, -1), "α ≥ 0"),
        (lambda: bayes.fit(bayes.HEADLINES, 1, 5), "more than 1"),
        (lambda: bayes.fit([("a", "x"), ("b", "y")], 0).posterior("a b"), "impossible"),
    ],
)
def test_mistakes_are_explained(call, words):
    with pytest.raises(TheoryError, match=words):
        call()


def test_texts_become_words():
    assert bayes.words("It’s Friday’s WIN: 3-2!") == ["it’s", "friday’s", "win", "3", "2"]


@pytest.mark.realdata
def test_T26_ag_news_predictions_are_those_of_scikit_learn():
    train, test = (headlines(part) for part in ("train", "test"))
    model = bayes.fit(train)
    counter = CountVectorizer(analyzer=bayes.words)
    theirs = MultinomialNB().fit(counter.fit_transform([text for text, _ in train]), [c for _, c in train])
    predicted = [model.predict(text) for text, _ in test]
    assert predicted == list(theirs.predict(counter.transform([text for text, _ in test])))
    assert np.mean([a == b for a, (_, b) in zip(predicted, test, strict=True)]) > 0.85  # .25 would be chance


def headlines(part: str) -> list[tuple[str, str]]:
    """Title and description, and the class."""
    folder = Path(os.environ.get("PARIBUS_DATA", ".")) / "ag_news"
    if not folder.is_dir():
        pytest.skip("PARIBUS_DATA has no ag_news")
    with gzip.open(folder / f"{part}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [(f"{title} {description}", label) for label, title, description in csv.reader(file)]
