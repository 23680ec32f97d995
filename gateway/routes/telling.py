"""What becomes of an answer, whichever call it is for: it is counted, gets its id, is recorded, and is told as text."""

from gateway.answer_text import answer_text
from gateway.contract import Answer
from gateway.metrics import Metrics
from gateway.prediction_id import PredictionIds
from gateway.recording import Recording
from gateway.routes.asked import Asked


class Telling:
    """Tells each answer once."""

    def __init__(self, ids: PredictionIds, recording: Recording, metrics: Metrics) -> None:
        self._ids, self._recording, self._metrics = ids, recording, metrics

    async def tell(self, answer: Answer, asked: Asked) -> bytes:
        """PredictAnswer as JSON. Where records are durable this waits for them, as long as the request has time."""
        prediction_id = self._counted(answer)
        record = await self._recording.record(
            prediction_id, answer, started=asked.started, deadline=asked.deadline, keep_pixels=asked.consent
        )
        return answer_text(answer, prediction_id, record)

    @property
    def waits(self) -> bool:
        """Whether an answer is told only when its record is committed."""
        return self._recording.waits

    def tell_at_once(self, answer: Answer, started: float) -> bytes:
        """As `tell` where nothing waits and no pixels are kept."""
        prediction_id = self._counted(answer)
        return answer_text(answer, prediction_id, self._recording.note(prediction_id, answer, started=started, keep_pixels=False))

    def _counted(self, answer: Answer) -> str:
        """Its id."""
        content, version = answer.content, answer.model.version
        self._metrics.count_answer(content, version, answer.cache)
        return self._ids.issue(content.digit, version)
