"""The monitoring drill in its short form: the real stack, Prometheus and Alertmanager."""

import subprocess
import sys

import pytest

from tests.monitoring.promtool import installed
from tests.stack.conftest import ROOT

ARRIVES = {"SlowMisses", "AccuracyBelowBaseline", "ClassErrorHigh", "InputDrift", "CacheDown", "ModelNotReady"}


@pytest.mark.system
@pytest.mark.timeout(900)
def test_what_the_alerts_are_for_makes_them_arrive_and_what_they_are_not_for_does_not() -> None:
    installed("prometheus")
    command = [sys.executable, "-m", "loadtests.drills.monitoring", "--short"]
    drill = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=840, check=False)
    print(drill.stdout)
    assert drill.returncode == 0, drill.stderr
    seen = [line.split() for line in drill.stdout.splitlines() if line.startswith("  ")]
    assert {words[0].rstrip(":") for words in seen if "arrived" in words} == ARRIVES
    assert {words[0].rstrip(":") for words in seen if "resolved;" in words} == ARRIVES
    assert sum(words[0] == "silent:" for words in seen) >= 5
