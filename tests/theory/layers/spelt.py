"""Nets as people spell them, in PyTorch, Keras and plain text, each with the module of torch that is meant."""

from __future__ import annotations

from torch import nn

S = nn.Sequential


class Last(nn.Module):
    """The last step of what a recurrent layer gives, or all steps."""

    def __init__(self, cell: nn.Module, last: bool = True) -> None:
        super().__init__()
        self.cell, self.last = cell, last

    def forward(self, x):
        out = self.cell(x)[0]
        return out[:, -1] if self.last else out


def one_bias(cell: nn.Module) -> nn.Module:
    """A cell as Keras has it: the second bias vector is no parameter."""
    for name, parameter in list(cell.named_parameters()):
        if name.startswith("bias_hh"):
            delattr(cell, name)
            cell.register_buffer(name, parameter.detach() * 0)
    return cell


CIFAR, DIGIT = (3, 32, 32), (1, 28, 28)
SPELT = [  # what people type; the input; the module that is meant
    (
        (
            "nn.Conv2d(3, 64, 7, stride=2, padding=3)",
            "Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3))",
            "torch.nn.Conv2d(3, 64, 7, 2, 3)",
            "nn.Conv2d(in_channels=3, out_channels=64, kernel_size=7, stride=2, padding=3)",
            "conv 64 k7 s2 p3",
            "conv 64 7x7 stride 2 padding 3",
            "conv 64, k=7, s=2, p=3".replace(", ", " "),
            "conv7x7 64 /2 p3",
            "conv 64 kernel=7 stride=2 padding=3",
            "conv 64 7×7 /2 pad 3",
            "conv(64, 7x7, stride=2, padding=3)",
            "Conv 7x7 64 stride=2 pad=3",
            "conv2d 64 k7 s2 p3",
            "convolution 64 filters 7x7 stride 2 padding 3",
            "conv(64, kernel=7, stride=2, padding=3)",
            "self.conv1 = nn.Conv2d(3, 64, 7, 2, 3)",
        ),
        CIFAR,
        lambda: nn.Conv2d(3, 64, 7, 2, 3),
    ),
    (
        (
            "conv 64 3x3",
            "conv 64 3",
            "conv 64 k3",
            "conv3-64",
            "conv3x3 64",
            "conv3x3-64",
            "Conv2D(64, 3)",
            "Conv2D(64, (3, 3))",
            "Conv2D(filters=64, kernel_size=3)",
            "layers.Conv2D(64, (3, 3), padding='valid')",
            "conv 64 k=3",
            "conv 64 3x3 valid",
            "conv 64 filters of 3x3",
            'tf.keras.layers.Conv2D(64, 3, strides=(1, 1), padding="valid")',
            "nn.Conv2d(3, 64, 3)",
            "keras.layers.Conv2D(64, kernel_size=(3, 3), input_shape=(32, 32, 3))",
            "conv layer 64 filters 3x3 kernel",
            "conv 3x3 64",
            "conv(64, 3)",
        ),
        CIFAR,
        lambda: nn.Conv2d(3, 64, 3),
    ),
    (
        (
            "Conv2D(64, 7, strides=2, padding='same', activation='relu')",
            "conv 64 7x7 s2 same, relu",
            "conv 64 k7 s2 same relu",
            "Conv2D(64, 7, strides=2, padding='same')\nReLU()",
            "conv 64 7x7 stride 2 padding same, ReLU",
            "conv 64 7x7 /2 same -> relu",
            'layers.Conv2D(64, (7, 7), strides=(2, 2), padding="same"), layers.Activation("relu")',
            "model.add(Conv2D(64, 7, strides=2, padding='same'))\nmodel.add(Activation('relu'))",
        ),
        CIFAR,
        lambda: S(nn.ZeroPad2d((2, 3, 2, 3)), nn.Conv2d(3, 64, 7, 2), nn.ReLU()),
    ),
    (
        (
            "nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)",
            "conv 16 k3 p1 nobias, bn, relu",
            "nn.Sequential(\n    nn.Conv2d(3, 16, 3, padding=1, bias=False),\n    nn.BatchNorm2d(16),\n"
            "    nn.ReLU(True),\n)",
            "conv 16 3x3 p1 nobias\nbatch norm\nrelu",
            "Conv2D(16, 3, padding='same', use_bias=False), BatchNormalization(), ReLU()",
            "conv 16 3x3 padding 1 no bias -> batchnorm -> relu",
            "1. conv 16 3x3 pad 1 without bias\n2. batch normalization\n3. relu",
            "- conv 16 3x3 same bias=False\n- batchnorm2d\n- ReLU",
            "conv 16 3x3 same (no bias) → bn → relu",
            "conv 16 k3 p1 nobias; bn; relu",
            "(0): Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)\n"
            "(1): BatchNorm2d(16, eps=1e-05, "
            "momentum=0.1, affine=True, track_running_stats=True)\n(2): ReLU(inplace=True)",
            "Sequential(\n  (0): Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)\n"
            "  (1): BatchNorm2d(16)\n"
            "  (2): ReLU()\n)",
        ),
        CIFAR,
        lambda: S(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
    ),
    (
        (
            "nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)",
            "conv 8 k3 bias, bn",
            "conv 8 k3, bn",
            "conv 8 3x3\nbatch norm",
            "Conv2D(8, 3), BatchNormalization()",
            "conv(8, 3x3, bias=True), bn",
        ),
        CIFAR,
        lambda: S(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)),
    ),
    (
        (
            "nn.MaxPool2d(3, 2, 1)",
            "nn.MaxPool2d(kernel_size=3, stride=2, padding=1)",
            "pool 3 s2 p1",
            "maxpool 3x3 stride 2 pad 1",
            "max pool 3 s2 p1",
            "max pooling 3x3 /2 padding 1",
            "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)",
            "maxpool(3, stride=2, padding=1)",
            "max-pool 3x3 stride=2 pad=1",
        ),
        CIFAR,
        lambda: nn.MaxPool2d(3, 2, 1),
    ),
    (
        (
            "nn.MaxPool2d(2)",
            "MaxPooling2D()".replace("()", "(2)"),
            "MaxPooling2D((2, 2))",
            "MaxPool2D(pool_size=2)",
            "maxpool 2x2",
            "max pool 2x2",
            "maxpool2",
            "pool 2",
            "pooling 2x2",
            "F.max_pool2d(2)",
            "maxpool 2x2 stride 2",
            "MaxPooling2D(pool_size=(2, 2), strides=(2, 2))",
            "max pooling layer 2x2",
        ),
        CIFAR,
        lambda: nn.MaxPool2d(2),
    ),
    (
        ("MaxPooling2D(3, strides=2, padding='same')", "maxpool 3x3 stride 2 same"),
        (4, 9, 9),
        lambda: S(nn.ZeroPad2d(1), nn.MaxPool2d(3, 2)),
    ),
    (
        (
            "AveragePooling2D(2)",
            "nn.AvgPool2d(2)",
            "avgpool 2",
            "average pooling 2x2",
            "avg pool 2x2",
            "mean pooling 2",
        ),
        CIFAR,
        lambda: nn.AvgPool2d(2),
    ),
    (
        (
            "nn.AdaptiveAvgPool2d(1)",
            "nn.AdaptiveAvgPool2d((1, 1))",
            "gap",
            "global average pool",
            "global average pooling",
            "AdaptiveAvgPool2d(output_size=1)",
            "global avg pool",
        ),
        CIFAR,
        lambda: nn.AdaptiveAvgPool2d(1),
    ),
    (
        (
            "GlobalAveragePooling2D()",
            "gap, flatten",
            "global average pooling\nflatten",
            "nn.AdaptiveAvgPool2d(1), nn.Flatten()",
        ),
        CIFAR,
        lambda: S(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    ),
    (
        ("GlobalMaxPooling2D()", "gmp, flatten", "nn.AdaptiveMaxPool2d(1), nn.Flatten()"),
        CIFAR,
        lambda: S(nn.AdaptiveMaxPool2d(1), nn.Flatten()),
    ),
    (
        ("nn.AdaptiveAvgPool2d(7)", "adaptive 7", "nn.AdaptiveAvgPool2d((7, 7))", "adaptive avg pool 7"),
        CIFAR,
        lambda: nn.AdaptiveAvgPool2d(7),
    ),
    (
        (
            "Flatten(), Dense(10)",
            "flatten, fc 10",
            "nn.Flatten(), nn.Linear(784, 10)",
            "flatten\nfully connected 10",
            "flatten -> dense 10",
            "flatten, fc10",
            "flatten, linear 10",
            "flatten; dense 10 units",
            "Flatten()\nDense(units=10)",
            "flatten, fc-10",
            "flatten, dense(10)",
            "flatten, output 10",
            "nn.Flatten(start_dim=1, end_dim=-1), nn.Linear(in_features=784, out_features=10, bias=True)",
            "keras.Sequential([keras.layers.Flatten(input_shape=(28, 28, 1)), keras.layers.Dense(10)])",
        ),
        DIGIT,
        lambda: S(nn.Flatten(), nn.Linear(784, 10)),
    ),
    (
        (
            "Flatten(), Dense(128, activation='relu'), Dropout(0.2), Dense(10, activation='softmax')",
            "flatten, dense 128 relu, dropout 0.2, dense 10 softmax",
            "flatten\nfc 128\nrelu\ndropout 20%\nfc 10\nsoftmax",
            "model = Sequential()\nmodel.add(Flatten())\nmodel.add(Dense(128, activation='relu'))\n"
            "model.add(Dropout(0.2))\n"
            "model.add(Dense(10, activation='softmax'))",
            "nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(p=0.2), nn.Linear(128, 10), nn.Softmax(dim=1)",
            "flatten → fully connected 128 → relu → dropout p=0.2 → fully connected 10 → softmax",
            "Input(shape=(28, 28, 1)), Flatten(), Dense(128, 'relu'), Dropout(rate=0.2), Dense(10, 'softmax')",
            "flatten, dense 128 with relu, dropout(0.2), dense 10 with softmax",
            "x = Flatten()(inputs)\nx = Dense(128, activation='relu')(x)\n"
            "x = Dropout(0.2)(x)\nout = Dense(10, activation='softmax')(x)",
        ),
        DIGIT,
        lambda: S(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10), nn.Softmax(1)),
    ),
    (
        (
            "Conv2D(32, 3, activation='relu'), MaxPooling2D(2), Conv2D(64, 3, activation='relu'), "
            "MaxPooling2D(2), Flatten(), Dense(10)",
            "conv 32 3x3 relu, maxpool 2x2, conv 64 3x3 relu, maxpool 2x2, flatten, dense 10",
            "conv 32 3x3\nrelu\nmax pool 2\nconv 64 3x3\nrelu\nmax pool 2\nflatten\nfc 10",
            "conv3-32, relu, maxpool2, conv3-64, relu, maxpool2, flatten, fc10",
            "nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), "
            "nn.Flatten(), nn.Linear(1600, 10)",
            "[Conv2D(32, (3, 3), activation='relu'), MaxPooling2D((2, 2)), Conv2D(64, (3, 3), "
            "activation='relu'), MaxPooling2D((2, 2)), Flatten(), "
            "Dense(10)]",
            "conv 32 3x3 # first\nrelu\npool 2\nconv 64 3x3 # second\nrelu\npool 2\nflatten\nlinear 10",
        ),
        DIGIT,
        lambda: S(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(1600, 10),
        ),
    ),
    (
        (
            "nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1)",
            "deconv 4 k4 s2 p1",
            "Conv2DTranspose(4, 4, strides=2, padding='same')",
            "transposed conv 4 4x4 stride 2 padding 1",
            "conv transpose 4 k4 s2 p1",
            "upconv 4 4x4 /2 p1",
        ),
        (8, 7, 7),
        lambda: nn.ConvTranspose2d(8, 4, 4, 2, 1),
    ),
    (
        (
            "Conv2DTranspose(4, 3, strides=2, padding='same')",
            "nn.ConvTranspose2d(8, 4, 3, 2, 1, output_padding=1)",
            "deconv 4 k3 s2 p1 o1",
        ),
        (8, 7, 7),
        lambda: nn.ConvTranspose2d(8, 4, 3, 2, 1, output_padding=1),
    ),
    (
        (
            "DepthwiseConv2D(3, padding='same')",
            "dw k3 p1",
            "depthwise conv 3x3 p1",
            "nn.Conv2d(8, 8, 3, padding=1, groups=8)",
            "depthwise 3x3 same",
            "conv 8 3x3 p1 groups=8",
        ),
        (8, 9, 9),
        lambda: nn.Conv2d(8, 8, 3, padding=1, groups=8),
    ),
    (
        ("SeparableConv2D(16, 3, padding='same')", "dw k3 p1 nobias, conv 16 k1", "dw 3x3 p1 nobias, conv 16 1x1"),
        (8, 9, 9),
        lambda: S(nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.Conv2d(8, 16, 1)),
    ),
    (
        (
            "nn.Conv2d(4, 8, 3, dilation=2, groups=2)",
            "conv 8 k3 d2 g2",
            "conv 8 3x3 dilation 2 groups=2",
            "Conv2D(8, 3, dilation_rate=2, groups=2)",
            "conv 8 3x3 d=2 g=2",
        ),
        (4, 12, 12),
        lambda: nn.Conv2d(4, 8, 3, dilation=2, groups=2),
    ),
    (
        (
            "nn.Conv1d(16, 32, 5, padding=2)",
            "Conv1D(32, 5, padding='same')",
            "conv 32 k5 p2",
            "conv1d 32 5 same",
            "conv 32 kernel 5 padding 2",
        ),
        (16, 40),
        lambda: nn.Conv1d(16, 32, 5, padding=2),
    ),
    (
        ("nn.Conv3d(1, 4, (1, 3, 3))", "conv 4 1x3x3", "Conv3D(4, (1, 3, 3))", "conv3d 4 k1x3x3"),
        (1, 6, 6, 6),
        lambda: nn.Conv3d(1, 4, (1, 3, 3)),
    ),
    (
        (
            "nn.LSTM(8, 50, batch_first=True)",
            "lstm 50",
            "lstm 50 units",
            "nn.LSTM(input_size=8, hidden_size=50)",
            "lstm(50)",
        ),
        (20, 8),
        lambda: Last(nn.LSTM(8, 50, batch_first=True), False),
    ),
    (
        (
            "nn.LSTM(8, 50, num_layers=2, bidirectional=True)",
            "lstm 50 l2 bi",
            "nn.LSTM(8, 50, 2, bidirectional=True, batch_first=True)",
            "lstm 50 layers=2 bi",
            "lstm hidden=50 layers 2 bi",
        ),
        (20, 8),
        lambda: Last(nn.LSTM(8, 50, 2, batch_first=True, bidirectional=True), False),
    ),
    (
        (
            "LSTM(50)",
            "LSTM(units=50)",
            "layers.LSTM(50, activation='tanh')",
            "lstm 50 bias1, last",
            "LSTM(50, return_sequences=False)",
        ),
        (20, 8),
        lambda: Last(one_bias(nn.LSTM(8, 50, batch_first=True))),
    ),
    (
        ("LSTM(50, return_sequences=True)", "lstm 50 bias1"),
        (20, 8),
        lambda: Last(one_bias(nn.LSTM(8, 50, batch_first=True)), False),
    ),
    (
        ("Bidirectional(LSTM(50))", "lstm 50 bi bias1, last"),
        (20, 8),
        lambda: Last(one_bias(nn.LSTM(8, 50, batch_first=True, bidirectional=True))),
    ),
    (
        ("GRU(32)", "gru 32, last", "GRU(32, return_sequences=True), last"),
        (20, 8),
        lambda: Last(nn.GRU(8, 32, batch_first=True)),
    ),
    (("SimpleRNN(12)", "rnn 12 bias1, last"), (20, 8), lambda: Last(one_bias(nn.RNN(8, 12, batch_first=True)))),
    (
        (
            "nn.Embedding(1000, 64)",
            "embedding 1000 64",
            "Embedding(1000, 64)",
            "Embedding(input_dim=1000, output_dim=64, input_length=9)",
            "emb 1000 64",
            "nn.Embedding(num_embeddings=1000, embedding_dim=64)",
            "embedding 1000x64".replace("x", " "),
        ),
        (9,),
        lambda: nn.Embedding(1000, 64),
    ),
    (
        (
            "nn.MultiheadAttention(16, 4, batch_first=True)",
            "attention h4",
            "attention heads=4",
            "multi-head attention 4 heads".replace("4 heads", "h4"),
            "self-attention h4",
            "nn.MultiheadAttention(embed_dim=16, num_heads=4)",
        ),
        (6, 16),
        lambda: Last(SelfAttention(), False),
    ),
    (("nn.LayerNorm(16)", "ln", "LayerNormalization()", "layer norm", "layernorm"), (6, 16), lambda: nn.LayerNorm(16)),
    (
        ("nn.GroupNorm(4, 8)", "gn 4", "group norm 4", "groupnorm 4 groups", "GroupNormalization(4)"),
        (8, 5, 5),
        lambda: nn.GroupNorm(4, 8),
    ),
    (
        ("nn.InstanceNorm2d(8, affine=True)", "instance affine", "instancenorm affine"),
        (8, 5, 5),
        lambda: nn.InstanceNorm2d(8, affine=True),
    ),
    (
        (
            "nn.Upsample(scale_factor=2)",
            "up 2",
            "UpSampling2D(2)",
            "upsample 2",
            "UpSampling2D(size=(2, 2))",
            "upsample scale=2",
        ),
        (4, 5, 5),
        lambda: nn.Upsample(scale_factor=2),
    ),
    (
        ("nn.Upsample(scale_factor=2, mode='bilinear')", "up 2 linear", "UpSampling2D(2, interpolation='bilinear')"),
        (4, 5, 5),
        lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    ),
    (
        ("nn.LeakyReLU(0.2, inplace=True)", "leaky relu", "LeakyReLU(alpha=0.2)", "leaky_relu", "LeakyReLU", "lrelu"),
        (4, 5, 5),
        lambda: nn.LeakyReLU(0.2),
    ),
    (("nn.PReLU(4)", "prelu 4"), (4, 5, 5), lambda: nn.PReLU(4)),
    (("PReLU()", "prelu"), (4, 5, 5), lambda: nn.PReLU()),
    (("nn.GELU()", "gelu", "Activation('gelu')", "GELU"), (4, 5, 5), lambda: nn.GELU()),
    (("nn.SiLU()", "swish", "silu"), (4, 5), lambda: nn.SiLU()),
    (
        (
            "nn.Linear(784, 128), nn.Tanh(), nn.Linear(128, 1), nn.Sigmoid()",
            "fc 128 tanh, fc 1 sigmoid",
            "Dense(128, activation='tanh'), Dense(1, activation='sigmoid')",
            "dense 128\ntanh\ndense 1\nsigmoid",
            "linear 128, tanh, linear 1, sigmoid",
        ),
        (784,),
        lambda: S(nn.Linear(784, 128), nn.Tanh(), nn.Linear(128, 1), nn.Sigmoid()),
    ),
    (
        ("nn.Linear(16, 8, bias=False)", "fc 8 nobias", "Dense(8, use_bias=False)", "linear 8 bias=False"),
        (16,),
        lambda: nn.Linear(16, 8, bias=False),
    ),
    (("TimeDistributed(Dense(5))", "linear 5", "Dense(5)"), (7, 3), lambda: nn.Linear(3, 5)),
    (
        (
            "[conv 8 3x3 same | id], relu",
            "[conv 8 k3 p1 | id]\nrelu",
            "[nn.Conv2d(8, 8, 3, padding=1) | id], nn.ReLU()",
        ),
        (8, 6, 6),
        lambda: nn.Conv2d(8, 8, 3, padding=1),
    ),
    (
        ("conv 8 3x3 same x3", "[conv 8 3x3 p1] x3", "nn.Sequential(nn.Conv2d(8, 8, 3, padding=1)) x3"),
        (8, 6, 6),
        lambda: S(*(nn.Conv2d(8, 8, 3, padding=1) for _ in range(3))),
    ),
]


class SelfAttention(nn.Module):
    """Attention of a sequence to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)
