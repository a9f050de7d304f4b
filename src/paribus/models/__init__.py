"""Networks as plain modules of torch: floats (B, *input_shape) in, (B, num_outputs) out."""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "cnn": "cnn:CNN",
    "conv_vae": "vae:ConvVAE",
    "dcgan": "gan:DCGAN",
    "dncnn": "dncnn:DnCNN",
    "gan": "gan:GAN",
    "gradient_boosting": "fitted.trees:GradientBoosting",
    "gru": "recurrent:GRU",
    "knn": "fitted.neighbours:Neighbours",
    "linear": "linear:Linear",
    "logistic": "fitted.linear:Logistic",
    "lstm": "recurrent:LSTM",
    "majority": "fitted.linear:Majority",
    "mlp": "mlp:MLP",
    "random_forest": "fitted.trees:RandomForest",
    "ridge": "fitted.linear:Ridge",
    "mobilenet_v2": "mobilenet_v2:MobileNetV2",
    "resnet20": "cifar_resnet:ResNet20",
    "resnet32": "cifar_resnet:ResNet32",
    "resnet44": "cifar_resnet:ResNet44",
    "resnet56": "cifar_resnet:ResNet56",
    "rnn": "recurrent:RNN",
    "squeezenet": "squeezenet:SqueezeNet",
    "tcn": "tcn:TCN",
    "unet": "unet:UNet",
    "vae": "vae:VAE",
}

GROUPS: Mapping[str, tuple[str, ...]] = {  # what each is for, for those who look for one
    "examples as a whole": ("cnn", "linear", "mlp"),
    "examples as a whole, fitted at once": (
        "gradient_boosting",
        "knn",
        "logistic",
        "majority",
        "random_forest",
        "ridge",
    ),
    "every pixel": ("dncnn", "unet"),
    "sequences": ("gru", "lstm", "rnn", "tcn"),
    "new pictures": ("conv_vae", "dcgan", "gan", "vae"),
}
