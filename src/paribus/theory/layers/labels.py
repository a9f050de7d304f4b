"""What stands before a colon: the name of a net, or a layer of it."""

from __future__ import annotations

import re

from paribus.theory.layers.lexicon import COUNTS, concept
from paribus.theory.layers.spellings import kind_of

TIMES = {word: n for word, n in COUNTS.items() if n > 1 or word == "one"}
LABEL = re.compile(r"(?i)^\s*(?P<label>(?:[\w'’/→-]+\s+){0,8}?[\w'’/→-]+)\s*:\s+(?=\S)")
RESIDUAL = re.compile(
    r"(?i)\b(?:(?:inverted )?residual|res[a-z]*block|resnet|basic-?block|bottleneck|skip)"
    r"(?: (?:blocks?|unit|connection))?\b"
)
NETS = {"regression", "cnn", "mlp", "net", "network", "convnet", "autoencoder", "model", "lenet", "vgg", "classifier",
        "discriminator", "alexnet",
        "generator", "architecture", "dnn", "nn", "rnn", "ann", "netz", "regressor", "actor", "critic", "policy", "dqn",
        "vae",
        "variant", "stem"}  # fmt: skip
ENDS = {"input", "inputs", "x", "hidden", "residual", "block", "add", "sum", "skip", "concat", "branch",
        "transformer", "eingabe", "eingabeschicht"}  # fmt: skip
ROLES = ("unit", "option", "same", "valid", "no", "bias", "each", "output", "first", "second", "third")
NONE = {"d", "s", "k", "p", "map", "tokens", "classes", "mlp", "feedforward", "beide"}  # also parts of names


def unlabelled(text: str) -> str:
    """Without what stands before a colon, where it names the net and no layer of it: "a small CNN for digits:"."""
    found = LABEL.match(text)
    if found is None:
        return text
    label, rest = found["label"], text[found.end() :]
    if RESIDUAL.search(label):
        return text  # what is added to what is said behind it
    label = re.sub(
        r"(?i)\b(?:fully[- ]connected|convolutional|dense)\b(?= (?:\w+ )*net)|(?:soft|logistic)\w*(?= regr)", "", label
    )
    words = [re.sub(r"(?<=[a-z])[\d→-]+$", "", word) for word in re.findall(r"[^\W_]+", label.lower())]
    named = [word for word in words if word not in NETS]
    named = [word for word in named if word != "block" or len(words) < 2]
    if any(word in ENDS or word.isdigit() or _told(word) for word in named):
        return text
    again = {kind_of(word.rstrip("0123456789x")) for word in re.findall(r"[^\W\d_]+", rest)}
    kinds = {kind_of(word) for word in named} - {"", *(["separable"] if "dw" in again else [])}
    return rest if not kinds or (len(words) > 1 and kinds <= again) else text


def _told(word: str) -> bool:
    """Whether a word says something about layers."""
    role = concept(word)
    return word not in NONE and (word in TIMES or bool(role and role[0] in ROLES))
