"""A multi-layer perceptron of scalar `Value`s, with micrograd's surface: Neuron, Layer, MLP."""

import random

from backprop_lib.scalar import Value, dot


class Module:
    """What every part of a network can do: list its parameters and zero their gradients."""

    def parameters(self):
        """The trainable Values, in a fixed order."""
        return []

    def zero_grad(self):
        """Set every parameter's `grad` to 0; call it before each backward pass."""
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    """w . x + b, then ReLU if `nonlin`; `nin` weights drawn uniformly from [-1, 1], bias 0.

    If `fused`, w . x is one node instead of one for each * and +: several times faster, with less to see.
    """

    def __init__(self, nin, nonlin=True, fused=False):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin
        self.fused = fused

    def __call__(self, x):
        if len(x) != len(self.w):
            raise ValueError(f"this neuron has {len(self.w)} weights, got {len(x)} inputs")
        if self.fused:
            z = dot(self.w, x, self.b)
        else:
            z = self.b
            for w, value in zip(self.w, x):
                z = z + w * value
        return z.relu() if self.nonlin else z

    def parameters(self):
        return [*self.w, self.b]

    def __repr__(self):
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons that see the same `nin` inputs; returns a list, or the one Value if `nout` is 1."""

    def __init__(self, nin, nout, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self):
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers of sizes `nouts` in a row; ReLU after each but the last; `fused` as in Neuron."""

    def __init__(self, nin, nouts, fused=False):
        sizes = [nin, *nouts]
        last = len(nouts) - 1
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=i != last, fused=fused) for i in range(len(nouts))
        ]

    def __call__(self, x):
        for layer in self.layers:
            x = layer([x] if isinstance(x, Value) else x)  # a layer of one neuron returns no list
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self):
        return f"MLP of [{', '.join(map(str, self.layers))}]"
