"""The program in a solution of the derivation prints what the solution says."""

import contextlib
import io
import re

import numpy as np

from backprop_lib.gradcheck import numerical_gradient
from tests.book.pages import markdown_cells
from tools.check_notebooks import ROOT

LISTING = re.compile(r"^~~~python\n(.*?)^~~~", re.DOTALL | re.MULTILINE)


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def test_the_temperature_solution_is_right():
    page = "\n".join(text for _, text in markdown_cells(ROOT / "chapters/04_derivation.ipynb"))
    (program,) = LISTING.findall(page)
    names = {"logits": np.array([2.0, -1.0, 0.5]), "one_hot": np.array([0.0, 0.0, 1.0])}
    names |= {"np": np, "numerical_gradient": numerical_gradient, "softmax": softmax}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, names)
    assert printed.getvalue() == "True\n"
    assert program.rstrip().endswith("# True")
