"""Prometheus and Alertmanager take the committed files, and every alert finds its receiver."""

import subprocess

import pytest

from tests.monitoring.promtool import installed
from tests.monitoring.rules import FILES, MONITORING, alerts

pytestmark = pytest.mark.system


def said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_its_configuration() -> None:
    assert f"{len(FILES)} rule files found" in said(installed("promtool"), "check", "config", str(MONITORING / "prometheus.yml"))


def test_prometheus_takes_the_rules() -> None:
    """With lint's complaints as errors, such as a rule that is there twice."""
    said(installed("promtool"), "check", "rules", "--lint-fatal", *map(str, FILES))


def test_alertmanager_takes_its_configuration() -> None:
    said(installed("amtool"), "check-config", str(MONITORING / "alertmanager.yml"))


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_goes_to_the_gateway_but_the_watchdog(alert: str) -> None:
    rule = alerts()[alert]
    labels = [f"alertname={alert}", f"severity={rule['labels']['severity']}", "model_version=ab12cd34ef56"]
    route = said(installed("amtool"), "config", "routes", "test", f"--config.file={MONITORING / 'alertmanager.yml'}", *labels)
    assert route.strip() == ("watchdog" if alert == "Watchdog" else "gateway")
