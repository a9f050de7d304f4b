"""Data: sources that become tensors, the cache that holds them, the split into training, validation, test."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "bsd": "patches:bsd",
    "camvid": "masks:camvid",
    "carla": "masks:carla",
    "cifar10": "cifar:Cifar10",
    "cifar100": "cifar:Cifar100",
    "digits": "digits:Digits",
    "energy": "series.energy:Energy",
    "fashion_mnist": "idx:FashionMnist",
    "folder": "folder:Folder",
    "gaussians": "gaussians:Gaussians",
    "masks": "masks:Masks",
    "lookahead": "text.lookahead:Lookahead",
    "markov": "text.markov:Markov",
    "mnist": "idx:Mnist",
    "seasons": "series.seasons:Seasons",
    "series": "series.own:Series",
    "shakespeare": "text.own:Shakespeare",
    "text": "text.own:Text",
    "nuclei": "nuclei:Nuclei",
    "patches": "patches:Patches",
    "shapes": "scenes:Scenes",
    "textures": "textures:Textures",
}
