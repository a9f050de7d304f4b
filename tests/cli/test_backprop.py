"""``paribus backprop``: what it makes of its options."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from paribus.cli.app import app
from paribus.cli.backprop import derive_layer, derive_network
from paribus.errors import TheoryError


def run(*words):
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_networks_and_layers_come_by_one_command(tmp_path):
    assert "verified" in run("backprop", "2-2-1", "--no-bias")
    assert json.loads(run("backprop", "attention", "--json"))["verified"] is True
    assert "verified" in run("backprop", "conv1d", "--input", "-1 2 3", "--filter", "-1 1")
    assert "def gradients(" in run("backprop", "2-2-1", "--code")
    run("backprop", "2-2-1", "--html", str(tmp_path / "page.html"))
    assert "<math" in (tmp_path / "page.html").read_text()


def test_a_batch_norm_on_one_page():
    page = run("backprop", "batchnorm", "--detail", "brief")
    assert len(page.splitlines()) < 45
    assert "forward pass" not in page.replace("derivative of the forward pass", "")
    assert "dX = (dXhat - mean(dXhat" in page
    assert "mu = mean(X, 0, keepdims=True)" in page  # under what is given
    assert run("backprop", "batchnorm", "--detail", "brief", "--code") == run("backprop", "batchnorm", "--code")


@pytest.mark.parametrize("old", [("--network", "2-1"), ("--network=2-1",), ("--no-bias", "--network", "2-1")])
def test_what_derive_did_before_goes_here(old):
    rest = [word for word in old if word == "--no-bias"]
    assert run("derive", *old) == run("backprop", "2-1", *rest)


def test_networks(here):
    (here / "numbers.json").write_text(json.dumps({"W1": [[2, 3]], "x": [1, 1], "y": [5], "lr": 0.1}))
    options = {"no_bias": True, "output": "identity", "values": here / "numbers.json", "hidden": None}
    found = derive_network("2-1", options)
    assert list(found.answers) == ["w1_11", "w1_12"]
    assert ("L", "(5 - 5)**2", "0") in found.tables[0].rows


def test_layers(here):
    (here / "filter.csv").write_text("2,0\n-3,1\n")
    options = {
        "input": "3 4 5; 2 1 -3; 4 -2 0",
        "filter": "filter.csv",
        "loss": "mean",
        "stride": None,
        "inference": False,
    }
    rows = {row[0]: row[2] for row in derive_layer("conv2d", options).tables[0].rows}
    assert rows["dX"] == "[[0.5, 0.5, 0], [-0.25, 0, 0.25], [-0.75, -0.5, 0.25]]"
    assert "stride (2, 1)" in derive_layer("conv2d", {"stride": "2,1"}).title
    assert "2 × 3 bins" in derive_layer("roialign", {"size": "2,3", "box": "0.2 0.2 3.3 3.1"}).title
    assert "rate 0.25" in derive_layer("dropout", {"rate": 0.25}).title
    assert "rate 0" in derive_layer("dropout", {"rate": 0.0}).title


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("conv2d", {"stride": "a"}, "--stride is a whole number"),
        ("conv2d", {"rate": 0.5}, "conv2d has no option"),
        ("batchnorm", {"size": "10"}, "--size has two numbers"),
        ("conv1d", {"input": "1 2; 3 4"}, "1 spatial axes"),
        ("conv3d", {}, "did you mean 'conv"),
        ("dropout", {"input": "1 x"}, "made of numbers"),
    ],
)
def test_options_that_do_not_fit(name, options, message):
    with pytest.raises(TheoryError, match=message):
        derive_layer(name, options)


def test_options_of_layers_are_not_for_networks():
    with pytest.raises(TheoryError, match="for layers, not for networks"):
        derive_network("2-1", {"stride": "2"})
