"""Code of nets in other languages than Python, as Python of the same meaning, which is then followed step by step.

TensorFlow.js and ConvNetJS, libtorch's C++, keras and torch for R, DL4J's builders; and Python of frameworks whose
classes have torch's or Keras's names and other defaults: Paddle, MindSpore, Gluon, fastai's blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from paribus.theory.layers.spellings import TORCH, enclosed, is_activation, kind_of

CLASSES = {name.lower(): name for name in TORCH} | {
    name.lower(): name for name in ("Sequential", "Flatten", "Sigmoid", "Tanh", "Softmax", "GELU", "Embedding")
}
JAVASCRIPT = re.compile(r"\b(?:kernelSize|poolSize|inputShape|inputDim)\s*:|\btf\.(?:sequential|layers\.\w+)\(\s*\{")
CPP = re.compile(r"\btorch::nn::|\bnn::\w+\(")
R = re.compile(r"\blayer_[a-z]\w*\(|\bnn_sequential\(")
BUILDER = re.compile(r"\.(?:add|layer)\((?:\s*\d+\s*,)?\s*new (\w+?)(?:\.Builder)?\(")
PUSHED = re.compile(r"\{\s*type\s*:\s*['\"](\w+)['\"](?P<rest>[^{}]*)\}")
PADDLE = re.compile(r"\bpaddle\b|\bnn\.Layer\b|(?s:nn\.Conv2D\(.*nn\.Linear\()")
MINDSPORE = re.compile(r"\bmindspore\b|\bnn\.(?:Cell|SequentialCell)\b|\bpad_mode\s*=|\bhas_bias\s*=")
GLUON = re.compile(r"\b(?:gluon|mxnet|HybridSequential|HybridBlock)\b|(?s:nn\.Conv2D\(.*nn\.Dense\()")
MOST = 1_000  # characters between the parentheses of one layer
CELLS = {"Lstm": "LSTM", "Gru": "GRU", "SimpleRnn": "SimpleRNN", "ReLu": "ReLU"}
BLOCKS = {  # helpers of fastai and torchvision, as their documentation defines them
    "ConvLayer": """
def ConvLayer(ni, nf, ks=3, stride=1, padding=None, bias=None, norm_type=1, act_cls=nn.ReLU, **more):
    layers = [nn.Conv2d(ni, nf, ks, stride, (ks - 1) // 2 if padding is None else padding, bias=norm_type is None)]
    if norm_type is not None:
        layers.append(nn.BatchNorm2d(nf))
    if act_cls is not None:
        layers.append(act_cls())
    return nn.Sequential(*layers)
""",
    "LinBnDrop": """
def LinBnDrop(n_in, n_out, bn=True, p=0.0, act=None, lin_first=False):
    layers = [nn.BatchNorm1d(n_out if lin_first else n_in)] if bn else []
    if p != 0:
        layers.append(nn.Dropout(p))
    lin = [nn.Linear(n_in, n_out, bias=not bn)]
    if act is not None:
        lin.append(act)
    return nn.Sequential(*(lin + layers if lin_first else layers + lin))
""",
}


def as_python(text: str) -> str:
    """The same net in Python, where the text is another language's; else the text as it is."""
    if BUILDER.search(text):
        return _built(text)
    if len(PUSHED.findall(text)) > 1 and re.search(r"\b(?:sx|num_neurons|num_classes|out_depth)\s*:", text):
        return _pushed(text)
    if JAVASCRIPT.search(text):
        return _javascript(text)
    if CPP.search(text):
        return _cpp(text)
    if R.search(text) and not re.search(r"\bnn\.\w", text):
        return _r(text)
    return _python(text)


def _python(text: str) -> str:
    """Python of frameworks whose classes mean something else than torch's or Keras's of the same name."""
    if PADDLE.search(text):
        text = re.sub(r"(?<=[a-z])([123])D(Transpose)?\(", lambda m: f"{m[1]}{'D' if m[2] else 'd'}{m[2] or ''}(", text)
        text = re.sub(r"\bweight_attr\s*=\s*[^,()]+,?\s*", "", text)
        return re.sub(r"\bbias_attr\s*=", "bias=", text)
    if MINDSPORE.search(text):
        text = re.sub(r"\b(?:mindspore\.|ms\.)?nn\.(?=Conv|\w+Pool)", "mindspore.", text)
        return text.replace("SequentialCell", "Sequential").replace("def construct(", "def forward(")
    if GLUON.search(text):
        return re.sub(r"\b(?:gluon\.)?nn\.Dense\(", "gluon.Dense(", text)
    used = [
        block for name, block in BLOCKS.items() if re.search(rf"(?<![\w.]){name}\(\s*[\w.]+\s*,\s*[\w.]+\s*[,)]", text)
    ]
    used = [block for block in used if block.split("(")[0].strip() not in text]
    text = re.sub(r"\Avar (?=\w+ *=)", "", text)
    return "".join(used).lstrip() + text if used else text


def _javascript(text: str) -> str:
    """``tf.layers.conv2d({kernelSize: 3, filters: 32})`` with its braces as dictionaries."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\b(?:const|let|var|new|await|return(?= tf))\s+", "", text)
    text = re.sub(r"([{,]\s*)([A-Za-z_]\w*)\s*:", r'\1"\2":', text)
    for sign, meant in (("true", "True"), ("false", "False"), ("null", "None")):
        text = re.sub(rf"\b{sign}\b", meant, text)
    text = re.sub(r"\n\s*\.(?=\w)", ".", text)
    lines = re.sub(r";\s*(?=\n|$)", "\n", text).replace(";", "\n")
    if found := re.match(r"\s*(?:module\.exports|export default|\w+)\s*=?\s*(\[.*\])\s*$", lines, re.DOTALL):
        return found[1].replace("'", '"')
    return re.sub(r"(?m)^[ \t]+(?=\w+(?:\.\w+)*\s*[=(])", "", lines)


def _pushed(text: str) -> str:
    """ConvNetJS: ``{type: 'conv', sx: 5, filters: 8, stride: 1, pad: 2, activation: 'relu'}``, layer by layer."""
    words = list[str]()
    for found in PUSHED.finditer(text):
        kind, has = found[1], dict(re.findall(r"(\w+)\s*:\s*['\"]?([\w.]+)", found["rest"]))
        if kind == "input":
            depth = has.get("out_depth", "1")
            sizes = [has.get("out_sy", "1"), has.get("out_sx", "1"), depth]
            flat = sizes[:2] == ["1", "1"]
            words.append(f"Input(shape=({depth},))" if flat else f"Input(shape=({', '.join(sizes)}))")
        elif kind == "conv":
            options = f"{has.get('filters')}, {has.get('sx')}, strides={has.get('stride', 1)}"
            words.append(
                f"Conv2d(out_channels={options.replace(', ', ', kernel_size=', 1)}, padding={has.get('pad', 0)})"
            )
        elif kind == "pool":
            words.append(f"MaxPool2d({has.get('sx')}, {has.get('stride', 2)})")
        elif kind in ("fc", "softmax", "svm", "regression"):
            words.append(f"fc({has.get('num_neurons') or has.get('num_classes')})")
            words += ["softmax"] if kind == "softmax" else []
        else:
            words.append(kind)
        words += [f"dropout {has['drop_prob']}"] if "drop_prob" in has else []
        words += [has["activation"]] if "activation" in has else []
    return ", ".join(words)


def _r(text: str) -> str:
    """Layers of keras for R behind pipes, and torch's for R, as a row."""
    plain = re.sub(r"#[^\n]*", "", text)
    if re.search(r"layer_(?:add|concatenate|multiply)\(", plain):
        return text
    values = ((r"\bc\(", "("), (r"\bTRUE\b", "True"), (r"\bFALSE\b", "False"), (r"\bNULL\b", "None"),
              (r"(?<=\d)L\b", ""),
              (r"\bshape\(", "("), (r"\blist\(", "("))  # fmt: skip
    for sign, meant in values:
        plain = re.sub(sign, meant, plain)
    if "nn_sequential(" in plain:
        plain = re.sub(r"\bnn_(\w+)\(", lambda m: f"nn.{CLASSES.get(m[1].replace('_', ''), m[1])}(", plain)
        return re.sub(r"<-", "=", plain)
    rows = [
        f"Input(shape={found[1]})"
        for found in re.finditer(r"(?:sequential\(\s*input_shape|layer_input\(\s*shape)\s*=\s*(\([^)]*\)|\d+)", plain)
    ]
    for found in re.finditer(r"\blayer_(?!input\()(\w+)\(", plain):
        name, inside = found[1], enclosed(plain, found.end())
        if len(inside) > MOST:
            return text
        if (phi := name.removeprefix("activation_")) != name:
            name, inside = "activation", f'"{phi}"'
        title = "".join(part.title() for part in name.split("_"))
        title = re.sub(r"(?<=[123])d", "D", CELLS.get(title, title))
        rows.append(f"{title}({inside})" if title != "Bidirectional" else inside)
    return f"model = Sequential([{', '.join(rows)}])"


def _built(text: str) -> str:
    """DL4J's ``.layer(new DenseLayer.Builder().nOut(128).activation(Activation.RELU).build())``, in words."""
    words = [f"input {'x'.join(sizes)}" for sizes in _input_type(text)]
    for found in BUILDER.finditer(text):
        name = found[1].removesuffix("Layer")
        inside = enclosed(text, found.end())
        has, _ = _chained(text, found.end() + len(inside) + 1)
        phi = is_activation(has.get("activation", "").rpartition(".")[2].strip("\"' ")) or ""
        numbers = [part.strip() for part in inside.split(",") if part.strip().isdigit()]
        size = "x".join(re.findall(r"\d+", has.get("kernelSize", "")) or numbers)
        window = [f"s{'x'.join(re.findall('[0-9]+', has['stride']))}" if "stride" in has else "",
                  f"p{'x'.join(re.findall('[0-9]+', has['padding']))}" if "padding" in has else "",
                  "same" if "Same" in has.get("convolutionMode", "") else ""]  # fmt: skip
        kind = {"Subsampling": "avgpool" if "AVG" in inside else "pool", "Dense": "linear", "Output": "linear",
                "Convolution": "conv", "BatchNormalization": "bn", "RnnOutput": "linear",
                "GlobalPooling": "gap", "Activation": phi,
                "Convolution2D": "conv"}.get(name, kind_of(name))  # fmt: skip
        if kind in ("conv", "pool", "avgpool"):
            size = f"k{size}" if kind == "conv" else size
            words.append(" ".join(filter(None, [kind, has.get("nOut"), size, *window])))
        elif kind:
            words.append(" ".join(filter(None, [kind, has.get("nOut") if kind != "bn" else ""])))
        else:
            return text
        words += [phi] if phi and name != "Activation" else []
    return ", ".join(words)


def _input_type(text: str) -> Iterator[list[str]]:
    """The input of a DL4J net, channels first."""
    if found := re.search(r"InputType\.(\w+)\(([^()]*)\)", text):
        sizes = re.findall(r"\d+", found[2])
        yield [sizes[2], *sizes[:2]] if len(sizes) == 3 else sizes


def _chained(text: str, at: int) -> tuple[dict[str, str], int]:
    """The methods of a builder and what they are given, ``.nIn(1).nOut(32)``, and where they end."""
    has = dict[str, str]()
    while found := re.compile(r"\s*\.(\w+)\(").match(text, at):
        inside = enclosed(text, found.end())
        at = found.end() + len(inside) + 1
        if found[1] == "build":
            break
        has[found[1]] = inside.strip()
    return has, at


# libtorch


def _cpp(text: str) -> str:
    """A module of libtorch as a class of Python; a row of layers as it is."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/|(?m:^\s*#\w+.*$)|\bTORCH_MODULE\(\w+\);", "", text, flags=re.DOTALL)
    text = re.sub(r"\b(?:register_module)\(\s*\"\w+\"\s*,\s*(\w+)\s*\)\s*;", "", text)
    text = _options(text.replace("::", ".").replace("torch.nn.", "nn."))
    text = re.sub(r",\s*(?:this->)?is_training\(\)", "", text)
    text = re.sub(r"->\s*forward\(", "(", text).replace("->", ".")
    text = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", text))
    text = re.sub(r"(?<=[(,])\s*\{([-\d,\s]+)\}", r"(\1)", text)
    found = re.search(r"\b(?:struct|class)\s+(\w+)\s*:[^{]*\{", text)
    if found is None:
        text = re.sub(
            r"(?m)^\s*(?:auto|nn\.Sequential)\s+(\w+)\s*=?\s*(?:nn\.Sequential)?\(", r"\1 = nn.Sequential(", text
        )
        return re.sub(r";\s*", "\n", text)
    name, body = found[1], enclosed(text, found.end())
    typed = re.findall(r"\b(nn\.\w+)\s+(\w[^;]*);", body)
    plain = [(kind, re.sub(r"\{[^}]*\}|\([^)]*\)|=\s*\w+", "", names)) for kind, names in typed]
    kinds = {held: kind for kind, names in plain for held in re.findall(r"\b[a-zA-Z_]\w*\b", names)}
    lines = [f"class {name}(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    if made := re.search(rf"\b{name}\([^)]*\)\s*(?P<list>:[^{{]*(?:\{{[-,\s]*\d[-\d,\s]*\}}[^{{]*)*)?\{{", body):
        for held in re.finditer(r"[:,]\s*(\w+)\(", made["list"] or ""):
            if held[1] in kinds:
                lines.append(f"        self.{held[1]} = {_called(kinds[held[1]], enclosed(made['list'], held.end()))}")
        lines += _lines(re.sub(r"register_module\(\s*\"\w+\"\s*,\s*", "(", enclosed(body, made.end())), kinds)
    elif kinds:
        for held in re.finditer(r"\bnn\.\w+\s+(\w+)\s*[{(]", body):
            lines.append(f"        self.{held[1]} = {_called(kinds[held[1]], enclosed(body, held.end()))}")
    if run := re.search(r"\bforward\(\s*(?:const\s+)?\S*?Tensor\s*&?\s*(\w+)\s*\)\s*(?:override\s*)?\{", body):
        lines += [f"    def forward(self, {run[1]}):", *_lines(enclosed(body, run.end()), kinds)]
    return "\n".join(lines)


def _called(kind: str, inside: str) -> str:
    return inside if inside.startswith(kind) else f"{kind}({inside})"


def _options(text: str) -> str:
    """``Conv2dOptions(1, 32, 3).padding(1)`` as 1, 32, 3, padding=1."""
    while found := re.search(r"\bnn\.\w+Options\(", text):
        inside = enclosed(text, found.end())
        end = found.end() + len(inside) + 1
        has, end = _chained(text, end)
        said = ", ".join([inside, *(f"{key}={value}" for key, value in has.items())])
        text = text[: found.start()] + said.lstrip(", ") + text[end:]
    return text


def _lines(body: str, members: dict[str, str]) -> list[str]:
    """Statements of a body, with ``self.`` before its members, and without types."""
    found = list[str]()
    for line in body.split(";"):
        plain = re.sub(r"^\s*(?:auto|torch\.Tensor|int|int64_t|Tensor)\s+", "", " ".join(line.split()))
        for name in members:
            plain = re.sub(rf"(?<![\w.\"]){name}\b(?!\")", f"self.{name}", plain)
        if plain.strip():
            found.append(f"        {plain.strip()}")
    return found
