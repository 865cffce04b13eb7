"""Normalisation layers."""

import numpy as np

from backprop_lib import functional
from backprop_lib.nn.module import Module, Parameter
from backprop_lib.tensor import Tensor


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) over the last dimensions of (..., *normalized_shape), times w plus b.

    w starts as 1 and b as 0, both of normalized_shape. Raises RuntimeError for an input of another shape.
    Ba, Kiros & Hinton, arXiv:1607.06450, 2016.
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, dtype=np.float32):
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape = shape
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape, dtype)) if elementwise_affine and bias else None

    def forward(self, input):
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        text = f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return text + f", bias={self.bias is not None}"


class _BatchNorm(Module):
    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        dtype=np.float32,
        *,
        bias=True,
    ):
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(num_features, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_features, dtype)) if affine and bias else None
        stats = (np.zeros(num_features, dtype), np.ones(num_features, dtype), np.zeros((), np.int64))
        for name, start in zip(("running_mean", "running_var", "num_batches_tracked"), stats):
            self.register_buffer(name, Tensor(start) if track_running_stats else None)

    def forward(self, input):
        if input.ndim not in self._dimensions:
            expected = " or ".join(f"{n}D" for n in self._dimensions)
            raise ValueError(f"expected {expected} input (got {input.ndim}D input)")
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked += 1
            if momentum is None:  # the mean over all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        by_batch = self.training or self.running_mean is None
        update = self.training and self.track_running_stats
        return functional.batch_norm(
            input,
            self.running_mean if update or not by_batch else None,
            self.running_var if update or not by_batch else None,
            self.weight,
            self.bias,
            by_batch,
            0.0 if momentum is None else momentum,
            self.eps,
        )

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.affine and self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each of C channels over the batch: input (N, C) or (N, C, L).

    In training by the batch's own mean and variance, which the buffers running_mean and running_var follow;
    else by those. Weight 1 and bias 0 at first, both (C,).
    Raises ValueError for an input of other dimensions or a training batch with one value per channel.
    Ioffe & Szegedy, ICML 2015.
    """

    _dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises each of C channels over a batch of images (N, C, H, W); see BatchNorm1d.

    Raises ValueError for an input of other dimensions or a training batch with one value per channel.
    """

    _dimensions = (4,)
