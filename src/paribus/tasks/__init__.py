"""What is learned: a loss, metrics, predictions. One file a task; a new one changes no other."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "classification": "classification:Classification",
    "denoising": "pixels.denoising:Denoising",
    "distillation": "distillation.distillation:Distillation",
    "forecasting": "sequences.forecasting:Forecasting",
    "gan": "generators.gan:Adversarial",
    "labelling": "sequences.labelling:Labelling",
    "language": "sequences.language:Language",
    "regression": "regression:Regression",
    "segmentation": "pixels.segmentation:Segmentation",
    "vae": "generators.vae:Variational",
}
