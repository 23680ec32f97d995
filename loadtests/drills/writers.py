"""People who write, also in a way that the model does not know: each picture is sent, its label follows, what was answered is kept."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Event
from typing import NamedTuple

from loadtests.client import Gateway, at_once, at_rate
from loadtests.programs import Failed, wait_until

Picture = tuple[bytes, int]
"""What is sent, and the digit that was meant."""

WRITTEN_WITHIN_SECONDS = 180.0
"""That many pictures are waited for; the drill's largest step takes 40 s at its rate on an idle machine."""


class Written(NamedTuple):
    """One picture: the version that answered, what it read, and what was meant."""

    version: str
    digit: int
    label: int


class Writers:
    """Their pictures may be kept and trained on. A request that fails raises Refused where it was sent."""

    def __init__(self, gateway: Gateway, usual: Iterator[Picture]) -> None:
        self._gateway, self._usual = gateway, usual
        self.written: list[Written] = []
        self._failure: Exception | None = None

    def write(self, pictures: Iterable[Picture]) -> None:
        """These, as fast as they go."""
        at_once(self._write, pictures)

    def go_on(self, rate: float, over: Event) -> None:
        """So many of the usual ones a second until it is over."""
        while not over.is_set():
            at_rate(self._write, list(islice(self._usual, max(1, round(rate)))), rate)

    def hurry(self, over: Event) -> None:
        """The usual ones as fast as they go until it is over."""
        while not over.is_set():
            self.write(list(islice(self._usual, 40)))

    def wait_for(self, count: int, seconds: float = WRITTEN_WITHIN_SECONDS) -> Sequence[Written]:
        """The next so many, while others let them write. Raises Failed as soon as one of their requests does, or after `seconds`."""
        begun = len(self.written)
        wait_until(lambda: self._failure or len(self.written) >= begun + count, seconds, f"{count} answers", every=0.05)
        if self._failure is not None:
            raise Failed(f"a request failed: {self._failure}")
        return self.written[begun:]

    def _write(self, picture: Picture) -> None:
        sent, label = picture
        try:
            answer = self._gateway.predict_and_keep(sent)
            self._gateway.label(answer["prediction_id"], label)
        except Exception as error:
            self._failure = error
            raise
        self.written.append(Written(answer["model"]["version"], answer["digit"], label))


def accuracy(written: Sequence[Written]) -> float:
    """Read right, 0 to 1."""
    return sum(each.digit == each.label for each in written) / len(written)


def shares(written: Sequence[Written]) -> dict[str, float]:
    """Of each version that answered, 0 to 1."""
    return {version: count / len(written) for version, count in Counter(each.version for each in written).items()}
