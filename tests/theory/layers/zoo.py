"""Modules as people write them, each with the shape of its input (or of several)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, rnn

Made = Callable[[], nn.Module]


class Does(nn.Module):
    """Named parts, and a function that says what is done with them."""

    def __init__(self, does: Callable[..., object], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.does = does
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs: Tensor) -> object:
        return self.does(self, *inputs)


def weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape))


def steps(cell: nn.Module, x: Tensor, state: object) -> object:
    for t in range(x.shape[1]):
        state = cell(x[:, t], state)
    return state


def packed(m: Does, x: Tensor) -> Tensor:
    lengths = torch.full((len(x),), x.shape[1])
    _, (h, _) = m.rnn(rnn.pack_padded_sequence(x, lengths, batch_first=True))
    return m.fc(h[-1])


def heads(x: Tensor, h: int) -> Tensor:
    return x.unflatten(-1, (h, -1)).transpose(1, 2)


def attends(m: Does, x: Tensor) -> Tensor:
    q, k, v = (heads(part, 2) for part in m.qkv(x).chunk(3, dim=-1))
    scores = torch.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, dim=-1)
    return m.out((scores @ v).transpose(1, 2).flatten(2))


def attends_fast(m: Does, x: Tensor) -> Tensor:
    q, k, v = (heads(part, 2) for part in m.qkv(x).chunk(3, dim=-1))
    return m.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


def by_einsum(m: Does, x: Tensor) -> Tensor:
    q, k, v = torch.einsum("btf,fd->btd", x, m.wq), torch.einsum("btf,fd->btd", x, m.wk), x
    return torch.einsum("bts,bsf->btf", torch.softmax(torch.einsum("btd,bsd->bts", q, k), -1), v)


def patches(m: Does, x: Tensor) -> Tensor:
    tokens = m.cut(x).flatten(2).transpose(1, 2)
    tokens = torch.cat([m.cls.expand(len(x), -1, -1), tokens], dim=1) + m.place
    return m.head(m.encoder(tokens)[:, 0])


def squeezed(m: Does, x: Tensor) -> Tensor:
    scale = torch.sigmoid(m.up(F.relu(m.down(x.mean((2, 3))))))
    return x * scale[:, :, None, None]


def unet(m: Does, x: Tensor) -> Tensor:
    one = F.relu(m.one(x))
    two = F.relu(m.two(F.max_pool2d(one, 2)))
    return m.last(torch.cat([one, m.up(two)], 1))


def branching(m: Does, x: Tensor) -> Tensor:
    return m.a(x) if x.sum() > 0 else m.b(x)


def looping(m: Does, x: Tensor) -> Tensor:
    while x.norm() < 1:
        x = m.a(x) + 1
    return x


def exiting(m: Does, x: Tensor) -> Tensor:
    out = m.a(x)
    return out if out.abs().max().item() < 1e-9 else m.b(out)


def norm_next(m: Does, x: Tensor) -> Tensor:
    y = F.gelu(m.up(m.norm(m.dw(x).permute(0, 2, 3, 1))))
    return x + (m.gamma * m.down(y)).permute(0, 3, 1, 2)


def dense(m: Does, x: Tensor) -> Tensor:
    for layer in m.layers:
        x = torch.cat([x, F.relu(layer(x))], 1)
    return x


def mixer(m: Does, x: Tensor) -> Tensor:
    x = x + m.tokens(x.transpose(1, 2)).transpose(1, 2)
    return x + m.channels(x)


def old_weight_norm(module: nn.Module) -> nn.Module:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.utils.weight_norm(module)


def tied() -> nn.Module:
    net = nn.Sequential(nn.Embedding(20, 6), nn.Linear(6, 20, bias=False))
    net[1].weight = net[0].weight
    return net


def shared() -> nn.Module:
    layer = nn.Linear(8, 8)
    return nn.Sequential(layer, nn.ReLU(), layer)


S, L = nn.Sequential, nn.Linear
ZOO: dict[str, tuple[Made, tuple[int, ...]]] = {
    # recurrent
    "lstm h[-1]": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][0][-1]), rnn=nn.LSTM(8, 64, batch_first=True), fc=L(64, 2)),
        (12, 8),
    ),
    "gru h[-1]": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][-1]), rnn=nn.GRU(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm h[-1] alone": (lambda: Does(lambda m, x: m.rnn(x)[1][0][-1], rnn=nn.LSTM(8, 64, batch_first=True)), (12, 8)),
    "gru h alone": (lambda: Does(lambda m, x: m.rnn(x)[1], rnn=nn.GRU(8, 6, batch_first=True)), (12, 8)),
    "lstm c[-1]": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][1][-1]), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm two layers h[-1]": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][0][-1]), rnn=nn.LSTM(5, 7, 2, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "bidirectional gru both ends": (
        lambda: Does(
            lambda m, x: m.fc(torch.cat([m.rnn(x)[1][-2], m.rnn(x)[1][-1]], 1)),
            rnn=nn.GRU(5, 7, batch_first=True, bidirectional=True),
            fc=L(14, 2),
        ),
        (6, 5),
    ),
    "lstm last step": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[0][:, -1]), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm mean of steps": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[0].mean(1)), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm projected": (
        lambda: Does(
            lambda m, x: m.fc(m.rnn(x)[0][:, -1]), rnn=nn.LSTM(8, 16, proj_size=4, batch_first=True), fc=L(4, 2)
        ),
        (6, 8),
    ),
    "lstm projected alone": (
        lambda: Does(
            lambda m, x: m.rnn(x)[0], rnn=nn.LSTM(8, 16, 2, proj_size=4, batch_first=True, bidirectional=True)
        ),
        (6, 8),
    ),
    "lstm steps first": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x.transpose(0, 1))[0][-1]), rnn=nn.LSTM(5, 7), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm packed": (lambda: Does(packed, rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)), (6, 5)),
    "rnn relu no bias": (
        lambda: Does(lambda m, x: m.rnn(x)[0], rnn=nn.RNN(5, 7, nonlinearity="relu", bias=False, batch_first=True)),
        (6, 5),
    ),
    "lstm cell in a loop": (
        lambda: Does(lambda m, x: m.fc(steps(m.cell, x, None)[0]), cell=nn.LSTMCell(5, 7), fc=L(7, 2)),
        (4, 5),
    ),
    "gru cell in a loop": (lambda: Does(lambda m, x: steps(m.cell, x, None), cell=nn.GRUCell(5, 7)), (4, 5)),
    "lstm h as it is": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][0]), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm h squeezed": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][0].squeeze(0)), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm h in another view": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][0].view(-1, 7)), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm h, mean of layers": (
        lambda: Does(lambda m, x: m.fc(m.rnn(x)[1][0].mean(0)), rnn=nn.LSTM(5, 7, 2, batch_first=True), fc=L(7, 2)),
        (6, 5),
    ),
    "lstm h and c added": (
        lambda: Does(
            lambda m, x: m.fc(sum(s[-1] for s in m.rnn(x)[1])), rnn=nn.LSTM(5, 7, batch_first=True), fc=L(7, 2)
        ),
        (6, 5),
    ),
    "lstm with a first state": (
        lambda: Does(
            lambda m, x: m.fc(m.rnn(x, (torch.zeros(1, len(x), 7),) * 2)[0][:, -1]),
            rnn=nn.LSTM(5, 7, batch_first=True),
            fc=L(7, 2),
        ),
        (6, 5),
    ),
    "encoder and decoder": (
        lambda: Does(
            lambda m, x: m.fc(m.two(x, m.one(x)[1])[0]),
            one=nn.GRU(5, 7, batch_first=True),
            two=nn.GRU(5, 7, batch_first=True),
            fc=L(7, 2),
        ),
        (6, 5),
    ),
    "words to gru": (
        lambda: Does(
            lambda m, x: m.fc(m.rnn(m.words(x))[1][-1]),
            words=nn.Embedding(50, 8),
            rnn=nn.GRU(8, 6, batch_first=True),
            fc=L(6, 3),
        ),
        (9,),
    ),
    # activations, norms
    "prelu": (lambda: S(L(4, 8), nn.PReLU()), (4,)),
    "prelu per channel": (lambda: S(nn.Conv2d(1, 8, 3), nn.PReLU(8)), (1, 8, 8)),
    "functional prelu": (lambda: Does(lambda m, x: F.prelu(m.fc(x), m.slope), fc=L(4, 8), slope=weight(8)), (4,)),
    "weight norm": (lambda: S(parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.ReLU()), (3, 8, 8)),
    "weight norm, hooks": (lambda: S(old_weight_norm(L(6, 8)), nn.ReLU()), (6,)),
    "spectral norm": (lambda: S(parametrizations.spectral_norm(L(6, 8)), nn.ReLU()), (6,)),
    "batch norm without affine": (lambda: S(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8, affine=False)), (1, 8, 8)),
    "rms norm": (lambda: S(L(4, 8), nn.RMSNorm(8)), (5, 4)),
    "layer norm of a picture": (lambda: S(nn.Conv2d(1, 4, 3), nn.LayerNorm((4, 6, 6))), (1, 8, 8)),
    "local response norm": (lambda: S(nn.Conv2d(1, 8, 3), nn.LocalResponseNorm(3)), (1, 8, 8)),
    "hardtanh, celu, softsign": (
        lambda: S(L(4, 4), nn.Hardtanh(), nn.CELU(), nn.Softsign(), nn.LogSigmoid(), nn.Tanhshrink()),
        (4,),
    ),
    "glu": (lambda: S(L(4, 8), nn.GLU()), (4,)),
    # attention
    "self-attention": (
        lambda: Does(lambda m, x: m.att(x, x, x)[0], att=nn.MultiheadAttention(16, 4, batch_first=True)),
        (6, 16),
    ),
    "cross-attention to learned queries": (
        lambda: Does(
            lambda m, x: m.att(m.q.expand(len(x), -1, -1), x, x)[0],
            att=nn.MultiheadAttention(16, 4, batch_first=True),
            q=weight(1, 3, 16),
        ),
        (6, 16),
    ),
    "cross-attention of other widths": (
        lambda: Does(
            lambda m, x: m.att(m.fc(x)[:, :3], x, x)[0],
            att=nn.MultiheadAttention(16, 4, kdim=24, vdim=24, batch_first=True),
            fc=L(24, 16),
        ),
        (6, 24),
    ),
    "cross-attention of two parts": (
        lambda: Does(
            lambda m, x: m.att(x[:, :2], x[:, 2:], x[:, 2:])[0], att=nn.MultiheadAttention(16, 4, batch_first=True)
        ),
        (6, 16),
    ),
    "attention steps first": (
        lambda: Does(lambda m, x: m.att(*[x.transpose(0, 1)] * 3)[0].transpose(0, 1), att=nn.MultiheadAttention(16, 4)),
        (6, 16),
    ),
    "attention with bias rows": (
        lambda: Does(
            lambda m, x: m.att(x, x, x)[0], att=nn.MultiheadAttention(16, 4, add_bias_kv=True, batch_first=True)
        ),
        (6, 16),
    ),
    "encoder layer": (lambda: nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (6, 16)),
    "encoder": (
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2, enable_nested_tensor=False
        ),
        (6, 16),
    ),
    "decoder layer": (
        lambda: Does(
            lambda m, x: m.dec(x, m.memory.expand(len(x), -1, -1)),
            dec=nn.TransformerDecoderLayer(16, 4, 32, batch_first=True),
            memory=weight(1, 5, 16),
        ),
        (6, 16),
    ),
    "attention by hand": (lambda: Does(attends, qkv=L(8, 24), out=L(8, 8)), (6, 8)),
    "attention by torch's function": (lambda: Does(attends_fast, qkv=L(8, 24), out=L(8, 8)), (6, 8)),
    "attention by einsum": (lambda: Does(by_einsum, wq=weight(8, 4), wk=weight(8, 4)), (6, 8)),
    "vision transformer": (
        lambda: Does(
            patches,
            cut=nn.Conv2d(3, 16, 4, 4),
            cls=weight(1, 1, 16),
            place=weight(1, 17, 16),
            encoder=nn.TransformerEncoder(
                nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True), 2, enable_nested_tensor=False
            ),
            head=L(16, 10),
        ),
        (3, 16, 16),
    ),
    # what depends on the numbers
    "branch by the sum": (lambda: Does(branching, a=L(4, 2), b=L(4, 2)), (4,)),
    "loop by the norm": (lambda: Does(looping, a=L(4, 4)), (4,)),
    "exit by a number": (lambda: Does(exiting, a=L(4, 3), b=L(3, 2)), (4,)),
    "chosen by a mask": (lambda: Does(lambda m, x: m.a(x[x[:, 0] >= 0]), a=L(4, 2)), (4,)),
    "top k": (lambda: Does(lambda m, x: m.b(m.a(x).topk(2).values), a=L(4, 5), b=L(2, 2)), (4,)),
    # convolutions
    "reflected borders": (lambda: nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect"), (3, 8, 8)),
    "circular borders, strided": (lambda: nn.Conv1d(3, 8, 3, stride=2, padding=1, padding_mode="circular"), (3, 9)),
    "padding layers": (lambda: S(nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(1, 2, 3), nn.ReflectionPad2d(1)), (1, 7, 7)),
    "depthwise separable": (lambda: S(nn.Conv2d(8, 16, 3, groups=8, padding=1), nn.Conv2d(16, 4, 1)), (8, 8, 8)),
    "transposed with output padding": (
        lambda: nn.ConvTranspose2d(8, 4, 3, 2, 1, output_padding=1, groups=2),
        (8, 5, 5),
    ),
    "three axes": (lambda: S(nn.Conv3d(1, 4, 3), nn.ReLU(), nn.MaxPool3d(2)), (1, 8, 8, 8)),
    "lazy": (lambda: S(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2)), (1, 8, 8)),
    "lazy norm": (lambda: S(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d()), (1, 8, 8)),
    "pixel shuffle": (lambda: S(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)), (3, 5, 5)),
    "unfold": (lambda: S(nn.Unfold(3), nn.Conv1d(27, 4, 1)), (3, 6, 6)),
    "indices of maxima": (
        lambda: Does(
            lambda m, x: m.unpool(*m.pool(x)), pool=nn.MaxPool2d(2, return_indices=True), unpool=nn.MaxUnpool2d(2)
        ),
        (1, 8, 8),
    ),
    "interpolated": (
        lambda: Does(lambda m, x: F.interpolate(m.conv(x), scale_factor=2, mode="bilinear"), conv=nn.Conv2d(1, 2, 3)),
        (1, 8, 8),
    ),
    "upsampled to a size": (lambda: S(nn.Conv2d(1, 2, 3), nn.Upsample(size=(9, 9))), (1, 8, 8)),
    "own convolution": (lambda: Does(lambda m, x: F.conv2d(x, m.w, m.b), w=weight(4, 3, 3, 3), b=weight(4)), (3, 8, 8)),
    "adaptive maximum": (lambda: S(nn.Conv2d(1, 2, 3), nn.AdaptiveMaxPool2d(2)), (1, 8, 8)),
    "power pooling": (lambda: S(nn.Conv2d(1, 2, 3), nn.LPPool2d(2, 2)), (1, 8, 8)),
    # blocks
    "residual": (
        lambda: Does(
            lambda m, x: F.relu(x + m.body(x)),
            body=S(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)),
        ),
        (4, 8, 8),
    ),
    "squeeze and excitation": (lambda: Does(squeezed, down=L(8, 2), up=L(2, 8)), (8, 6, 6)),
    "dense block": (
        lambda: Does(dense, layers=nn.ModuleList(nn.Conv2d(4 + 2 * i, 2, 3, padding=1) for i in range(3))),
        (4, 6, 6),
    ),
    "small u-net": (
        lambda: Does(
            unet,
            one=nn.Conv2d(1, 4, 3, padding=1),
            two=nn.Conv2d(4, 8, 3, padding=1),
            up=nn.ConvTranspose2d(8, 4, 2, 2),
            last=nn.Conv2d(8, 2, 1),
        ),
        (1, 8, 8),
    ),
    "convnext block": (
        lambda: Does(
            norm_next,
            dw=nn.Conv2d(8, 8, 7, padding=3, groups=8),
            norm=nn.LayerNorm(8),
            up=L(8, 32),
            down=L(32, 8),
            gamma=weight(8),
        ),
        (8, 9, 9),
    ),
    "mixer block": (
        lambda: Does(mixer, tokens=S(L(6, 12), nn.GELU(), L(12, 6)), channels=S(L(8, 16), nn.GELU(), L(16, 8))),
        (6, 8),
    ),
    "autoencoder": (lambda: S(nn.Flatten(), L(16, 4), nn.Tanh(), L(4, 16), nn.Unflatten(1, (1, 4, 4))), (1, 4, 4)),
    "two results": (lambda: Does(lambda m, x: (m.mean(x), m.var(x)), mean=L(4, 2), var=L(4, 2)), (4,)),
    "results by name": (lambda: Does(lambda m, x: {"a": m.a(x), "b": m.b(x)}, a=L(4, 2), b=L(4, 3)), (4,)),
    # own arithmetic
    "matmul with a parameter": (lambda: Does(lambda m, x: x @ m.w + m.b, w=weight(4, 3), b=weight(3)), (4,)),
    "functional linear": (lambda: Does(lambda m, x: F.linear(x, m.w, m.b), w=weight(3, 4), b=weight(3)), (4,)),
    "addmm": (lambda: Does(lambda m, x: torch.addmm(m.b, x, m.w), w=weight(4, 3), b=weight(3)), (4,)),
    "bilinear": (lambda: Does(lambda m, x: m.pair(x, x), pair=nn.Bilinear(4, 4, 3)), (4,)),
    "gated": (lambda: Does(lambda m, x: m.a(x) * torch.sigmoid(m.b(x)), a=L(4, 3), b=L(4, 3)), (4,)),
    "layer scale and drop": (
        lambda: Does(lambda m, x: x + m.gamma * F.dropout(m.fc(x), 0.2), fc=L(4, 4), gamma=weight(4)),
        (4,),
    ),
    "tied": (tied, (5,)),
    "shared": (shared, (8,)),
    "embedding bag": (lambda: S(nn.EmbeddingBag(20, 6), L(6, 2)), (5,)),
    "an unused layer": (lambda: Does(lambda m, x: m.a(x), a=L(4, 2), b=L(4, 2)), (4,)),
    "parameters in a list": (
        lambda: Does(lambda m, x: sum(x * w for w in m.ws), ws=nn.ParameterList([weight(4), weight(4)])),
        (4,),
    ),
    "nothing": (lambda: nn.Identity(), (4,)),
    "complex": (lambda: Does(lambda m, x: m.fc(torch.fft.rfft(x).abs()), fc=L(5, 2)), (8,)),
    "double": (lambda: L(4, 2).double(), (4,)),
    "odd picture": (
        lambda: S(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), L(8 * 15 * 11, 7)),
        (3, 63, 47),
    ),
    "words of two axes": (lambda: S(nn.Embedding(9, 3), L(3, 2)), (4, 5)),
    "linear over a picture": (lambda: S(nn.Conv2d(3, 8, 3), L(6, 5)), (3, 8, 8)),
    "one of everything per axis": (
        lambda: S(
            nn.Conv2d(2, 4, (3, 5), (1, 2), (0, 2), (2, 1)),
            nn.GroupNorm(2, 4),
            nn.SiLU(),
            nn.AvgPool2d((2, 3), 2, ceil_mode=True),
        ),
        (2, 17, 21),
    ),
}
