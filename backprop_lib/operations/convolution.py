"""Convolution as a product of matrices: the windows of the image become columns ("im2col").

Chellapilla, Puri & Simard, IWFHR 2006. A convolution is linear in the image and linear in the kernel, so its
two vector-Jacobian products and their own are again among three operations: all orders of gradients.

Images are (N, C, H, W), kernels (O, C / groups, kh, kw). In memory the batch comes last: then elements that
are copied together lie together, and one product does all images. Results stay so: what comes next need not
rearrange them. As many images are done at a time as leave their columns in the processor's cache.
"""

import math

import numpy as np

from backprop_lib.core import differentiable
from backprop_lib.operations import windows
from backprop_lib.operations.either import either

_CACHE = 1 << 21  # bytes that the columns of the images done at a time may take
_LEAST = 16  # images done at a time even so


class _Geometry:
    """The numbers of one convolution, and how its arrays become matrices."""

    def __init__(self, image, kernel, stride, padding, dilation, groups):
        (self.n, self.channels, *size), (outputs, depth, *self.kernel) = image, kernel
        self.moves = self.kernel, stride, dilation
        self.padding = padding
        self.groups = groups
        self.size = windows.out_size(size, self.kernel, stride, padding, dilation)
        self.padded = [n + sum(p) for n, p in zip(size, padding)]
        self.inside = tuple(slice(p[0], p[0] + n) for n, p in zip(size, padding))
        self.out = (groups, outputs // groups)
        self.column = depth * math.prod(self.kernel)

    def parts(self, itemsize):
        """Slices of the batch, each of which is done at a time."""
        one = self.groups * self.column * math.prod(self.size) * itemsize
        count = max(_LEAST, _CACHE // max(one, 1))
        return [slice(i, min(i + count, self.n)) for i in range(0, self.n, count)]

    def images(self, count, dtype):
        """Zeros for padded images (C, H, W, count), and the view of what is not padding."""
        out = np.zeros((self.channels, *self.padded, count), dtype)
        return out, out[(slice(None), *self.inside)]

    def columns(self, x):
        """The windows of images (n, C, H, W) as columns (groups, C / groups * kh * kw, oh, ow * n)."""
        out, inside = self.images(len(x), x.dtype)
        inside[...] = x.transpose(1, 2, 3, 0)
        seen = windows.view(out, *self.moves, self.size)
        return seen.reshape(self.groups, self.column, self.size[0], -1)

    def rows(self, g):
        """Outputs (n, O, oh, ow) as (groups, O / groups, oh, ow * n)."""
        return np.ascontiguousarray(g.transpose(1, 2, 3, 0)).reshape(*self.out, self.size[0], -1)

    def matrix(self, weight):
        """The kernel as matrices (groups, O / groups, C / groups * kh * kw)."""
        return weight.reshape(*self.out, self.column)


def _forward(input, weight, bias, stride, padding, dilation, groups):
    geometry = _Geometry(input.shape, weight.shape, stride, padding, dilation, groups)
    matrix = geometry.matrix(weight)
    results = []
    for part in geometry.parts(input.itemsize):
        columns = geometry.columns(input[part])
        found = _product(matrix, columns)
        if bias is not None:
            found += bias.reshape(*geometry.out, 1, 1)
        results.append(found.reshape(len(weight), *geometry.size, -1))
    return _batch_first(results, (len(weight), *geometry.size), input.dtype)


def _product(matrix, x):
    """Matrices (groups, i, j) times (groups, j, oh, n), row by row of the image: small ones are faster."""
    out = np.empty((*matrix.shape[:2], *x.shape[2:]), x.dtype)
    np.matmul(matrix[:, None], x.swapaxes(1, 2), out=out.swapaxes(1, 2))
    return out


def _batch_first(parts, shape, dtype):
    """Parts of a batch, each (*shape, n), as (N, *shape), whose numbers lie as they did."""
    if not parts:
        return np.empty((0, *shape), dtype)
    out = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
    return out.transpose(3, 0, 1, 2)


def _bias_vjp(g):
    """The sum of all gradients of a channel."""
    n, channels, *size = g.shape
    rows = np.transpose(g, (1, 2, 3, 0)).reshape(channels, n * math.prod(size))
    return rows @ np.ones(rows.shape[1], g.dtype)


@differentiable(
    lambda g, weight, input_shape, stride, padding, dilation, groups: image_vjp(
        g, weight, input_shape, stride, padding, dilation, groups
    ),
    lambda g, input, weight_shape, stride, padding, dilation, groups: kernel_vjp(
        g, input, weight_shape, stride, padding, dilation, groups
    ),
    name="convolve",
)
def _convolve(input, weight, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
    """Slide the kernel over the image and take the sum of products at each place."""
    return _forward(input, weight, None, stride, padding, dilation, groups)


@differentiable(*_convolve.operation.vjps, _bias_vjp, name="convolve_with_bias")
def convolve_with_bias(
    input, weight, bias, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1
):
    """The same plus a number for each output channel."""
    return _forward(input, weight, bias, stride, padding, dilation, groups)


@differentiable(
    lambda g, weight, stride, padding, dilation, groups: convolve(
        g, weight, stride, padding, dilation, groups
    ),
    lambda g, input, weight_shape, stride, padding, dilation, groups: kernel_vjp(
        input, g, weight_shape, stride, padding, dilation, groups
    ),
    name="convolve_image_vjp",
)
def _image_vjp(input, weight, shape=None, stride=(1, 1), padding=None, dilation=(1, 1), groups=1):
    """The gradient of the image: every output gives its gradient, times the kernel, back to its window."""
    geometry = _Geometry(shape, weight.shape, stride, padding, dilation, groups)
    matrix = np.ascontiguousarray(geometry.matrix(weight).swapaxes(1, 2))
    results = []
    places = list(windows.places(*geometry.moves, geometry.size))
    for part in geometry.parts(input.itemsize):
        g = input[part]
        columns = _product(matrix, geometry.rows(g)).reshape(
            geometry.channels, len(places), *geometry.size, len(g)
        )
        image, inside = geometry.images(len(g), input.dtype)
        for i, place in enumerate(places):
            image[(*place, slice(None))] += columns[:, i]
        results.append(inside)
    return _batch_first(results, shape[1:], input.dtype)


@differentiable(
    lambda g, other, input_shape, stride, padding, dilation, groups: convolve(
        other, g, stride, padding, dilation, groups
    ),
    lambda g, input, other_shape, stride, padding, dilation, groups: image_vjp(
        input, g, other_shape, stride, padding, dilation, groups
    ),
    name="convolve_kernel_vjp",
)
def _kernel_vjp(input, other, shape=None, stride=(1, 1), padding=None, dilation=(1, 1), groups=1):
    """The gradient of the kernel: `input` is the gradient of the output, `other` the image."""
    geometry = _Geometry(other.shape, shape, stride, padding, dilation, groups)
    out = np.zeros((*geometry.out, geometry.column), input.dtype)
    for part in geometry.parts(input.itemsize):
        rows, columns = geometry.rows(input[part]), geometry.columns(other[part])
        out += np.matmul(rows.swapaxes(1, 2), columns.transpose(0, 2, 3, 1)).sum(axis=1)
    return out.reshape(shape)


convolve, image_vjp, kernel_vjp = either(_convolve), either(_image_vjp), either(_kernel_vjp)
