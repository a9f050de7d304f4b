import pytest

from paribus.data.sources.images.entry import Entry
from paribus.data.sources.images.folder import Folder
from paribus.data.sources.images.listing import listing
from paribus.errors import DataError


@pytest.fixture
def pets(classes):
    return classes({"cat": 2, "dog": 3})


def written(root, text, name="labels.csv"):
    (root / name).write_text(text, encoding="utf-8")
    return name


def test_one_folder_per_class(pets):
    found = listing(pets)
    assert found.classes == ("cat", "dog")
    assert found.entries[0] == Entry("cat/000.png", "cat", "train", "")
    assert len(found.entries) == 5


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_official_parts(classes, tmp_path, validation):
    root = tmp_path / "pictures"
    for part in ("train", validation, "test"):
        classes({"a": 2, "b": 1}, root / part)
    classes({"x": 1}, root / "sketches")
    found = listing(root)
    assert [entry.split for entry in found.entries] == ["train"] * 3 + ["val"] * 3 + ["test"] * 3
    assert found.classes == ("a", "b")
    assert found.skipped == (("sketches/x/000.png", "lies outside of the train, validation and test folders"),)


def test_a_class_may_be_called_train(classes):
    assert listing(classes({"bus": 1, "train": 2})).classes == ("bus", "train")


def test_parts_without_classes_are_not_taken_for_classes(classes):
    with pytest.raises(DataError, match="one folder per class") as caught:
        listing(classes({"train": 3, "val": 2, "other": 1}))
    assert caught.value.got == "train, val"


def test_numbers_are_ordered_as_numbers(classes):
    assert listing(classes({"10": 1, "9": 1, "1": 1})).classes == ("1", "9", "10")


def test_files_beside_the_classes_are_left_out_with_the_reason(pets, picture):
    picture(pets / "stray.png")
    (pets / ".DS_Store").write_bytes(b"x")
    assert listing(pets).skipped == (("stray.png", "lies in no class folder"),)


def test_the_digest_changes_with_what_is_there(pets, picture):
    def digest() -> str:
        return Folder(str(pets)).originals().record().digest

    digests = [digest()]
    picture(pets / "cat" / "new.png")
    digests.append(digest())
    picture(pets / "cat" / "new.png", size=(99, 99))
    digests.append(digest())
    (pets / "cat" / "new.png").rename(pets / "dog" / "new.png")
    digests.append(digest())
    assert len(set(digests)) == 4
    assert digest() == digests[-1]


@pytest.mark.parametrize(
    ("counts", "message"),
    [({}, "no pictures in class folders"), ({"only": 3}, "at least two classes")],
)
def test_folders_without_anything_to_learn(classes, tmp_path, counts, message):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(DataError, match=message) as caught:
        listing(classes(counts))
    assert caught.value.hint


def test_a_flat_folder_says_what_it_left_out(tmp_path, picture):
    picture(tmp_path / "flat" / "1.png")
    with pytest.raises(DataError, match="no pictures in class folders") as caught:
        listing(tmp_path / "flat")
    assert "1.png (lies in no class folder)" in caught.value.hint


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_the_path_must_be_a_folder(tmp_path, name):
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(DataError, match="must be a folder"):
        listing(tmp_path / name)


def test_a_class_that_is_only_tested(classes, tmp_path):
    root = tmp_path / "pictures"
    classes({"a": 2, "b": 1}, root / "train")
    classes({"a": 1, "c": 1}, root / "test")
    with pytest.raises(DataError, match="'c' is only in test"):
        listing(root)


def test_csv(pets):
    labels = written(pets, "path,label,split,age\ncat/000.png,kitten,train,1\ncat/001.png,cat,TRAIN,2\n"
                           "./dog/000.png,cat,test,3\ndog/001.png,kitten,val,4\ndog/002.png,cat,train,5\n")  # fmt: skip
    found = listing(pets, labels)
    assert {(entry.name, entry.label, entry.split) for entry in found.entries} == {
        ("cat/000.png", "kitten", "train"), ("cat/001.png", "cat", "train"), ("dog/000.png", "cat", "test"),
        ("dog/001.png", "kitten", "val"), ("dog/002.png", "cat", "train"),
    }  # fmt: skip


def test_csv_as_spreadsheets_write_it(pets):
    rows = "".join(f"{kind}\\00{n}.png;{kind}\r\n" for kind in ("cat", "dog") for n in range(2))
    labels = written(pets, "\ufeffpath;label\r\n" + rows)
    found = listing(pets, labels)
    assert len(found.entries) == 4
    assert found.skipped == (("dog/002.png", "has no row in labels.csv"),)


def test_R18_csv_rows_that_lead_out_are_skipped(pets, tmp_path, picture):
    picture(tmp_path / "out.png")
    rows = "path,label\n../out.png,cat\ncat/000.png,cat\ndog/000.png,dog\n"
    assert ("../out.png", "lies outside of the folder") in listing(pets, written(pets, rows)).skipped


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("path,label\ncat/000.png,cat\nnone.png,dog\n", "line 3 .* does not exist"),
        ("path,label\ncat/000.png,\n", "line 2 .* has no label"),
        ("path,label\n,cat\n", "line 2 .* has no path"),
        ("path,label\ncat/000.png\n", "line 2 .* has no label"),
        ("path,label,split\ncat/000.png,cat,exam\n", "line 2 .* unknown split"),
        ("path,label,splt\ncat/000.png,cat,test\n", "unknown column"),
        ("path,class\ncat/000.png,cat\n", "must have a column 'label'"),
        ("", "must have a column 'path'"),
        ("path,label\ncat/000.png,cat\n./cat/000.png,dog\n", "second time"),
        ("path,label\ncat/000.png,cat\ncat/001.png,cat\n", "at least two classes"),
    ],
)
def test_a_csv_that_is_wrong_says_where(pets, rows, message):
    with pytest.raises(DataError, match=message):
        listing(pets, written(pets, rows))


def test_a_csv_in_another_encoding_or_nowhere(pets):
    (pets / "latin.csv").write_bytes("path,label\ncat/000.png,Kätzchen\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"cannot read latin\.csv"):
        listing(pets, "latin.csv")
    with pytest.raises(DataError, match="existing CSV file"):
        listing(pets, "none.csv")


def test_groups_from_a_column(pets):
    rows = "path,label,patient\ncat/000.png,cat,p1\ndog/000.png,dog,p2\n"
    found = listing(pets, written(pets, rows), group="patient")
    assert [entry.group for entry in found.entries] == ["p1", "p2"]
    with pytest.raises(DataError, match=r"no column for data\.group") as caught:
        listing(pets, "labels.csv", group="patent")
    assert "'patient'" in caught.value.hint
    with pytest.raises(DataError, match="has no patient"):
        listing(pets, written(pets, rows + "dog/001.png,dog,\n"), group="patient")


def test_groups_from_file_names(pets):
    found = listing(pets, group=r"(\d)\.png")
    assert [entry.group for entry in found.entries] == ["0", "1", "0", "1", "2"]


@pytest.mark.parametrize(
    ("group", "message"), [("(", "no regular expression"), (r"\d", "in parentheses"), ("cat/(.)", "match every")]
)
def test_groups_that_cannot_be_read(pets, group, message):
    with pytest.raises(DataError, match=message):
        listing(pets, group=group)
