"""A version's limits are taken as it ships them; one without any is served as well, and nonsense is named."""

import math

import pytest

from gateway.limits import Limits, LimitsUnusable

SHIPPED = {"score": "energy", "least": 4.2, "level": 0.999, "quantile": 0.017}


def test_they_are_what_the_version_ships() -> None:
    assert Limits.of({"limits": SHIPPED}) == Limits(least_energy=4.2, quantile=0.017)


def test_a_version_that_ships_none_refuses_nothing_and_has_no_quantile() -> None:
    assert Limits.of({"accept_threshold": 0.5}) == Limits(least_energy=-math.inf, quantile=None)


def test_a_version_of_too_few_pictures_refuses_nothing() -> None:
    assert Limits.of({"limits": {**SHIPPED, "least": None, "quantile": 0.0}}) == Limits(quantile=0.0)


@pytest.mark.parametrize(
    "limits",
    [
        None,
        [],
        {},
        {**SHIPPED, "score": "neighbour"},
        {**SHIPPED, "least": "much"},
        {**SHIPPED, "least": math.nan},
        {**SHIPPED, "least": math.inf},
        {**SHIPPED, "quantile": None},
        {**SHIPPED, "quantile": 1.1},
        {**SHIPPED, "quantile": math.nan},
    ],
)
def test_limits_that_cannot_be_are_named_in_one_line(limits: object) -> None:
    with pytest.raises(LimitsUnusable, match="the model ships ") as error:
        Limits.of({"limits": limits})
    assert "\n" not in str(error.value)
