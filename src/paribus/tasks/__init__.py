"""What is learned: a loss, metrics, predictions. One file a task; adding one touches nothing else."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "classification": "classification:Classification",
    "denoising": "denoising:Denoising",
    "forecasting": "forecasting:Forecasting",
    "gan": "gan:Adversarial",
    "labelling": "labelling:Labelling",
    "language": "language:Language",
    "segmentation": "segmentation:Segmentation",
    "vae": "vae:Variational",
}
