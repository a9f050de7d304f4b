"""Picture files as the network takes them: decoded as its training pictures were."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


def about() -> dict[str, Any]:
    """What is known of the network: classes, shapes, decoding."""
    return dict(json.loads((HERE / "about.json").read_text(encoding="utf-8")))


def picture(path: str | Path, decoding: dict[str, Any]) -> Any:
    """A picture file as values (C, H, W) uint8: upright, transparency on white, at the network's size."""
    from PIL import Image, ImageOps

    image: Any = Image.open(io.BytesIO(Path(path).read_bytes()))
    if image.format == "JPEG" and decoding["fit"] != "cut":
        image.draft(image.mode, (2 * max(decoding["size"]),) * 2)  # much larger ones are decoded smaller, and faster
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits
        image = Image.fromarray(((np.asarray(image, np.int64) + 128) // 257).astype(np.uint8))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    mode = {"rgb": "RGB", "grey": "L"}[decoding["colour"]]
    pixels = np.asarray(fitted(image if image.mode == mode else image.convert("RGB").convert(mode), decoding))
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def fitted(image: Any, decoding: dict[str, Any]) -> Any:
    """A picture at the network's size: cropped, padded, stretched, or cut out as the training pictures were."""
    from PIL import Image

    (height, width), (old_width, old_height), fit = decoding["size"], image.size, decoding["fit"]
    if fit == "stretch":
        return image if image.size == (width, height) else image.resize((width, height), Image.Resampling.BICUBIC)
    if fit == "crop":
        share = min(old_width / width, old_height / height)
        inner = round(share * width), round(share * height)
        left, top = (old_width - inner[0]) // 2, (old_height - inner[1]) // 2
        part = image.crop((left, top, left + inner[0], top + inner[1]))
        return part if part.size == (width, height) else part.resize((width, height), Image.Resampling.BICUBIC)
    share = max(old_width / width, old_height / height) if fit == "pad" else 1
    inner = max(1, round(old_width / share)), max(1, round(old_height / share))
    inside = image if inner == image.size else image.resize(inner, Image.Resampling.BICUBIC)
    canvas = Image.new(image.mode, (width, height), "white")
    canvas.paste(inside, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return canvas


def read(paths: list[str], known: dict[str, Any]) -> Any:
    """The files as one array: pictures, or the array (N, …) of an .npy file."""
    if len(paths) == 1 and paths[0].endswith(".npy"):
        return np.load(paths[0]).astype(known["inputs"]["type"])
    if known["decoding"] is None:
        raise SystemExit("this network takes no pictures: give one .npy file with inputs " + str(known["inputs"]))
    return np.stack([picture(path, known["decoding"]) for path in paths])


def say(paths: list[str], outputs: Any, known: dict[str, Any]) -> None:
    """Print the class of each example with its probability, or write what is more than a row into outputs.npy."""
    if known["outputs"]["of_classes"]:
        names = paths if len(paths) == len(outputs) else [str(number) for number in range(len(outputs))]
        for name, shares in zip(names, outputs, strict=True):
            print(name, known["classes"][int(shares.argmax())], f"{shares.max():.6f}", sep="\t")
    else:
        np.save("outputs.npy", outputs)
        print(f"outputs.npy: {outputs.shape}, {known['outputs']['what']}")
