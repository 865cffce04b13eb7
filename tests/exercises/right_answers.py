"""Right answers to the exercise "worked example", in the styles in which students write them.

A body is what stands in place of the solution region; a body of one line is an expression to return.
"""

from textwrap import dedent, indent

# The function that each autograded cell calls, by the name of the cell that checks it.
STUBS = {
    "sigmoid": ["def sigmoid(z):", "def sigmoid_prime(z):"],
    "forward": ["def forward(x, W1, W2):"],
    "error": ["def error(y, t):"],
    "output_delta": ["def output_delta(y, t, slope2):"],
    "grad_W2": ["def grad_W2(delta2, a1):"],
    "hidden_delta": ["def hidden_delta(delta2, W2, slope1):"],
    "grad_W1": ["def grad_W1(delta1, x):"],
    "step": ["def step(x, t, W1, W2, alpha):"],
}
PARTS = list(STUBS)

S = "1 / (1 + np.exp(-z))"
FORWARD = """
z1 = W1 @ x
a1 = 1 / (1 + np.exp(-z1))
z2 = W2 @ a1
y = 1 / (1 + np.exp(-z2))
"""
NET = FORWARD + "return z1, a1, z2, y"
# Part 8 without the other parts, with places for mistakes.
STEP = """
z1 = W1 @ x
a1 = 1 / (1 + np.exp(-z1))
y = 1 / (1 + np.exp(-W2 @ a1))
delta2 = (y - t) * y * (1 - y)
delta1 = W2.T @ delta2 * a1 * (1 - a1)
new_W1 = W1 - alpha * np.outer(delta1, x)
new_W2 = W2 - alpha * np.outer(delta2, a1)
return new_W1, new_W2
"""


def but(body, *changes):
    """`body` with one place after another changed; a place that is not there is a mistake of the table."""
    for old, new in changes:
        assert old in body, (old, body)
        body = body.replace(old, new)
    return body


def cell(part, *bodies):
    """The student's cell: the functions of the part, with these bodies."""
    functions = []
    for head, body in zip(STUBS[part], bodies, strict=True):
        body = dedent(body).strip()
        functions.append(f"{head}\n{indent(body if chr(10) in body else f'return {body}', '    ')}\n")
    return "\n\n".join(functions)


def only_last(part, body):
    """The student's cell with this body in the part's last function; the function before it is right."""
    return cell(part, *([S] if part == "sigmoid" else []), body)


SIGMOID_TORCH = """
z = torch.tensor(z, dtype=torch.float64)
return torch.sigmoid(z)
"""
PRIME_TORCH = """
z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
torch.sigmoid(z).sum().backward()
return z.grad
"""
# Every part from the definition of its derivative, by PyTorch: no formula of the book is used.
BY_PYTORCH = {
    "sigmoid": cell("sigmoid", SIGMOID_TORCH, PRIME_TORCH),
    "forward": cell(
        "forward",
        """
        x, W1, W2 = map(torch.tensor, (x, W1, W2))
        z1 = torch.nn.functional.linear(x, W1)
        z2 = torch.nn.functional.linear(torch.sigmoid(z1), W2)
        return z1, torch.sigmoid(z1), z2, torch.sigmoid(z2)
        """,
    ),
    "error": cell(
        "error", "torch.nn.functional.mse_loss(torch.tensor(y), torch.tensor(t), reduction='sum') / 2"
    ),
    "output_delta": cell(
        "output_delta",
        """
        z = torch.zeros(len(y), dtype=torch.float64, requires_grad=True)
        y_of_z = torch.tensor(y) + torch.tensor(slope2) * z
        torch.nn.functional.mse_loss(y_of_z, torch.tensor(t), reduction="sum").div(2).backward()
        return z.grad
        """,
    ),
    "grad_W2": cell(
        "grad_W2",
        """
        W = torch.zeros(len(delta2), len(a1), dtype=torch.float64, requires_grad=True)
        torch.nn.functional.linear(torch.tensor(a1), W).backward(torch.tensor(delta2))
        return W.grad
        """,
    ),
    "hidden_delta": cell(
        "hidden_delta",
        """
        z = torch.zeros(len(slope1), dtype=torch.float64, requires_grad=True)
        torch.nn.functional.linear(torch.tensor(slope1) * z, torch.tensor(W2)).backward(torch.tensor(delta2))
        return z.grad
        """,
    ),
    "grad_W1": cell(
        "grad_W1",
        """
        W = torch.zeros(len(delta1), len(x), dtype=torch.float64, requires_grad=True)
        torch.nn.functional.linear(torch.tensor(x), W).backward(torch.tensor(delta1))
        return W.grad
        """,
    ),
    "step": cell(
        "step",
        """
        net = torch.nn.Sequential(
            torch.nn.Linear(len(x), len(W1), bias=False), torch.nn.Sigmoid(),
            torch.nn.Linear(len(W1), len(W2), bias=False), torch.nn.Sigmoid(),
        ).double()
        with torch.no_grad():
            net[0].weight.copy_(torch.tensor(W1))
            net[2].weight.copy_(torch.tensor(W2))
        optimizer = torch.optim.SGD(net.parameters(), lr=alpha)
        torch.nn.functional.mse_loss(net(torch.tensor(x)), torch.tensor(t), reduction="sum").div(2).backward()
        optimizer.step()
        return net[0].weight, net[2].weight
        """,
    ),
}
BY_PYTORCH = {part: f"import torch\n\n{code}" for part, code in BY_PYTORCH.items()}

LOOPS = {
    "sigmoid": cell(
        "sigmoid",
        """
        result = np.empty_like(z)
        for index in np.ndindex(z.shape):
            result[index] = 1 / (1 + math.exp(-z[index]))
        return result
        """,
        """
        result = np.empty_like(z)
        for index in np.ndindex(z.shape):
            a = 1 / (1 + math.exp(-z[index]))
            result[index] = a - a * a
        return result
        """,
    ),
    "forward": cell(
        "forward",
        """
        def layer(W, a):
            z = []
            for row in W:
                total = 0.0
                for w, value in zip(row, a):
                    total += w * value
                z.append(total)
            return z, [1 / (1 + math.exp(-value)) for value in z]
        z1, a1 = layer(W1, x)
        z2, y = layer(W2, a1)
        return z1, a1, z2, y
        """,
    ),
    "error": cell(
        "error",
        """
        total = 0
        for i in range(len(y)):
            total += (y[i] - t[i]) ** 2 / 2
        return total
        """,
    ),
    "output_delta": cell("output_delta", "[(y[i] - t[i]) * slope2[i] for i in range(len(y))]"),
    "grad_W2": cell("grad_W2", "[[d * a for a in a1] for d in delta2]"),
    "hidden_delta": cell(
        "hidden_delta",
        """
        result = []
        for j in range(len(slope1)):
            total = 0
            for i in range(len(delta2)):
                total += W2[i, j] * delta2[i]
            result.append(total * slope1[j])
        return tuple(result)
        """,
    ),
    "grad_W1": cell(
        "grad_W1",
        """
        gradient = np.zeros((len(delta1), len(x)))
        for j in range(len(delta1)):
            for k in range(len(x)):
                gradient[j, k] = delta1[j] * x[k]
        return gradient
        """,
    ),
    "step": cell(
        "step",
        """
        z1, a1, z2, y = forward(x, W1, W2)
        d2 = output_delta(y, t, sigmoid_prime(np.array(z2)))
        d1 = hidden_delta(d2, W2, sigmoid_prime(np.array(z1)))
        G1, G2 = grad_W1(d1, x), grad_W2(d2, a1)
        new_W1 = [[W1[j, k] - alpha * G1[j][k] for k in range(len(x))] for j in range(len(W1))]
        return [new_W1, [[W2[i, j] - alpha * G2[i][j] for j in range(len(W1))] for i in range(len(W2))]]
        """,
    ),
}
LOOPS = {part: f"import math\n\n{code}" for part, code in LOOPS.items()}

EINSUM = {
    "sigmoid": cell("sigmoid", "0.5 * (1 + np.tanh(z / 2))", "0.25 / np.cosh(z / 2) ** 2"),
    "forward": cell(
        "forward",
        """
        z1 = np.einsum("jk,k->j", W1, x)
        a1 = 0.5 * (1 + np.tanh(z1 / 2))
        z2 = np.einsum("ij,j->i", W2, a1)
        return z1, a1, z2, 0.5 * (1 + np.tanh(z2 / 2))
        """,
    ),
    "error": cell("error", "np.einsum('i,i->', y - t, y - t) / 2"),
    "output_delta": cell("output_delta", "np.einsum('i,i->i', y - t, slope2)"),
    "grad_W2": cell("grad_W2", "np.einsum('i,j->ij', delta2, a1)"),
    "hidden_delta": cell("hidden_delta", "np.einsum('i,ij,j->j', delta2, W2, slope1)"),
    "grad_W1": cell("grad_W1", "np.einsum('j,k->jk', delta1, x)"),
    "step": cell(
        "step",
        but(
            STEP,
            ("W2.T @ delta2 * a1 * (1 - a1)", "np.einsum('i,ij,j,j->j', delta2, W2, a1, 1 - a1)"),
            ("np.outer(delta1, x)", "np.einsum('j,k->jk', delta1, x)"),
        ),
    ),
}

STABLE = """
e = np.exp(-np.abs(z))
return np.where(z >= 0, 1 / (1 + e), e / (1 + e))
"""
# Columns for vectors, results in Fortran order, no overflow for any z.
COLUMNS = {
    "sigmoid": cell(
        "sigmoid", STABLE, but(STABLE, ("np.where(z >= 0, 1 / (1 + e), e / (1 + e))", "e / (1 + e) ** 2"))
    ),
    "forward": cell(
        "forward",
        """
        z1 = W1 @ x[:, None]
        a1 = 1 / (1 + np.exp(-z1))
        z2 = np.matmul(W2, a1)
        return z1[:, 0], a1[:, 0], z2[:, 0], (1 / (1 + np.exp(-z2)))[:, 0]
        """,
    ),
    "error": cell("error", "np.linalg.norm(y - t) ** 2 / 2"),
    "output_delta": cell("output_delta", "-slope2 * (t - y)"),
    "grad_W2": cell("grad_W2", "np.asfortranarray(delta2[:, np.newaxis] @ a1[np.newaxis, :])"),
    "hidden_delta": cell("hidden_delta", "(delta2.reshape(1, -1) @ W2 * slope1).ravel()"),
    "grad_W1": cell("grad_W1", "(x[:, None] * delta1).T"),
    "step": cell(
        "step",
        """
        a1 = 1 / (1 + np.exp(-x @ W1.T))
        y = 1 / (1 + np.exp(-a1 @ W2.T))
        delta2 = np.diag(y * (1 - y)) @ (y - t)
        delta1 = np.diag(a1 * (1 - a1)) @ W2.T @ delta2
        W2 = W2 - alpha * delta2[:, None] * a1
        W1 = W1 - alpha * delta1[:, None] * x
        return W1, W2
        """,
    ),
}

BY_DIFFERENCES = {
    "sigmoid": cell(
        "sigmoid",
        "np.reciprocal(1 + np.exp(-np.asarray(z)))",
        "(1 / (1 + np.exp(-z - 1e-6)) - 1 / (1 + np.exp(-z + 1e-6))) / 2e-6",
    ),
    "forward": cell("forward", FORWARD + "return [z1, a1, z2, y]"),
    "error": cell("error", "np.square(y - t).sum() * 0.5"),
    "output_delta": cell(
        "output_delta",
        """
        def E(z):
            return 0.5 * np.sum((y + slope2 * z - t) ** 2)
        return [(E(1e-4 * e) - E(-1e-4 * e)) / 2e-4 for e in np.eye(len(y))]
        """,
    ),
    "grad_W2": cell("grad_W2", "np.multiply.outer(delta2, a1)"),
    "hidden_delta": cell("hidden_delta", "np.dot(delta2, W2) * slope1"),
    "grad_W1": cell("grad_W1", "np.kron(delta1, x).reshape(len(delta1), len(x))"),
    "step": cell(
        "step",
        """
        def E(A, B):
            return 0.5 * np.sum((1 / (1 + np.exp(-B @ (1 / (1 + np.exp(-A @ x))))) - t) ** 2)
        G1, G2 = np.zeros(W1.shape), np.zeros(W2.shape)
        for W, G in ((W1, G1), (W2, G2)):
            for index in np.ndindex(W.shape):
                kept = W[index]
                W[index] = kept + 1e-5
                up = E(W1, W2)
                W[index] = kept - 1e-5
                G[index] = (up - E(W1, W2)) / 2e-5
                W[index] = kept
        return W1 - alpha * G1, W2 - alpha * G2
        """,
    ),
}

# Every part is answered in each of these ways, and all of them are right.
RIGHT = {
    "PyTorch": BY_PYTORCH,
    "explicit loops": LOOPS,
    "einsum": EINSUM,
    "columns": COLUMNS,
    "differences": BY_DIFFERENCES,
}
