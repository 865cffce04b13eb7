"""What `python -m benchmarks` promises; how fast anything is, only the command itself tells."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import sizes
from benchmarks.__main__ import REGISTRY, THREADS, TUNING, claim, parse, pinned, run
from benchmarks.measure import Claim, agree, summary

ROOT = Path(__file__).parents[2]


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_the_claims():
    done = command("--help")
    assert done.returncode == 0
    assert [name for name in REGISTRY if name not in done.stdout] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "no_such_claim"], ["no_such_claim", *REGISTRY]),
        (["--only", "source_net", "other"], ["no claim named other", *REGISTRY]),
        (["--repeat", "0"], ["--repeat", "at least 1", "0"]),
        (["--repeat", "many"], ["--repeat", "many"]),
        (["--only"], ["--only"]),
    ],
)
def test_a_wrong_command_line_exits_with_2_and_says_why(arguments, words):
    done = command(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert [word for word in words if word not in done.stderr.replace("\n", " ")] == []


def test_every_claim_is_registered_and_complete():
    made = {name: path.stem for path in (ROOT / "benchmarks").glob("*.py") for name in claims_in(path)}
    assert made == REGISTRY
    for name in REGISTRY:
        assert isinstance(claim(name), Claim)
        assert claim(name).statement
        assert claim(name).repeat >= 3


def claims_in(path):
    if "\nCLAIMS = " not in path.read_text(encoding="utf-8"):
        return []
    return __import__(f"benchmarks.{path.stem}", fromlist=["CLAIMS"]).CLAIMS


def test_json_is_one_object_with_the_figures_of_each_claim():
    # The two programs of each claim must also agree on their losses, or there is no figure.
    done = command("--json", "--repeat", "1", OPENBLAS_CORETYPE="Prescott", OPENBLAS_L2_SIZE="1024")
    assert done.returncode in (0, 1)
    results = json.loads(done.stdout)
    assert list(results) == list(REGISTRY)
    for name, figures in results.items():
        assert list(figures) == ["min", "median", "max", "goal"]
        assert 0 < figures["min"] == figures["median"] == figures["max"]
        assert figures["goal"] == claim(name).goal
    held = [claim(name).holds(figures["median"]) for name, figures in results.items()]
    assert done.returncode == (0 if all(held) else 1)


@pytest.mark.parametrize(
    ("at_least", "figures", "status", "verdict"),
    [
        (True, [1.0, 5.0, 6.0], 0, "ok"),
        (True, [1.0, 4.9, 6.0], 1, "FAILS"),
        (False, [1.0, 5.0, 6.0], 0, "ok"),
        (False, [1.0, 5.1, 6.0], 1, "FAILS"),
    ],
)
def test_the_median_decides(monkeypatch, capsys, at_least, figures, status, verdict):
    made_up = Claim("made up for the test", goal=5, at_least=at_least, measure=lambda repeat: figures)
    monkeypatch.setattr("benchmarks.__main__.claim", lambda name: made_up)
    assert run(parse(["--only", "source_net"])) == status
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:5] == ["claim", "min", "median", "max", "goal"]
    assert row.split()[:4] == ["source_net", "1", f"{figures[1]:g}", "6"]
    assert made_up.bound in row
    assert verdict in row.split()
    assert row.endswith("made up for the test")


def test_a_claim_is_measured_once_and_with_the_rounds_asked_for(monkeypatch, capsys):
    rounds = []
    made_up = Claim(
        "", goal=1, at_least=True, measure=lambda repeat: rounds.append(repeat) or [2.0] * repeat, repeat=7
    )
    monkeypatch.setattr("benchmarks.__main__.claim", lambda name: made_up)
    run(parse(["--only", "source_net", "source_net", "--json"]))
    run(parse(["--only", "source_net", "--json", "--repeat", "2"]))
    assert rounds == [7, 2]
    assert json.loads(capsys.readouterr().out.splitlines()[0]) == {
        "source_net": {"min": 2.0, "median": 2.0, "max": 2.0, "goal": 1}
    }


def test_the_environment_is_pinned_to_one_thread_and_no_borrowed_tuning():
    environment = pinned({"PATH": "x", "OMP_NUM_THREADS": "8", **dict.fromkeys(TUNING, "y")})
    assert environment == {"PATH": "x", **dict.fromkeys(THREADS, "1")}
    assert pinned(environment) == environment


def test_different_losses_are_refused():
    agree([1.0, 2.0], [1.0, 2.0 + 1e-7], 1e-6)
    for ours in ([1.0, 2.1], [1.0]):
        with pytest.raises(AssertionError, match="different losses"):
            agree(ours, [1.0, 2.0], 1e-6)


def test_summary():
    assert summary([3.0, 1.0, 2.0]) == {"min": 1.0, "median": 2.0, "max": 3.0}


def test_the_figure_shows_the_committed_figures():
    found = json.loads(sizes.FIGURES.read_text(encoding="utf-8"))
    assert found["sizes"] == [16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
    for lines in found["seconds"].values():
        for times in lines.values():
            assert len(times) == len(found["sizes"])
            assert 0 < times[0] < times[-1]
    assert sizes.draw(found) == sizes.DRAWING.read_text(encoding="utf-8")


def test_a_size_is_measured_in_both_libraries():
    assert sorted(sizes.seconds_a_step(16, 16, repeat=1)) == ["PyTorch", "backprop_lib"]
