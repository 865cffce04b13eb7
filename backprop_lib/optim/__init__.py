"""Optimisers: they use the gradients that backpropagation computed, and compute none themselves."""

from backprop_lib.optim import lr_scheduler
from backprop_lib.optim.adam import Adam, AdamW
from backprop_lib.optim.adaptive import Adagrad, RMSprop
from backprop_lib.optim.optimizer import Optimizer
from backprop_lib.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
