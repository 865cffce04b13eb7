"""backprop_lib.autograd does what torch.autograd does: gradients as values, again, and of own functions."""

import gc

import numpy as np
import pytest
import torch

import backprop_lib as bp
from backprop_lib import autograd
from backprop_lib.graph import Node
from backprop_lib.tensor import Tensor

RNG = np.random.default_rng(0)
A, B, V = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2)), RNG.normal(size=(3, 2))

# Functions of (a, b) that run with both libraries.
FUNCTIONS = {
    "product": lambda a, b: a @ b,
    "tanh of a product": lambda a, b: (a @ b).tanh(),
    "shared": lambda a, b: a * (a @ b).exp() + a,
    "broadcast": lambda a, b: (a * b.sum(0)).sigmoid(),
    "power": lambda a, b: (a * a + 1) ** 1.5 + (b * b).mean(),
    "indexed": lambda a, b: (a[1:] @ b)[:, 0] ** 2,
    "reshaped": lambda a, b: a.reshape(2, 3).transpose(0, 1) * b[0],
}
every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)


def ours(array):
    return Tensor(array.copy(), requires_grad=True)


def theirs(array):
    return torch.tensor(array, requires_grad=True)


def close(got, expected, **tolerance):
    got = got.detach().array if isinstance(got, Tensor) else got
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    assert got.shape == tuple(expected.shape)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12, **tolerance)


class TestGrad:
    @every_function
    def test_gradients_are_those_of_torch_and_no_grad_is_changed(self, function):
        a, b, c, d = ours(A), ours(B), theirs(A), theirs(B)
        out, expected = function(a, b), function(c, d)
        weights = RNG.normal(size=out.shape)
        got = autograd.grad(out, (a, b), Tensor(weights))
        for g, e in zip(got, torch.autograd.grad(expected, (c, d), torch.tensor(weights))):
            close(g, e)
            assert not g.requires_grad
        assert a.grad is None

    @every_function
    def test_gradients_of_gradients_are_those_of_torch(self, function):
        results = []
        for lib, a, b in ((autograd, ours(A), ours(B)), (torch.autograd, theirs(A), theirs(B))):
            first = lib.grad((function(a, b) ** 2).sum(), (a, b), create_graph=True)
            penalty = sum((g * g).sum() for g in first)
            second = lib.grad(penalty, (a, b), create_graph=True)
            third = lib.grad(sum((g * g).sum() for g in second), (a, b), allow_unused=True)
            results.append([*first, *second, *third])
        for got, expected in zip(*results):
            close(got, expected)

    def test_results_can_be_asked_for(self):
        results = []
        for lib, a, b in ((autograd, ours(A), ours(B)), (torch.autograd, theirs(A), theirs(B))):
            middle = a @ b
            results.append(lib.grad((middle.tanh() * a).sum(), (middle, a)))
        for got, expected in zip(*results):
            close(got, expected)

    def test_several_outputs_are_added(self):
        a = ours(A)
        (g,) = autograd.grad([(a * 2).sum(), a], [a], [None, Tensor(V)])
        close(g, 2 + V)

    def test_an_unused_input_is_an_error_or_none(self):
        a, b = ours(A), ours(B)
        with pytest.raises(RuntimeError, match=r"no output of grad\(\) depends on input 1"):
            autograd.grad((a * 2).sum(), (a, b))
        assert autograd.grad((a * 2).sum(), (a, b), allow_unused=True)[1] is None

    def test_the_graph_is_freed_unless_it_is_retained(self):
        a = ours(A)
        out = (a * a).sum()
        autograd.grad(out, a, retain_graph=True)
        autograd.grad(out, a)
        with pytest.raises(RuntimeError, match="freed"):
            autograd.grad(out, a)

    def test_backward_of_several_tensors(self):
        a, c = ours(A), theirs(A)
        autograd.backward([(a * a).sum(), a * 3], [None, Tensor(V)])
        torch.autograd.backward([(c * c).sum(), c * 3], [None, torch.tensor(V)])
        close(a.grad, c.grad)

    @pytest.mark.filterwarnings("ignore:Using backward")  # PyTorch's own warning of a cycle
    def test_backward_with_create_graph_gives_gradients_that_can_be_differentiated(self):
        a, c = ours(A), theirs(A)
        for x in (a, c):
            (x * x * x).sum().backward(create_graph=True)
            first, x.grad = x.grad, None
            (first * first).sum().backward()
        close(a.grad, c.grad)

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: autograd.grad(ours(A), Tensor(B)), r"input 0 of grad\(\) does not require grad"),
            (lambda: autograd.grad(ours(A), ours(A)), "needs gradient="),
            (lambda: autograd.grad([ours(A)], [ours(A)], []), "1 outputs but 0 grad_outputs"),
        ],
    )
    def test_a_mistake_is_refused_in_words(self, call, words):
        with pytest.raises(RuntimeError, match=words):
            call()


class TestFunctional:
    @every_function
    @pytest.mark.parametrize("name", ["vjp", "jvp", "jacobian"])
    def test_products_and_jacobians_are_those_of_torch(self, function, name):
        a, b, c, d = ours(A), ours(B), theirs(A), theirs(B)
        size = function(c, d).shape
        u = RNG.normal(size=size)
        arguments = {
            "vjp": (Tensor(u), torch.tensor(u)),
            "jvp": ((Tensor(V), Tensor(B)), (torch.tensor(V), torch.tensor(B))),
            "jacobian": None,
        }[name]
        mine = getattr(autograd.functional, name)
        torchs = getattr(torch.autograd.functional, name)
        got = mine(function, (a, b), *(arguments or ())[:1])
        expected = torchs(function, (c, d), *(arguments or ())[1:])
        for g, e in zip(_flat(got), _flat(expected), strict=True):
            close(g, e)

    @every_function
    def test_hessians_and_their_products_are_those_of_torch(self, function):
        def of(x, b):
            return (function(x, b) ** 2).sum()

        b, d = Tensor(B), torch.tensor(B)
        close(
            autograd.functional.hessian(lambda x: of(x, b), ours(A)),
            torch.autograd.functional.hessian(lambda x: of(x, d), theirs(A)),
        )
        got = autograd.functional.hvp(lambda x: of(x, b), ours(A), Tensor(V))
        expected = torch.autograd.functional.hvp(lambda x: of(x, d), theirs(A), torch.tensor(V))
        for g, e in zip(got, expected):
            close(g, e)

    def test_products_agree_with_the_jacobian(self):
        function = FUNCTIONS["shared"]
        jacobian = autograd.functional.jacobian(lambda x: function(x, Tensor(B)), ours(A)).array
        _, jv = autograd.functional.jvp(lambda x: function(x, Tensor(B)), ours(A), Tensor(V))
        _, vj = autograd.functional.vjp(lambda x: function(x, Tensor(B)), ours(A), Tensor(V))
        close(jv, np.tensordot(jacobian, V, 2))
        close(vj, np.tensordot(V, jacobian, 2))

    def test_a_constant_has_derivatives_of_zero(self):
        constant = Tensor(V)
        assert not autograd.functional.jacobian(lambda x: constant, ours(A)).array.any()
        assert not autograd.functional.jvp(lambda x: constant, ours(A), Tensor(V))[1].array.any()
        assert not autograd.functional.hvp(lambda x: x.sum(), ours(A), Tensor(V))[1].array.any()

    def test_the_result_can_be_differentiated_with_create_graph(self):
        a = ours(A)
        jacobian = autograd.functional.jacobian(lambda x: x * x, a, create_graph=True)
        (g,) = autograd.grad((jacobian * jacobian).sum(), a)
        close(g, 8 * A)

    def test_a_direction_of_another_shape_is_refused(self):
        with pytest.raises(RuntimeError, match=r"direction 0 .* shape \(3, 2\), got \(2, 2\)"):
            autograd.functional.jvp(lambda x: x * 2, ours(A), Tensor(B))


def _flat(results):
    for result in results if isinstance(results, tuple | list) else (results,):
        yield from _flat(result) if isinstance(result, tuple | list) else (result,)


def scaled_cube(lib, functions):
    """exp(x**3 / 10 - x) by two custom functions of either library: one saves its input, one its result."""

    class Cube(functions.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            ctx.save_for_backward(x)
            return factor * x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * ctx.factor * x * x * g, None

    class Exponential(functions.Function):
        @staticmethod
        def forward(ctx, x):
            out = lib.exp(x)
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            return g * out

    return lambda x: Exponential.apply(Cube.apply(x, 0.1) - x)


class TestFunction:
    def test_first_and_second_gradients_are_those_of_torch(self):
        results = []
        for lib, functions, x in ((bp, autograd, ours(A)), (torch, torch.autograd, theirs(A))):
            (first,) = functions.grad(scaled_cube(lib, functions)(x).sum(), x, create_graph=True)
            (second,) = functions.grad((first * first).sum(), x)
            results.append((first, second))
        for got, expected in zip(*results):
            close(got, expected)

    def test_gradcheck_passes(self):
        assert autograd.gradcheck(scaled_cube(bp, autograd), ours(A))

    def test_needs_input_grad_tells_what_is_wanted(self):
        seen = []

        class Product(autograd.Function):
            @staticmethod
            def forward(ctx, a, b):
                seen.append(ctx.needs_input_grad)
                ctx.save_for_backward(a, b)
                return a * b

            @staticmethod
            def backward(ctx, g):
                a, b = ctx.saved_tensors
                return g * b, g * a

        a, b = ours(A), Tensor(V)
        Product.apply(a, b).sum().backward()
        close(a.grad, V)
        assert not Product.apply(b, b).requires_grad
        assert seen == [(True, False), (False, False)]

    def test_a_graph_with_it_is_freed_without_the_garbage_collector(self):
        def nodes():
            return sum(issubclass(type(o), Node) for o in gc.get_objects())

        function, x = scaled_cube(bp, autograd), ours(A)
        gc.collect()
        gc.disable()
        try:
            before = nodes()
            out = function(x)
            out.sum().backward(retain_graph=True)
            assert nodes() > before
            del out
            assert nodes() == before
        finally:
            gc.enable()

    @pytest.mark.parametrize(
        ("result", "gradients", "exception", "words"),
        [
            (3.0, None, TypeError, "Broken.forward must return one Tensor, got float"),
            (None, lambda g: (g, g), RuntimeError, "expected 1, got 2"),
            (None, lambda g: 3.0, TypeError, "gradient 0 of Broken.backward must be a Tensor, got 3.0"),
            (None, lambda g: g.sum(), RuntimeError, r"must have the shape \(3, 2\), got \(\)"),
        ],
    )
    def test_a_mistake_is_refused_in_words(self, result, gradients, exception, words):
        class Broken(autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2 if result is None else result

            @staticmethod
            def backward(ctx, g):
                return gradients(g)

        with pytest.raises(exception, match=words):
            Broken.apply(ours(A)).sum().backward()

    @pytest.mark.parametrize("method", ["forward", "backward"])
    def test_both_methods_must_be_defined(self, method):
        class Half(autograd.Function):
            if method == "backward":

                @staticmethod
                def forward(ctx, x):
                    return x * 2

        with pytest.raises(NotImplementedError, match=f"static method {method}"):
            Half.apply(ours(A)).sum().backward()


class TestHooks:
    def test_hooks_see_and_change_gradients_as_in_torch(self):
        results = []
        for a in (ours(A), theirs(A)):
            seen = []
            middle = a * 2
            middle.register_hook(lambda g, seen=seen: seen.append(g))
            middle.register_hook(lambda g: g * 10)
            a.register_hook(lambda g: g + 1)
            (middle * middle).sum().backward()
            results.append((seen[0], a.grad))
        for got, expected in zip(*results):
            close(got, expected)

    def test_a_removed_hook_is_not_called(self):
        a = ours(A)
        handle = a.register_hook(lambda g: g * 0)
        handle.remove()
        a.sum().backward()
        close(a.grad, np.ones((3, 2)))

    def test_retain_grad_keeps_the_gradient_of_a_result(self):
        a, c = ours(A), theirs(A)
        ours_middle, theirs_middle = a * 2, c * 2
        for middle in (ours_middle, theirs_middle):
            middle.retain_grad()
            (middle * middle).sum().backward()
        close(ours_middle.grad, theirs_middle.grad)

    def test_a_hook_needs_a_gradient(self):
        with pytest.raises(RuntimeError, match="requires grad"):
            Tensor(A).register_hook(print)
