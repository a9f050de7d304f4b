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

from paribus.theory.layers.frameworks import defaults_of, order_of
from paribus.theory.layers.kinds import ACTIVATIONS, ALIASES, CELLS, KINDS, SEVERAL, WRITTEN
from paribus.theory.layers.refuse import Place, unreadable

Word = tuple[str, Place]  # in the notation, and where the text says it

# fmt: off
NAMES = {  # without spaces, hyphens and the number of axes
    **{name.replace("_", ""): name for name in (*KINDS, *ALIASES)}, **ALIASES,
    **{word: kind for kind, words in {
        "conv": "convolution convolutional convlayer cnn groupedconv groupconv pointwise pointwiseconv "
                "pointwiseconvolution pwconv convpw pw faltung faltungsschicht faltungen",
        "separable": "separableconv sepconv",
        "deconv": "convtranspose convtransposed transposedconv transposedconvolution transposeconv upconv tconv "
                  "deconvolution fractionallystridedconv convt uconv transponiertefaltung transponierte",
        "dw": "depthwiseconv dwconv depthwiseconvolution convdw tiefenweise tiefenweisefaltung",
        "pool": "maxpooling max mp pooling maxpoolinglayer poolmax",
        "avgpool": "averagepooling averagepool avgpooling meanpool meanpooling poolavg poolaverage poolmean "
                   "mittelwertpooling durchschnittspooling mittelwertpool",
        "adaptive": "adaptiveavgpool adaptiveaveragepooling adaptiveaveragepool",
        "gmp": "adaptivemaxpool globalmaxpooling globalmaxpool globalesmaxpooling",
        "gap": "globalaveragepooling globalaveragepool globalavgpooling globalpool globalpooling globalmean "
               "meanovertime meanovertokens meanoverthesequence meanpoolingovertime meanpoolingoverthesequence "
               "meanoverthetokens averageoverthetokens averageovertime averageovertokens averageoverthesequence "
               "globalaveraging globalesmittelwertpooling globalesaveragepooling globalesdurchschnittspooling",
        "linear": "fullyconnected fullyconnectedlayer denselayer lin affine output hidden hiddenlayer outputlayer "
                  "linearlayer ip innerproduct versteckte versteckten verdeckte verdeckten connected vollverbunden "
                  "vollverbundene ausgabeschicht ausgabe dichte lineareschicht linearschicht vollständigverbunden "
                  "vollständigverbundene vollständigverbundenen vollverbundenen vollvernetzt vollvernetzte "
                  "vollvernetzten readout auslese",
        "bn": "batchnormalization batchnormalisation norm batchnormalisierung",
        "ln": "layernormalization layernormalisation",
        "gn": "groupnormalization",
        "instance": "instancenormalization",
        "dropout": "spatialdropout alphadropout drop do",
        "up": "upsampling interpolate bilinearupsample bilinearupsampling nearestupsample nearestupsampling",
        "embedding": "embeddinglayer embed lookup wordembedding tokenembedding einbettung einbettungsschicht",
        "rnn": "simplernn vanillarnn birnn elmanrnn",
        "lstm": "lstmlayer bilstm",
        "gru": "grulayer bigru",
        "attention": "multiheadattention selfattention multiheadselfattention selbstaufmerksamkeit selfattn",
        "leaky_relu": "lrelu leaky",
        "sigmoid": "logistic sigm σ",
        "relu": "rectifier",
        "last": "laststep lasttimestep laststate lasthidden lasthiddenstate takelast lastoutput lasthiddenoutput "
                "lasttimesteponly laststeponly lastoutputonly "
                "finalstate laststepoutput letzterzeitschritt letzterschritt lasttoken lasttimesteps letztezeitschritt "
                "letzteausgabe letztenzeitschritt letztenzustand letzterzustand",
        "reshape": "unflatten view reshaped reshapeto reshapedto",
        "zeropad": "zeropadding reflectionpad replicationpad constantpad",
        "shuffle": "pixelshuffle depthtospace subpixel subpixelconv",
        "glu": "gatedlinearunit",
        "lppool": "powerpool",
        "flatten": "flat flattened flattening reshape1d flach flachmachen glätten",
        "input": "inputlayer",
    }.items() for word in words.split()},
}
CONTAINERS = {"sequential", "ordereddict", "modulelist", "add", "timedistributed", "model", "chain", "serial", "list",
              "seq"}
OPTIONS = {word: option for option, words in {
    "out": "filters filter out_channels units out_features hidden_size hidden out f outputs output features neurons "
           "channels classes maps n c num_filters output_channels out_dim num_outputs num_units num_hidden "
           "width_size",
    "in": "in_channels in_features input_size num_features num_channels embed_dim in in_size",
    "kernel": "kernel_size kernel ksize pool_size k window window_shape kernel_shape",
    "stride": "stride strides s",
    "padding": "padding pad p pad_mode",
    "dilation": "dilation dilation_rate d",
    "groups": "groups g num_groups",
    "bias": "bias use_bias has_bias",
    "rate": "rate prob",
    "layers": "num_layers layers",
    "bi": "bidirectional bi",
    "factor": "scale_factor factor scale upscale_factor",
    "size": "output_size size",
    "words": "num_embeddings input_dim vocab words",
    "width": "embedding_dim output_dim width dim",
    "heads": "num_heads heads",
    "multiplier": "depth_multiplier",
    "extra": "output_padding",
    "slopes": "num_parameters",
    "ceil": "ceil_mode",
    "inplace": "inplace",
    "affine": "affine elementwise_affine",
    "mode": "mode interpolation",
    "activation": "activation activation_fn",
    "steps": "return_sequences",
    "shape": "target_shape unflattened_size normalized_shape",
    "start": "start_dim",
    "end": "end_dim",
    "key_dim": "key_dim",
}.items() for word in words.split()}
ONLY = {  # arguments that change figures, and under which value they do not
    "proj_size": 0, "kdim": None, "vdim": None, "add_bias_kv": False, "center": True, "scale": True, "end": -1,
    "upsampled": None, "create_scale": True, "create_offset": True,
}
UNHEARD = """
add_zero_attn align_corners alpha approximate axis axis_name b_init batch_first batch_input_shape batch_size beta
bias_init bias_initializer count_include_pad data_format decay_rate deterministic device dim divisor_override dropout
dtype eps epsilon inference input_length input_shape kernel_init kernel_initializer kernel_regularizer key mask_zero
max_value momentum name negative_slope nonlinearity padding_idx padding_mode ratio recurrent_activation
recurrent_dropout return_indices reuse rngs scope seed stddev threshold track_running_stats trainable
use_running_average w_init
"""  # arguments that change no figure
PASSED = {*UNHEARD.split()}
PREPARING = """
Rescaling Normalization Resizing RandomFlip RandomRotation RandomZoom RandomCrop CenterCrop RandomContrast
RandomTranslation RandomBrightness GaussianNoise GaussianDropout ActivityRegularization Masking
"""  # layers of Keras that prepare inputs, or act in training alone
IDLE = {*PREPARING.split()}
WINDOW = ("kernel", "stride", "padding")
CELL = ("in", "out", "layers", "bias", "", "", "bi")
TORCH = {  # the arguments of torch's classes, by their exact names, in their order
    **{f"Conv{n}d": ("in", "out", *WINDOW, "dilation", "groups", "bias") for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": ("in", "out", *WINDOW, "extra", "groups", "bias", "dilation") for n in (1, 2, 3)},
    **{f"MaxPool{n}d": (*WINDOW, "dilation", "", "ceil") for n in (1, 2, 3)},
    **{f"AvgPool{n}d": (*WINDOW, "ceil") for n in (1, 2, 3)},
    **{f"LPPool{n}d": ("", "kernel", "stride", "ceil") for n in (1, 2, 3)}, "GLU": ("axis",),
    "PixelShuffle": ("factor",),
    **{f"Adaptive{kind}Pool{n}d": ("size",) for kind in ("Avg", "Max") for n in (1, 2, 3)},
    **{f"{kind}Norm{n}d": ("in", "", "", "affine") for kind in ("Batch", "Instance") for n in (1, 2, 3)},
    "Linear": ("in", "out", "bias"), "GroupNorm": ("groups", "in", "", "affine"),
    "MultiheadAttention": ("in", "heads", "", "bias", "add_bias_kv", "", "kdim", "vdim"),
    "Upsample": ("upsampled", "factor", "mode"), "PReLU": ("slopes",),
    "LSTM": CELL, "GRU": CELL, "RNN": CELL, "Dropout": ("rate", "inplace"), "ReLU": ("inplace",), "ReLU6": ("inplace",),
    "Unflatten": ("", "shape"), **dict.fromkeys(("LayerNorm", "LayerNorm2d"), ("shape", "", "affine", "bias")),
    "LeakyReLU": ("", "inplace"), "ELU": ("", "inplace"), "SiLU": ("inplace",), "Flatten": ("start", "end"),
}
ORDER = {  # of bare arguments, elsewhere
    "conv": ("out", *WINDOW), "separable": ("out", *WINDOW), "deconv": ("out", *WINDOW), "dw": WINDOW, "pool": WINDOW,
    "avgpool": WINDOW, "linear": ("out", "activation"), "dropout": ("rate",), "embedding": ("words", "width"),
    "gn": ("groups",), "transpose": ("", ""),
    **dict.fromkeys(CELLS, ("out", "activation")), "attention": ("heads",), "up": ("factor",), "adaptive": ("size",),
    "prelu": ("slopes",), "input": ("",) * 4, "softmax": ("",), "log_softmax": ("",), "leaky_relu": ("",), "elu": ("",),
    "bn": ("",), "ln": ("",), "gmp": ("size",), "flatten": ("start", "end"), "reshape": ("shape",),
    "zeropad": ("around", ""),
}
SPOKEN_ALONG = """
a an and by cells ch channel channels class classes direction each feature features filter filters groups heads
hidden kernel kernels layer layers maps neuron neurons nodes of output outputs over per tags the to unit units window
windows with
"""  # words that say nothing beside a layer
FILLERS = {*SPOKEN_ALONG.split()}
# fmt: on
POINTWISE = ("pointwise", "pw", "convpw")  # how names of convolutions begin whose window is one value
MODULE = "write the net as a module of a file, which is followed as it runs: --plugin nets.py"
RESNETS = re.compile(r"\bconv([1357])x\1(?=\s*\(\s*\d+\s*,\s*\d)")  # conv3x3(8, 16), a function of its code
WAITING = (
    "stride",
    "padding",
    "dilation",
    "kernel",
    "rate",
    "layers",
    "groups",
    "extra",
)  # their number comes behind them
BEFORE = (*WAITING, "pad", "size", "width", "hidden", "units", "k", "s", "p")  # the same between parentheses
ATTACHED = re.compile(r"([a-z]+?)[-_]?(\d+(?:x\d+)*|\d*\.\d+)(?:-(\d+))?")


def kind_of(name: str) -> str:
    """The kind that a name stands for, whatever its case, axes and prefix; empty if none."""
    plain = re.sub(r"[\s_-]", "", name.rpartition(".")[2].lower())
    plainer = re.sub(r"[123]d", "", plain)
    for candidate in (plain, plainer, plainer.removesuffix("s"), plainer.removeprefix("lazy")):
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


def enclosed(text: str, start: int, brackets: tuple[str, str] = ("([{", ")]}")) -> str:
    """What stands between a bracket before ``start`` and the one that closes it."""
    depth, at = 1, start
    while at < len(text) and depth:
        depth += (text[at] in brackets[0]) - (text[at] in brackets[1])
        at += 1
    return text[start : at - 1]


def translated(kind: str, call: Call, place: Place) -> dict[str, tuple[Any, Place]]:
    """The arguments of a call by the names of our options."""
    names, found = _order(kind, call), dict[str, tuple[Any, Place]]()
    plain = [piece for piece, _ in call.pieces if not re.match(r"\w+\s*=", piece)]
    exact = re.fullmatch(r"(?:Separable)?Conv[123][dD](?:Transpose)?|ConvTranspose[123]d", call.base)
    if kind in ("conv", "deconv", "separable") and not _resnets(call) and len([p for p in plain if p.isdigit()]) > 2:
        hint = "name them, conv(64, kernel=3), or write a class: nn.Conv2d(3, 64, 3) or Conv2D(64, 3)"
        if not exact and order_of(call.name) is None:
            rule = "three numbers may be channels in, channels out, kernel, or filters, kernel, stride"
            raise unreadable(rule, place, hint)
    if _resnets(call):
        found |= {"padding": (int(call.base[-1]) // 2, place), "bias": (False, place)}
    found |= {name: (value, place) for name, value in defaults_of(call.name).items()}
    given = {OPTIONS.get(word[1], "") for piece, _ in call.pieces if (word := re.match(r"(\w+)\s*=", piece))}
    if kind == "linear" and call.base not in TORCH and len([piece for piece in plain if piece.isdigit()]) == 2:
        names = ("in", "out")
    bare = iter([name for name in _turned(kind, names, plain) if not name or name not in given])
    for piece, where in call.pieces:
        lettered = re.fullmatch(r"[a-z]\d+(?:x\d+)*", piece)
        if (not exact or lettered or is_activation(piece)) and (itself := _by_itself(kind, piece)):
            found[itself[0]] = (itself[1], where)
            continue
        word = re.match(r"(\w+)\s*=\s*", piece) or re.match(rf"({'|'.join(BEFORE)})\s+(?=\d)", piece)
        name = (
            _named(kind, word[1], where, call.base in TORCH or call.base == "interpolate") if word else next(bare, None)
        )
        if name is None:
            rule = f"{call.name} takes at most {len(names)} arguments without a name"
            raise unreadable(rule, where, f"write its name, or {KINDS.get(kind, KINDS['conv']).example} in words")
        if word and not piece[word.end() :]:
            raise unreadable(f"{word[1]} has no value", where, "write one behind the sign =, or leave it out")
        value = _literal(piece[word.end() :] if word else piece)
        if name in ONLY and value != ONLY[name]:
            said = word[1] if word else "this argument"
            raise unreadable(f"{said} changes what {call.name} holds or gives, and is not known here", where, MODULE)
        if name and name not in ONLY:
            found[name] = (value, where)
    return found


def _by_itself(kind: str, piece: str) -> tuple[str, Any] | None:
    """The argument that a word names by itself: ``same``, ``relu``, ``nobias``, ``s2``, ``8 heads``."""
    plain, letters = piece.strip("\"'"), KINDS[kind if kind in KINDS else "conv"].letters
    if kind == "conv" and plain.lower() in ("same", "valid"):
        return "padding", plain
    if plain.lower() == "nobias":
        return "bias", False
    if kind in ("conv", "linear", "deconv") and is_activation(plain):
        return "activation", plain
    if (found := re.fullmatch(r"([a-z])(\d+(?:x\d+)*)", plain)) and found[1] in letters:
        return letters[found[1]], _literal(found[2])
    if (found := re.fullmatch(r"(\d+) ([a-z]+)", plain)) and found[2] in OPTIONS:
        return OPTIONS[found[2]], int(found[1])
    return None


def _turned(kind: str, names: tuple[str, ...], plain: list[str]) -> tuple[str, ...]:
    """The order of bare arguments, the kernel first in ``Conv(3x3, 32)``."""
    first = kind in ("conv", "deconv", "separable") and bool(plain) and bool(re.match(r"\d+x\d|\(", plain[0]))
    return ("kernel", "out", *names[2:]) if first and names[:2] == ("out", "kernel") else names


def _resnets(call: Call) -> bool:
    """Whether it is called as in the code of ResNet, by channels in and out."""
    return bool(RESNETS.match(f"{call.base}({','.join(piece for piece, _ in call.pieces)})"))


def _order(kind: str, call: Call) -> tuple[str, ...]:
    if (order := order_of(call.name)) is not None:
        return order
    if _resnets(call):
        return ("in", "out", "stride", "groups")
    keras = kind in CELLS and sum(not re.search(r"=|^\d+ [a-z]", piece) for piece, _ in call.pieces) < 2
    keras = keras and not any(re.match(r"(input_size|hidden_size)", piece) for piece, _ in call.pieces)
    bare = [piece for piece, _ in call.pieces if piece.isdigit()]
    if kind in CELLS and call.base not in TORCH and len(bare) > 1:
        return CELL
    if kind == "attention" and call.base not in TORCH and len(bare) == 2:
        return ("in", "heads")
    if call.base.startswith("Lazy"):
        return tuple(name for name in TORCH.get(call.base[4:], ()) if name != "in")
    if call.base == "Linear" and len(call.pieces) == 1 and "=" not in call.pieces[0][0]:
        return ("out",)  # elsewhere than in torch
    order = TORCH[call.base] if call.base in TORCH and not keras else ORDER.get(kind, ())
    named = {OPTIONS.get(re.split(r"[\s=]", piece)[0], "") for piece, _ in call.pieces}
    alone = order[:2] == ("in", "out") and len(bare) == 1 and "kernel" in named and "out" not in named
    return order[1:] if alone else order  # Conv1d(16, kernel 9)


def _named(kind: str, word: str, where: Place, torchs: bool) -> str:
    """Our name of an argument; empty for one that changes no figure."""
    if kind == "input":
        return ""
    if word == "p" and kind == "dropout":
        return "rate"
    if word == "dim" and kind == "glu":
        return "axis"
    if word in ("size", "width") and "kernel" in (*KINDS.get(kind, KINDS["conv"]).letters.values(), "kernel")[:-1]:
        return "kernel"
    if word == "size" and kind == "up":
        return "upsampled" if torchs else "factor"
    if word in PASSED and not (word == "dim" and kind == "embedding"):
        return ""
    if word in OPTIONS and not (word == "scale" and kind in ("bn", "ln")):
        return OPTIONS[word]
    if word in ONLY:
        return word
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
        if name in ("in", "activation", "steps") or value is None:
            continue
        yield from ((word, place) for word in _word(kind, name, value))


def _word(kind: str, name: str, value: Any) -> list[str]:
    rules = KINDS[kind]
    if isinstance(value, bool):
        switches = {"bias": ("nobias", "bias"), "bi": ("", "bi"), "ceil": ("", "ceil"), "inplace": ("", "inplace")}
        switches["affine"] = ("", "affine") if kind == "instance" else ("plain", "")
        word = switches.get(name, ("", ""))[value]
        return [word] if word in rules.words else []
    if str(value).lower() in ("same", "causal", "valid"):
        return ["same"] if str(value).lower() != "valid" else []  # causal: of the same size
    if name == "mode":
        return ["linear"] if "linear" in str(value) else []
    sizes = list(value) if isinstance(value, tuple | list) else [value]
    shown = "x".join(map(str, sizes if name in SEVERAL else sizes[:1]))
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
    if attached and kind in ("conv", "dw", "deconv") and any(re.fullmatch(r"\d+x\d+", word) for word, _ in words):
        found.append((attached, name))  # conv16 3x3
    elif attached and kind == "linear" and len(attached) == 1 and any(word.isdigit() for word, _ in words):
        pass  # fc1 1024: its name
    elif attached:
        found += [(word, name) for word in _attached(kind, *attached.split("-"))]
    for word, place in words:
        lower = word.lower().strip("\"'")
        key, sign, value = lower.partition("=")
        option = "rate" if key in ("p", "prob", "rate") and kind == "dropout" else OPTIONS.get(key, "")
        if key in ("width", "size") and "kernel" in (*rules.letters.values(), *rules.numbers):
            option = "kernel"
        if kind in ACTIVATIONS and lower in ("units", "classes", "outputs", "neurons"):
            raise unreadable(f"{kind} has no {lower} of its own", place, f"put linear before it: linear 10, {kind}")
        if waiting and not sign:
            found += [(one, place) for one in _word(kind, waiting, _literal(lower))]
            waiting = ""
        elif sign and option and value:
            found += [(one, place) for one in _word(kind, option, _literal(value.strip("()")))]
        elif lower in rules.words or lower in ("valid", "vanilla"):
            found += [(lower, place)] if lower in rules.words else []
        elif len(key) > 1 and option in WAITING and not sign:
            waiting = option if option != "kernel" or not _has_kernel(rules, found) else ""
        elif _says_nothing(kind, rules, lower, key if sign else ""):
            continue
        elif kind == "attention" and lower.isdigit():
            found.append((f"h{lower}", place))
        elif kind == "linear" and re.fullmatch(r"\d+x\d+", lower):
            found.append((lower.split("x")[1], place))
        elif kind == "embedding" and re.fullmatch(r"\d+x\d+", lower):
            found += [(one, place) for one in lower.split("x")]
        elif kind in ACTIVATIONS and kind != "prelu" and re.fullmatch(r"-?\d?(?:\.\d{1,6})?", lower):
            continue  # a slope, a dimension
        elif kind in ("conv", "deconv") and (three := re.fullmatch(r"(\d+)x\1x(\d+)", lower)) and three[2] != three[1]:
            found += [(three[2], place), (f"k{three[1]}", place)]  # as in CONV 3x3x32
        elif both := re.fullmatch(r"(\d+x\d+)/(\d+)", lower):
            found += [(f"k{both[1]}", place), (f"s{both[2]}", place)]
        elif re.fullmatch(r"/\d+", lower):
            found.append((f"s{lower[1:]}", place))
        elif _is_kernel(rules, lower, found):
            found.append((f"k{lower}", place))
        elif re.fullmatch(r"\d+%", lower) and "rate" in rules.numbers:
            found.append((f"{int(lower[:-1]) / 100:g}", place))
        else:
            found.append((word, place))
    return found


def _says_nothing(kind: str, rules: Any, word: str, key: str) -> bool:
    """Whether a word is there for the ear only, or changes no figure."""
    spoken = word in ("words", "width", "vocab") if kind == "embedding" else word == "size"
    return word in FILLERS or key in PASSED or (spoken and "size" not in rules.numbers)


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
