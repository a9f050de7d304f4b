"""Networks as plain modules of torch: floats (B, *input_shape) in, (B, num_outputs) out."""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "alexnet": "alexnet:AlexNet",
    "cnn": "cnn:CNN",
    "conv_vae": "vae:ConvVAE",
    "dcgan": "gan:DCGAN",
    "dncnn": "dncnn:DnCNN",
    "gan": "gan:GAN",
    "googlenet": "googlenet:GoogLeNet",
    "gru": "recurrent:GRU",
    "lenet": "lenet:LeNet",
    "linear": "linear:Linear",
    "lstm": "recurrent:LSTM",
    "mlp": "mlp:MLP",
    "mobilenet": "mobilenet:MobileNet",
    "nin": "nin:NiN",
    "resnet18": "resnet:ResNet18",
    "resnet34": "resnet:ResNet34",
    "resnet50": "resnet:ResNet50",
    "rnn": "recurrent:RNN",
    "tcn": "tcn:TCN",
    "timm": "timm:Timm",
    "unet": "unet:UNet",
    "vae": "vae:VAE",
    "vgg11": "vgg:VGG11",
    "vgg13": "vgg:VGG13",
    "vgg16": "vgg:VGG16",
    "vgg19": "vgg:VGG19",
    "vit": "vit:ViT",
}

GROUPS: Mapping[str, tuple[str, ...]] = {  # what each is for, for those who look for one
    "examples as a whole": ("cnn", "linear", "mlp"),
    "pictures as a whole, as published": (
        "alexnet",
        "googlenet",
        "lenet",
        "mobilenet",
        "nin",
        "resnet18",
        "resnet34",
        "resnet50",
        "timm",
        "vgg11",
        "vgg13",
        "vgg16",
        "vgg19",
        "vit",
    ),
    "every pixel": ("dncnn", "unet"),
    "sequences": ("gru", "lstm", "rnn", "tcn"),
    "new pictures": ("conv_vae", "dcgan", "gan", "vae"),
}
