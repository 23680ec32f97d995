"""Shares and differences read the same wherever they stand."""

from model.wording import percent, points, share, within


def test_of_nothing_there_is_no_share() -> None:
    assert percent(None) == "-"
    assert percent(0.99714) == "99.71 %"


def test_an_interval_follows_its_figure() -> None:
    assert share({"accuracy": 0.5, "interval": [0.25, 0.75]}) == within(0.5, [0.25, 0.75]) == "50.00 % [25.00 %, 75.00 %]"
    assert points({"estimate": 0.0034, "low": -0.001, "high": 0.0059}) == "+0.34 points [-0.10, +0.59]"
