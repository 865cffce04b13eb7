"""Derivatives of functions of Tensors: products with Jacobians and Hessians, and these matrices too."""

import numpy as np

from backprop_lib.autograd.gradients import grad
from backprop_lib.core import wrap
from backprop_lib.operations import joining


def vjp(func, inputs, v=None, create_graph=False):
    """`func(*inputs)`, and the gradient v^T J for each input: reverse mode, one walk back.

    `v` has the shape of the output; it may be left out for an output with one element.
    `inputs` is a Tensor or a tuple of Tensors, and the gradients come in the same form.
    """
    single, inputs = _fresh(inputs, create_graph)
    output = func(*inputs)
    return _plain(output, create_graph), _like(single, _grad(output, inputs, v, create_graph))


def jvp(func, inputs, v=None, create_graph=False):
    """`func(*inputs)`, and the directional derivative J v, of the shape of the output.

    It takes two walks back: the vector-Jacobian product u^T J is linear in u, and its derivative by u,
    applied to v, is J v. `v` has the form of `inputs`; it may be left out for one input with one element.
    Raises RuntimeError if a direction has not the shape of its input.
    """
    _, inputs = _fresh(inputs, create_graph)
    v = (np.ones_like(inputs[0].array),) if v is None else v if isinstance(v, tuple | list) else (v,)
    v = [x if hasattr(x, "requires_grad") else wrap(np.asarray(x)) for x in v]
    for i, (x, direction) in enumerate(zip(inputs, v, strict=True)):
        if x.shape != direction.shape:
            raise RuntimeError(f"direction {i} must have the input's shape {x.shape}, got {direction.shape}")
    output = func(*inputs)
    u = wrap(np.zeros_like(output.array)).requires_grad_()
    products = _grad(output, inputs, u, create_graph=True)
    linked = [(p, d) for p, d in zip(products, v) if p.requires_grad]
    if not linked:
        return _plain(output, create_graph), wrap(np.zeros_like(output.array))
    (along,) = grad(
        [p for p, _ in linked], [u], [d for _, d in linked], create_graph=create_graph, allow_unused=True
    )
    along = wrap(np.zeros_like(output.array)) if along is None else along
    return _plain(output, create_graph), along


def jacobian(func, inputs, create_graph=False):
    """All derivatives of the output's elements by an input's: of shape output.shape + input.shape each.

    One walk back for each element of the output.
    """
    single, inputs = _fresh(inputs, create_graph)
    output = func(*inputs)
    rows = []
    for index in np.ndindex(output.shape):
        unit = np.zeros_like(output.array)
        unit[index] = 1
        rows.append(_grad(output, inputs, wrap(unit), create_graph, retain_graph=True))
    matrices = []
    for i, x in enumerate(inputs):
        shape = output.shape + x.shape
        if not rows:
            matrices.append(wrap(np.zeros(shape, x.dtype)))
        elif create_graph:
            matrices.append(joining.stack([row[i] for row in rows]).reshape(shape))
        else:
            matrices.append(wrap(np.stack([row[i].array for row in rows]).reshape(shape)))
    return _like(single, matrices)


def hessian(func, inputs, create_graph=False):
    """All second derivatives of a `func` with one element, for a single input: shape input.shape twice."""

    def gradient(x):
        (g,) = _grad(func(x), [x], None, create_graph=True)
        return g

    return jacobian(gradient, inputs, create_graph)


def hvp(func, inputs, v, create_graph=False):
    """`func(*inputs)`, one element, and the product H v of its Hessian with `v`, in the form of `inputs`.

    The gradient of (gradient . v): the Hessian itself is never built.
    Pearlmutter, Neural Computation 6(1):147-160, 1994.
    """
    single, inputs = _fresh(inputs, create_graph)
    v = v if isinstance(v, tuple | list) else (v,)
    output = func(*inputs)
    gradients = _grad(output, inputs, None, create_graph=True)
    linked = [(g, d) for g, d in zip(gradients, v, strict=True) if g.requires_grad]
    if not linked:
        return _plain(output, create_graph), _like(single, [wrap(np.zeros_like(x.array)) for x in inputs])
    total = sum((g * d).sum() for g, d in linked)
    return _plain(output, create_graph), _like(single, _grad(total, inputs, None, create_graph))


def _fresh(inputs, create_graph):
    """The inputs as new leaves, or as they are if the result is to be differentiated by them."""
    single = not isinstance(inputs, tuple | list)
    inputs = [inputs] if single else list(inputs)
    if create_graph:
        return single, [x if x.requires_grad else x.detach().requires_grad_() for x in inputs]
    return single, [x.detach().requires_grad_() for x in inputs]


def _grad(output, inputs, v, create_graph, retain_graph=None):
    """The gradients, with zeros for an input that the output does not depend on."""
    if not output.requires_grad:
        return [wrap(np.zeros_like(x.array)) for x in inputs]
    found = grad(output, inputs, v, retain_graph, create_graph, allow_unused=True)
    return [wrap(np.zeros_like(x.array)) if g is None else g for g, x in zip(found, inputs)]


def _plain(output, create_graph):
    return output if create_graph else output.detach()


def _like(single, results):
    return results[0] if single else tuple(results)
