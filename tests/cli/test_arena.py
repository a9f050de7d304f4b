"""``paribus arena`` as people type it."""

from __future__ import annotations

import json

import pytest


def test_the_list_of_surfaces(paribus) -> None:
    said = paribus("arena")
    assert said.code == 0
    assert "himmelblau" in said.out
    assert "−959.641" in said.out
    assert len(json.loads(paribus("arena", "--json").out)) == 11


def test_a_race_and_its_files(paribus, here) -> None:
    words = ("arena", "rosenbrock", "--optimizers", "adam,newton", "--steps", "50", "--start", "-1.2,1")
    said = paribus(*words, "--html", "race.html", "--svg", "race.svg", "--png", "race.png")
    assert said.code == 0, said.err
    assert "global minimum (1, 1)" in said.out
    assert (here / "race.html").read_text().startswith("<!doctype html>")
    assert (here / "race.svg").read_text().startswith("<svg")
    assert (here / "race.png").read_bytes().startswith(b"\x89PNG")


def test_many_starts(paribus) -> None:
    said = paribus(
        "arena", "quadratic", "--condition", "100", "--angle", "30", "--starts", "10", "--steps", "40", "--json"
    )
    content = json.loads(said.out)
    assert {trajectory["optimizer"] for trajectory in content["optimizers"]} >= {"sgd", "newton"}
    assert content["optimizers"][-1]["reached"]["of"] == 10


def test_a_sweep(paribus, here) -> None:
    said = paribus(
        "arena", "beale", "--optimizers", "adam,sgd", "--sweep", "lr=1e-3..1:3", "--steps", "20", "--svg", "s.svg"
    )
    assert (said.code, (here / "s.svg").exists()) == (0, True)
    assert said.out.count("SGD") == 3


def test_a_trace(paribus) -> None:
    said = paribus(
        "arena", "--function", "x**2 / 2", "--trace", "adam", "--lr", "0.1", "--start", "0.5", "--steps", "1"
    )
    assert said.code == 0, said.err
    assert "β₁·m + (1 − β₁)·g" in said.out
    assert "0.00025" in said.out
    said = paribus("arena", "rosenbrock", "--trace", "linesearch", "--steps", "1")
    assert "accepted" in said.out
    assert said.out.count("too long") == 10


def test_shapes(paribus) -> None:
    assert "−27.75, 27.75" in paribus("arena", "beale", "--stationary", "--at", "0,1").out
    assert paribus("arena", "himmelblau", "--stationary").out.count("saddle ") >= 4
    assert "not convex" in paribus("arena", "beale", "--convexity").out
    assert "eigenvalues 2, 6" in paribus("arena", "--function", "x**2 + 3*y**2", "--convexity").out


def test_reddi(paribus, here) -> None:
    said = paribus("arena", "reddi", "--steps", "3000", "--html", "reddi.html")
    assert "+1.0000" in said.out
    assert (here / "reddi.html").exists()


MISTAKES = {
    ("x**2 + y**2",): ("no surface of this name", '--function "x**2 + y**2"'),
    ("rosenbruck",): ("no surface of this name", "did you mean 'rosenbrock'?"),
    ("beale", "--optimizers", "adm"): ("no optimizer of this name", "did you mean 'adam'?"),
    ("beale", "--start", "1,2,3"): ("2 coordinates", "received: 1, 2, 3", "--start -2,1.5"),
    ("beale", "--start", "a,b"): ("numbers with commas", "received: a,b"),
    ("beale", "--start", "50,0"): ("lie in the domain", "received: 50, 0"),
    ("beale", "--lr", "0"): ("learning rate is above 0", "received: lr=0"),
    ("beale", "--lr", "-1"): ("learning rate is above 0", "received: lr=-1"),
    ("beale", "--start", "1,1", "--starts", "5"): ("one given start, or random ones",),
    ("beale", "--sweep", "lr"): ("a sweep is written", "received: lr", "--sweep lr=1e-4..1"),
    ("beale", "--sweep", "momentum.nu=1,2"): ("has no setting nu",),
    ("beale", "--set", "adam"): ("NAME.SETTING=NUMBER", "received: adam"),
    ("beale", "--set", "nadam.lr=1"): ("does not take part", "add nadam to --optimizers"),
    ("beale", "--trace", "adam", "--stationary"): ("different things", "--stationary and --trace"),
    ("beale", "--trace", "adam,sgd"): ("a trace is of one optimizer",),
    ("beale", "--dimension", "3"): ("2 dimensions and no others",),
    ("beale", "--function", "x"): ("on one surface",),
    ("--function", "x +"): ("not a formula", "column"),
    ("--function", "open('f')"): ("no function open",),
    ("reddi", "--c", "1"): ("slope C above 2", "received: 1.0"),
    ("softplus", "--convexity", "--svg", "x.svg"): ("no picture of this", "x.svg"),
    ("beale", "--svg", "x.gif"): ("saved by the suffix", "x.gif"),
    ("beale", "--steps", "0"): ("Invalid value",),
}


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_is_one_message(paribus, words: tuple[str, ...]) -> None:
    said = paribus("arena", *words)
    assert said.code != 0
    for text in MISTAKES[words]:
        assert text in said.err
