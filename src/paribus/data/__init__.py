"""Data: sources that become tensors, the cache that holds them, the split into training, validation, test."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "cifar10": "cifar:Cifar10",
    "cifar100": "cifar:Cifar100",
    "digits": "digits:Digits",
    "fashion_mnist": "idx:FashionMnist",
    "folder": "folder:Folder",
    "mnist": "idx:Mnist",
}
