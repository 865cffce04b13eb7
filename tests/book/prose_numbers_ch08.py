"""What the prose of the PyTorch chapter says in numbers, beside what it must agree with."""

import re

import numpy as np
import torch
from torch import nn

from tests.book.pages import cells
from tools.check_notebooks import ROOT, text_of

# Section 5.4 of the article, as printed there.
PRINTED = ["0.0002"] + 9 * ["0.0001"]


def code():
    found = cells(ROOT / "chapters/08_pytorch.ipynb")
    return "\n".join(text_of(cell["source"]) for _, cell in found if cell["cell_type"] == "code")


def article_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1))


def trained():
    """The article's network after its 1000 epochs, and the last loss."""
    model = article_network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(1000):
        loss = ((model(torch.tensor([[1.0, 2.0]])) - 3) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model, loss.item()


def tables():
    (rate,) = set(re.findall(r"SGD\(model\.parameters\(\), lr=(0\.1)\)\n", code()))
    model, last = trained()
    output = model(torch.tensor([[1.0, 2.0]])).item()
    bound = f"{1 - 2 * float(rate) * 1:.1f}"  # the largest factor, at K = 1
    factors = 1 - 2 * float(rate) * np.linspace(1, 9, 50)
    norm = nn.BatchNorm1d(2)
    numbers = [
        ("the last line may show `3.0000` instead of `3.`", f"{output:.4f}"),
        ("`torch.optim.SGD(model.parameters(), lr=0.1)`: gradient descent", rate),
        (
            "a loss of 0.0002 at epoch 100, then 0.0001 at every report",
            PRINTED[0],
            *set(PRINTED[1:]),
        ),
        ("at last `tensor([[3.0000]])`", "3.0000"),
        ("keep the loss at 0.0001 for 800 epochs", PRINTED[-1]),
        (r"With $\alpha = 0.1$ the factor", rate),
        ("stays between −0.8 and 0.8", f"-{bound}", bound),
        ("The loss prints as 0.0000 from epoch", f"{last:.4f}"),
    ]
    figures = [
        ("The sum runs over all 13 parameters", sum(p.numel() for p in model.parameters()) == 13),
        ("as long as $K$ is below 9", np.abs(factors).max() <= float(bound) + 1e-12),
        ("takes away about a fifth of the distance, or more", 1 - np.abs(factors).max() > 0.2 - 1e-9),
        ("depend on the 31 others in its batch", "batch_size=32" in code()),
        ("moves a stored mean a tenth of the way", norm.momentum == 0.1),
        ("keep the loss at 0.0001 for 800 epochs", 100 * len(PRINTED) - 200 == 800),
    ]
    return numbers, figures
