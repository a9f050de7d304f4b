"""What is learned: a loss, metrics, predictions. One file a task; a new one changes no other."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "classification": "classification:Classification",
    "denoising": "pixels.denoising:Denoising",
    "detection": "boxes.detection:Detection",
    "distillation": "distillation.distillation:Distillation",
    "embedding": "embedding.embedding:Embedding",
    "forecasting": "sequences.forecasting:Forecasting",
    "gan": "generators.gan:Adversarial",
    "joint": "pretext.joint:Joint",
    "labelling": "sequences.labelling:Labelling",
    "language": "sequences.language:Language",
    "pretext": "pretext.pretext:Pretext",
    "reading": "texts.reading:Reading",
    "regression": "regression:Regression",
    "segmentation": "pixels.segmentation:Segmentation",
    "seq2seq": "sequences.seq2seq:Seq2Seq",
    "translation": "sequences.seq2seq:Translation",
    "vae": "generators.vae:Variational",
    "words": "sequences.words:Words",
}
