"""Activations and dropout as modules: elementwise, the shape stays, except where something else is said."""

from backprop_lib import functional
from backprop_lib.nn.module import Module


def _inplace(module):
    """Whether the printed form says that the module was to work in place."""
    return "inplace=True" if module.inplace else ""


class Identity(Module):
    """The input itself; arguments are ignored."""

    def __init__(self, *args, **kwargs):
        pass

    def forward(self, input):
        return input


class Sigmoid(Module):
    """The logistic function 1 / (1 + e**-x)."""

    def forward(self, input):
        return input.sigmoid()


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input):
        return input.tanh()


class LogSigmoid(Module):
    """log(sigmoid(x)), without overflow."""

    def forward(self, input):
        return functional.logsigmoid(input)


class ReLU(Module):
    """max(x, 0); the derivative at 0 is taken to be 0. Nair & Hinton, ICML 2010."""

    def __init__(self, inplace=False):
        self.inplace = inplace

    def forward(self, input):
        return input.relu()

    extra_repr = _inplace


class LeakyReLU(Module):
    """x where x > 0, negative_slope * x elsewhere. Maas, Hannun & Ng, ICML workshop 2013."""

    def __init__(self, negative_slope=0.01, inplace=False):
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input):
        return functional.leaky_relu(input, self.negative_slope)

    def extra_repr(self):
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """x where x > 0, alpha (e**x - 1) elsewhere. Clevert, Unterthiner & Hochreiter, ICLR 2016."""

    def __init__(self, alpha=1.0, inplace=False):
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input):
        return functional.elu(input, self.alpha)

    def extra_repr(self):
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SiLU(Module):
    """x sigmoid(x). Elfwing, Uchibe & Doya, Neural Networks 107:3-11, 2018."""

    def __init__(self, inplace=False):
        self.inplace = inplace

    def forward(self, input):
        return functional.silu(input)

    extra_repr = _inplace


class GELU(Module):
    """x Phi(x), or its approximation by 'tanh'. Hendrycks & Gimpel, arXiv:1606.08415, 2016."""

    def __init__(self, approximate="none"):
        self.approximate = approximate

    def forward(self, input):
        return functional.gelu(input, self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """log(1 + e**(beta x)) / beta, or x where beta x > threshold. Dugas et al., NIPS 2000."""

    def __init__(self, beta=1.0, threshold=20.0):
        self.beta = beta
        self.threshold = threshold

    def forward(self, input):
        return functional.softplus(input, self.beta, self.threshold)

    def extra_repr(self):
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    """x / (1 + |x|), between -1 and 1. Bergstra et al., Univ. de Montréal TR 1337, 2009."""

    def forward(self, input):
        return functional.softsign(input)


class _AlongDim(Module):
    def __init__(self, dim=None):
        self.dim = dim

    def forward(self, input):
        return self._function(input, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """e**x / sum of e**x along `dim`. Raises IndexError if there is no such dim."""

    _function = staticmethod(functional.softmax)


class LogSoftmax(_AlongDim):
    """log(softmax(x)) along `dim`. Raises IndexError if there is no such dim."""

    _function = staticmethod(functional.log_softmax)

    def extra_repr(self):
        return f"dim={self.dim}"


class Softmin(_AlongDim):
    """softmax(-x) along `dim`. Raises IndexError if there is no such dim."""

    _function = staticmethod(functional.softmin)


class Dropout(Module):
    """In training each element is 0 with probability p, else divided by 1 - p.

    Raises ValueError unless 0 <= p <= 1. Srivastava et al., JMLR 15:1929-1958, 2014.
    """

    def __init__(self, p=0.5, inplace=False):
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input):
        return functional.dropout(input, self.p, self.training)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"
