"""``paribus activations``."""

from __future__ import annotations

from paribus.theory.activations import ACTIVATIONS


def test_all_activations_as_a_table(paribus):
    said = paribus("activations")
    assert said.code == 0
    assert all(f"\n{name} " in said.out for name in ACTIVATIONS)
    assert "verified" in said.out


def test_one_sheet_by_an_alias(paribus):
    said = paribus("activations", "swish")
    assert said.out.startswith("silu\n")
    assert "1.09984" in said.out


def test_files(paribus, here):
    said = paribus("activations", "relu", "sigmoid", "--html", "sheet.html", "--png", "sheet.png")
    assert said.code == 0
    assert (here / "sheet.html").read_text().count("<section") == 2
    assert (here / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_mistyped_name_is_one_message(paribus):
    said = paribus("activations", "rleu")
    assert said.code == 2
    assert "did you mean 'relu'?" in said.err
