"""What goes wrong in the exercise "worked example", and what the check says to it."""

from tests.exercises.right_answers import FORWARD, NET, STEP, S, but, cell, only_last

# An answer for each mistake that the notebook names: part -> what is checked -> (the notebook's words, body).
# The bodies are those of the part's last function, except where the words speak of the first.
NAMED = {
    "sigmoid": {
        "sigmoid": [
            ("this is σ(−z): look at the sign in the exponent", cell("sigmoid", "1 / (1 + np.exp(z))", "0")),
            ("the brackets around the denominator are missing", cell("sigmoid", "1 / 1 + np.exp(-z)", "0")),
            (
                "this is the hyperbolic tangent: σ runs from 0 to 1, not from −1 to 1",
                cell("sigmoid", "np.tanh(z)", "0"),
            ),
        ],
        "sigmoid_prime": [
            ("this is σ itself, not its slope", S),
            ("z stands where the sigmoid's value belongs", "z * (1 - z)"),
            ("the slope of σ is positive everywhere: σ only rises", f"{S} * ({S} - 1)"),
            ("this is 1 − σ, only a part of the slope", f"1 - {S}"),
            ("this is σ², not the slope", f"({S}) ** 2"),
            ("there is a plus where a minus belongs", f"{S} * (1 + {S})"),
            ("σ is applied once too often", f"z = {S}\na = {S}\nreturn a * (1 - a)"),
        ],
    },
    "forward": {
        "z1": [
            ("W1 is used transposed: row j holds the weights into neuron j", but(NET, ("W1 @ x", "x @ W1"))),
            ("this is the input: the weights are missing", but(NET, ("W1 @ x", "x"))),
            (
                "multiply entry by entry AND add up: each neuron sums over its inputs",
                but(NET, ("W1 @ x", "W1 * x")),
            ),
        ],
        "a1": [
            ("the hidden neurons lack their sigmoid", but(NET, ("1 / (1 + np.exp(-z1))", "z1"))),
            ("the sigmoid must see z1, not the input", but(NET, ("np.exp(-z1)", "np.exp(-x)"))),
        ],
        "z2": [
            ("layer 2 must see a1, not z1", but(NET, ("W2 @ a1", "W2 @ z1"))),
            ("layer 2 must see a1, not the input", but(NET, ("W2 @ a1", "W2 @ x"))),
            (
                "layer 2 must see a1 itself, not the sigmoid of the input",
                but(NET, ("W2 @ a1", "W2 @ (1 / (1 + np.exp(-x)))")),
            ),
            (
                "W2 is used transposed: row j holds the weights into neuron j",
                but(NET, ("W2 @ a1", "a1 @ W2")),
            ),
        ],
        "y": [
            ("the output neurons lack their sigmoid", but(NET, ("1 / (1 + np.exp(-z2))", "z2"))),
            ("the sigmoid is applied twice", but(NET, ("np.exp(-z2)", "np.exp(-1 / (1 + np.exp(-z2)))"))),
        ],
    },
    "error": {
        "error": [
            ("the factor ½ is missing", "np.sum((y - t) ** 2)"),
            ("this is the mean of the squares: this error is half their sum", "np.mean((y - t) ** 2)"),
            (
                "this is half the mean of the squares: this error is half their sum",
                "((y - t) ** 2).mean() / 2",
            ),
            ("square each difference first, then add", "0.5 * np.sum(y - t) ** 2"),
            ("the ½ got squared, too", "np.sum((0.5 * (y - t)) ** 2)"),
            ("the differences are not squared", "0.5 * np.sum(y - t)"),
            ("these are distances: square the differences instead", "0.5 * np.sum(np.abs(y - t))"),
            ("the root is too much", "np.sqrt(np.sum((y - t) ** 2))"),
            ("add up over all outputs: the error is one number", "0.5 * (y - t) ** 2"),
        ],
    },
    "output_delta": {
        "output_delta": [
            ("target minus output: with this sign a step would raise the error", "(t - y) * slope2"),
            ("the slope σ′ is forgotten: the signal must also pass through the sigmoid", "y - t"),
            ("target minus output, and the slope σ′ is forgotten", "t - y"),
            ("a factor 2 too much: it cancels against the ½ of the error", "2 * (y - t) * slope2"),
            ("this is the error, not its derivative, times the slope", "(y - t) ** 2 / 2 * slope2"),
            (
                "this is the square of the difference times the slope: differentiate it",
                "(y - t) ** 2 * slope2",
            ),
            ("do not add up over the outputs: each neuron has its own error signal", "(y - t) @ slope2"),
            ("the slope is given as slope2: do not compute it from y", "(y - t) * y * (1 - y)"),
            (
                "slope2 is already the slope: do not multiply it by 1 − slope2",
                "(y - t) * slope2 * (1 - slope2)",
            ),
            (
                "slope2 is already the slope: do not put it into σ′ again",
                """
        s = 1 / (1 + np.exp(-slope2))
        return (y - t) * s * (1 - s)
        """,
            ),
            ("the slope is taken twice", "(y - t) * slope2 * slope2"),
            ("brackets: subtract first, then multiply", "y - t * slope2"),
            ("the signal is multiplied by the slope, not divided", "(y - t) / slope2"),
        ],
    },
    "grad_W2": {
        "grad_W2": [
            ("transposed: row i belongs to output neuron i, as in W2", "np.outer(a1, delta2)"),
            ("the error signals are added up: every pair of neurons has its own weight", "sum(delta2) * a1"),
            (
                "these weights carry the activation itself, not the slope of the hidden neuron",
                "np.outer(delta2, a1 * (1 - a1))",
            ),
            ("the wrong sign: the gradient is what will be subtracted later", "-np.outer(delta2, a1)"),
        ],
    },
    "hidden_delta": {
        "hidden_delta": [
            (
                "the slopes σ′ are forgotten: the signal must also pass through the hidden sigmoids",
                "W2.T @ delta2",
            ),
            (
                "W2 is the wrong way round: going back, the sum runs over the output neurons",
                "W2 @ delta2 * slope1",
            ),
            ("W2 is the wrong way round, and the slopes σ′ are forgotten", "W2 @ delta2"),
            ("the weights are forgotten: the signal comes back through W2", "delta2 * slope1"),
            ("the signal has the wrong sign", "-W2.T @ delta2 * slope1"),
            (
                "the slopes belong to the hidden neurons: multiply after W2, not before",
                "W2.T @ (delta2 * slope1)",
            ),
            ("only one output neuron is used: add up over all of them", "W2[0] * delta2[0] * slope1"),
            (
                "slope1 is already the slope: do not multiply it by 1 − slope1",
                "W2.T @ delta2 * slope1 * (1 - slope1)",
            ),
            (
                "slope1 is already the slope: do not put it into σ′ again",
                """
        s = 1 / (1 + np.exp(-slope1))
        return W2.T @ delta2 * s * (1 - s)
        """,
            ),
            ("the slope is taken twice", "W2.T @ delta2 * slope1 ** 2"),
            (
                "add up over the output neurons only: each hidden neuron has its own error signal",
                "delta2 @ W2 @ slope1",
            ),
        ],
    },
    "grad_W1": {
        "grad_W1": [
            ("transposed: row j belongs to hidden neuron j, as in W1", "np.outer(x, delta1)"),
            ("the error signals are added up: every pair of neurons has its own weight", "sum(delta1) * x"),
            (
                "these weights carry the input itself, without a sigmoid",
                "np.outer(delta1, 1 / (1 + np.exp(-x)))",
            ),
            ("the wrong sign: the gradient is what will be subtracted later", "-np.outer(delta1, x)"),
        ],
    },
    "step": {
        "new W2": [
            ("the step goes uphill: subtract the gradient", but(STEP, ("- alpha", "+ alpha"))),
            ("W2 is not updated", but(STEP, ("return new_W1, new_W2", "return new_W1, W2"))),
            ("the learning rate is not used", but(STEP, ("alpha * ", ""))),
            (
                "this is the gradient: return the new matrix",
                but(STEP, ("W1 - alpha * ", ""), ("W2 - alpha * ", "")),
            ),
            (
                "the order of the results is W1, W2",
                but(STEP, ("return new_W1, new_W2", "return new_W2, new_W1")),
            ),
            (
                "layer 2 was updated with the new W1: compute both gradients before you change either matrix",
                FORWARD
                + """
delta2 = (y - t) * y * (1 - y)
W1 = W1 - alpha * np.outer(W2.T @ delta2 * a1 * (1 - a1), x)
a1 = 1 / (1 + np.exp(-W1 @ x))
y = 1 / (1 + np.exp(-W2 @ a1))
return W1, W2 - alpha * np.outer((y - t) * y * (1 - y), a1)
""",
            ),
            (
                "the slope is taken at the activations: it belongs to the weighted inputs z",
                but(
                    STEP,
                    ("y * (1 - y)", "slope(y)"),
                    ("a1 * (1 - a1)", "slope(a1)"),
                    ("z1 = W1 @ x", "slope = lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2\nz1 = W1 @ x"),
                ),
            ),
        ],
        "new W1": [
            (
                "layer 1 was updated with the new W2: compute both gradients before you change either matrix",
                FORWARD
                + """
delta2 = (y - t) * y * (1 - y)
W2 = W2 - alpha * np.outer(delta2, a1)
return W1 - alpha * np.outer(W2.T @ delta2 * a1 * (1 - a1), x), W2
""",
            ),
            ("the step goes uphill: subtract the gradient", but(STEP, ("W1 - alpha", "W1 + alpha"))),
            ("W1 is not updated", but(STEP, ("return new_W1, new_W2", "return W1, new_W2"))),
            ("the learning rate is not used", but(STEP, ("W1 - alpha * ", "W1 - "))),
            ("this is the gradient: return the new matrix", but(STEP, ("W1 - alpha * ", ""))),
        ],
    },
}
NAMED = {
    part: [
        (f"{what}: {words}", body if body.startswith("def ") else only_last(part, body))
        for what, rows in checks.items()
        for words, body in rows
    ]
    for part, checks in NAMED.items()
}

# Further mistakes: the body of the part's last function, and how the message begins.
OTHER = {
    "sigmoid": [
        ("np.exp(-z) / (1 + np.exp(-z))", "sigmoid_prime: this is 1 − σ, only a part of the slope"),
        ("np.exp(z) / (1 + np.exp(-z)) ** 2", "sigmoid_prime: "),
        ("-np.exp(-z) / (1 + np.exp(-z)) ** 2", "sigmoid_prime: the slope of σ is positive everywhere"),
        ("1 / (1 + np.exp(-z)) ** 2", "sigmoid_prime: this is σ², not the slope"),
        ("1 - np.tanh(z) ** 2", "sigmoid_prime: "),
        (f"2 * {S} * (1 - {S})", "sigmoid_prime: the result is exactly twice"),
        (f"{S} * (1 - {S} ** 2)", "sigmoid_prime: "),
        (f"{S} * (1 - z)", "sigmoid_prime: "),
        (f"np.sum({S} * (1 - {S}))", "sigmoid_prime: expected shape (2, 2), got shape ()"),
        ("(z > 0) * 1.0", "sigmoid_prime: "),
        ("0.25 * np.ones_like(z)", "sigmoid_prime: "),
        (f"np.round({S} * (1 - {S}), 3)", "sigmoid_prime: "),
        (f"[a * (1 - a) for a in {S}]", "sigmoid_prime stopped with "),
        (
            f"print({S} * (1 - {S}))\nreturn",
            "sigmoid_prime: expected numbers, got nothing (None): is there a `return`?",
        ),
        ("'a * (1 - a)'", "sigmoid_prime: expected numbers, got an object of type str"),
        (f"{S} - {S}", "sigmoid_prime: "),
        ("sigmoid * (1 - sigmoid)", "sigmoid_prime stopped with TypeError: "),
        ("math.exp(-z) / (1 + math.exp(-z)) ** 2", "sigmoid_prime stopped with NameError: "),
    ],
    "forward": [
        (FORWARD + "return y", "forward: expected 4 results"),
        (FORWARD + "return z1, a1, z2", "forward: expected 4 results, got 3"),
        (FORWARD + "return a1, z1, y, z2", "z1: "),
        (FORWARD + "return y, z2, a1, z1", "z1: "),
        (FORWARD + "return z1, a1, z2, y[0]", "y: expected shape (2,), got shape ()"),
        (FORWARD + "return {'z1': z1, 'a1': a1, 'z2': z2, 'y': y}", "forward: expected 4 results"),
        (FORWARD, "forward: expected 4 results, separated by commas, got nothing (None)"),
        (
            but(NET, ("W2 @ a1", "W2 * a1")),
            "z2: expected shape (2,), got shape (2, 2)",
        ),
        (but(NET, ("np.exp(-z1)", "np.exp(z1)")), "a1: "),
        (but(NET, ("np.exp(-z2)", "np.exp(-a1)")), "y: "),
        (but(NET, ("1 / (1 + np.exp(-z1))", "np.tanh(z1)")), "a1: "),
        (but(NET, ("1 / (1 + np.exp(-z1))", "np.maximum(z1, 0)")), "a1: "),
        (but(NET, ("1 / (1 + np.exp(-z2))", "1 / (1 + np.exp(z2))")), "y: "),
        (but(NET, ("W1 @ x", "x[: len(W1)]")), "z1"),
        (but(NET, ("W1 @ x", "W1 @ x + 1")), "z1: "),
        (but(NET, ("W1 @ x", "W1.sum(1)")), "z1: "),
        (
            but(NET, ("z2 = W2 @ a1", "z2 = W2 @ a1 @ x")),
            "z2: expected shape (2,), got shape ()",
        ),
    ],
    "error": [
        ("(y - t) ** 2", "error: expected shape (), got shape (3,)"),
        ("0.5 * np.sum(y ** 2 - t ** 2)", "error: "),
        ("-0.5 * np.sum((y - t) ** 2)", "error: every number has the wrong sign"),
        ("0.5 * np.sum((y + t) ** 2)", "error: "),
        ("0.5 * np.sum((y - t) ** 3)", "error: "),
        ("0.5 * np.max((y - t) ** 2)", "error: "),
        ("0.5 * (y[0] - t[0]) ** 2", "error: "),
        ("1 / 2 * np.outer(y - t, y - t)", "error: expected shape (), got shape (3, 3)"),
        ("-np.sum(t * np.log(y))", "error: "),
        ("(y ** 2 + t ** 2) @ np.ones(len(y)) / 2", "error: "),
        ("np.sum((y - t) ** 2) / 2 / len(t) * 2", "error: this is the mean of the squares"),
        ("max(0.5 * (y - t) ** 2)", "error: "),
        ("y - t", "error: expected shape (), got shape (3,)"),
        ("1 // 2 * np.sum((y - t) ** 2)", "error: "),
        ("[0.5 * np.sum((y - t) ** 2)]", "error: expected shape (), got shape (1,): the numbers are right"),
        ("0.5 * np.sum((y - t) ^ 2)", "error stopped with TypeError: "),
    ],
    "output_delta": [
        ("(t - y) ** 2 * slope2", "output_delta: this is the square of the difference times the slope"),
        ("0.5 * (y - t) * slope2", "output_delta: the result is exactly half"),
        ("2 * (t - y) * slope2", "output_delta: "),
        ("2 * (y - t)", "output_delta: "),
        ("(y - t) * (1 - slope2)", "output_delta: "),
        ("(y - t) + slope2", "output_delta: "),
        ("y * slope2", "output_delta: "),
        ("slope2", "output_delta: "),
        ("(y - t) * y", "output_delta: "),
        ("(y - t) * t * (1 - t)", "output_delta: "),
        ("(y - t) * slope2 / len(y)", "output_delta: the result is exactly half"),
        ("np.outer(y - t, slope2)", "output_delta: expected shape (2,), got shape (2, 2)"),
        ("np.abs(y - t) * slope2", "output_delta: "),
        ("(y - t) * sigmoid_prime(slope2)", "output_delta: slope2 is already the slope"),
        (
            "[((y - t) * slope2)]",
            "output_delta: expected shape (2,), got shape (1, 2): the numbers are right",
        ),
    ],
    "grad_W2": [
        ("delta2 * a1", "grad_W2 stopped with ValueError: "),
        ("delta2 @ a1", "grad_W2 stopped with ValueError: "),
        ("delta2[:, None] + a1", "grad_W2: "),
        (
            "np.outer(delta2, a1).ravel()",
            "grad_W2: expected shape (2, 3), got shape (6,): the numbers are right",
        ),
        ("np.outer(delta2, a1).sum(axis=0)", "grad_W2: the error signals are added up"),
        ("np.outer(delta2, a1).sum(axis=1)", "grad_W2: expected shape (2, 3), got shape (2,)"),
        ("np.outer(delta2, a1) / len(delta2)", "grad_W2: the result is exactly half"),
        ("np.outer(delta2, a1) * 2", "grad_W2: the result is exactly twice"),
        ("np.outer(delta2[::-1], a1)", "grad_W2: "),
        ("np.outer(np.abs(delta2), a1)", "grad_W2: "),
        ("delta2[0] * a1", "grad_W2: expected shape (2, 3), got shape (3,)"),
        ("np.tile(a1, (len(delta2), 1))", "grad_W2: "),
        (
            "np.outer(delta2, a1).reshape(len(a1), len(delta2))",
            "grad_W2: expected shape (2, 3), got shape (3, 2): the numbers are right, but arranged",
        ),
        ("np.outer(delta2, np.append(a1, 1))", "grad_W2: expected shape (2, 3), got shape (2, 4)"),
    ],
    "hidden_delta": [
        ("W2.T @ delta2 * (1 - slope1)", "hidden_delta: "),
        ("W2.T @ delta2 / slope1", "hidden_delta: "),
        ("W2.T @ delta2 + slope1", "hidden_delta: "),
        ("W2.T * delta2 * slope1", "hidden_delta: expected shape (2,), got shape (2, 2)"),
        ("W2.T @ delta2 * slope1 / len(delta2)", "hidden_delta: the result is exactly half"),
        ("W2.sum(0) * slope1", "hidden_delta: "),
        ("delta2.sum() * W2.sum(0) * slope1", "hidden_delta: "),
        ("np.linalg.inv(W2) @ delta2 * slope1", "hidden_delta: "),
        ("np.sign(W2).T @ delta2 * slope1", "hidden_delta: "),
        ("np.outer(delta2, slope1)", "hidden_delta: expected shape (2,), got shape (2, 2)"),
        ("np.mean(W2.T * delta2, axis=1) * slope1", "hidden_delta: the result is exactly half"),
        ("-W2.T @ delta2", "hidden_delta: "),
        ("slope1", "hidden_delta: "),
        ("delta2", "hidden_delta: "),
        ("np.abs(W2).T @ delta2 * slope1", "hidden_delta"),
    ],
    "grad_W1": [
        ("delta1 * x", "grad_W1 stopped with ValueError: "),
        ("delta1 @ x", "grad_W1 stopped with ValueError: "),
        ("np.outer(delta1, x * (1 - x))", "grad_W1: "),
        (
            "np.outer(delta1, x).ravel()",
            "grad_W1: expected shape (3, 2), got shape (6,): the numbers are right",
        ),
        ("np.outer(delta1, x).sum(axis=1)", "grad_W1: expected shape (3, 2), got shape (3,)"),
        ("np.outer(delta1, x) * 2", "grad_W1: the result is exactly twice"),
        ("np.outer(delta1, x[::-1])", "grad_W1: "),
        ("delta1[:, None] + x", "grad_W1: "),
        ("np.outer(delta1 * (1 - delta1), x)", "grad_W1: "),
        ("np.tile(x, (len(delta1), 1))", "grad_W1: "),
        ("np.outer(delta1, x) / len(x)", "grad_W1: the result is exactly half"),
        ("[delta1, x]", "grad_W1: expected real numbers in equal rows"),
    ],
    "step": [
        (but(STEP, ("return new_W1, new_W2", "return new_W1")), "step: expected 2 results"),
        (
            but(STEP, ("return new_W1, new_W2", "pass")),
            "step: expected 2 results, separated by commas, got nothing",
        ),
        (but(STEP, ("(y - t)", "(t - y)")), "new W2: the step goes uphill"),
        (but(STEP, (" * y * (1 - y)", "")), "new W2: "),
        (but(STEP, (" * a1 * (1 - a1)", "")), "new W1: "),
        (but(STEP, ("W2.T @ delta2", "delta2")), "new W1: "),
        (but(STEP, ("W2.T @ delta2", "W2.T @ (y - t)")), "new W1: "),
        (but(STEP, ("np.outer(delta1, x)", "np.outer(delta1, a1)")), "new W1: "),
        (but(STEP, ("np.outer(delta1, x)", "np.outer(x, delta1)")), "new W1: "),
        (but(STEP, ("np.outer(delta2, a1)", "np.outer(delta2, z1)")), "new W2: "),
        (but(STEP, ("np.outer(delta2, a1)", "np.outer(a1, delta2)")), "new W2: "),
        (but(STEP, ("W1 - alpha", "W1 - 2 * alpha")), "new W1: "),
        (but(STEP, ("(y - t)", "2 * (y - t)")), "new W2: "),
        (but(STEP, ("new_W1, new_W2", "W1, W2")), "new W2: W2 is not updated"),
        (
            but(STEP, ("new_W1 = W1 -", "W1 -="), ("return new_W1", "return W1")),
            "step changes its argument W1 in place",
        ),
        (
            but(STEP, ("new_W2 = W2 -", "W2 -="), ("return new_W1, new_W2", "return new_W1, W2")),
            "step changes its argument W2 in place",
        ),
        (but(STEP, ("W2.T @ delta2", "W2 @ delta2")), "step stopped with ValueError: "),
        (but(STEP, ("a1 * (1 - a1)", "z1 * (1 - z1)")), "new W1: "),
    ],
}
OTHER = {part: [(words, only_last(part, body)) for body, words in rows] for part, rows in OTHER.items()}
