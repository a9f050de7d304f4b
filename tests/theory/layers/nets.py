"""Nets in the notation whose numbers are published."""

RESNET18 = """
conv 64 k7 s2 p3 nobias, bn, relu, pool 3 s2 p1,
[[conv 64 k3 p1 nobias, bn, relu, conv 64 k3 p1 nobias, bn | skip], relu] x2,
[[conv 128 k3 s2first p1 nobias, bn, relu, conv 128 k3 p1 nobias, bn | skip], relu] x2,
[[conv 256 k3 s2first p1 nobias, bn, relu, conv 256 k3 p1 nobias, bn | skip], relu] x2,
[[conv 512 k3 s2first p1 nobias, bn, relu, conv 512 k3 p1 nobias, bn | skip], relu] x2,
gap, flatten, linear 1000
"""
RESNET50 = """
conv 64 k7 s2 p3 nobias, bn, relu, pool 3 s2 p1,
[[conv 64 k1 nobias, bn, relu, conv 64 k3 p1 nobias, bn, relu, conv 256 k1 nobias, bn | skip], relu] x3,
[[conv 128 k1 nobias, bn, relu, conv 128 k3 s2first p1 nobias, bn, relu, conv 512 k1 nobias, bn | skip], relu] x4,
[[conv 256 k1 nobias, bn, relu, conv 256 k3 s2first p1 nobias, bn, relu, conv 1024 k1 nobias, bn | skip], relu] x6,
[[conv 512 k1 nobias, bn, relu, conv 512 k3 s2first p1 nobias, bn, relu, conv 2048 k1 nobias, bn | skip], relu] x3,
gap, flatten, linear 1000
"""
MOBILENET_V2 = """
conv 32 k3 s2 p1 nobias, bn, relu6, dw k3 p1 nobias, bn, relu6, conv 16 k1 nobias, bn,
[conv 6c k1 nobias, bn, relu6, dw k3 s2first p1 nobias, bn, relu6, conv 24 k1 nobias, bn | id?] x2,
[conv 6c k1 nobias, bn, relu6, dw k3 s2first p1 nobias, bn, relu6, conv 32 k1 nobias, bn | id?] x3,
[conv 6c k1 nobias, bn, relu6, dw k3 s2first p1 nobias, bn, relu6, conv 64 k1 nobias, bn | id?] x4,
[conv 6c k1 nobias, bn, relu6, dw k3 p1 nobias, bn, relu6, conv 96 k1 nobias, bn | id?] x3,
[conv 6c k1 nobias, bn, relu6, dw k3 s2first p1 nobias, bn, relu6, conv 160 k1 nobias, bn | id?] x3,
[conv 6c k1 nobias, bn, relu6, dw k3 p1 nobias, bn, relu6, conv 320 k1 nobias, bn | id?],
conv 1280 k1 nobias, bn, relu6, gap, flatten, dropout 0.2, linear 1000
"""
SIGNALS = (
    "conv 16 k3, relu, pool 2, conv 32 k5, relu, pool 2, conv 64 k5, relu, pool 2, "
    "flatten, linear 128, relu, linear 5, softmax"
)
SMALL = {  # text → input; together they use every kind of layer
    "conv 8 k3 s2, pool 2, conv 8 k3 s2, pool 2": (3, 99, 99),
    "conv 4 k3x5 p1x0 d1x2, pool 2, conv 3 k2 nobias": (2, 20, 33),
    "pool 3 d2 s2 p1 ceil, avgpool 3 s2 ceil p1, up 2 linear, conv 4 k3": (2, 41, 33),
    "conv 8 k3 p1, [conv 4 k1 & pool 3 s1 p1 & id], pool 3 s2 ceil, up 2, deconv 6 k4 s2 p1 g2, gap": (3, 38, 38),
    "deconv 4 k4 s2 p1, deconv 2 k3 s3 d2 o1": (2, 9, 11),
    "conv 8 k4 same d2, relu, conv 8 k3 s2 same, transpose, lstm 20 l2 bi, attention h4, ln, gru 5, last": (7, 60),
    "embedding 100 8, rnn 4, last, linear 2, log_softmax": (9,),
    "linear 8, attention h2, [attention h2 | id], ln, [linear 16, gelu, linear 8 | id], flatten, linear 3": (6, 5),
    "conv 4 k3 p1 s1x2x2, bn, leaky_relu, pool 2, dw k3 m2, gn 4, instance affine, adaptive 2, flatten": (2, 9, 16, 16),
    "linear 20, bn, tanh, dropout 0.3, linear 3, sigmoid": (9,),
    "[conv 6 k3 p1 s2first, elu, conv 6 k1 bias, bn | skip] x2, adaptive 3x4, gmp, flatten, linear 4, softmax": (
        3,
        17,
        18,
    ),
    "conv 8 k3, glu 1, shuffle 2, conv 4 k3, lppool 3 s2 ceil, flatten 2, transpose, ln, linear 2": (3, 12, 12),
    "linear 8, glu, linear 3": (5,),
    "dw k5 p2, conv 8 k1, silu, gap, flatten, dropout 0.5, linear 2": (6, 16, 16),
    "lstm 6 bias1, gru 6 bias1 bi, rnn 3 nobias, flatten, linear 1": (5, 2),
}
