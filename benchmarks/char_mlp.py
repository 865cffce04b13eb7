"""A character-level language model: embeddings of three characters, a tanh layer, 27 classes, batch 32."""

import numpy as np

import backprop_lib as bp
from benchmarks import hips
from benchmarks.mlp import cross_entropy, sgd
from benchmarks.training import at_most, backward_over_forward, cheap_gradient, over_pytorch

RNG = np.random.default_rng(0)
CONTEXT, LETTERS = 3, 27
INPUTS = RNG.integers(LETTERS, size=(32, CONTEXT))
TARGETS = RNG.integers(LETTERS, size=32)


def network(lib):
    nn = lib.nn
    return nn.Sequential(
        nn.Embedding(LETTERS, 10),
        nn.Flatten(),
        nn.Linear(CONTEXT * 10, 200),
        nn.Tanh(),
        nn.Linear(200, LETTERS),
    )


def predict(arrays, x):
    """The network written for HIPS autograd."""
    import autograd.numpy as anp

    rows = arrays[0][x].reshape(len(x), -1)
    return hips.affine(arrays[3:], anp.tanh(hips.affine(arrays[1:3], rows)))


CLAIMS = {
    "char_mlp": at_most(
        0.5,
        "the character-level MLP, batch 32",
        over_pytorch(network, sgd, cross_entropy, INPUTS, TARGETS, steps=50),
    ),
    "char_mlp_hips": hips.at_least(
        2,
        "the character-level MLP, batch 32",
        hips.times_hips(
            network, predict, (cross_entropy(bp), hips.cross_entropy), INPUTS, TARGETS, 0.01, steps=50
        ),
    ),
    "char_mlp_backward": cheap_gradient(
        "the character-level MLP", backward_over_forward(network, cross_entropy, INPUTS, TARGETS)
    ),
}
