"""Data: sources that become tensors, the cache that holds them, the split into training, validation, test."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "bsd": "pixels.patches:bsd",
    "camvid": "pixels.masks:camvid",
    "carla": "pixels.masks:carla",
    "cifar10": "cifar:Cifar10",
    "cifar100": "cifar:Cifar100",
    "digits": "digits:Digits",
    "energy": "series.energy:Energy",
    "fashion_mnist": "idx:FashionMnist",
    "folder": "folder:Folder",
    "gaussians": "gaussians:Gaussians",
    "lookahead": "text.lookahead:Lookahead",
    "markov": "text.markov:Markov",
    "masks": "pixels.masks:Masks",
    "mnist": "idx:Mnist",
    "nuclei": "pixels.nuclei:Nuclei",
    "patches": "pixels.patches:Patches",
    "seasons": "series.seasons:Seasons",
    "series": "series.own:Series",
    "shakespeare": "text.own:Shakespeare",
    "shapes": "pixels.scenes:Scenes",
    "text": "text.own:Text",
    "textures": "pixels.textures:Textures",
}
