"""Functions of Tensors that networks are built of, as in `torch.nn.functional`."""

from backprop_lib.functional.activation import (
    dropout,
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    sigmoid,
    silu,
    softmax,
    softmin,
    softplus,
    softsign,
    tanh,
)
from backprop_lib.functional.attention import scaled_dot_product_attention
from backprop_lib.functional.classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    nll_loss,
)
from backprop_lib.functional.convolution import conv1d, conv2d
from backprop_lib.functional.distance import cosine_similarity, normalize
from backprop_lib.functional.normalization import batch_norm, layer_norm
from backprop_lib.functional.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from backprop_lib.functional.regression import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from backprop_lib.functional.table import embedding, one_hot
from backprop_lib.operations.linear import linear
from backprop_lib.operations.padding import pad

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "relu",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
    "tanh",
]
