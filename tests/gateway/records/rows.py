"""Rows as the gateway makes them, for the tests of records."""

from gateway.prediction_id import PredictionIds
from gateway.records.batch import AlertRow, ChangeRow, LabelRow, PixelsRow, PredictionRow, new_token
from gateway.records.packed import Noted, packed
from gateway.signing import Signer

VERSION = "ab12cd34ef56"
NOON_MS = 1_700_000_000_000


def issued(at_ms: int = NOON_MS, digit: int = 7) -> str:
    """An id of this time."""
    return PredictionIds(Signer(b"s" * 32), clock=lambda: at_ms / 1000).issue(digit, VERSION)


def prediction(at_ms: int = NOON_MS, digit: int = 7, caller: str | None = None) -> PredictionRow:
    return PredictionRow(issued(at_ms, digit), at_ms, bytes(32), VERSION, digit, 0.75, True, "miss", 1_500, caller)


def noted(row: PredictionRow) -> Noted:
    """What is noted of such a row; it has no caller yet."""
    return row[:-1]


def waiting(row: PredictionRow) -> bytes:
    """What such a row is until it is written."""
    return packed(*noted(row))


def label(of: PredictionRow, digit: int, source: str = "feedback") -> LabelRow:
    return LabelRow(of.id, digit, of.digit, of.model_version, source, of.at_ms + 1_000, None, new_token())


def change(to: LabelRow, previous: int | None = None) -> ChangeRow:
    """What the history keeps of a label."""
    return ChangeRow(to.token, to.id, previous, to.label, to.source, to.at_ms, to.caller)


def kept(at_ms: int = NOON_MS, shade: int = 9) -> PixelsRow:
    return PixelsRow(bytes([shade]) * 32, bytes([shade]) * 784, at_ms)


def alert(key: str = "a@1", at_ms: int = NOON_MS, resolved_ms: int | None = None) -> AlertRow:
    return AlertRow(key, "SlowMisses", "{}", "slow", at_ms, resolved_ms, '{"kind": "none"}')
