"""The benchmark runs: every workload trains alike under this library and PyTorch, processes answer, reports can be read."""
from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from benchmarks import libraries, machine, report, runner, worker
from benchmarks.workloads import WORKLOADS, chosen

LONG = {"W5", "W8", "W10-1e5", "W10-1e6"}  # seconds per step under the one or the other
QUICK = runner.Settings(rounds=2, seconds=0.005, pause=0.01, patience=0, limit=300)


def trajectory(name, build, threads=1):
    step, data = build(WORKLOADS[name], threads)
    return [worker.numbers(step(*data)) for _ in range(3)]


@pytest.mark.parity
@pytest.mark.parametrize("build", [libraries.ours, libraries.ours_compiled])
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in WORKLOADS])
def test_workloads_train_as_under_torch(name, build):
    pytest.importorskip("torch")
    if name == "W10-1e6" and build is libraries.ours_compiled:
        pytest.skip("a million calls take a minute and a half to capture, and W10-1e5 is the same program")
    try:
        own = trajectory(name, build)
    except (AttributeError, libraries.NotThere) as error:
        why = worker.problem(error)
        if not why.startswith(("missing:", "not there:")):
            raise
        pytest.skip(why)
    assert runner.deviation(own, trajectory(name, libraries.torch)) < 1e-3


def test_the_loss_of_a_workload_falls():
    losses = [loss for [loss] in trajectory("W3", libraries.ours)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[-1]


def test_processes_answer():
    results = runner.measure(WORKLOADS["W1"], ["ours", "hips"], QUICK)
    assert results["hips"] == {"problem": "not there: no --hips-python"}
    own = results["ours"]
    assert "problem" not in own
    assert len(own["seconds"]) == QUICK.rounds
    assert len(own["numbers"]) == WORKLOADS["W1"].steps
    assert own["deviation"] == 0
    assert 0 < own["import_seconds"] < 60
    assert own["bytes"] > 1e6


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("name", ["W2", "W11", "W13"])
def test_peers_follow(name):
    installed = [library for library in libraries.LIBRARIES if importlib.util.find_spec(libraries.LIBRARIES[library].modules[0])]
    peers = [library for library in installed if library not in {"hips", "torch-compile", *libraries.MINE}]
    assert not {library: r["problem"] for library, r in runner.measure(WORKLOADS[name], peers, QUICK).items() if "problem" in r}


def test_a_process_that_ends_is_a_problem():
    impatient = runner.Worker("ours", "W1", QUICK, "")
    impatient.process.kill()
    with pytest.raises(runner.Problem, match="ended with code -9"):
        impatient.ask("describe")
    impatient.close()


def test_what_takes_too_long_is_ended_and_noted():
    worker = runner.Worker("ours", "W10-1e6", QUICK, "")
    worker.left = 0.5
    with pytest.raises(runner.Problem, match="too slow: the first call was not over when its 300 s were"):
        worker.ask("first")
    worker.close()


def test_a_burst_that_would_not_be_over_in_time_is_not_begun(monkeypatch):
    ask, asked = runner.Worker.ask, []

    def slow(worker, do, **arguments):
        answer = ask(worker, do, **arguments)
        asked.append(do)
        if asked.count("burst") == 2:
            worker.left = 0
        return answer

    monkeypatch.setattr(runner.Worker, "ask", slow)
    own = runner.measure(WORKLOADS["W1"], ["ours"], QUICK._replace(rounds=4))["ours"]
    assert "problem" not in own
    assert len(own["seconds"]) == 2
    assert own["peak_bytes"] > 0


def test_missing_names_are_told_from_failures():
    import nn

    with pytest.raises(AttributeError) as missing:
        nn.functional.no_such_function
    assert worker.problem(missing.value) == "missing: F.no_such_function"
    assert worker.problem(ValueError("first line\nsecond")) == "ValueError: first line"


def test_another_trajectory_fails():
    results = {"torch": {"numbers": [[1.0], [0.5]]}, "ours": {"numbers": [[1.0], [0.51]]}, "jax": {"numbers": [[1.0], [0.5001]]}}
    runner.compare(WORKLOADS["W1"], results)
    assert results["ours"]["problem"] == "FAIL: off by 2.0e-02"
    assert "problem" not in results["jax"]
    assert runner.deviation([[float("nan")]], [[1.0]]) == float("inf")


def test_choice_of_workloads():
    assert [w.name for w in chosen("W10,W2")] == ["W2", "W10-1e4", "W10-1e5", "W10-1e6"]
    assert len(chosen(None)) == len(WORKLOADS) == 15
    with pytest.raises(SystemExit, match="W77 was given"):
        chosen("W1,W77")


def test_limits_add_up():
    rates = {"sgemm_flops": 1e11, "copy_bytes": 1e10, "call_seconds": 1e-6}
    assert WORKLOADS["W9"].limit.seconds(rates) == pytest.approx(3e-3)
    assert WORKLOADS["W4"].limit.flops == pytest.approx(308e6, rel=0.01)
    assert all(w.limit.seconds(rates) > 0 for w in WORKLOADS.values())


def measured():
    def result(*seconds):
        return {"seconds": list(seconds), "first_seconds": 0.5, "import_seconds": 0.1, "peak_bytes": 2e6, "bytes": 72e6, "version": "1",
                "numbers": [[1.0]], "deviation": 1e-7}  # fmt: skip

    row = {"title": "a row", "unit": "step", "per": 10, "limit": {"flops": 1e5, "bytes": 0, "calls": 9}, "tolerance": 1e-3, "steps": 6}
    return {
        "machine": machine.describe(), "limits": {"sgemm_flops": 1e11, "copy_bytes": 1e10, "call_seconds": 1e-6},
        "settings": {"rounds": 2, "seconds": 0.1, "threads": 2},
        "workloads": {
            "W1": {**row, "libraries": {"ours": result(12e-6, 14e-6), "torch": result(96e-6, 99e-6), "jax": {"problem": "not there: no"}}},
            "W6": {**row, "libraries": {"ours": {"problem": "missing: F.conv2d"}, "torch": {"problem": "FAIL: off by 1"}}},
        },
    }  # fmt: skip


def test_report(tmp_path):
    (tmp_path / "kept.json").write_text(json.dumps(measured()))
    command = [sys.executable, "-m", "benchmarks.report", str(tmp_path / "kept.json")]
    page = subprocess.run(command, cwd=machine.ROOT, capture_output=True, check=True).stdout.decode()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert ["W1", "12.0/13.0 µs", "96.0/97.5 µs"] in rows
    assert ["W6", "missing: F.conv2d", "FAIL"] in rows
    assert ["W1", "0.125"] in rows  # ours / torch
    assert ["W1", "1.00 µs", "12.0", "96.0"] in rows  # the limit and the distance to it
    assert "* jax, W1: not there: no" in page


def test_chart(tmp_path):
    pytest.importorskip("matplotlib")
    report.chart(measured(), str(tmp_path / "chart.svg"))
    assert "ours" in (tmp_path / "chart.svg").read_text()


def test_kept_results_make_the_page():
    kept = sorted((machine.ROOT / "benchmarks" / "results").glob("*.json"))
    page = machine.ROOT / "docs" / "benchmarks.md"
    assert bool(kept) == page.is_file()
    if kept:
        expected = report.text(json.loads(kept[-1].read_text()))
        assert page.read_text(encoding="utf-8") == expected, f"write it anew: python -m benchmarks.report {kept[-1].name}"
        assert report.summary(json.loads(kept[-1].read_text())) in (machine.ROOT / "README.md").read_text(encoding="utf-8")
