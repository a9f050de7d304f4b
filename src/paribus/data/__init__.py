"""Data: sources that become tensors, the cache that holds them, the split, the batches."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "arrays": "sources.arrays.arrays:Arrays",
    "breast_cancer": "sources.table.builtin:breast_cancer",
    "bsd": "sources.images.bsd:bsd",
    "camvid": "sources.masks.camvid:camvid",
    "carla": "sources.masks.carla:carla",
    "cifar10": "sources.images.cifar:Cifar10",
    "cifar100": "sources.images.cifar:Cifar100",
    "diabetes_progression": "sources.table.builtin:diabetes_progression",
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
    "series": "sources.series.file:Series",
    "shakespeare": "sources.text.shakespeare:Shakespeare",
    "shapes": "sources.masks.shapes:Scenes",
    "table": "sources.table.table:Table",
    "text": "sources.text.file:Text",
    "textures": "sources.images.textures:Textures",
    "wine": "sources.table.builtin:wine",
}
