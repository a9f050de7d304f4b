"""Data: sources that become tensors, the cache that holds them, the split into training, validation, test."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "bsd": "sources.images.patches:bsd",
    "camvid": "sources.masks.folder:camvid",
    "carla": "sources.masks.folder:carla",
    "cifar10": "sources.images.cifar:Cifar10",
    "cifar100": "sources.images.cifar:Cifar100",
    "digits": "sources.images.digits:Digits",
    "energy": "sources.series.energy:Energy",
    "fashion_mnist": "sources.images.mnist:FashionMnist",
    "folder": "sources.images.folder:Folder",
    "gaussians": "sources.points.gaussians:Gaussians",
    "lookahead": "sources.text.lookahead:Lookahead",
    "markov": "sources.text.markov:Markov",
    "masks": "sources.masks.folder:Masks",
    "mnist": "sources.images.mnist:Mnist",
    "nuclei": "sources.masks.nuclei:Nuclei",
    "patches": "sources.images.patches:Patches",
    "seasons": "sources.series.seasons:Seasons",
    "series": "sources.series.own:Series",
    "shakespeare": "sources.text.own:Shakespeare",
    "shapes": "sources.masks.shapes:Scenes",
    "text": "sources.text.own:Text",
    "textures": "sources.images.textures:Textures",
}
