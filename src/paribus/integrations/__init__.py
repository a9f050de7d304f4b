"""Callbacks that log what Lightning, Keras, Transformers and fastai train; each needs its library."""
