"""Networks and layers derived by hand: forward pass, gradients, update rules, each line proved first."""

from paribus.theory.networks.align import roi_align, roi_pool
from paribus.theory.networks.attention import attention
from paribus.theory.networks.blocks import layer_norm, residual, softmax
from paribus.theory.networks.catalogue import LAYERS, layer
from paribus.theory.networks.convolution import convolution
from paribus.theory.networks.costs import cnn_or_rnn, conv2d_or_3d
from paribus.theory.networks.dense import dense
from paribus.theory.networks.dropout import dropout
from paribus.theory.networks.gru import gru
from paribus.theory.networks.heads import two_heads
from paribus.theory.networks.loss import softmax_cross_entropy
from paribus.theory.networks.lstm import lstm
from paribus.theory.networks.norm import batch_norm
from paribus.theory.networks.pooling import pooling
from paribus.theory.networks.recurrent import rnn

__all__ = [
    "LAYERS",
    "attention",
    "batch_norm",
    "cnn_or_rnn",
    "conv2d_or_3d",
    "convolution",
    "dense",
    "dropout",
    "gru",
    "layer",
    "layer_norm",
    "lstm",
    "pooling",
    "residual",
    "rnn",
    "roi_align",
    "roi_pool",
    "softmax",
    "softmax_cross_entropy",
    "two_heads",
]
