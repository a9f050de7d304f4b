"""Arguments of classes: those that change figures are followed or refused, never passed over."""

from __future__ import annotations

import random
import warnings

import pytest
import torch
from torch import nn

from paribus.errors import ParibusError, TheoryError
from paribus.theory.layers import measure, table
from paribus.theory.layers.build import OverChannels

FOLLOWED = (
    ("nn.Flatten(2)", nn.Flatten(2), (8, 5, 6)),
    ("nn.Flatten(start_dim=2)", nn.Flatten(2), (8, 5, 6)),
    ("nn.Flatten(1, -1)", nn.Flatten(), (8, 5, 6)),
    ("nn.LayerNorm(6)", nn.LayerNorm(6), (8, 5, 6)),
    ("nn.LayerNorm([5, 6])", nn.LayerNorm([5, 6]), (8, 5, 6)),
    ("nn.LayerNorm(normalized_shape=6)", nn.LayerNorm(6), (4, 6)),
    ("nn.LayerNorm(6, 1e-5, False)", nn.LayerNorm(6, elementwise_affine=False), (4, 6)),
    ("LayerNorm2d(8)", nn.GroupNorm(1, 8), (8, 5, 6)),  # other values, the same figures
    ("LayerNorm(8, eps=1e-6, data_format='channels_first')", nn.GroupNorm(1, 8), (8, 5, 6)),
    ("LayerNormalization()", nn.GroupNorm(1, 8), (8, 5, 6)),
    ("ln channels", nn.GroupNorm(1, 8), (8, 5, 6)),
    ("nn.PixelShuffle(2)", nn.PixelShuffle(2), (8, 5, 6)),
    ("nn.PixelShuffle(upscale_factor=3)", nn.PixelShuffle(3), (9, 2, 2)),
    ("nn.GLU()", nn.GLU(), (6,)),
    ("nn.GLU(-1)", nn.GLU(), (4, 6)),
    ("nn.GLU(dim=1)", nn.GLU(1), (8, 5, 6)),
    ("nn.LPPool2d(2, 3, stride=2)", nn.LPPool2d(2, 3, stride=2), (3, 9, 9)),
    ("ZeroPadding2D(padding=2)", nn.ZeroPad2d(2), (3, 9, 9)),
    ("ZeroPadding2D(((1, 1), (2, 2)))", nn.ZeroPad2d((2, 2, 1, 1)), (3, 9, 9)),
    ("nn.LPPool1d(1, 2)", nn.LPPool1d(1, 2), (3, 9)),
    ("bilinear upsampling x2", nn.Upsample(scale_factor=2, mode="bilinear"), (3, 5, 5)),
    ("conv3x3(3, 8, stride=2)", nn.Conv2d(3, 8, 3, 2, 1, bias=False), (3, 9, 9)),
    ("conv1x1(3, 8)", nn.Conv2d(3, 8, 1, bias=False), (3, 9, 9)),
    ("nn.MultiheadAttention(16, 2, kdim=None, add_bias_kv=False)", None, (7, 16)),
    ("MultiHeadAttention(num_heads=2, key_dim=8)", None, (7, 16)),
    ("nn.LSTM(10, 20, proj_size=0)", None, (7, 10)),
)


@pytest.mark.parametrize(("text", "twin", "shape"), FOLLOWED)
def test_what_is_followed_gives_torchs_figures(text, twin, shape):
    found = table(text, shape)
    assert not measure(text, shape).different
    if twin is not None:
        assert table(nn.Sequential(twin), shape).output == found.output
        assert found.output == tuple(twin(torch.zeros(2, *shape)).shape[1:])
        assert found.parameters == sum(p.numel() for p in twin.parameters())


def test_layer_norm_over_channels_norms_those_of_each_pixel():
    x = torch.randn(2, 8, 5, 6, generator=torch.Generator().manual_seed(0)) * 3 + 1
    mean, deviation = x.mean(1, keepdim=True), x.var(1, keepdim=True, correction=0)
    torch.testing.assert_close(OverChannels(8)(x), (x - mean) / (deviation + 1e-5).sqrt())


@pytest.mark.parametrize(
    ("text", "shape", "said"),
    [
        ("nn.LSTM(10, 20, proj_size=5)", (7, 10), "proj_size changes"),
        ("nn.MultiheadAttention(16, 2, kdim=8)", (7, 16), "kdim changes"),
        ("nn.MultiheadAttention(16, 2, add_bias_kv=True)", (7, 16), "add_bias_kv changes"),
        ("nn.MultiheadAttention(16, 2, 0.1, True, True)", (7, 16), "this argument changes"),
        ("MultiHeadAttention(num_heads=2, key_dim=16)", (7, 16), "takes 32 features, and 16 come"),
        ("BatchNormalization(center=False)", (8, 5, 5), "center changes"),
        ("BatchNormalization(scale=False)", (8, 5, 5), "scale changes"),
        ("nn.LayerNorm(8)", (8, 5, 5), "LayerNorm2d"),
        ("LayerNorm2d(7)", (8, 5, 5), "norms axes of 7"),
        ("nn.Flatten(1, 2)", (8, 5, 5), "this argument changes"),
        ("nn.Flatten(0)", (8, 5, 5), "axis 0 is the batch"),
        ("nn.Flatten(4)", (8, 5, 5), "flattens from axis 4"),
        ("nn.Upsample(size=(9, 9))", (3, 5, 5), "size changes"),
        ("nn.Upsample((9, 9))", (3, 5, 5), "this argument changes"),
        ("nn.LayerNorm(7)", (8, 5), "norms axes of 7"),
        ("nn.GLU()", (8, 5, 6), "does not say which"),
        ("glu", (5,), "halves axis 1 of 5"),
        ("nn.PixelShuffle(2)", (6, 2, 2), "cannot be dealt to 2×2 pixels"),
        ("conv3x3(16, 3)", (3, 9, 9), "takes 16 channels, and 3 come"),
    ],
)
def test_what_is_not_known_is_refused(text, shape, said):
    with pytest.raises(TheoryError, match=said):
        table(text, shape)


def test_a_function_of_resnets_code_is_said_to_be_read_as_one():
    assert "as in ResNet's code" in str(table("conv3x3(3, 8), bn, relu", (3, 9, 9)))
    assert "ResNet" not in str(table("conv3x3(8)", (3, 9, 9)))


def test_braces_are_brackets():
    texts = ("{conv 8 k3, relu & conv 4 k3}, gap", "[conv 8 k3, relu & conv 4 k3], gap")
    first, second = (table(text, (3, 9, 9)) for text in texts)
    assert first.cells == second.cells


WINDOWS = {  # class → arguments that are always given, and those that may be
    "Conv{n}d": (
        "8, 4, {k}",
        "stride=2 padding=1 padding='same' dilation=2 groups=4 bias=False padding_mode='reflect'",
    ),
    "ConvTranspose{n}d": ("8, 4, {k}", "stride=2 padding=1 output_padding=1 groups=2 bias=False dilation=2"),
    "MaxPool{n}d": ("{k}", "stride=1 padding=1 dilation=2 ceil_mode=True"),
    "AvgPool{n}d": ("{k}", "stride=3 padding=1 ceil_mode=True count_include_pad=False"),
    "AdaptiveAvgPool{n}d": ("{k}", ""),
    "BatchNorm{n}d": ("8", "eps=1e-5 momentum=None affine=False track_running_stats=False"),
    "InstanceNorm{n}d": ("8", "affine=True"),
    "Upsample": ("", "scale_factor=2 size=7 mode='nearest'"),
    "Flatten": ("", "start_dim=0 start_dim=2 start_dim=-2 end_dim=-1 end_dim=2"),
    "GLU": ("", "dim=-1 dim=1 dim=2"),
    "LayerNorm": ("{last}", "eps=1e-6 elementwise_affine=False bias=False"),
    "GroupNorm": ("4, 8", "affine=False"),
    "PReLU": ("", "num_parameters=8 init=0.1"),
    "LazyConv{n}d": ("4, {k}", "stride=2 bias=False"),
}
STEPS = {
    "Linear": ("8, 4", "bias=False"),
    "LSTM": ("8, 4", "num_layers=2 bias=False batch_first=True bidirectional=True dropout=0.1 proj_size=2"),
    "GRU": ("8, 4", "num_layers=2 bias=False batch_first=True bidirectional=True"),
    "RNN": ("8, 4", "num_layers=2 nonlinearity='relu' bias=False batch_first=True"),
    "LayerNorm": ("8", "elementwise_affine=False bias=False"),
    "MultiheadAttention": ("8, 2", "bias=False add_bias_kv=True add_zero_attn=True kdim=8 kdim=4 batch_first=True"),
    "TransformerEncoderLayer": ("8, 2", "dim_feedforward=16 activation='gelu' norm_first=True bias=False dropout=0.0"),
}


def drawn(draw):
    """A class with random arguments, and the shape of an example."""
    axes = draw.choice((1, 2, 3))
    classes, shape = draw.choice(((WINDOWS, (8, *(7, 9, 6)[:axes])), (STEPS, (5, 8))))
    name = draw.choice(list(classes))
    always, options = classes[name]
    given = {option.partition("=")[0]: option for option in options.split() if draw.random() < 0.4}
    inner = [always.format(k=draw.choice("1233"), last=shape[-1]), *given.values()]
    return f"nn.{name.format(n=axes)}({', '.join(filter(None, inner))})", shape


def by_torch(text, shape):
    """Parameters and output of what is typed; None for what torch refuses."""
    try:
        net = eval(text).eval()
        x = torch.zeros(2, *shape)
        out = net(x, x, x) if isinstance(net, nn.MultiheadAttention) else net(x)
    except Exception:  # whatever torch says to arguments that do not fit
        return None
    out = out[0] if isinstance(out, tuple) else out
    return sum(p.numel() for p in net.parameters()), tuple(out.shape[1:])


def test_random_arguments_are_followed_or_refused():
    """Never a table of another net: every class as it is typed is built by torch itself."""
    draw, right = random.Random(0), 0
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of lazy layers, and of dropout within one layer
        for _ in range(400):
            text, shape = drawn(draw)
            wanted = by_torch(text, shape)
            try:
                found = table(text, shape)
            except ParibusError:
                continue
            if wanted is not None:
                assert (found.parameters, found.output) == wanted, text
                right += 1
    assert right > 150


def test_causal_padding_keeps_the_size_and_says_where_it_stands():
    text = "Conv1D(8, 3, padding='causal', dilation_rate=2)"
    twin = nn.Sequential(nn.ConstantPad1d((4, 0), 0.0), nn.Conv1d(5, 8, 3, dilation=2))
    found = table(text, (5, 20))
    assert (found.output, found.parameters) == ((8, 20), sum(p.numel() for p in twin.parameters()))
    assert found.output == tuple(twin(torch.zeros(1, 5, 20)).shape[1:])
    assert any("causal" in note for note in found.notes)
