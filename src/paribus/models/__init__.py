"""Networks as plain modules of torch: floats (B, *input_shape) in, (B, num_outputs) out."""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "cnn": "cnn:CNN",
    "conv_vae": "vae:ConvVAE",
    "dcgan": "gan:DCGAN",
    "dncnn": "dncnn:DnCNN",
    "gan": "gan:GAN",
    "gru": "recurrent:GRU",
    "linear": "linear:Linear",
    "lstm": "recurrent:LSTM",
    "mlp": "mlp:MLP",
    "rnn": "recurrent:RNN",
    "tcn": "tcn:TCN",
    "unet": "unet:UNet",
    "vae": "vae:VAE",
}

GROUPS: Mapping[str, tuple[str, ...]] = {  # what each is for, for those who look for one
    "examples as a whole": ("cnn", "linear", "mlp"),
    "every pixel": ("dncnn", "unet"),
    "sequences": ("gru", "lstm", "rnn", "tcn"),
    "new pictures": ("conv_vae", "dcgan", "gan", "vae"),
}
