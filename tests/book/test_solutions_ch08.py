"""The code in the folded solutions of the PyTorch chapter runs and does what the page says."""

import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.book.pages import markdown_cells
from tools.check_notebooks import ROOT

PAGE = "\n".join(text for _, text in markdown_cells(ROOT / "chapters/08_pytorch.ipynb"))


def solution(label):
    """What the code of a solution defines."""
    (text,) = re.findall(rf":::\{{solution\}} {label}\n(.*?)\n:::", PAGE, re.DOTALL)
    names = {"torch": torch, "nn": nn}
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), names)
    return SimpleNamespace(**names)


def test_pieces_give_the_step_of_the_whole_batch():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(96, 2, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (96,), generator=generator)
    weights = []
    for size in (40, 96):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3)).double()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        solution("ex-ch08-accumulate").big_step(model, optimizer, inputs, targets, size)
        weights.append(torch.cat([p.detach().ravel() for p in model.parameters()]))
    torch.testing.assert_close(*weights, rtol=1e-12, atol=1e-14)


def test_softplus_is_right():
    Softplus = solution("ex-ch08-softplus").Softplus
    z = torch.linspace(-5, 5, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Softplus.apply, (z,))
    torch.testing.assert_close(Softplus.apply(z), nn.functional.softplus(z))


@pytest.mark.parametrize("naive", [True, False])
def test_softplus_of_a_large_number(naive):
    z = torch.tensor([100.0], requires_grad=True)
    s = (1 + z.exp()).log() if naive else solution("ex-ch08-softplus").Softplus.apply(z)
    s.sum().backward()
    if naive:
        assert s.isinf().all()
        assert z.grad.isnan().all()
    else:
        assert (s.item(), z.grad.item()) == (100, 1)
