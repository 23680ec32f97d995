"""Shares and differences read the same wherever they stand."""

from model.wording import mean_and_sd, percent, points, share, within


def test_of_nothing_there_is_no_share() -> None:
    assert percent(None) == "-"
    assert percent(0.99714) == "99.71 %"


def test_an_interval_follows_its_figure() -> None:
    assert share({"accuracy": 0.5, "interval": [0.25, 0.75]}) == within(0.5, [0.25, 0.75]) == "50.00 % [25.00 %, 75.00 %]"
    assert points({"estimate": 0.0034, "low": -0.001, "high": 0.0059}) == "+0.34 points [-0.10, +0.59]"


def test_a_mean_has_its_deviation_where_there_were_several() -> None:
    assert mean_and_sd({"mean": 0.5, "sd": 0.25, "n": 3}, 2) == "0.50 +- 0.25"
    assert mean_and_sd({"mean": 0.9971, "sd": None, "n": 1}, 2, 100) == "99.71"
