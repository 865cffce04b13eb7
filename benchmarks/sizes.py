"""How the cost of a training step grows with the batch and with the width, beside PyTorch, and its figure.

The figures are kept in cost_over_size.json, from which cost_over_size.svg is drawn.
"""

import json
import platform
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.measure import seconds

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
BATCH, WIDTH, CLASSES = 128, 256, 10  # the batch while the width varies, and the other way round
FOLDER = Path(__file__).parent
FIGURES, DRAWING = FOLDER / "cost_over_size.json", FOLDER / "cost_over_size.svg"
COLOURS = {"PyTorch": "#d55e00", "backprop_lib": "#0072b2"}  # told apart by the colour-blind too
LINES = {"PyTorch": "s--", "backprop_lib": "o-"}


def programs(batch, width):
    """Training steps of the MLP width-width-10 in both libraries, which compute the same losses."""
    import torch

    import backprop_lib as bp
    from benchmarks.measure import agree
    from benchmarks.training import copy_weights, trainer

    torch.set_num_threads(1)
    bp.manual_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((batch, width), np.float32), rng.integers(CLASSES, size=batch)
    models = {
        lib: lib.nn.Sequential(lib.nn.Linear(width, width), lib.nn.ReLU(), lib.nn.Linear(width, CLASSES))
        for lib in (bp, torch)
    }
    copy_weights(models[bp], models[torch])
    ours, theirs = (
        trainer(lib, model, lib.optim.SGD(model.parameters(), lr=0.01), lib.nn.CrossEntropyLoss(), x, y)
        for lib, model in models.items()
    )
    agree(ours(3), theirs(3), 1e-3)
    return ours, theirs


def seconds_a_step(batch, width, repeat):
    """The median time of a step in each library, both taking turns."""
    ours, theirs = programs(batch, width)
    steps = max(1, min(100, round(2e8 / (batch * width * (width + CLASSES)))))
    rounds = [(seconds(lambda: ours(steps)), seconds(lambda: theirs(steps))) for _ in range(repeat)]
    return {name: median(times) / steps for name, times in zip(("backprop_lib", "PyTorch"), zip(*rounds))}


def measure(repeat=7):
    """Seconds a step over the batch and over the width, and what measured them."""
    import torch

    over = {
        "batch": [seconds_a_step(size, WIDTH, repeat) for size in SIZES],
        "width": [seconds_a_step(BATCH, size, repeat) for size in SIZES],
    }
    return {
        "what": f"seconds for a training step of the MLP width-width-{CLASSES}, one thread, float32, SGD",
        "numpy": np.__version__,
        "torch": torch.__version__.split("+")[0],
        "machine": platform.machine(),
        "sizes": list(SIZES),
        "seconds": {
            over_what: {name: [float(f"{row[name]:.4g}") for row in rows] for name in COLOURS}
            for over_what, rows in over.items()
        },
    }


def draw(found):
    """The figure as text in SVG: the same figures always give the same text."""
    import io

    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    titles = {"batch": f"width {WIDTH}", "width": f"batch {BATCH}"}
    with plt.rc_context({"svg.hashsalt": "cost over size", "font.size": 11, "svg.fonttype": "path"}):
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.9), sharey=True, layout="constrained")
        for axis, (over_what, lines) in zip(axes, found["seconds"].items()):
            for name, times in lines.items():
                axis.loglog(found["sizes"], [1e3 * t for t in times], LINES[name], ms=4, color=COLOURS[name])
            axis.set_xlabel(over_what)
            axis.set_title(titles[over_what], fontsize=11)
            axis.set_xticks(found["sizes"], found["sizes"])
            axis.minorticks_off()
            axis.grid(color="#e5e5e5")
            axis.spines[["top", "right"]].set_visible(False)
        axes[0].set_ylabel("milliseconds a training step")
        for name, height in zip(COLOURS, (0.93, 0.85)):
            axes[0].plot(0.06, height, LINES[name][0], ms=5, color=COLOURS[name], transform=axes[0].transAxes)
            axes[0].text(0.1, height - 0.02, name, color=COLOURS[name], transform=axes[0].transAxes)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def redraw():
    """Measure anew, and write the figures and the figure."""
    found = measure()
    FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    DRAWING.write_text(draw(found), encoding="utf-8")
    return found
