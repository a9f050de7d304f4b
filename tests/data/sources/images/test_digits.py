import numpy as np
from sklearn.datasets import load_digits

from paribus.data.prepare import cache
from paribus.data.sources.images.digits import Digits


def test_the_digits_are_those_of_scikit_learn_stretched_to_bytes():
    dataset, original = cache.load(Digits()), load_digits()
    assert dataset.inputs.shape == (1797, 1, 8, 8)
    pixels = dataset.inputs[:, 0].numpy()
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert np.array_equal(np.rint(pixels / 255 * 16), original.images)
    assert np.array_equal(dataset.targets.numpy(), original.target)
    assert dict(dataset.official) == {"train": (0, 1797)}
    assert dataset.classes == tuple("0123456789")
