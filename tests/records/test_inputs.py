"""What changed between two runs, in words."""

import pytest

from paribus.cache import manifests
from paribus.records.inputs import DataRecord, Inputs, changes, code_changes


def data(content: dict[str, str], kept: bool = True) -> Inputs:
    """Pictures, ``cat/1.png`` → content, whose folders are their classes."""
    manifest = {name: (value, name.partition("/")[0]) for name, value in content.items()}
    digest = manifests.keep(manifest) if kept else manifests.digest_of(manifest)
    counts: dict[str, int] = {}
    for _, label in manifest.values():
        counts[label] = counts.get(label, 0) + 1
    return Inputs(DataRecord(digest, "here", "picture", len(manifest), counts))


BEFORE = {"cat/1.png": "a", "cat/2.png": "b", "dog/1.png": "c"}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (BEFORE, []),
        ({**BEFORE, "dog/2.png": "d"}, ["1 picture added (dog/2.png)"]),
        ({**BEFORE, **{f"x/{n}.png": str(n) for n in range(12)}, "cat/1.png": "z"},
         ["12 pictures added, 1 changed (cat/1.png)", "class 'x' is new"]),
        ({"cat/1.png": "a", "cat/2.png": "b"}, ["1 picture removed (dog/1.png)", "class 'dog' is gone"]),
    ],
)  # fmt: skip
def test_changes_are_counted_and_named(now, words):
    assert changes(data(BEFORE), data(now)) == words


def test_a_label_can_change_alone():
    before = {"a.png": ("1", "cat", "train", "")}
    now = {"a.png": ("1", "dog", "train", "")}
    one, other = (Inputs(DataRecord(manifests.keep(it), noun="picture", pieces=1)) for it in (before, now))
    assert changes(one, other) == ["1 picture of another class, split or group (a.png)"]


def test_without_the_lists_counts_tell():
    more = {**BEFORE, "fox/1.png": "not kept"}
    assert changes(data(BEFORE, kept=False), data(more, kept=False)) == [
        "3 pictures before, 4 pictures now", "class 'fox' is new",
    ]  # fmt: skip
    other = {**BEFORE, "cat/1.png": "not kept either"}
    assert changes(data(BEFORE), data(other, kept=False)) == ["other content in 3 pictures"]


def test_files_and_code_are_named():
    before = Inputs(files={"model.weights": "1"})
    assert changes(before, Inputs(files={"model.weights": "2"})) == [
        "the file that model.weights names has another content"
    ]
    assert changes(before, Inputs()) == ["the file that model.weights names is not found any more"]
    assert code_changes({"model.Net": "1", "task.Mine": "2"}, {"model.Net": "1", "task.Mine": "3"}) == [
        "the code of task.Mine, or of what it uses, is another one"
    ]


def test_what_nothing_was_read_for_keeps_the_identity_of_its_recipe():
    assert Inputs().identity("recipe") == "recipe"
    assert len({data(BEFORE).identity("recipe"), data({"x/1": "a"}).identity("recipe"), "recipe"}) == 3
    assert Inputs.read(data(BEFORE).plain()) == data(BEFORE)
