"""The spellings of others, word by word in the notation of this room: PyTorch's, Keras's, and plain text.

``nn.Conv2d(3, 64, 7, stride=2, padding=3)``, ``Conv2D(64, 7, strides=2, padding="same", activation="relu")``,
``conv 64 3x3 stride 2 relu``. A call is split into its arguments, each argument becomes a word such as ``k7``; what is
not about shapes, parameters or costs (initialisers, names, ε) is passed over, and what cannot be said is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paribus.theory.layers.kinds import ACTIVATIONS, ALIASES, CELLS, KINDS, PER_AXIS, WRITTEN
from paribus.theory.layers.refuse import Place, unreadable

Word = tuple[str, Place]  # in the notation, and where the text says it

# fmt: off
NAMES = {  # without spaces, hyphens and the number of axes
    **{name.replace("_", ""): name for name in (*KINDS, *ALIASES)}, **ALIASES,
    "convolution": "conv", "convolutional": "conv", "convlayer": "conv", "cnn": "conv", "separableconv": "separable",
    "convtranspose": "deconv", "convtransposed": "deconv", "transposedconv": "deconv",
    "transposedconvolution": "deconv",
    "transposeconv": "deconv", "upconv": "deconv", "depthwiseconv": "dw", "dwconv": "dw", "depthwiseconvolution": "dw",
    "maxpooling": "pool", "max": "pool", "mp": "pool", "pooling": "pool", "maxpoolinglayer": "pool",
    "averagepooling": "avgpool", "averagepool": "avgpool", "avgpooling": "avgpool", "meanpool": "avgpool",
    "meanpooling": "avgpool", "adaptiveavgpool": "adaptive", "adaptiveaveragepooling": "adaptive",
    "adaptivemaxpool": "gmp", "globalaveragepooling": "gap", "globalaveragepool": "gap", "globalavgpooling": "gap",
    "globalpool": "gap", "globalpooling": "gap", "globalmaxpooling": "gmp", "globalmaxpool": "gmp",
    "fullyconnected": "linear", "fullyconnectedlayer": "linear", "denselayer": "linear", "lin": "linear",
    "affine": "linear", "output": "linear", "linearlayer": "linear",
    "batchnormalization": "bn", "batchnormalisation": "bn", "norm": "bn", "layernormalization": "ln",
    "layernormalisation": "ln", "groupnormalization": "gn", "instancenormalization": "instance",
    "spatialdropout": "dropout", "drop": "dropout", "do": "dropout", "upsampling": "up", "interpolate": "up",
    "embeddinglayer": "embedding", "simplernn": "rnn", "lstmlayer": "lstm", "grulayer": "gru",
    "multiheadattention": "attention", "selfattention": "attention", "leakyrelu": "leaky_relu", "lrelu": "leaky_relu",
    "logsoftmax": "log_softmax", "logistic": "sigmoid", "sigm": "sigmoid", "hardswish": "hardswish",
    "rectifier": "relu",
    "flat": "flatten", "reshape1d": "flatten", "identity": "id", "inputlayer": "input",
}
CONTAINERS = {"sequential", "modulelist", "add", "timedistributed", "model"}
OPTIONS = {
    **dict.fromkeys(("filters", "filter", "out_channels", "units", "out_features", "hidden_size", "hidden", "out", "f",
                     "outputs", "features", "neurons", "channels", "classes", "maps", "n", "c"), "out"),
    **dict.fromkeys(("in_channels", "in_features", "input_size", "num_features", "num_channels", "embed_dim"), "in"),
    **dict.fromkeys(("kernel_size", "kernel", "ksize", "pool_size", "k", "window"), "kernel"),
    **dict.fromkeys(("stride", "strides", "s"), "stride"), **dict.fromkeys(("padding", "pad", "p"), "padding"),
    **dict.fromkeys(("dilation", "dilation_rate", "d"), "dilation"), **dict.fromkeys(("groups", "g"), "groups"),
    **dict.fromkeys(("bias", "use_bias"), "bias"), **dict.fromkeys(("rate", "prob"), "rate"),
    **dict.fromkeys(("num_layers", "layers"), "layers"), **dict.fromkeys(("bidirectional", "bi"), "bi"),
    **dict.fromkeys(("scale_factor", "factor", "scale"), "factor"), **dict.fromkeys(("output_size", "size"), "size"),
    **dict.fromkeys(("num_embeddings", "input_dim", "vocab", "words"), "words"),
    **dict.fromkeys(("embedding_dim", "output_dim", "width", "dim"), "width"),
    **dict.fromkeys(("num_heads", "heads"), "heads"), "depth_multiplier": "multiplier", "output_padding": "extra",
    "num_groups": "groups", "num_parameters": "slopes", "ceil_mode": "ceil", "inplace": "inplace",
    **dict.fromkeys(("affine", "elementwise_affine"), "affine"), "activation": "activation", "mode": "mode",
    "return_sequences": "steps", "padding_mode": "borders", "interpolation": "mode",
}
PASSED = {"name", "input_shape", "shape", "batch_first", "data_format", "eps", "epsilon", "momentum", "dropout",
    "axis", "dim",
          "track_running_stats", "negative_slope", "alpha", "device", "dtype", "kernel_initializer", "normalized_shape",
          "bias_initializer", "kernel_regularizer", "start_dim", "end_dim", "return_indices", "count_include_pad",
          "beta",
          "nonlinearity", "recurrent_dropout", "trainable", "seed", "input_length", "mask_zero", "align_corners",
          "max_value",
          "threshold", "approximate", "padding_idx", "batch_input_shape", "recurrent_activation", "divisor_override",
          "scale", "center", "kdim", "vdim", "key_dim", "add_bias_kv", "add_zero_attn", "batch_size", "proj_size"}
WINDOW = ("kernel", "stride", "padding")
CELL = ("in", "out", "layers", "bias", "", "", "bi")
TORCH = {  # the arguments of torch's classes, by their exact names, in their order
    **{f"Conv{n}d": ("in", "out", *WINDOW, "dilation", "groups", "bias") for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": ("in", "out", *WINDOW, "extra", "groups", "bias", "dilation") for n in (1, 2, 3)},
    **{f"MaxPool{n}d": (*WINDOW, "dilation", "", "ceil") for n in (1, 2, 3)},
    **{f"AvgPool{n}d": (*WINDOW, "ceil") for n in (1, 2, 3)},
    **{f"Adaptive{kind}Pool{n}d": ("size",) for kind in ("Avg", "Max") for n in (1, 2, 3)},
    **{f"{kind}Norm{n}d": ("in", "", "", "affine") for kind in ("Batch", "Instance") for n in (1, 2, 3)},
    "Linear": ("in", "out", "bias"), "GroupNorm": ("groups", "in", "", "affine"), "LayerNorm": ("", "", "affine",
    "bias"),
    "MultiheadAttention": ("in", "heads", "", "bias"), "Upsample": ("", "factor", "mode"), "PReLU": ("slopes",),
    "LSTM": CELL, "GRU": CELL, "RNN": CELL, "Dropout": ("rate", "inplace"), "ReLU": ("inplace",), "ReLU6": ("inplace",),
    "LeakyReLU": ("", "inplace"), "ELU": ("", "inplace"), "SiLU": ("inplace",), "Flatten": ("", ""),
}
ORDER = {  # of bare arguments, elsewhere
    "conv": ("out", *WINDOW), "separable": ("out", *WINDOW), "deconv": ("out", *WINDOW), "dw": WINDOW, "pool": WINDOW,
    "avgpool": WINDOW, "linear": ("out", "activation"), "dropout": ("rate",), "embedding": ("words", "width"),
    "gn": ("groups",),
    **dict.fromkeys(CELLS, ("out", "activation")), "attention": ("heads",), "up": ("factor",), "adaptive": ("size",),
    "prelu": ("slopes",), "input": ("",), "softmax": ("",), "log_softmax": ("",), "leaky_relu": ("",), "elu": ("",),
    "bn": ("",), "ln": ("",), "flatten": ("",),
}
FILLERS = {"with", "of", "filters", "units", "neurons", "channels", "maps", "layer", "and", "outputs", "classes",
    "heads",
           "hidden", "kernel", "window", "a", "by", "features", "nodes", "cells", "the", "kernels", "windows", "groups"}
# fmt: on
LABEL = re.compile(
    r"#[^\n]*|\(\w+\):|^[ \t]*(?:\d+[.):]|[-*•])[ \t]+"
    r"|^[ \t]*(?:self\.)?[A-Za-z_]\w*[ \t]*=[ \t]*(?=[A-Za-z_][\w.]*[ \t]*\()"
    r"|^[ \t]*[A-Za-z_]\w*:[ \t]+",
    re.MULTILINE,
)
JOINTS = re.compile(r"->|=>|→|⇒|(?<=\s)[-–+>](?=\s)|\n(?!\s*x\d)")
ATTACHED = re.compile(r"([a-z]+?)[-_]?(\d+(?:x\d+)*|\d*\.\d+)(?:-(\d+))?")


def cleaned(text: str) -> str:
    """A text of the same length without labels, bullets and comments, its arrows and line ends as commas."""
    blank = LABEL.sub(lambda found: " " * len(found[0]), text.replace("×", "x"))
    return JOINTS.sub(lambda found: ",".ljust(len(found[0])), blank)


def kind_of(name: str) -> str:
    """The kind that a name stands for, whatever its case, axes and prefix; empty if none."""
    plain = re.sub(r"[\s_-]", "", name.rpartition(".")[2].lower())
    for candidate in (plain, re.sub(r"[123]d", "", plain)):
        kind = NAMES.get(candidate, "")
        if kind in WRITTEN or kind == "separable":
            return ALIASES.get(kind, kind)
    return ""


@dataclass(frozen=True)
class Call:
    """A layer as a call: the class as it was written, and the pieces between its parentheses."""

    name: str
    pieces: tuple[Word, ...]

    @property
    def base(self) -> str:
        """The class without the modules before it."""
        return self.name.rpartition(".")[2]


def arguments(text: str, clean: str, start: int) -> tuple[tuple[Word, ...], int]:
    """The pieces between the parenthesis at ``start`` and the one that closes it, and where that stands.

    Raises:
        TheoryError: a parenthesis that is never closed.
    """
    depth, begin, quoted, pieces = 0, start + 1, "", list[Word]()
    for at in range(start, len(clean)):
        sign = clean[at]
        if quoted:
            quoted = "" if sign == quoted else quoted
            continue
        quoted = sign if sign in "\"'" else ""
        depth += (sign in "([") - (sign in ")]")
        if (sign == "," and depth == 1) or not depth:
            piece = clean[begin:at]
            inner = begin + len(piece) - len(piece.lstrip())
            if piece.strip():
                pieces.append((piece.strip(), Place(text, inner, inner + len(piece.strip()))))
            begin = at + 1
        if not depth:
            return tuple(pieces), at + 1
    raise unreadable("this parenthesis is never closed", Place(text, start, start + 1), "write ) behind its arguments")


def translated(kind: str, call: Call, place: Place) -> dict[str, tuple[Any, Place]]:
    """The arguments of a call by the names of our options."""
    names, found = _order(kind, call), dict[str, tuple[Any, Place]]()
    plain = [piece for piece, _ in call.pieces if not re.match(r"\w+\s*=", piece)]
    exact = re.fullmatch(r"(?:Separable)?Conv[123][dD](?:Transpose)?|ConvTranspose[123]d", call.base)
    if kind in ("conv", "deconv", "separable") and len([p for p in plain if p.isdigit()]) > 2:
        hint = "name them, conv(64, kernel=3), or write a class: nn.Conv2d(3, 64, 3) or Conv2D(64, 3)"
        if not exact:
            rule = "three numbers may be channels in, channels out, kernel, or filters, kernel, stride"
            raise unreadable(rule, place, hint)
    bare = iter(names)
    for piece, where in call.pieces:
        word = re.match(r"(\w+)\s*=\s*", piece)
        name = _named(kind, word[1], where) if word else next(bare, None)
        if name is None:
            raise unreadable(f"{call.name} takes at most {len(names)} arguments without a name", where)
        if name:
            found[name] = (_literal(piece[word.end() :] if word else piece), where)
    return found


def _order(kind: str, call: Call) -> tuple[str, ...]:
    keras = kind in CELLS and sum("=" not in piece for piece, _ in call.pieces) < 2
    keras = keras and not any(re.match(r"(input_size|hidden_size)", piece) for piece, _ in call.pieces)
    return TORCH[call.base] if call.base in TORCH and not keras else ORDER.get(kind, ())


def _named(kind: str, word: str, where: Place) -> str:
    """Our name of an argument; empty for one that changes no figure."""
    if word == "p" and kind == "dropout":
        return "rate"
    if word == "size" and kind == "up":
        return "factor"
    if word in PASSED and word not in ("scale", "shape") and not (word == "dim" and kind == "embedding"):
        return ""
    if word in OPTIONS:
        return OPTIONS[word]
    if word in PASSED:
        return ""
    raise unreadable(f"{kind} has no argument of this name", where, "leave it out, or write it in this room's notation")


def _literal(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(re.sub(r"(?<=\d)x(?=\d)", ",", text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text.strip("\"'")


def worded(kind: str, found: Mapping[str, tuple[Any, Place]]) -> Iterator[Word]:
    """Options by name as words of the notation."""
    rules = KINDS[kind]
    given = {name: found[name] for name in rules.numbers if name in found}
    for name, (value, place) in {**given, **found}.items():
        if name in ("in", "activation", "steps", "borders") or value is None:
            continue
        yield from ((word, place) for word in _word(kind, name, value))


def _word(kind: str, name: str, value: Any) -> list[str]:
    rules = KINDS[kind]
    if isinstance(value, bool):
        switches = {"bias": ("nobias", "bias"), "bi": ("", "bi"), "ceil": ("", "ceil"), "inplace": ("", "inplace")}
        switches["affine"] = ("", "affine") if kind == "instance" else ("plain", "")
        word = switches.get(name, ("", ""))[value]
        return [word] if word in rules.words else []
    if value in ("same", "valid"):
        return ["same"] if value == "same" else []
    if name == "mode":
        return ["linear"] if "linear" in str(value) else []
    sizes = list(value) if isinstance(value, tuple | list) else [value]
    shown = "x".join(map(str, sizes if name in PER_AXIS else sizes[:1]))
    letter = next((letter for letter, option in rules.letters.items() if option == name), "")
    return (
        [shown if name in rules.numbers else letter + shown] if letter or name in rules.numbers else [f"{name}={shown}"]
    )


def split_name(word: str) -> tuple[str, str]:
    """A name and the numbers attached to it: ``conv3x3`` → conv, 3x3; ``conv3-64`` → conv, 3-64."""
    if kind_of(word) or not (found := ATTACHED.fullmatch(word.lower())):
        return word, ""
    return found[1], found[2] + (f"-{found[3]}" if found[3] else "")


def words_of(kind: str, attached: str, name: Place, words: list[Word]) -> list[Word]:
    """Plain words in the notation: ``3x3`` and ``kernel=3`` → ``k3``, ``stride 2`` and ``/2`` → ``s2``."""
    rules, found, waiting = KINDS["conv" if kind == "separable" else kind], list[Word](), ""
    if attached:
        found += [(word, name) for word in _attached(kind, *attached.split("-"))]
    for word, place in words:
        lower = word.lower().strip("\"'")
        key, sign, value = lower.partition("=")
        option = "rate" if key in ("p", "prob", "rate") and kind == "dropout" else OPTIONS.get(key, "")
        if waiting and not sign:
            found += [(one, place) for one in _word(kind, waiting, _literal(lower))]
            waiting = ""
        elif sign and option and value:
            found += [(one, place) for one in _word(kind, option, _literal(value.strip("()")))]
        elif lower in rules.words or lower in ("valid", "vanilla"):
            found += [(lower, place)] if lower in rules.words else []
        elif len(key) > 1 and option in ("stride", "padding", "dilation", "kernel", "rate", "layers") and not sign:
            waiting = option if option != "kernel" or not _has_kernel(rules, found) else ""
        elif lower in FILLERS:
            continue
        elif re.fullmatch(r"/\d+", lower):
            found.append((f"s{lower[1:]}", place))
        elif _is_kernel(rules, lower, found):
            found.append((f"k{lower}", place))
        elif re.fullmatch(r"\d+%", lower) and "rate" in rules.numbers:
            found.append((f"{int(lower[:-1]) / 100:g}", place))
        else:
            found.append((word, place))
    return found


def _attached(kind: str, first: str, second: str = "") -> list[str]:
    """What stands at a name: ``conv3x3``, ``conv3-64``, ``fc10``."""
    if kind in ("conv", "dw", "deconv"):
        return [f"k{first}", *([second] if second else [])]
    return [first]


def _has_kernel(rules: Any, found: list[Word]) -> bool:
    return any(re.fullmatch(r"k\d+(x\d+)*", word) for word, _ in found)


def _is_kernel(rules: Any, word: str, found: list[Word]) -> bool:
    """Whether a bare size is the kernel: 3x3, or the second number of a convolution."""
    if "kernel" not in rules.letters.values() or "kernel" in rules.numbers or _has_kernel(rules, found):
        return False
    second = any(re.fullmatch(r"\d+", one) for one, _ in found)
    return bool(re.fullmatch(r"\d+(x\d+)+", word) or (second and re.fullmatch(r"\d+", word)))


def is_activation(word: str) -> str:
    """The activation that a word names; empty if none."""
    kind = kind_of(word) if word[:1].isalpha() else ""
    return kind if kind in ACTIVATIONS else ""
