"""Nets that have a name, in the notation: LeNet-5, AlexNet, VGG, ResNet, as torchvision builds them."""

from __future__ import annotations

import re

PATH = r"(?:(?:tf\.)?keras\.applications\.(?:\w+\.)?|(?:torchvision\.)?models\.(?:\w+\.)?|timm\.create_model\(['\"])?"
NAMED = re.compile(
    rf"(?i)\s*(?:\w+\s*=\s*)?(?P<path>{PATH})(?P<name>[a-z]+[-_ ]?v?\d*(?:[-_ ]?bn)?)"
    rf"(?P<rest>['\"]?\s*\([^()]*\)|['\"][^()]*\)|,? (?:with|for|and)? ?\d+ (?:classes|outputs|classes output))?\s*"
)
VGG = {11: "1 1 2 2 2", 13: "2 2 2 2 2", 16: "2 2 3 3 3", 19: "2 2 4 4 4"}
RESNET = {18: "2 2 2 2", 34: "3 4 6 3", 50: "3 4 6 3", 101: "3 4 23 3", 152: "3 8 36 3"}
ALEXNET = (
    "conv 64 k11 s4 p2, relu, pool 3 s2, conv 192 k5 p2, relu, pool 3 s2, conv 384 k3 p1, relu, conv 256 k3 p1, relu, "
    "conv 256 k3 p1, relu, pool 3 s2, adaptive 6, flatten, dropout 0.5, linear 4096, relu, dropout 0.5, linear 4096, "
    "relu, linear {classes}"
)
LENET = (
    "conv 6 k5, tanh, avgpool 2, conv 16 k5, tanh, avgpool 2, conv 120 k5, tanh, flatten, linear 84, tanh, "
    "linear {classes}"
)


def known(text: str) -> tuple[str, str] | None:
    """A net that is called by its name alone, in the notation, and what to say; None for other texts and names."""
    found = NAMED.fullmatch(text)
    if found is None:
        return None
    path, name = found["path"].lower(), re.sub(r"[-_ ]", "", found["name"].lower())
    rest = found["rest"] or ""
    classes = re.search(r"(?:num_classes|classes)\s*=\s*(\d+)", rest) or re.search(r"(\d+) (?:classes|out)", rest)
    if re.search(r"include_top\s*=\s*False|input_shape", rest) or ("applications" in path and "vgg" not in name):
        return None  # Keras's own ResNet has other strides and biases
    shape = re.fullmatch(r"(vgg|resnet)(\d+)(bn)?", name)
    depth = int(shape[2]) if shape else 0
    if shape and shape[1] == "vgg" and depth in VGG:
        net, source = _vgg(VGG[depth], bool(shape[3])), "Simonyan & Zisserman 2015"
    elif shape and shape[1] == "resnet" and not shape[3] and depth in RESNET:
        net, source = _resnet(RESNET[depth], depth > 34), "He et al. 2016"
    elif name == "alexnet":
        net, source = ALEXNET, "Krizhevsky 2014, one tower"
    elif name in ("lenet", "lenet5"):
        net, source = LENET, "LeCun et al. 1998, all maps connected"
    else:
        return None
    usual = "10" if net is LENET else "1000"
    said = f"{found['name'].strip()} as torchvision builds it ({source})" if net is not LENET else f"LeNet-5 ({source})"
    return net.replace("{classes}", classes[1] if classes else usual), said


def _vgg(stages: str, normed: bool) -> str:
    """Stages of 3×3 convolutions, each behind it a maximum over 2×2."""
    norm = ", bn" if normed else ""
    widths = (64, 128, 256, 512, 512)
    words = [
        f"[conv {width} k3 p1{norm}, relu] x{times}, pool 2"
        for width, times in zip(widths, stages.split(), strict=True)
    ]
    head = "adaptive 7, flatten, linear 4096, relu, dropout 0.5, linear 4096, relu, dropout 0.5, linear {classes}"
    return ", ".join([*words, head])


def _resnet(stages: str, bottleneck: bool) -> str:
    """Four stages of residual blocks; the first block of each but the first halves the sizes."""
    words = ["conv 64 k7 s2 p3 nobias, bn, relu, pool 3 s2 p1"]
    for stage, times in enumerate(stages.split()):
        width, stride = 64 * 2**stage, "s2first " if stage else ""
        plain = f"conv {width} k3 {stride}p1 nobias, bn, relu, conv {width} k3 p1 nobias, bn"
        wide = f"conv {width} k1 nobias, bn, relu, conv {width} k3 {stride}p1 nobias, bn, relu"
        wide += f", conv {4 * width} k1 nobias, bn"
        words.append(f"[[{wide if bottleneck else plain} | skip], relu] x{times}")
    return ", ".join([*words, "gap, flatten, linear {classes}"])


def apart(name: str) -> tuple[str, list[str], str] | None:
    """A net of torchvision as its body, the layers of its head, and the name under which its module keeps them."""
    found = known(name)
    if found is None or "torchvision" not in found[1]:
        return None
    body, _, head = found[0].partition("flatten, ")
    return f"{body}flatten", head.split(", "), "fc" if "," not in head else "classifier"
