"""Who tunes gets the lines to change or one line that says why not; the quick form does so with stacks that are real."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from gateway.tuning import Tuning
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed
from loadtests.stack import Stack
from loadtests.tune import __main__ as tune
from loadtests.tune.candidates import Setting, candidates
from loadtests.tune.judgement import Trial
from tests.loadtests.tune.trials_made import PRESENT, trial


class Scripted:
    """A p95 for each setting; 10 ms for all others."""

    def __init__(self, p95s_ms: dict[Setting, float]) -> None:
        self.p95s_ms = p95s_ms
        self.started: list[Setting] = []
        self.up: list[Setting] = []
        self.most_up = 0
        self.broken: Setting | None = None

    @contextmanager
    def stack(self, setting: Setting) -> Iterator[Stack]:
        if setting == self.broken:
            raise Failed("it ended at once:\nno memory")
        self.started.append(setting)
        self.up.append(setting)
        self.most_up = max(self.most_up, len(self.up))
        yield cast(Stack, setting)
        self.up.remove(setting)

    def trial(self, stack: Stack, setting: Setting) -> Trial:
        assert cast(Setting, stack) == setting
        return trial(setting, self.p95s_ms.get(setting, 10.0))


def test_each_is_tried_on_a_stack_of_its_own_and_the_best_together_in_turn_with_the_present() -> None:
    others = candidates(PRESENT, cores=2)
    batch, processes, both = Setting(largest_batch=8), Setting(workers=2), Setting(largest_batch=8, workers=2)
    scripted = Scripted({batch: 5.0, Setting(largest_batch=16): 6.0, processes: 8.0})
    trials, together = tune.swept(scripted, PRESENT, others)
    assert together == both
    assert scripted.started == [PRESENT, *others, PRESENT, both]
    assert [made.setting for made in trials] == [PRESENT, PRESENT, *others, PRESENT, both, PRESENT, both]
    assert scripted.most_up == 2


def test_a_setting_with_which_no_stack_comes_up_is_told_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    others = candidates(PRESENT, cores=2)
    scripted = Scripted({Setting(workers=2): 5.0, Setting(largest_batch=8): 1.0})
    scripted.broken = Setting(largest_batch=8)
    trials, together = tune.swept(scripted, PRESENT, others)
    assert together == Setting(workers=2)
    assert scripted.broken not in [made.setting for made in trials]
    assert "GATEWAY_LARGEST_BATCH=8: not tried, it ended at once: no memory\n" in capsys.readouterr().out


def test_where_nothing_is_better_nothing_is_measured_again() -> None:
    others = candidates(PRESENT, cores=2)
    trials, together = tune.swept(Scripted({}), PRESENT, others)
    assert together == PRESENT
    assert len(trials) == 2 + len(others)


def test_one_other_alone_needs_no_choosing() -> None:
    [other] = others = [Setting(batch_delay_ms=2)]
    scripted = Scripted({other: 50.0})
    trials, together = tune.swept(scripted, PRESENT, others)
    assert together == other
    assert [made.setting for made in trials] == [PRESENT, other, PRESENT, other]


@pytest.mark.parametrize("failure", [Failed("another answer came:\nHTTP/1.1 200"), OSError("the disk is full")])
def test_what_goes_wrong_is_one_line(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fails(*_: object) -> object:
        raise failure

    monkeypatch.setattr(tune, "swept", fails)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path))
    assert tune.main(["--quick"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("nothing tuned: ")
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options", [["--rate", "0"], ["--rate", "inf"], ["--seconds", "-1"], ["--rate", "10", "--seconds", "1"], ["--rate", "1e9"]]
)
def test_too_few_or_too_many_requests_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tune.main(options)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_present_setting_that_is_no_number_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setenv("GATEWAY_WORKERS", "two")
    assert tune.main(["--quick"]) == 1
    assert capsys.readouterr().err == "nothing tuned: GATEWAY_WORKERS is 'two', which is no number it takes\n"


@pytest.mark.system  # half a minute, which `make test` has no room for
def test_a_delay_that_costs_a_tenth_of_a_second_is_found_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make tune` in its quick form, where waiting for company is what is wrong."""
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("GATEWAY_BATCH_DELAY_MS", "100")
    command = ["make", "--no-print-directory", "tune", "TUNE=--quick"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "GATEWAY_BATCH_DELAY_MS=0"
    told = Tuning.read(tmp_path)
    assert told is not None
    assert (told.lines, told.rate_per_second) == (["GATEWAY_BATCH_DELAY_MS=0"], 200.0)
    trials = json.loads((tmp_path / "tune" / "tune.json").read_text())["trials"]
    assert [(run["answers"], run["refusals"]) for run in trials] == [(200, 0)] * 4
    assert all(run["processor_ms"] > 0 for run in trials)
    assert {file.name for file in (tmp_path / "tune").iterdir()} == {"tune.json", "tune.md", "tune.png"}


@pytest.mark.integration
def test_a_setting_that_no_gateway_takes_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_LARGEST_BATCH", "65")
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path))
    command = [sys.executable, "-m", "loadtests.tune", "--quick"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 1
    assert "GATEWAY_LARGEST_BATCH" in ended.stderr
    assert ended.stderr.count("\n") == 1
