"""What the prose of "Optimising, and finding mistakes" says in numbers, beside its computation.

What comes from training is glued into the text by the page itself.
"""

import contextlib
import inspect
import io
import math
import re
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits

from tests.book.pages import cells
from tools.check_notebooks import ROOT, text_of


@cache
def notebook():
    """The code cells of the chapter: (source, printed text)."""
    found = cells(ROOT / "chapters/13_optimising.ipynb")
    return [
        (text_of(c["source"]), "".join(text_of(o.get("text", "")) for o in c["outputs"]))
        for _, c in found
        if c["cell_type"] == "code"
    ]


def code():
    return "\n".join(source for source, _ in notebook())


def printed():
    return "\n".join(text for _, text in notebook())


def wrong_labels():
    """How many the page found in its training set."""
    return int(re.search(r"wrong labels in train: (\d+)", printed())[1])


def ratio_of_lengths(name):
    """The power of ten that the page prints for a deep network."""
    return int(re.search(name + r" +last/first: ~10\^(-?\d+)", printed())[1])


@cache
def with_decay(decay):
    """Training loss and right answers after training by the page's own code, with one seed."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for source, _ in notebook()[:2]:
            exec(source, names)
    optim = names["optim"]
    record = names["run"](lambda ps: optim.AdamW(ps, lr=0.003, weight_decay=decay))[1]
    return record[-1, 0], record[-1, 3]


def first_step_without_hats():
    """The length of Adam's first step without the divisions, over alpha, from the defaults of PyTorch."""
    defaults = inspect.signature(torch.optim.Adam).parameters["betas"].default
    beta1, beta2 = defaults
    return (1 - beta1) / math.sqrt(1 - beta2)


def by_momentum(alpha, beta, steps):
    """Positions and velocities of PyTorch's momentum under the gradient 1."""
    w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    opt = torch.optim.SGD([w], lr=alpha, momentum=beta)
    positions, velocities = [], []
    for _ in range(steps):
        opt.zero_grad()
        w.sum().backward()
        opt.step()
        positions.append(w.item())
        velocities.append(opt.state[w]["momentum_buffer"].item())
    return positions, velocities


def short(number):
    """A number without zeros at its end."""
    return f"{number:.4f}".rstrip("0").rstrip(".")


def bowl_factors(alpha=0.09, curvatures=(20, 1)):
    """What one step of PyTorch's descent multiplies the coordinates of the bowl by."""
    w = torch.ones(2, dtype=torch.float64, requires_grad=True)
    opt = torch.optim.SGD([w], lr=alpha)
    (0.5 * (torch.tensor(curvatures) * w**2).sum()).backward()
    opt.step()
    return w.detach().tolist()


@cache
def tables():
    """The rows (phrase, number, number, ...) and the rows (phrase, whether it is true)."""
    adam = inspect.signature(torch.optim.Adam).parameters
    betas, eps = adam["betas"].default, adam["eps"].default
    steep, flat = bowl_factors()
    positions, velocities = by_momentum(0.1, 0.5, 4)
    far = by_momentum(0.1, 0.5, 60)[1][-1]
    decayed = [with_decay(decay) for decay in (0.01, 0.1, 1, 10, 100)]
    page = code()
    images, _ = load_digits(return_X_y=True)
    logits = torch.zeros(1, 10, dtype=torch.float64)
    start = torch.nn.CrossEntropyLoss()(logits, torch.tensor([3])).item()
    perfect = torch.tensor([[1.0] + [0.0] * 9], dtype=torch.float64)
    floor = torch.nn.CrossEntropyLoss()(perfect, torch.tensor([0])).item()
    numbers = [
        (
            r"curvatures 20 and 1 and $\alpha = 0.09$ the factors are −0.8 and 0.91",
            "0.09",
            short(steep),
            short(flat),
        ),
        (r"by a factor $\beta$, often 0.9", "0.9"),
        (r"So with $\beta = 0.9$ a steady gradient is followed ten times as fast", "0.9"),
        (
            r"$\beta_1 = 0.9$, $\beta_2 = 0.999$ and $\varepsilon = 10^{-8}$",
            *map(str, betas),
            f"10^{{{round(math.log10(eps))}}}",
        ),
        ("For Adam we take 0.01, which is calmer than 0.03", "0.01", "0.03"),
        ("Adam with the rate 0.003 alone", "0.003"),
        ("For ten classes that is about 2.3", f"{start:.1f}"),
        ("for ten classes 1.46", f"{floor:.2f}"),
        (r"The gradient is always 1, $\alpha = 0.1$ and $\beta = 0.5$", "0.1", "0.5"),
        ("Velocities: 1, 1.5, 1.75, 1.875", *map(short, velocities[1:])),
        ("Positions: −0.1, −0.25, −0.425, −0.6125", *map(short, positions)),
        (r"$1/(1 - 0.5) = 2$ by {eq}`eq-ch13-velocity`, and a step is 0.2 long", "0.5", short(0.1 * far)),
        (
            "with `adamw(0.003, weight_decay=decay)` for `decay` = 0.01, 0.1, 1, 10 and 100",
            "0.003",
            "0.01",
            "0.1",
        ),
        (r"by $1 - 0.003 \cdot 100 = 0.7$", "0.003", short(1 - 0.003 * 100)),
        (r"close to $\log 10$, about 2.3", f"{start:.1f}"),
        (r"$m = (1-\beta_1)\,g = 0.1\,g$", short(1 - betas[0])),
        (r"$s = (1-\beta_2)\,g^2 = 0.001\,g^2$", short(1 - betas[1] + 1e-9)),
        (
            r"$\alpha \cdot 0.1 / \sqrt{0.001}$, about 3.2 times $\alpha$",
            "0.1",
            "0.001",
            f"{first_step_without_hats():.1f}",
        ),
    ]
    figures = [
        ("pictures of 8 by 8 pixels, ten classes", images.shape == (1797, 64)),
        ("There are only 300 examples to learn from", "train  300 examples" in printed()),
        ("about a fifth of their labels are wrong", 54 <= wrong_labels() <= 72),
        ("two hidden layers of 64 neurons", "width=64" in page),
        ("each experiment runs with five **seeds**", "seeds=5" in page),
        ("is followed ten times as fast", abs(by_momentum(1, 0.9, 400)[1][-1] - 10) < 1e-6),
        ("After one step $m$ is only a tenth of the gradient", abs(1 - betas[0] - 0.1) < 1e-12),
        ("look at the training loss after 300 steps", "seeds=2, steps=300" in page),
        ("After 600 steps momentum and Adam", "steps=600" in page),
        ("In the limit the velocity is", abs(far - 2) < 1e-9),
        ("The loss fell as if all were well", "loss with the mistake: 2.31 to 1.48" in printed()),
        (
            "it could have fallen further",
            float(re.search(r"with the right slope: (\S+)", printed())[1]) < 1.3,
        ),
        (
            "a hundred times PyTorch's default",
            abs(100 * inspect.signature(torch.optim.AdamW).parameters["weight_decay"].default - 1) < 1e-9,
        ),
        ("ten evaluations, that is, a hundred steps", "patience=10" in page and "step % 10 == 0" in page),
        ("three networks with ten layers", "range(9)" in page),
        ("the first layers receive next to nothing", ratio_of_lengths("sigmoid") >= 6),
        ("A network with thousands of weights", 64 * 64 * 2 + 640 > 2000),
        ("1 gives the largest share of right answers", np.argmax([right for _, right in decayed]) == 2),
        ("the loss is close to", abs(decayed[-1][0] - math.log(10)) < 0.01),
    ]
    return numbers, figures
