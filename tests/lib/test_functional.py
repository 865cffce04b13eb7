"""What backprop_lib.functional promises beyond PyTorch's samples: second order, extremes, refusals."""

import numpy as np
import pytest
import torch

import backprop_lib as bp
import backprop_lib.nn.functional as F
from backprop_lib.tensor import Tensor
from tests.lib.torch_adapter import equal

TF = torch.nn.functional
CLASSES = np.array([2, 0, 3])


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1.5, 1.5, shape)


def inside(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape)


def away_from_ties(*shape):
    return np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape) / 7.0


SECOND_ORDER = {  # name: the call, and the inputs to differentiate by
    "linear": (lambda f, lib, x, w, b: f.linear(x, w, b) ** 2, [(3, 4), (2, 4), (2,)]),
    "conv1d": (lambda f, lib, x, w, b: f.conv1d(x, w, b, 2, 1) ** 2, [(2, 2, 7), (4, 2, 3), (4,)]),
    "conv2d": (
        lambda f, lib, x, w, b: f.conv2d(x, w, b, (2, 1), 1, (1, 2), 2) ** 2,
        [(2, 4, 5, 7), (4, 2, 3, 2), (4,)],
    ),
    "max_pool2d": (lambda f, lib, x: f.max_pool2d(x, 3, 2, 1) ** 2, [away_from_ties(1, 2, 6, 5)]),
    "avg_pool2d": (lambda f, lib, x: f.avg_pool2d(x, 3, 2, 1, True, False) ** 2, [(1, 2, 6, 5)]),
    "softmax": (lambda f, lib, x: f.softmax(x, 1), [(3, 4)]),
    "log_softmax": (lambda f, lib, x: f.log_softmax(x, 0), [(3, 4)]),
    "cross_entropy": (lambda f, lib, x: f.cross_entropy(x, lib.tensor(CLASSES)), [(3, 4)]),
    "cross_entropy, options": (
        lambda f, lib, x: f.cross_entropy(
            x, lib.tensor(CLASSES), lib.tensor(numbers(4) + 2), ignore_index=0, label_smoothing=0.3
        ),
        [(3, 4)],
    ),
    "cross_entropy, ignored": (
        lambda f, lib, x: f.cross_entropy(x, lib.tensor(CLASSES), ignore_index=0, reduction="sum"),
        [(3, 4)],
    ),
    "cross_entropy, probabilities": (
        lambda f, lib, x, t: f.cross_entropy(x, f.softmax(t, 1)),
        [(3, 4), (3, 4)],
    ),
    "nll_loss": (lambda f, lib, x: f.nll_loss(x**3, lib.tensor(CLASSES)), [(3, 4)]),
    "mse_loss": (lambda f, lib, x, y: f.mse_loss(x, y), [(3, 4), (3, 4)]),
    "huber_loss": (lambda f, lib, x, y: f.huber_loss(x, y, delta=0.5), [(3, 4), inside(3, 4)]),
    "smooth_l1_loss": (lambda f, lib, x, y: f.smooth_l1_loss(x, y, beta=0.5), [(3, 4), inside(3, 4)]),
    "binary_cross_entropy": (
        lambda f, lib, p, t: f.binary_cross_entropy(p, t),
        [inside(3, 4), inside(3, 4, seed=1)],
    ),
    "binary_cross_entropy_with_logits": (
        lambda f, lib, x, t: f.binary_cross_entropy_with_logits(x, t, pos_weight=lib.tensor(inside(4))),
        [(3, 4), inside(3, 4)],
    ),
    "kl_div": (lambda f, lib, x, t: f.kl_div(x, t, reduction="batchmean"), [(3, 4), inside(3, 4)]),
    "layer_norm": (lambda f, lib, x, w, b: f.layer_norm(x, (4,), w, b) ** 2, [(3, 4), (4,), (4,)]),
    "layer_norm without weight": (lambda f, lib, x: f.layer_norm(x, (2, 4)) ** 3, [(3, 2, 4)]),
    "batch_norm": (
        lambda f, lib, x, w, b: f.batch_norm(x, None, None, w, b, True) ** 2,
        [(5, 3, 2), (3,), (3,)],
    ),
    "gelu": (lambda f, lib, x: f.gelu(x), [(3, 4)]),
    "gelu tanh": (lambda f, lib, x: f.gelu(x, approximate="tanh"), [(3, 4)]),
    "silu": (lambda f, lib, x: f.silu(x), [(3, 4)]),
    "elu": (lambda f, lib, x: f.elu(x, 0.7), [(3, 4)]),
    "leaky_relu": (lambda f, lib, x: f.leaky_relu(x) ** 2, [(3, 4)]),
    "softplus": (lambda f, lib, x: f.softplus(x, 2), [(3, 4)]),
    "softsign": (lambda f, lib, x: f.softsign(x), [(3, 4)]),
    "logsigmoid": (lambda f, lib, x: f.logsigmoid(x), [(3, 4)]),
    "embedding": (
        lambda f, lib, w: f.embedding(lib.tensor(np.array([[0, 2], [2, 1]])), w, padding_idx=1) ** 2,
        [(4, 3)],
    ),
    "attention": (
        lambda f, lib, q, k, v: f.scaled_dot_product_attention(q, k, v, is_causal=True),
        [(2, 3, 4), (2, 3, 4), (2, 3, 5)],
    ),
}


@pytest.mark.parametrize("name", SECOND_ORDER)
@pytest.mark.filterwarnings("ignore")
def test_second_order_gradients_are_those_of_torch(name):
    call, inputs = SECOND_ORDER[name]
    arrays = [numbers(*x, seed=i) if isinstance(x, tuple) else x for i, x in enumerate(inputs)]
    results = []
    for lib, f in ((bp, F), (torch, TF)):
        leaves = [lib.tensor(a, requires_grad=True) for a in arrays]
        out = call(f, lib, *leaves)
        weights = lib.tensor(np.cos(np.arange(np.prod(out.shape)) + 1.0).reshape(tuple(out.shape)))
        first = lib.autograd.grad((out * weights).sum(), leaves, create_graph=True)
        total = sum((g * lib.tensor(numbers(*g.shape, seed=9))).sum() for g in first)
        second = lib.autograd.grad(total, leaves, allow_unused=True)
        results.append((out, *first, *second))
    for mine, theirs in zip(*results, strict=True):
        if mine is None or theirs is None:
            assert mine is None or not mine.array.any()
            assert theirs is None or not theirs.any()
        else:
            equal(mine, theirs)


LOGITS = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]])
CLASSES_OF = {Tensor: bp.tensor([1, 0, 2]), torch.Tensor: torch.tensor([1, 0, 2])}
STABLE = {
    "softmax": lambda f, x: f.softmax(x, 1),
    "log_softmax": lambda f, x: f.log_softmax(x, 1),
    "cross_entropy": lambda f, x: f.cross_entropy(x, CLASSES_OF[type(x)]),
    "sigmoid": lambda f, x: f.sigmoid(x),
    "logsigmoid": lambda f, x: f.logsigmoid(x),
    "softplus": lambda f, x: f.softplus(x),
    "softsign": lambda f, x: f.softsign(x),
    "silu": lambda f, x: f.silu(x),
    "gelu": lambda f, x: f.gelu(x),
    "elu": lambda f, x: f.elu(x),
    "tanh": lambda f, x: f.tanh(x),
    "logits": lambda f, x: f.binary_cross_entropy_with_logits(x, x.detach() * 0 + 1),
    "probabilities": lambda f, x: f.binary_cross_entropy(f.sigmoid(x), x.detach() * 0 + 0.5),
    "attention": lambda f, x: f.scaled_dot_product_attention(x, x, x),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", STABLE)
def test_large_logits_are_handled_as_in_torch(name, dtype):
    mine = Tensor(LOGITS.astype(dtype), requires_grad=True)
    theirs = torch.tensor(LOGITS.astype(dtype), requires_grad=True)
    out, expected = STABLE[name](F, mine), STABLE[name](TF, theirs)
    assert np.isfinite(out.array).all()
    equal(out, expected)
    out.sum().backward()
    expected.sum().backward()
    assert np.isfinite(mine.grad.array).all()
    equal(mine.grad, theirs.grad)


def test_softmax_over_one_element_and_over_nothing():
    x = bp.tensor([[3.0], [1e4]], requires_grad=True)
    out = F.softmax(x, 1)
    assert out.tolist() == [[1], [1]]
    out.sum().backward()
    assert x.grad.tolist() == [[0], [0]]
    assert F.log_softmax(x, 1).tolist() == [[0], [0]]
    assert F.softmax(bp.zeros(0, 3), 1).shape == (0, 3)
    assert F.softmax(bp.zeros(3, 0), 1).shape == (3, 0)


EMPTY = {
    "linear": lambda f, lib: f.linear(lib.zeros(0, 3), lib.ones(2, 3), lib.ones(2)),
    "conv2d": lambda f, lib: f.conv2d(lib.zeros(0, 1, 4, 4), lib.ones(2, 1, 3, 3), lib.ones(2)),
    "max_pool2d": lambda f, lib: f.max_pool2d(lib.zeros(0, 1, 4, 4), 2),
    "avg_pool2d": lambda f, lib: f.avg_pool2d(lib.zeros(0, 1, 4, 4), 2),
    "embedding": lambda f, lib: f.embedding(lib.tensor(np.zeros((0, 2), np.int64)), lib.ones(3, 2)),
    "layer_norm": lambda f, lib: f.layer_norm(lib.zeros(0, 3), (3,), lib.ones(3), lib.ones(3)),
    "gelu": lambda f, lib: f.gelu(lib.zeros(0, 3)),
    "mse_loss": lambda f, lib: f.mse_loss(lib.zeros(0, 3), lib.zeros(0, 3)),
    "mse_loss sum": lambda f, lib: f.mse_loss(lib.zeros(0, 3), lib.zeros(0, 3), reduction="sum"),
    "cross_entropy": lambda f, lib: f.cross_entropy(lib.zeros(0, 3), lib.tensor(np.zeros(0, np.int64))),
    "attention": lambda f, lib: f.scaled_dot_product_attention(*[lib.zeros(0, 2, 3)] * 3),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_batch_is_handled_as_in_torch(name):
    equal(EMPTY[name](F, bp), EMPTY[name](TF, torch))


def test_an_empty_batch_gives_gradients_of_zero():
    w, b = bp.ones(2, 1, 3, 3, requires_grad=True), bp.ones(2, requires_grad=True)
    F.conv2d(bp.zeros(0, 1, 4, 4), w, b).sum().backward()
    assert (w.grad.tolist(), b.grad.tolist()) == (bp.zeros(2, 1, 3, 3).tolist(), [0, 0])


def test_dropout_keeps_the_expectation_and_its_gradient_the_mask():
    bp.manual_seed(0)
    x = bp.ones(200, 100, requires_grad=True)
    out = F.dropout(x, 0.3)
    assert (out.array == 0).mean() == pytest.approx(0.3, abs=0.02)
    assert set(np.unique(out.array)) == {0, np.float32(1 / 0.7)}
    out.sum().backward()
    assert np.array_equal(x.grad.array, out.array)
    assert F.dropout(x, 0.3, training=False) is x
    assert not F.dropout(x, 1.0).array.any()


def test_one_hot_and_where_the_maxima_were():
    assert F.one_hot(bp.tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert F.one_hot(bp.tensor([1]), 3).tolist() == [[0, 1, 0]]
    x = away_from_ties(2, 3, 7, 6).astype(np.float32)
    options = dict(
        kernel_size=(3, 2), stride=2, padding=1, dilation=(2, 1), ceil_mode=True, return_indices=True
    )
    for mine, theirs in zip(F.max_pool2d(bp.tensor(x), **options), TF.max_pool2d(torch.tensor(x), **options)):
        equal(mine, theirs)


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (1, 2), ((1, 2), 1), ((2, 1), (1, 3))])
def test_pooling_never_shares_memory_with_its_input(kernel, stride):
    x = bp.tensor(away_from_ties(1, 4, 6), requires_grad=True)
    theirs = torch.tensor(x.array, requires_grad=True)
    out, expected = F.max_pool2d(x, kernel, stride), TF.max_pool2d(theirs, kernel, stride)
    assert not np.shares_memory(out.array, x.array)
    equal(out, expected)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    equal(x.grad, theirs.grad)


def test_of_equal_maxima_the_first_gets_the_gradient():
    x = bp.tensor([[[1.0, 2.0], [2.0, 0.0]]], requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[0, 1], [0, 0]]]


def test_a_query_that_may_look_nowhere_gets_zeros():
    q, mask = bp.ones(2, 3), bp.tensor([[True, False], [False, False]])
    assert F.scaled_dot_product_attention(q, q, q, mask).tolist() == [[1, 1, 1], [0, 0, 0]]


X = bp.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "exception", "words"),
    [
        (lambda: F.linear(X, bp.ones(2, 4)), RuntimeError, r"cannot take shapes \(2, 3\) and \(2, 4\)"),
        (lambda: F.linear(X, bp.ones(2, 3), bp.ones(3)), RuntimeError, "cannot take shapes"),
        (lambda: F.conv2d(bp.ones(1, 2, 4, 4), bp.ones(1, 1, 3, 3)), RuntimeError, "needs 1 input channels"),
        (lambda: F.conv2d(bp.ones(1, 1, 2, 2), bp.ones(1, 1, 3, 3)), RuntimeError, "larger than the padded"),
        (
            lambda: F.conv2d(bp.ones(1, 1, 4, 4), bp.ones(1, 1, 3, 3), None, 2, "same"),
            RuntimeError,
            "strided",
        ),
        (lambda: F.conv2d(X, bp.ones(1, 1, 3, 3)), RuntimeError, r"needs input \(N, C, H, W\)"),
        (lambda: F.max_pool2d(bp.ones(1, 4, 4), 2, padding=2), RuntimeError, "at most half"),
        (lambda: F.max_pool2d(bp.ones(1, 1, 1), 2), RuntimeError, "do not fit"),
        (lambda: F.cross_entropy(X, bp.tensor([0, 3])), IndexError, "Target 3 is out of bounds"),
        (lambda: F.cross_entropy(X, bp.tensor([0])), RuntimeError, r"got \(2, 3\) and \(1,\)"),
        (lambda: F.cross_entropy(X, bp.ones(2)), RuntimeError, "probabilities of the shape"),
        (lambda: F.nll_loss(X, bp.ones(2)), RuntimeError, "whole numbers as classes"),
        (lambda: F.cross_entropy(X, bp.tensor([0, 1]), reduction="max"), ValueError, "got 'max'"),
        (lambda: F.mse_loss(X, bp.ones(3)), RuntimeError, "same shape"),
        (lambda: F.binary_cross_entropy(X * 2, X), RuntimeError, "between 0 and 1"),
        (lambda: F.binary_cross_entropy(X, bp.ones(3)), ValueError, "must be the same as input size"),
        (lambda: F.embedding(bp.tensor([3]), X), IndexError, "embedding of 2 rows got 3"),
        (lambda: F.embedding(X, X), RuntimeError, "whole numbers"),
        (lambda: F.embedding(bp.tensor([0]), X, sparse=True), NotImplementedError, "sparse"),
        (lambda: F.layer_norm(X, 2), RuntimeError, r"layer_norm over \(2,\)"),
        (lambda: F.batch_norm(bp.ones(1, 3), None, None, training=True), ValueError, "more than 1 value"),
        (lambda: F.dropout(X, 1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda: F.gelu(X, "sin"), RuntimeError, "'none' or 'tanh', got 'sin'"),
        (lambda: F.softmax(X, 2), IndexError, "dimension 2 is out of range"),
        (lambda: F.softmax(bp.tensor([1, 2]), 0), RuntimeError, "floating-point"),
        (lambda: F.scaled_dot_product_attention(X, bp.ones(2, 4), X), RuntimeError, "attention needs query"),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, X @ X.T, is_causal=True),
            RuntimeError,
            "should not be set",
        ),
        (lambda: F.one_hot(bp.tensor([3]), 2), RuntimeError, "numbers from 0 to 1"),
    ],
)
def test_a_mistake_is_refused_in_words(call, exception, words):
    with pytest.raises(exception, match=words):
        call()


@pytest.mark.parametrize("name", F.__all__)
def test_every_function_says_what_it_does(name):
    text = getattr(F, name).__doc__
    assert text
    assert "hape" in text
