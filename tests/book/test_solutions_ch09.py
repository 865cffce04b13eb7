"""What the folded solutions of the chapters on images state is true."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from tests.book.pages import cells, markdown_cells
from tools.check_notebooks import ROOT, text_of

PATH = ROOT / "chapters/09_images.ipynb"
TEXT = "\n".join(text for _, text in markdown_cells(PATH))
CODE = [text_of(cell["source"]) for _, cell in cells(PATH) if cell["cell_type"] == "code"]


def solution(label):
    return re.search(rf":::\{{solution\}} {label}\n(.*?)^:::", TEXT, re.DOTALL | re.MULTILINE)[1]


def test_counts_of_the_network():
    said = solution("ex-ch09-count").replace(",", "")
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1), nn.Linear(512, 10)]
    sizes = [sum(p.numel() for p in layer.parameters()) for layer in layers]
    weights = [layer.weight.numel() for layer in layers]
    work = [64 * weights[0], 64 * weights[1], weights[2]]
    for number in (*sizes, sum(sizes), *weights, *work):
        assert re.search(rf"\b{number}\b", said), number
    assert 0.45 < sizes[2] / sum(sizes) < 0.55
    assert work[1] / sum(work) > 0.9


def test_average_pooling_gives_what_the_comment_says(capsys):
    (setting,) = (source for source in CODE if source.startswith("window_values"))
    (code,) = re.findall(r"```python\n(.*?)```", solution("ex-ch09-average"), re.DOTALL)
    names = {}
    exec("import numpy as np, backprop_lib as bp\nimport backprop_lib.functional as F\n" + setting, names)
    capsys.readouterr()
    exec(code, names)
    expected = np.kron([[2.5, 5], [7.5, 10]], np.ones((2, 2)))
    np.testing.assert_array_equal(names["x"].grad.numpy()[0, 0], expected)
    assert "# 2.5 and 5 above, 7.5 and 10 below" in code


@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_of_a_filter_of_two(stride):
    rng = np.random.default_rng(0)
    x, w = (torch.tensor(rng.normal(size=(1, 1, n)), requires_grad=True) for n in (4, 2))
    z = torch.nn.functional.conv1d(x, w, stride=stride)
    d = torch.tensor(rng.normal(size=z.shape))
    z.backward(d)
    (x0, x1, x2, x3), (w0, w1), d = x[0, 0].tolist(), w[0, 0].tolist(), d[0, 0].tolist()
    grad_x = x.grad[0, 0].tolist()
    if stride == 2:
        np.testing.assert_allclose(w.grad[0, 0], [d[0] * x0 + d[1] * x2, d[0] * x1 + d[1] * x3])
        np.testing.assert_allclose(grad_x, [w0 * d[0], w1 * d[0], w0 * d[1], w1 * d[1]])
    else:
        np.testing.assert_allclose(grad_x[1], w1 * d[0] + w0 * d[1])
