"""What is wrong with a folder of pictures is said, whatever the files are called."""

from __future__ import annotations

import numpy as np
from PIL import Image

from paribus.data.prepare.scan import scan
from paribus.reports.scans import scan_page
from paribus.reports.terminal import print_page


def test_good_and_bad_pictures_are_named(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in range(4):
        path = tmp_path / f"class{number % 2}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(path)
    (tmp_path / "class0" / "[b]bad.png").write_text("no picture")
    (tmp_path / "class1" / "copy.png").write_bytes((tmp_path / "class0" / "0.png").read_bytes())
    print_page(scan_page(scan(tmp_path)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "5 good pictures"
    assert lines[1] == "sizes: 8 × 8 (5)"
    assert lines[2].split() == ["class", "train"]
    assert any(line.split()[:4] == ["identical", "class0/0.png", "=", "class1/copy.png"] for line in lines)
    assert any("[b]bad.png" in line for line in lines)
    assert "identical pictures with different labels" in " ".join(lines)
