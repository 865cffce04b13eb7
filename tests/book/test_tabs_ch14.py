"""The programs in the tabs of the tools chapter, and in its folded solutions, give the page's numbers.

Those in JAX and TensorFlow run where these libraries are installed.
"""

import ast
import contextlib
import functools
import importlib.util
import io
import re

import numpy as np
import pytest
import torch

from tests.book.pages import cells, markdown_cells
from tools.check_notebooks import ROOT, text_of

PATH = ROOT / "chapters/14_tools.ipynb"
PAGE = "\n".join(text for _, text in markdown_cells(PATH))
IMPORTS = {"PyTorch": "torch", "JAX": "jax", "TensorFlow": "tensorflow"}
INSTALLED = [name for name, module in IMPORTS.items() if importlib.util.find_spec(module)]
TABS = re.findall(r":::\{tab-item\} (\w+)\n:sync: \w+\n\n```python\n(.*?)```\n:::", PAGE, re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d*")


def outputs():
    """What the cells of the page print."""
    for _, cell in cells(PATH):
        for output in cell.get("outputs", []):
            yield text_of(output.get("text", ""))


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


def run(code):
    """The names that the code defines, and what it prints."""
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return names, printed.getvalue()


def test_three_programs_in_three_libraries():
    assert [name for name, _ in TABS] == list(IMPORTS) * 3
    for _, code in TABS:
        ast.parse(code)


@pytest.mark.parametrize(("number", "name"), [(i, x) for i, (x, _) in enumerate(TABS) if x in INSTALLED])
def test_a_tab_prints_the_numbers_of_the_page(number, name):
    code = TABS[number][1]
    first = ("0 4.4798", "jvp", "tensor([0.4000")[number // 3]
    expected = next(numbers(text) for text in outputs() if text.startswith(first))
    np.testing.assert_allclose(numbers(run(code)[1]), expected, atol=0.00011)


def test_the_executed_cell_is_the_tab():
    """Apart from the imports, and blank lines."""
    tabs = [code.partition("\n\n")[2].strip() for name, code in TABS if name == "PyTorch"]
    executed = [text_of(cell["source"]).strip() for _, cell in cells(PATH) if cell["cell_type"] == "code"]
    assert tabs[0] in executed
    assert tabs[2] in executed


def named(column):
    """The names in a column of the table of words that belong to the library itself."""
    rows = PAGE.partition("| the idea |")[2].partition("\n\n")[0].splitlines()[2:]
    found = [name for row in rows for name in re.findall(r"`([\w.]+)`", row.split("|")[column])]
    return [name for name in found if not re.match(r"([Ep]|tape)\b|create_graph", name)]


@pytest.mark.parametrize("name", INSTALLED)
def test_names_in_the_text_exist(name):
    library = importlib.import_module(IMPORTS[name])
    start = {"PyTorch": "torch", "JAX": "jax", "TensorFlow": "tf"}[name]
    found = {*named(list(IMPORTS).index(name) + 2), *re.findall(rf"`{start}\.([\w.]+)", PAGE)}
    assert len(found) > 6
    for path in found:
        if "." in path:
            with contextlib.suppress(ImportError):
                importlib.import_module(f"{library.__name__}.{path.rpartition('.')[0]}")
                importlib.import_module(f"{library.__name__}.{path}")
        functools.reduce(getattr, path.split("."), library)


def solution(label):
    (text,) = re.findall(rf":::\{{solution\}} {label}\n(.*?)\n:::", PAGE, re.DOTALL)
    return run("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)))[0]


def test_momentum_is_that_of_torch():
    x, t = torch.tensor([1.0, 2.0]).double(), 3.0
    W1 = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=torch.float64, requires_grad=True)
    W2 = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([W1, W2], lr=0.1, momentum=0.5)
    errors = []
    for _ in range(20):
        E = 0.5 * ((W2 @ torch.sigmoid(W1 @ x) - t) ** 2).sum()
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        errors.append(E.item())
    np.testing.assert_allclose(solution("ex-ch14-momentum")["train"](20), errors, rtol=1e-9, atol=1e-14)


def test_stopped_gradients():
    assert solution("ex-ch14-stop")["derivatives"] == [3, 0]
