from __future__ import annotations

import pickle

import pytest

from paribus import errors
from paribus.errors import Diverged, ParibusError, RecipeError, nearest

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ParibusError)]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ParibusError("rule"), "rule"),
        (ParibusError("rule", got=0), "rule\n  received: 0"),
        (ParibusError("rule", got=None), "rule\n  received: None"),
        (ParibusError("rule", got="as it is"), "rule\n  received: as it is"),
        (ParibusError("rule", got=["a"], hint="do"), "rule\n  received: ['a']\n  next: do"),
        (ParibusError("rule", hint="do"), "rule\n  next: do"),
    ],
)
def test_messages_state_rule_value_and_next_step(error, text):
    assert str(error) == text


@pytest.mark.parametrize("kind", ALL)
def test_errors_travel_between_processes_unchanged(kind):
    for error in (kind("rule"), kind("rule", got=[1], hint="do"), kind("rule", got="word")):
        twin = pickle.loads(pickle.dumps(error))
        assert (type(twin), str(twin), twin.rule, twin.hint) == (kind, str(error), error.rule, error.hint)


def test_every_error_ends_a_command_with_a_code_of_its_own_kind():
    assert {kind.exit_code for kind in ALL} == {1, 2, 130}
    assert issubclass(Diverged, errors.RunError)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("cn", ["mlp", "cnn"], "did you mean 'cnn'? Available: cnn, mlp"),
        ("xyz", ["mlp", "cnn"], "available: cnn, mlp"),
        ("cnn", [], "nothing is available here"),
        ("", ["cnn"], "available: cnn"),
    ],
)
def test_nearest_names_the_closest_and_lists_all(name, known, hint):
    assert nearest(name, known) == hint


def test_a_message_can_be_caught_as_any_of_its_kinds():
    with pytest.raises(ParibusError):
        raise RecipeError("rule")


def test_arrays_are_shown_by_their_shape_wherever_they_stand():
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")
    many = numpy.zeros((1000, 28, 28))
    assert errors.shown(many) == "ndarray of shape (1000, 28, 28), float64"
    assert errors.shown({"x": (many, torch.zeros(3, 4))}) == (
        "{'x': (ndarray of shape (1000, 28, 28), float64, Tensor of shape (3, 4), float32)}"
    )
    assert len(errors.shown(list(range(10_000)))) < 200
    assert errors.shown([32, 64, 128, 256, 512, 1024, 2048]) == "[32, 64, 128, 256, 512, 1024, 2048]"
    assert "0." not in str(errors.RecipeError("a rule", got=(many, many)))
