"""A run measures what it was asked for and leaves it behind under that name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.bench.__main__ import main
from loadtests.bench.batches import FORMS
from loadtests.bench.large import WHOLE_DECODE
from loadtests.bench.memory import PROCESSES
from loadtests.bench.servers import OURS, OURS_TWICE, OURS_TWO_WORKERS, OURS_UNCACHED, TORCHSERVE_BATCHED
from loadtests.bench.workloads import DISTINCT, HIT_RATES, MEMORY, NETWORK, PHOTOGRAPHS, WRK
from loadtests.pictures import CHECKOUT

ASKED = ("hit-rates", "photographs", "batches", "network", "memory", "connections", "workers", "wrk")


def test_other_rivals_without_distinct_pictures_are_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--also", "mlserver", "--only", "zipf"])
    assert "--also is about the workload distinct" in capsys.readouterr().err


@pytest.mark.system  # more than a minute, which `make test` has no room for
@pytest.mark.timeout(300)
def test_each_workload_that_needs_no_rival_of_its_own_works(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loadtests.bench", "--quick", "--rounds", "1", "--seconds", "0.3", "--out", str(tmp_path)]
    ended = subprocess.run([*command, "--only", *ASKED], cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    stem = f"bench-quick-{'-'.join(ASKED)}"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{stem}.json", f"{stem}.md", f"{stem}.png"]

    runs = json.loads((tmp_path / f"{stem}.json").read_text())["runs"]
    workloads = {run["cell"]["workload"] for run in runs}
    assert workloads >= {DISTINCT, MEMORY, WRK, *HIT_RATES.values(), *PHOTOGRAPHS.values(), *FORMS}
    assert any(workload.startswith(NETWORK) for workload in workloads)
    assert {run["cell"]["server"] for run in runs} >= {OURS, OURS_TWICE, OURS_TWO_WORKERS, OURS_UNCACHED, TORCHSERVE_BATCHED, WHOLE_DECODE}
    assert {run["cell"]["connections"] for run in runs if run["cell"]["workload"] == DISTINCT} == {1, 2, 8, 32, 128, 256, 512}
    assert all(run["answers"] % 16 == 0 for run in runs if run["cell"]["workload"] in FORMS)

    (watched,) = (run for run in runs if run["memory"])
    assert watched["answers"] == 20_000
    assert 0.7 < watched["hit_share"] <= 0.8
    assert watched["memory"].keys() == PROCESSES.keys()
    assert all(len(of["samples_mb"]) >= 50 and min(of["samples_mb"]) > 50 for of in watched["memory"].values())
