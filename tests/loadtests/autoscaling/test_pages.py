"""No number of the pages is typed: they are what the command writes of the measured figures."""

from pathlib import Path

import pytest

from loadtests.autoscaling.__main__ import K8S
from loadtests.autoscaling.capacity import Assumed
from loadtests.autoscaling.capacity_page import capacity_page
from loadtests.autoscaling.choose import Choice, choose
from loadtests.autoscaling.curves import CURVES, Curve
from loadtests.autoscaling.draw import draw
from loadtests.autoscaling.figures import FILE, as_json, read
from loadtests.autoscaling.page import FIGURE, page
from loadtests.autoscaling.service import Service
from tests.loadtests.autoscaling.figures_made import FIGURES

MOST_FIGURE_BYTES = 60_000


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(Service.of(read(FILE)))


def test_the_page_on_autoscaling_is_made_of_the_figures(choice: Choice) -> None:
    assert page(read(FILE), choice) == (K8S / "AUTOSCALING.md").read_text(encoding="utf-8")


def test_the_page_on_capacity_is_made_of_the_figures() -> None:
    assert capacity_page(read(FILE), Assumed()) == (K8S / "CAPACITY.md").read_text(encoding="utf-8")


def test_the_figures_are_as_the_command_writes_them() -> None:
    assert as_json(read(FILE)) == FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_every_load_is_drawn(choice: Choice, curve: Curve, tmp_path: Path) -> None:
    committed = K8S / FIGURE.format(curve.name)
    assert 0 < committed.stat().st_size <= MOST_FIGURE_BYTES
    assert FIGURE.format(curve.name) in (K8S / "AUTOSCALING.md").read_text(encoding="utf-8")
    draw(curve, choice.replays[curve.name], tmp_path / "drawn.png")
    assert 0 < (tmp_path / "drawn.png").stat().st_size <= MOST_FIGURE_BYTES


def test_a_page_says_of_which_machine_and_commit_its_figures_are() -> None:
    told = capacity_page(FIGURES, Assumed())
    assert "a processor, 2 cores" in told
    assert "commit abc1234" in told


def test_lines_of_the_pages_are_as_long_as_those_of_the_others(choice: Choice) -> None:
    for text in (page(read(FILE), choice), capacity_page(read(FILE), Assumed())):
        assert all(len(line) <= 140 for line in text.splitlines() if not line.startswith(("|", "![")))
