"""What a network says of picture files."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from paribus.errors import DataError
from paribus.inference.predict import predict, save, to_csv
from paribus.inference.trained import load
from paribus.streams import unescaped
from paribus.tasks import pictures as module
from paribus.tasks.prediction import Prediction


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    """The first digits as files."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, digit in enumerate(load_digits().images[:12]):
        Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8)).save(folder / f"{index:02}.png")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("chunk", [5, 256])
def test_files_are_labelled_as_their_pixels_are(run, pictures, monkeypatch, chunk):
    monkeypatch.setattr(module, "CHUNK", chunk)
    trained = load(run)
    pixels = torch.from_numpy(np.rint(load_digits().images[:12] * 255 / 16).astype(np.uint8))[:, None]
    expected = trained.predict(pixels)
    predictions = predict(trained, pictures)
    assert [one.file for one in predictions] == list(map(str, pictures))
    assert [one.label for one in predictions] == [str(label) for label in expected.argmax(1).tolist()]
    for one, shares in zip(predictions, expected.tolist(), strict=True):
        assert list(one.figures) == [str(digit) for digit in range(10)]
        assert list(one.figures.values()) == pytest.approx(shares, abs=1e-6)
        assert sum(one.figures.values()) == pytest.approx(1, abs=1e-5)


def test_any_name_of_a_run_and_one_path_will_do(run, pictures):
    expected = predict(load(run), pictures)
    assert predict(run, [str(path) for path in pictures]) == expected
    assert predict(run.path, pictures[0].parent) == expected
    assert predict(str(run.path), str(pictures[0]))[0].label == expected[0].label


def test_arrays_are_predicted_as_files_are(run, pictures):
    expected = predict(run, pictures)
    for given in (load_digits().images[:12] / 16, torch.tensor(load_digits().images[:12] / 16)[:, None]):
        found = predict(run, given)
        assert [one.label for one in found] == [one.label for one in expected]
        assert [one.file for one in found] == [str(number) for number in range(12)]
    assert str(found).splitlines()[0] == f"0: {found[0].label}"


def test_a_folder_stands_for_its_pictures(run, pictures):
    (pictures[0].parent / "notes.txt").write_text("no picture")
    trained = load(run)
    assert predict(trained, [pictures[0].parent]) == predict(trained, pictures)


def test_broken_files_get_their_reason_and_harm_no_other(run, pictures, tmp_path):
    broken, missing, text = tmp_path / "broken.png", tmp_path / "missing.png", tmp_path / "text.png"
    broken.write_bytes(pictures[0].read_bytes()[:60])
    text.write_text("hello")
    predictions = predict(load(run), [pictures[0], broken, missing, pictures[1], text])
    assert [bool(one.problem) for one in predictions] == [False, True, True, False, True]
    alone = predict(load(run), [pictures[1]])[0]
    assert (predictions[3].file, predictions[3].label) == (alone.file, alone.label)
    assert predictions[3].figures == pytest.approx(alone.figures, abs=1e-6)
    assert all(one.label == "" and one.figures is None for one in predictions if one.problem)
    assert [one.problem for one in predict(load(run), [missing])] == [predictions[2].problem]


def test_nothing_to_look_at_is_an_error(run, tmp_path):
    with pytest.raises(DataError, match="no pictures"):
        predict(load(run), [])
    with pytest.raises(DataError, match=str(tmp_path)):
        predict(load(run), [tmp_path])


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_csv_has_a_row_for_every_file(run, pictures, tmp_path):
    predictions = predict(load(run), [*pictures[:2], tmp_path / "missing.png"])
    header, *rows = read(to_csv(predictions))
    assert header == ["file", "label", *map(str, range(10)), "problem"]
    assert [row[0] for row in rows] == [one.file for one in predictions]
    assert sum(map(float, rows[0][2:-1])) == pytest.approx(1, abs=1e-5)
    assert rows[2][1:-1] == [""] * 11
    assert rows[2][-1] == predictions[2].problem != ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_R27_no_cell_is_a_formula(start):
    name = f'{start}HYPERLINK("http://example.org","x")'
    shares = {name: 0.75, "b,\n": 0.25}
    predictions = [Prediction(name, name, shares), Prediction("b", problem=name)]
    header, *rows = read(to_csv(predictions))
    for cell in [*header, *(cell for row in rows for cell in row)]:
        assert cell[:1] != start, cell
    assert [unescaped(cell.removeprefix("'")) for cell in rows[0][:2]] == [name] * 2
    assert unescaped(header[3]) == "b,\n"


def test_a_network_for_features_takes_no_pictures(run, pictures):
    from dataclasses import replace

    trained = load(run)
    trained.task.info = replace(trained.info, input_shape=(64,))
    with pytest.raises(DataError, match="does not take pictures"):
        predict(trained, pictures)


def test_names_of_predictions_never_collide(tmp_path):
    names = ["a/street.png", "b/street.png", "street-2.png", "Street.png"]
    written = save([Prediction(name, text=name) for name in names], tmp_path)
    assert [path.read_text() for path in written] == names
    assert len({path.name.casefold() for path in written}) == 4


def test_predictions_of_every_kind_are_written(tmp_path):
    picture = torch.arange(3 * 4 * 5, dtype=torch.uint8).view(3, 4, 5)
    predictions = [
        Prediction("a/street.jpg", "road", picture=picture),
        Prediction("b/street.png", picture=picture[:1]),
        Prediction("load.csv", table={"=time": ["1", "2"], "load": [3.5, 4.0]}, text="rising"),
        Prediction("none.png", problem="there is no such file"),
    ]
    written = save(predictions, tmp_path / "out")
    assert [path.name for path in written] == ["street.png", "street-2.png", "load.csv", "load.txt"]
    assert np.array_equal(np.asarray(Image.open(written[0])), picture.permute(1, 2, 0).numpy())
    assert np.array_equal(np.asarray(Image.open(written[1])), picture[0].numpy())
    assert read(written[2].read_text()) == [["'=time", "load"], ["1", "3.5"], ["2", "4.0"]]
    assert written[3].read_text() == "rising"
