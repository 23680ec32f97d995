"""An answer becomes a row, and the answer says truthfully how safe that row is."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.answer_text import RecordState
from gateway.contract import DEFAULT_MODEL, Answer
from gateway.records.batch import PixelsRow

if TYPE_CHECKING:  # who keeps no records needs no database
    from gateway.records.recorder import Recorder


class Recording:
    """Records answers through the recorder, if there is one; `durable` waits until a row is committed, as long as the request has time.

    Pixels are kept of the default model's answers alone: what is kept trains later versions of it, and another model's digits, of
    another side perhaps, would teach them wrong.
    """

    def __init__(self, recorder: "Recorder | None", *, durable: bool, clock: Callable[[], float] = time.time) -> None:
        self._recorder, self._durable, self._clock = recorder, durable, clock

    @property
    def waits(self) -> bool:
        """Whether an answer is given only when its row is committed."""
        return self._durable and self._recorder is not None

    async def record(self, prediction_id: str, answer: Answer, *, started: float, deadline: float, keep_pixels: bool) -> RecordState:
        """`started` is of `time.perf_counter`, `deadline` of the event loop's time."""
        state = self.note(prediction_id, answer, started=started, keep_pixels=keep_pixels)
        if state == "none" or self._recorder is None or not self._durable:
            return state
        try:
            async with asyncio.timeout_at(deadline):
                await self._recorder.settled()
        except TimeoutError:  # it stays in memory and is tried again
            return "buffered"
        return "durable"

    def note(self, prediction_id: str, answer: Answer, *, started: float, keep_pixels: bool) -> RecordState:
        """As `record`, without waiting until it is committed."""
        if self._recorder is None:
            return "none"
        content, now_ms = answer.content, int(self._clock() * 1000)
        row = (
            prediction_id,
            now_ms,
            content.digest,
            answer.model.version,
            content.digit,
            content.confidence,
            not content.reasons,
            answer.cache,
            int((time.perf_counter() - started) * 1e6),
        )
        kept = None
        if keep_pixels and answer.pixels is not None and answer.model.name == DEFAULT_MODEL:
            kept = PixelsRow(content.digest, answer.pixels.tobytes(), now_ms)
        return "buffered" if self._recorder.record(row, kept) else "none"
