"""Measure every claim about speed: `python -m benchmarks [--only NAME ...] [--repeat N] [--json]`.

`python -m benchmarks --figure` instead draws anew how the cost grows with the size.

Exit status: 0 if every measured claim holds, 1 if one does not, 2 if the command line is wrong.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys

# Which file makes which claims. A file is imported when it is measured: the environment must be set by then.
REGISTRY = {
    "scalar_default_gc": "scalar_demo",
    "scalar_no_gc": "scalar_demo",
    "scalar_dot": "scalar_demo",
    "scalar_chain": "scalar_chain",
    "source_net": "source_net",
    "source_net_hips": "source_net",
    "mlp_sgd": "mlp",
    "mlp_adam": "mlp",
    "mlp_backward": "mlp",
    "mlp_memory": "memory",
    "mlp_sgd_hips": "mlp",
    "mlp_adam_hips": "mlp",
    "cnn8": "cnn",
    "cnn8_backward": "cnn",
    "cnn28": "cnn",
    "cnn28_backward": "cnn",
    "char_mlp": "char_mlp",
    "char_mlp_hips": "char_mlp",
    "char_mlp_backward": "char_mlp",
    "transformer": "transformer",
    "transformer_backward": "transformer",
    "transformer_memory": "memory",
}

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
TUNING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # would make OpenBLAS take this processor for another one


def pinned(environment):
    """The environment with one thread for every linear-algebra library, each left to know its processor."""
    kept = {name: value for name, value in environment.items() if name not in TUNING}
    return kept | dict.fromkeys(THREADS, "1")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure every claim about speed."
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help=f"measure these claims only: {', '.join(REGISTRY)}"
    )
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="rounds for each claim (default: as many as it needs)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object: claim -> min, median, max, goal"
    )
    parser.add_argument(
        "--figure",
        action="store_true",
        help="measure the cost over batch and width instead, and redraw benchmarks/cost_over_size.svg",
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.only or () if name not in REGISTRY]
    if unknown:
        parser.error(f"there is no claim named {', '.join(unknown)}; there are: {', '.join(REGISTRY)}")
    if options.repeat is not None and options.repeat < 1:
        parser.error(f"--repeat needs a whole number of at least 1, got {options.repeat}")
    return options


def claim(name):
    return importlib.import_module(f"benchmarks.{REGISTRY[name]}").CLAIMS[name]


def measured(name, repeat):
    """The summary of a claim's figures."""
    from benchmarks.measure import summary

    chosen = claim(name)
    return summary(chosen.measure(repeat or chosen.repeat)) | {"goal": chosen.goal}


def measured_apart(name, repeat):
    """The same from a process of its own: what the heap looks like after other claims changes the times."""
    command = [sys.executable, "-m", "benchmarks", "--json", "--only", name]
    command += [] if repeat is None else ["--repeat", str(repeat)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"{name} could not be measured:\n{done.stderr}")
    return json.loads(done.stdout)[name]


def run(options):
    if options.figure:
        from benchmarks import sizes

        print(json.dumps(sizes.redraw(), indent=1))
        return 0
    results, held = {}, []
    if not options.json:
        print(f"{'claim':<20}{'min':>9}{'median':>9}{'max':>9}  {'goal':<8}{'':<6}what is measured")
    names = list(dict.fromkeys(options.only or REGISTRY))
    for name in names:
        chosen = claim(name)
        figures = measured(name, options.repeat) if len(names) == 1 else measured_apart(name, options.repeat)
        results[name] = figures
        held.append(chosen.holds(figures["median"]))
        if not options.json:
            numbers = "".join(f"{figures[key]:>9.3g}" for key in ("min", "median", "max"))
            print(
                f"{name:<20}{numbers}  {chosen.bound:<8}{'ok' if held[-1] else 'FAILS':<6}{chosen.statement}",
                flush=True,
            )
    if options.json:
        print(json.dumps(results))
    return 0 if all(held) else 1


def main(arguments):
    options = parse(arguments)
    wanted = pinned(os.environ)
    if wanted != dict(os.environ):  # libraries read the environment when they load, perhaps before this line
        return subprocess.run(
            [sys.executable, "-m", "benchmarks", *arguments], env=wanted, check=False
        ).returncode
    return run(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
