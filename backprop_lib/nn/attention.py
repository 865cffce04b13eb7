"""Attention with several heads."""

import math

import numpy as np

from backprop_lib import functional
from backprop_lib.nn.init import xavier_normal_, xavier_uniform_
from backprop_lib.nn.linear import Linear
from backprop_lib.nn.module import Module, Parameter
from backprop_lib.operations.joining import cat
from backprop_lib.tensor import Tensor


class MultiheadAttention(Module):
    """Queries look at keys and take a mean of values, in `num_heads` subspaces at once.

    Shapes: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), with N first if `batch_first`, or
    without N. Returns the result (L, N, embed_dim) and the weights (N, L, S), the mean of the heads, or
    (N, num_heads, L, S) unless `average_attn_weights`, or None unless `need_weights`.
    `attn_mask` (L, S) or (N * num_heads, L, S) and `key_padding_mask` (N, S) are True where nothing is to be
    seen, or are added to the scores.
    Raises ValueError if a size is not positive, AssertionError if num_heads does not divide embed_dim,
    RuntimeError for shapes that do not fit.
    Vaswani et al., NeurIPS 2017.
    """

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        dtype=np.float32,
    ):
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._same = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.add_zero_attn = add_zero_attn
        if self._same:
            self.in_proj_weight = self._weight(3 * embed_dim, embed_dim, dtype)
            self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        else:
            self.q_proj_weight = self._weight(embed_dim, embed_dim, dtype)
            self.k_proj_weight = self._weight(embed_dim, self.kdim, dtype)
            self.v_proj_weight = self._weight(embed_dim, self.vdim, dtype)
            self.in_proj_weight = None
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype)
        if bias:
            self.out_proj.bias.array[...] = 0
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k, self.bias_v = (
                xavier_normal_(Parameter(np.empty((1, 1, embed_dim), dtype))) for _ in range(2)
            )

    @staticmethod
    def _weight(rows, columns, dtype):
        return xavier_uniform_(Parameter(np.empty((rows, columns), dtype)))

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        batched = query.ndim == 3
        self._check(query, key, value, batched)
        if is_causal and attn_mask is None:
            raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        if not batched:
            query, key, value = (x.reshape(1, *x.shape) for x in (query, key, value))
        elif not self.batch_first:
            same = key is value, query is key
            query = query.transpose(0, 1)
            key = query if same[1] else key.transpose(0, 1)
            value = key if same[0] else value.transpose(0, 1)
        q, k, v = self._projected(query, key, value)
        batch = q.shape[0]
        extra = (self.bias_k is not None) + self.add_zero_attn
        if self.bias_k is not None:
            k, v = (
                cat([x, b.broadcast_to((batch, 1, self.embed_dim))], 1)
                for x, b in ((k, self.bias_k), (v, self.bias_v))
            )
        if self.add_zero_attn:
            zeros = Tensor(np.zeros((batch, 1, self.embed_dim), k.dtype))
            k, v = cat([k, zeros], 1), cat([v, zeros], 1)
        mask = self._mask(attn_mask, key_padding_mask, q, k.shape[1], extra)
        q, k, v = (self._heads(x) for x in (q, k, v))
        drop = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            scores = (q * (1 / math.sqrt(q.shape[-1]))) @ k.transpose(-2, -1)
            weights = functional.softmax(scores if mask is None else scores + mask, -1)
            weights = functional.dropout(weights, drop)
            out = weights @ v
            weights = weights.mean(dim=1) if average_attn_weights else weights
        else:
            out = functional.scaled_dot_product_attention(q, k, v, mask, drop)
        out = self.out_proj(out.transpose(1, 2).reshape(*query.shape[:2], self.embed_dim))
        if not batched:
            return out[0], None if weights is None else weights[0]
        return (out if self.batch_first else out.transpose(0, 1)), weights

    def _check(self, query, key, value, batched):
        if query.ndim not in (2, 3) or key.ndim != query.ndim or value.ndim != query.ndim:
            raise AssertionError(
                "query, key and value should be all 2-D (unbatched) or all 3-D (batched), "
                f"got {query.shape}, {key.shape} and {value.shape}"
            )
        widths = self.embed_dim, self.kdim, self.vdim
        if (query.shape[-1], key.shape[-1], value.shape[-1]) != widths or key.shape[:-1] != value.shape[:-1]:
            raise AssertionError(
                f"query, key and value need widths {widths}, and the latter two one length, "
                f"got {query.shape}, {key.shape} and {value.shape}"
            )

    def _projected(self, query, key, value):
        """Queries, keys and values, as one product if they all come from the same input."""
        size, bias = self.embed_dim, self.in_proj_bias
        if self._same and query is key and key is value:
            packed = functional.linear(query, self.in_proj_weight, bias)
            return [packed[..., i * size : (i + 1) * size] for i in range(3)]
        weights = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        if self._same:
            weights = [self.in_proj_weight[i * size : (i + 1) * size] for i in range(3)]
        biases = [None if bias is None else bias[i * size : (i + 1) * size] for i in range(3)]
        return [functional.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases)]

    def _heads(self, x):
        """(N, L, embed_dim) as (N, num_heads, L, embed_dim / num_heads)."""
        n, length, width = x.shape
        return x.reshape(n, length, self.num_heads, width // self.num_heads).transpose(1, 2)

    def _mask(self, attn_mask, key_padding_mask, q, length, extra):
        """Both masks as one array to add to the scores (N, num_heads, L, S), or None; extra keys are seen."""
        batch, rows, own = q.shape[0], q.shape[1], length - extra
        total = None
        for name, mask, shapes in (
            ("attn_mask", attn_mask, ((rows, own), (batch * self.num_heads, rows, own))),
            ("key_padding_mask", key_padding_mask, ((batch, own), (own,))),
        ):
            if mask is None:
                continue
            mask = getattr(mask, "array", mask)
            if mask.shape not in shapes:
                raise RuntimeError(f"{name} needs the shape {shapes[0]} or {shapes[1]}, got {mask.shape}")
            if mask.dtype.kind == "b":
                mask = np.where(mask, -np.inf, 0)
            if extra:
                mask = np.concatenate((mask, np.zeros((*mask.shape[:-1], extra))), -1)
            if name == "key_padding_mask":
                mask = mask.reshape(-1, 1, 1, length)
            elif mask.ndim == 3:
                mask = mask.reshape(batch, self.num_heads, rows, length)
            total = mask if total is None else total + mask
        return None if total is None else total.astype(q.dtype, copy=False)
