"""Prediction ids: ordered by time, carrying digit and model version under a MAC, so that any replica can check and credit one unaided."""

import base64
import binascii
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.randomness import RandomBytes
from gateway.signing import Signer

TIME_BYTES, RANDOM_BYTES, VERSION_BYTES, MAC_BYTES = 6, 8, 6, 9
PURPOSE = b"prediction-id"
LETTERS = "0123456789abcdefghijklmnopqrstuv"
"""Of base32hex (RFC 4648, 7), whose order is the order of what they stand for."""

LETTER_OF = LETTERS.encode().ljust(256, b"?")
"""A byte of 0 to 31 to its letter."""

LETTER_BITS, MOST_LETTERS = 5, 64


@dataclass(frozen=True, slots=True)
class PredictionId:
    """What an id says: `milliseconds` since 1970, the digit that was answered, the 12 hex digits of the model version."""

    milliseconds: int
    digit: int
    version: str


def first_id_at(milliseconds: int) -> str:
    """An id under which no id of this time or later is: what ranges of time are asked for by."""
    size = TIME_BYTES + RANDOM_BYTES + 1 + VERSION_BYTES + MAC_BYTES
    return _encoded(max(0, milliseconds).to_bytes(TIME_BYTES, "big").ljust(size, b"\0"))


def milliseconds_of(text: str) -> int:
    """The time in an id of ours, since 1970. Its MAC is not looked at."""
    return int.from_bytes(base64.b32hexdecode(text.upper())[:TIME_BYTES], "big")


class PredictionIds:
    """Issues and reads ids: 48 characters of base32hex in lower case, whose order is the order of their times."""

    def __init__(self, signer: Signer, clock: Callable[[], float] = time.time) -> None:
        self._signer = signer
        self._clock = clock
        self._random = RandomBytes()

    def issue(self, digit: int, version: str) -> str:
        """A new id. `version` is 12 hex digits."""
        milliseconds = int(self._clock() * 1000)
        body = milliseconds.to_bytes(TIME_BYTES, "big") + self._random.take(RANDOM_BYTES) + bytes([digit]) + bytes.fromhex(version)
        return _encoded(body + self._signer.mac(PURPOSE, body, MAC_BYTES))

    def read(self, text: str) -> PredictionId | None:
        """What the id says, or None when it is not one of ours."""
        if not text.isascii():  # letters that upper() turns into ours would be other names of the same id
            return None
        try:
            raw = base64.b32hexdecode(text.upper())
        except (binascii.Error, ValueError):
            return None
        body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if len(body) != TIME_BYTES + RANDOM_BYTES + 1 + VERSION_BYTES or not self._signer.verify(PURPOSE, body, mac):
            return None
        return PredictionId(int.from_bytes(body[:TIME_BYTES], "big"), body[TIME_BYTES + RANDOM_BYTES], body[-VERSION_BYTES:].hex())


def _halvings() -> Iterator[tuple[int, int, int]]:
    """Masks of the lower and of the upper halves of runs of letters, and how far the upper ones move up, until each letter has a byte."""
    run = MOST_LETTERS
    while run > 1:
        run //= 2
        lower = sum((1 << LETTER_BITS * run) - 1 << at for at in range(0, 8 * MOST_LETTERS, 2 * 8 * run))
        yield lower, lower << LETTER_BITS * run, (8 - LETTER_BITS) * run


HALVINGS = tuple(_halvings())


def _encoded(raw: bytes) -> str:
    """base32hex in lower case of a multiple of five bytes, 40 at most; the standard library's takes longer than the rest of an id."""
    number = int.from_bytes(raw, "big")
    for lower, upper, up in HALVINGS:
        number = number & lower | (number & upper) << up
    return number.to_bytes(8 * len(raw) // LETTER_BITS, "big").translate(LETTER_OF).decode()
