"""The command writes what it says, and says in one line what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.autoscaling.__main__ import K8S, main
from loadtests.autoscaling.figures import as_json, read
from loadtests.pictures import CHECKOUT
from tests.loadtests.autoscaling.figures_made import FIGURES


def test_pages_figures_and_manifest_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) == 7
    assert capsys.readouterr().out.count("written: ") == 7
    for path in written:
        assert (K8S / path).is_file()
        if path.suffix != ".png":
            assert (tmp_path / path).read_text() == (K8S / path).read_text()


@pytest.mark.parametrize("spoilt", ["nothing there", "{}", "no JSON"])
def test_without_figures_one_line_says_so(spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "measured.json"
    if spoilt != "nothing there":
        file.write_text(spoilt)
    assert main(["--measured", str(file), "--out", str(tmp_path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("nothing replayed: ")
    assert "Traceback" not in line


def test_a_plan_for_other_assumptions_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "measured.json"
    file.write_text(as_json(FIGURES))
    assert main(["--measured", str(file), "capacity", "--requests", "2e6", "--hit-percents", "75", "--core-hour", "7"]) == 0
    told = capsys.readouterr().out
    assert "2,000,000 requests a second" in told
    assert "| of the answers out of a cache | 75 % |" in told
    assert "a core-hour costs 7" in told


@pytest.mark.parametrize(
    "options",
    [
        ["capacity", "--requests", "0"],
        ["capacity", "--core-hour", "nan"],
        ["capacity", "--hit-percents", "101"],
        ["capacity", "--busy", "1.5"],
        ["capacity", "--gigabits", "much"],
        ["fly"],
    ],
)
def test_nonsense_is_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.system  # a minute, which `make test` has no room for
@pytest.mark.timeout(300)
def test_figures_are_measured_on_a_stack_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    command = [sys.executable, "-m", "loadtests.autoscaling", "--measured", str(file), "measure", "--quick"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stderr
    told = read(file)
    assert 0 < told.gateway_hit_us.median < told.gateway_redis_hit_us.median < told.gateway_miss_us.median
    assert told.model_us.median > told.redis_miss_us.median > 0
    assert 0 < told.popular_hits < 1
    assert told.gateway_start_seconds.rounds == told.torchserve_start_seconds.rounds == 2
    assert told.redis_miss_bytes > 50
    assert 100 < told.row_bytes < 1_000
    assert json.loads(file.read_text())["machine"]["commit"]
