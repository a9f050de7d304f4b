"""Tables of layers as READMEs have them: a row for the input, windows beside names, volumes that come out."""

from __future__ import annotations

import pytest

from paribus.theory.layers import table

LEARNED = (3 * 9 + 1) * 64 + (16 * 16 * 64 + 1) * 43
TABLES = (
    "| Layer | Description |\n|---|---|\n| Input | 32x32x3 RGB image |\n| Convolution 3x3 | 1x1 stride, same padding, "
    "outputs 32x32x64 |\n| RELU | |\n| Max pooling | 2x2 stride, outputs 16x16x64 |\n| Fully connected | 43 outputs |",
    "| Layer | Description |\n|:--|:--|\n| Convolution 3x3 | 64 filters, 1x1 stride, same padding |\n| RELU | |\n"
    "| Max pooling 2x2 | |\n| Fully connected | 43 outputs |",
    "| Layer | Details |\n|---|---|\n| Input | 32x32x3 image |\n| Convolution | 64 filters, 3x3, stride 1, same |\n"
    "| ReLU | |\n| Max pooling | 2x2, 2x2 stride |\n| Flatten | outputs 16384 |\n| Fully connected | 43 |",
)


@pytest.mark.parametrize("text", TABLES)
def test_a_row_is_a_layer(text):
    found = table(text, (3, 32, 32))
    assert (found.output, found.parameters) == ((43,), LEARNED)
    assert [row.layer.kind for row in found.rows] == ["conv", "relu", "pool", "flatten", "linear"]
