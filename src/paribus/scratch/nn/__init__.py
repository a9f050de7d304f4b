"""Layers, activations, losses and initialisers."""

from paribus.scratch.nn import functional, initial, losses
from paribus.scratch.nn.affine import Affine, Embedding
from paribus.scratch.nn.attention import Attention, causal
from paribus.scratch.nn.container import Flatten, Function, Graph, Residual, Sequential
from paribus.scratch.nn.convolution import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from paribus.scratch.nn.dropout import Dropout
from paribus.scratch.nn.functional import (
    attention,
    average_pool,
    convolution,
    elu,
    gelu,
    gelu_tanh,
    global_average,
    leaky_relu,
    log_softmax,
    max_pool,
    silu,
    softmax,
    transposed_convolution,
)
from paribus.scratch.nn.initial import initialise
from paribus.scratch.nn.losses import bce, bce_with_logits, cross_entropy, hinge, huber, mae, mse, nll
from paribus.scratch.nn.module import Module, parameter
from paribus.scratch.nn.normalization import BatchNorm, LayerNorm
from paribus.scratch.nn.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool
from paribus.scratch.nn.recurrent import GRU, LSTM, RNN
from paribus.scratch.ops import add, relu, sigmoid, softplus, tanh

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Affine",
    "Attention",
    "AveragePool",
    "BatchNorm",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "Function",
    "GlobalAverage",
    "GlobalMax",
    "Graph",
    "LayerNorm",
    "MaxPool",
    "Module",
    "Residual",
    "Sequential",
    "add",
    "attention",
    "average_pool",
    "bce",
    "bce_with_logits",
    "causal",
    "convolution",
    "cross_entropy",
    "elu",
    "functional",
    "gelu",
    "gelu_tanh",
    "global_average",
    "hinge",
    "huber",
    "initial",
    "initialise",
    "leaky_relu",
    "log_softmax",
    "losses",
    "mae",
    "max_pool",
    "mse",
    "nll",
    "parameter",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
    "transposed_convolution",
]
