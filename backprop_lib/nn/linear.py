"""Affine layers, tables and what flattens their input."""

import math

import numpy as np

from backprop_lib import functional
from backprop_lib.nn.init import normal_
from backprop_lib.nn.module import Module, Parameter
from backprop_lib.nn.start import uniform_parameter


class Linear(Module):
    """y = x W^T + b, with x (..., in_features), W (out_features, in_features), b (out_features,).

    W and b start uniform in +-1/sqrt(in_features), PyTorch's default.
    Raises RuntimeError for an input of another shape.
    """

    def __init__(self, in_features, out_features, bias=True, dtype=np.float32):
        self.in_features = in_features
        self.out_features = out_features
        bound = 1 / math.sqrt(in_features) if in_features > 0 else 0
        self.weight = uniform_parameter((out_features, in_features), bound, dtype)
        self.bias = uniform_parameter((out_features,), bound, dtype) if bias else None

    def forward(self, input):
        try:
            return functional.linear(input, self.weight, self.bias)
        except RuntimeError as error:
            if input.shape[-1:] == (self.in_features,):
                raise
            raise RuntimeError(
                f"{self!r} needs inputs of shape (..., {self.in_features}), got {input.shape}"
            ) from error

    def extra_repr(self):
        bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"


class Embedding(Module):
    """Rows of a table by number: whole numbers of any shape give (*shape, embedding_dim).

    The table (num_embeddings, embedding_dim) starts normal with variance 1, row `padding_idx` zero.
    Raises IndexError for a number out of range, AssertionError for such a `padding_idx`.
    The options are those of functional.embedding.
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        dtype=np.float32,
    ):
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            self.weight = normal_(Parameter(np.empty((num_embeddings, embedding_dim), dtype), not _freeze))
            if padding_idx is not None:
                self.weight.array[padding_idx] = 0
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight, not _freeze)

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, **options):
        """An Embedding with the given table (V, D), which is not trained if `freeze`."""
        return cls(*embeddings.shape, _weight=embeddings, _freeze=freeze, **options)

    def forward(self, input):
        return functional.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self):
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text + (", sparse=True" if self.sparse else "")


class Flatten(Module):
    """Dimensions start_dim to end_dim as one: (N, C, H, W) becomes (N, C * H * W).

    Raises IndexError if there are no such dimensions, RuntimeError if their order is wrong.
    """

    def __init__(self, start_dim=1, end_dim=-1):
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input):
        ndim = max(input.ndim, 1)
        for dim in (self.start_dim, self.end_dim):
            if not -ndim <= dim < ndim:
                raise IndexError(
                    f"dimension {dim} is out of range for a tensor with {input.ndim} dimension(s)"
                )
        start, end = self.start_dim % ndim, self.end_dim % ndim
        if start > end:
            raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
        shape = input.shape
        return input.reshape((*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
