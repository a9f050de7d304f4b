"""What spellings mean, by NumPy and torch, and what counts as reading one."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import torch
from scipy.special import erf
from tests.theory.layers.spelt import Last as LastOf
from tests.theory.layers.spelt import one_bias
from tests.theory.namespaces import jacobian_by_columns, numpy_value
from torch import nn

from paribus.errors import ParibusError
from paribus.theory.derive import derive
from paribus.theory.layers import table


def refused(error):
    """Refused, and whether the message leads on: a next step beside the rule, not only a list of what there is."""
    lists = error.hint.startswith(("available", "did you mean")) or " knows " in error.hint
    return "refused, led on" if error.hint and not lists else "refused", str(error)


def rows_of(path):
    """Each spelling of a list, behind what is meant by it."""
    head = []
    for line in path.read_text().splitlines():
        if line.startswith("    "):
            yield (*head, line.strip())
        elif line.strip() and not line.startswith("#"):
            head = [part.strip() for part in line.split(" | ")] if " | " in line else [line]
            head[-1] = head[-1].removesuffix(" |")


SIZES = {"n": 3, "m": 4, "d": 2, "k": 2, "p": 5, "q": 3, "r": 2, "b": 2, "i": 3, "j": 4}


def soft(z):
    weights = np.exp(z)
    return weights / weights.sum(axis=-1, keepdims=True)


def meant_arrays(shapes, kind, seed):
    """Arrays in the shapes that are meant: square matrices near the identity, where all functions are defined."""
    rng = np.random.default_rng(seed)
    env = {}
    for word in shapes.split():
        name, _, sizes = word.partition(":")
        shape = tuple(SIZES[size] for size in sizes.split(",") if size)
        value = rng.uniform(0.3, 1.5, size=shape) if "+" in kind or not shape else rng.normal(size=shape)
        value = rng.uniform(0.1, 0.9, size=shape) if "p" in kind else value
        if len(shape) == 2 and sizes.split(",")[0] == sizes.split(",")[1]:
            value = 0.3 * rng.normal(size=shape) + 1.5 * np.eye(shape[0])
        if "~" in kind:
            value = np.abs(value) + 2 if name == "b" else 0.1 * value
        env[name] = np.asarray(value)
    return env


def slopes(meaning, env, wrt):
    """Central differences of the value that is meant, which owe nothing to any reader.

    Of a scalar in the shape of the variable, of a vector J[i, j], of matrices with rows vec(f) and columns vec(x).
    """
    space = {"np": np, "erf": erf, "soft": soft}

    def value(array):
        return np.asarray(eval(meaning, space, {**env, wrt: array}), float)

    at, h = np.asarray(env[wrt], float), 1e-5
    units = np.eye(at.size).reshape((at.size, *at.shape))
    found = np.stack([(value(at + h * unit) - value(at - h * unit)) / (2 * h) for unit in units], axis=-1)
    found = found.reshape(found.shape[:-1] + at.shape)
    of = found.ndim - at.ndim
    return found if not of or not at.ndim or found.ndim == 2 else jacobian_by_columns(found, at.ndim)


def as_typed(env, shapes):
    """What is meant, also under the names that a reader keeps: rows x_i of X are x, λ is lambda_, n a length."""
    also = {key.lower(): value for key, value in env.items() if value.ndim == 2}
    also |= {re.sub(r"(?<=[a-z])(?=\d)", "_", key, flags=re.I): value for key, value in env.items()}
    also |= {f"{key[0]}_{key[1]}": value for key, value in env.items() if len(key) == 2}  # W_h, v_c
    also |= {re.sub(r"^lam(?=\d)", "lambda_", key): value for key, value in env.items()}
    also |= {"epsilon": env["eps"]} if "eps" in env else {}
    also |= {name: np.asarray(float(SIZES[name.lower()])) for name in ("n", "m", "N", "d")}
    also |= {"d_k": also["d"]}
    also |= {"lambda_": env["lam"]} if "lam" in env else {}
    also |= {"k": np.asarray(3.0)}  # of a power that is a letter
    fits = {key for key, shape in shapes.items() if key in env and env[key].ndim == len(shape)}
    return env | {key: also[key] for key in shapes if key in also and key not in fits}


def sizes_of(shapes, env):
    """The number for each size letter."""
    pairs = (zip(shapes[key], env[key].shape, strict=True) for key in shapes)
    return {str(size): number for one in pairs for size, number in one}


def derivative_verdict(row):
    """right, refused, otherwise (and whether something was said), or crash; with a word on it."""
    wrt, shapes, meaning, *more, typed = row
    kind = more[0] if more else ""
    try:
        found = derive(typed.replace("\\n ", "\n"), "lambda" if wrt == "lam" else wrt)
    except ParibusError as error:
        return refused_as_meant(error) if meaning == "refused" else refused(error)
    except Exception as error:  # a crash is what is counted
        return "crash", repr(error)
    otherwise = "otherwise, said" if found.doubts else "otherwise"
    told = f"{found.shapes} {found.gradient} {found.doubts}"
    if meaning == "refused":
        return otherwise, told
    for seed in (1, 2):
        meant = meant_arrays(shapes, kind, seed)
        env = as_typed(meant, found.shapes)
        if any(key not in env or len(shape) != env[key].ndim for key, shape in found.shapes.items()):
            return otherwise, told
        ours = numpy_value(found.answers[found.wrt[0]].text, env, sizes_of(found.shapes, env))
        wanted = slopes(meaning, meant, wrt)
        if np.shape(ours) != wanted.shape or not np.allclose(ours, wanted, rtol=1e-5, atol=1e-6):
            return otherwise, told
    return "right", ""


class Sum(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return x + self.net(x)


class SumOf(nn.Module):
    def __init__(self, *nets):
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x):
        return sum(net(x) for net in self.nets)


class Cat(SumOf):
    def forward(self, x):
        return torch.cat([net(x) for net in self.nets], 1)


class Two(SumOf):
    def forward(self, x, y):
        return self.nets[2](torch.cat([self.nets[0](x), self.nets[1](y)], 1))


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.net = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x):
        return self.net(x, x, x)[0]


class Input(nn.Identity):
    def __init__(self, *shape):
        super().__init__()
        self.shape = shape


class Transpose(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


class Last(nn.Module):
    def forward(self, x):
        return x[:, -1]


def cell(kind, keras=False):
    def make(*args, **options):
        whole = kind(*args, **{"batch_first": True, **options})
        return LastOf(one_bias(whole) if keras else whole, last=False)

    return make


MEANT = {
    **{name: getattr(nn, name) for name in dir(nn) if name[0].isupper()},
    **{kind.__name__: kind for kind in (Sum, SumOf, Cat, Two, SelfAttention, Input, Last, Transpose)},
    **{"LSTM": cell(nn.LSTM), "GRU": cell(nn.GRU), "RNN": cell(nn.RNN), "KerasLSTM": cell(nn.LSTM, keras=True)},
}


def refused_as_meant(error):
    """Right, where nothing can be meant and a next step is named."""
    kind, told = refused(error)
    return ("right" if kind == "refused, led on" else kind), told


def refusal(where, typed):
    """Right, if a net that the text leaves open is refused with a next step; otherwise, if a figure is printed."""
    try:
        found = table(typed.replace("\\n", "\n"), tuple(map(int, where.split(","))))
    except ParibusError as error:
        return refused_as_meant(error)
    except Exception as error:  # a crash is what is counted
        return "crash", repr(error)
    return ("otherwise, said" if found.graph.remarks else "otherwise"), f"{found.parameters}, {found.output}"


@lru_cache
def net_of(where, meant):
    """The inputs of a net and what torch says of it, its parameters and its output: by shapes alone, without values."""
    with torch.device("meta"), torch.no_grad():
        nets = eval(f"[{meant}]", MEANT)
        given = [tuple(map(int, one.split(","))) for one in where.split("+")] if where != "-" else [nets[0].shape]
        kind = torch.long if any(isinstance(net, nn.Embedding) for net in nets) else torch.float32
        net = nn.Sequential(*nets).eval() if len(given) == 1 else nets[0]
        out = tuple(net(*(torch.zeros(2, *shape, dtype=kind) for shape in given)).shape[1:])
    return given, (sum(p.numel() for p in net.parameters()), out)


def layer_verdict(row):
    """The same of a net: its parameters and its output are those of torch; "refused" where the text says too little."""
    where, meant, typed = row
    if meant == "refused":
        return refusal(where, typed)
    given, wanted = net_of(where, meant)
    try:
        found = table(typed.replace("\\n", "\n"), () if where == "-" else given)
    except ParibusError as error:
        return refused(error)
    except Exception as error:  # a crash is what is counted
        return "crash", repr(error)
    if (found.parameters, tuple(found.output)) != wanted:
        said = "otherwise, said" if found.graph.remarks else "otherwise"
        return said, f"{found.graph.remarks} {found.parameters}, {found.output} for {wanted}"
    return "right", ""
