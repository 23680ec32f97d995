"""Shortened rules are the committed ones in everything but how long they look back and wait."""

import re
from pathlib import Path

import pytest
import yaml

from loadtests.drills.watch import Windows
from tests.monitoring.rules import FILES, MONITORING

WINDOWS = Windows(day=60, hour=40, five_minutes=20, lasting=2)
DURATION = re.compile(r"\d+[smhd]\b")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_but_durations_is_changed(file: Path) -> None:
    committed = file.read_text()
    assert DURATION.sub("", WINDOWS.shorten(committed)) == DURATION.sub("", committed)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_range_and_wait_is_shorter_and_every_label_is_as_it_was(file: Path) -> None:
    committed = file.read_text()
    shortened = WINDOWS.shorten(committed)
    assert set(re.findall(r"\[(\w+)\]|offset (\w+)", shortened)) <= {(f"{seconds}s", "") for seconds in (60, 80, 40, 20)} | {
        ("", f"{seconds}s") for seconds in (60, 40)
    }
    assert set(re.findall(r"\bfor: (\w+)", shortened)) <= {"2s"}
    labels = [re.findall(r"window: (\w+)", text) + re.findall(r'window="(\w+)"', text) for text in (committed, shortened)]
    assert labels[0] == labels[1]
    assert yaml.safe_load(shortened).keys() == yaml.safe_load(committed).keys()


def test_scraping_and_telling_keep_up_with_the_windows() -> None:
    prometheus = yaml.safe_load(WINDOWS.shorten((MONITORING / "prometheus.yml").read_text()))
    assert prometheus["global"] == {"scrape_interval": "1s", "evaluation_interval": "1s"}
    route = yaml.safe_load(WINDOWS.shorten((MONITORING / "alertmanager.yml").read_text()))["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("1s", "1s", "4h")


def test_a_range_without_a_shorter_one_is_refused() -> None:
    with pytest.raises(KeyError):
        WINDOWS.shorten("rate(x[7d])")
