"""Networks of Tensors: modules that own parameters and call one another, as in `torch.nn`."""

from backprop_lib.nn import functional, init, utils
from backprop_lib.nn.activation import (
    ELU,
    GELU,
    Dropout,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softsign,
    Tanh,
)
from backprop_lib.nn.attention import MultiheadAttention
from backprop_lib.nn.container import ModuleDict, ModuleList, ParameterList, Sequential
from backprop_lib.nn.convolution import Conv1d, Conv2d
from backprop_lib.nn.linear import Embedding, Flatten, Linear
from backprop_lib.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from backprop_lib.nn.module import Module, Parameter
from backprop_lib.nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from backprop_lib.nn.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from backprop_lib.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "Parameter",
    "ParameterList",
    "RNNCell",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanh",
    "functional",
    "init",
    "utils",
]
