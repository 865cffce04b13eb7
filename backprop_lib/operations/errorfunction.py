"""The error function, in NumPy alone."""

import math

import numpy as np

from backprop_lib.core import differentiable

# W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23 (107),
# 631-637, 1969: numerators and denominators, highest power first.
_NEAR = (  # erf(x) / x as a function of x**2, |x| <= 0.46875
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (  # (1 - erf(x)) * exp(x**2), 0.46875 <= x <= 4; beyond, 1 - erf(x) is too small to need precision
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)


# The rational approximation of erf(x) / x as a function of x**2 that XLA uses for float32, ErfImpl32 in
# https://github.com/openxla/xla/blob/main/xla/hlo/builder/lib/math.cc; beyond +-3.8325 erf(x) rounds to +-1.
_SINGLE = (
    (
        0.00022905065861350646,
        0.0034082910107109506,
        0.050955695062380861,
        0.18520832239976145,
        1.128379143519084,
    ),
    (
        -1.1791602954361697e-7,
        0.000023547966471313185,
        0.0010179625278914885,
        0.014070470171167667,
        0.11098505178285362,
        0.49746925110067538,
        1.0,
    ),
)
_ROUNDS_TO_1 = 3.832506856900711


@differentiable(lambda g, input: g * (2 / math.sqrt(math.pi)) * np.exp(-(input * input)))
def erf(input):
    """The error function 2 / sqrt(pi) * integral of exp(-t**2) from 0 to x: odd, in [-1, 1].

    The shape stays. Cody, Mathematics of Computation 23(107):631-637, 1969.
    """
    x = np.atleast_1d(input)
    if x.dtype == np.float64:
        out = _double(x)
    else:
        x = np.clip(x.astype(np.float32, copy=False), -_ROUNDS_TO_1, _ROUNDS_TO_1)
        square = x * x
        out = np.clip(x * _polynomial(_SINGLE[0], square) / _polynomial(_SINGLE[1], square), -1, 1)
    return out.reshape(input.shape)


def _double(x):
    size = np.minimum(np.absolute(x), 6)  # erf(6) is 1 - 2e-17
    rest = np.exp(-size * size) * _polynomial(_MIDDLE[0], size) / _polynomial(_MIDDLE[1], size)
    out = np.copysign(1 - rest, x)
    near = size <= 0.46875
    close = x[near]
    square = close * close
    out[near] = close * _polynomial(_NEAR[0], square) / _polynomial(_NEAR[1], square)
    return out


def _polynomial(coefficients, x):
    """Horner's scheme; the first coefficient is that of the highest power."""
    total = coefficients[0] * x
    for c in coefficients[1:-1]:
        total += c
        total *= x
    total += coefficients[-1]
    return total
