"""A transformer block: width 64, 4 heads, 64 positions, batch 8."""

import numpy as np

from benchmarks.mlp import sgd
from benchmarks.training import at_most, backward_over_forward, cheap_gradient, over_pytorch

WIDTH, HEADS, LENGTH, BATCH = 64, 4, 64, 8
RNG = np.random.default_rng(0)
INPUTS = RNG.standard_normal((BATCH, LENGTH, WIDTH), np.float32)
TARGETS = RNG.standard_normal((BATCH, LENGTH, WIDTH), np.float32)


def network(lib):
    nn = lib.nn

    class Block(nn.Module):
        """Attention and a feed-forward network, each after a layer norm and beside a residual connection."""

        def __init__(self):
            super().__init__()
            self.norm1 = nn.LayerNorm(WIDTH)
            self.queries_keys_values = nn.Linear(WIDTH, 3 * WIDTH)
            self.project = nn.Linear(WIDTH, WIDTH)
            self.norm2 = nn.LayerNorm(WIDTH)
            self.expand = nn.Linear(WIDTH, 4 * WIDTH)
            self.contract = nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            functional = lib.nn.functional
            qkv = self.queries_keys_values(self.norm1(x)).reshape(BATCH, LENGTH, 3, HEADS, WIDTH // HEADS)
            q, k, v = qkv.permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.project(mixed.transpose(1, 2).reshape(BATCH, LENGTH, WIDTH))
            return x + self.contract(functional.gelu(self.expand(self.norm2(x))))

    return Block()


def squared_error(lib):
    return lib.nn.MSELoss()


CLAIMS = {
    "transformer": at_most(
        0.9,
        "the transformer block, width 64, 4 heads, 64 positions, batch 8",
        over_pytorch(network, sgd, squared_error, INPUTS, TARGETS, steps=5),
    ),
    "transformer_backward": cheap_gradient(
        "the transformer block", backward_over_forward(network, squared_error, INPUTS, TARGETS)
    ),
}
