"""Figures that are kept have five digits, and nothing else of them changes."""

from loadtests.rounded import rounded


def test_every_float_has_five_digits_however_deep_it_is() -> None:
    assert rounded({"a": 1_234.5678, "b": {"c": 0.000123456789}}) == {"a": 1_234.6, "b": {"c": 0.00012346}}


def test_what_is_no_float_stays() -> None:
    assert rounded({"a": 1_234_567, "b": "1.23456789", "c": None, "d": (1,)}) == {"a": 1_234_567, "b": "1.23456789", "c": None, "d": (1,)}
