import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.prediction_id import PredictionId, PredictionIds, _encoded
from gateway.signing import Signer

SIGNER = Signer(b"s" * 32)


@given(st.integers(0, 2**40), st.integers(0, 9), st.binary(min_size=6, max_size=6))
def test_an_id_says_what_it_was_made_of(seconds: int, digit: int, version: bytes) -> None:
    ids = PredictionIds(SIGNER, clock=lambda: seconds / 1000)
    text = ids.issue(digit, version.hex())
    assert len(text) == 48
    assert PredictionIds(SIGNER).read(text) == PredictionId(int(seconds / 1000 * 1000), digit, version.hex())


@given(st.binary(min_size=30, max_size=30))
def test_ids_are_written_in_base32hex(raw: bytes) -> None:
    assert _encoded(raw) == base64.b32hexencode(raw).decode().lower()


def test_ids_are_ordered_by_time_and_never_equal() -> None:
    now = 1_000.0
    ids = PredictionIds(SIGNER, clock=lambda: now)
    issued = []
    for _ in range(100):
        now += 0.01
        issued.append(ids.issue(7, "ab12cd34ef56"))
    assert issued == sorted(issued)
    assert ids.issue(7, "ab12cd34ef56") != ids.issue(7, "ab12cd34ef56")


def test_an_id_changed_anywhere_is_none_of_ours() -> None:
    ids = PredictionIds(SIGNER)
    text = ids.issue(7, "ab12cd34ef56")
    for place in range(len(text)):
        other = "0" if text[place] != "0" else "1"
        assert ids.read(text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "x", "0" * 48, "é" * 48, "0" * 47, "0" * 1000, "z" * 48])
def test_what_is_no_id_is_none_of_ours(text: str) -> None:
    assert PredictionIds(SIGNER).read(text) is None


def test_another_secret_reads_nothing() -> None:
    assert PredictionIds(Signer(b"t" * 32)).read(PredictionIds(SIGNER).issue(7, "ab12cd34ef56")) is None


@pytest.mark.parametrize(("letter", "alias"), [("s", "\u017f"), ("i", "\u0131"), ("ff", "\ufb00")])
def test_an_id_has_no_second_name(letter: str, alias: str) -> None:
    ids = PredictionIds(Signer(b"s" * 32))
    issued = next(text for text in iter(lambda: ids.issue(7, "ab12cd34ef56"), "") if letter in text)
    assert ids.read(issued) is not None
    assert ids.read(issued.replace(letter, alias, 1)) is None
