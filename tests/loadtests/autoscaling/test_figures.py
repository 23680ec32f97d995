"""Measured figures survive their file, and what is none is said to be none."""

import json

import pytest

from loadtests.autoscaling.figures import FILE, as_json, parsed, read
from tests.loadtests.autoscaling.figures_made import FIGURES


def test_figures_survive_their_file() -> None:
    assert parsed(as_json(FIGURES)) == FIGURES


def test_those_of_this_checkout_can_be_read() -> None:
    assert read(FILE).gateway_hit_us.median < read(FILE).gateway_miss_us.median


@pytest.mark.parametrize("spoilt", ["", "[]", "{}", '{"machine": {}}'])
def test_what_is_none_is_told(spoilt: str) -> None:
    with pytest.raises(ValueError, match="no measured figures"):
        parsed(spoilt)


@pytest.mark.parametrize("name", ["row_bytes", "model_us", "machine"])
def test_one_that_lacks_is_named(name: str) -> None:
    told = json.loads(as_json(FIGURES))
    del told[name]
    with pytest.raises(ValueError, match=name):
        parsed(json.dumps(told))


def test_a_figure_that_is_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="row_bytes is 0"):
        parsed(as_json(FIGURES).replace('"row_bytes": 180.0', '"row_bytes": 0'))
