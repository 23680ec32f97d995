"""`POST /v1/feedback` and `PUT /v1/predictions/{id}/label`: the truth about an answer, acknowledged once it is committed."""

import asyncio
import time
from typing import Literal

from fastapi import APIRouter

from gateway.errors import Conflict, NotFound, RecordsProblem
from gateway.prediction_id import PredictionId, PredictionIds
from gateway.records.batch import LabelOutcome, LabelRow, LabelState, new_token
from gateway.records.recorder import Recorder
from gateway.records.store import AUDIT, FEEDBACK, RecordsUnavailable
from gateway.routes.shared import problems
from gateway.schema import Feedback, FeedbackAnswer, Label

REFUSALS = {
    400: "The request is malformed.",
    404: "There is no such prediction.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    503: "The label may not be stored; send it again.",
}


def label_routes(ids: PredictionIds, recorder: Recorder | None, deadline_seconds: float) -> APIRouter:
    """The label routes over what they use. Without a recorder nothing can be stored, and that is said."""
    router = APIRouter(prefix="/v1", tags=["ground truth"])

    @router.post(
        "/feedback",
        summary="Say which digit it was",
        responses=problems({**REFUSALS, 409: "Another label was given before; an auditor can correct it."}),
    )
    async def feedback(said: Feedback) -> FeedbackAnswer:
        """Idempotent: the same label again is `same`. The version that answered is credited, also where another serves by now."""
        outcome = await _store(said.prediction_id, said.label, FEEDBACK)
        if outcome.state is LabelState.CONFLICT:
            raise Conflict(f"this prediction was labelled {outcome.previous} before; PUT /v1/predictions/{{id}}/label corrects a label")
        return _answer(said.prediction_id, said.label, outcome)

    @router.put("/predictions/{prediction_id}/label", summary="Correct a label", responses=problems(REFUSALS))
    async def correct(prediction_id: str, said: Label) -> FeedbackAnswer:
        """An auditor's word: it supersedes what was said before, and the history keeps both."""
        return _answer(prediction_id, said.label, await _store(prediction_id, said.label, AUDIT))

    async def _store(prediction_id: str, label: int, source: Literal["feedback", "audit"]) -> LabelOutcome:
        known = known_id(ids, prediction_id)
        if recorder is None:
            raise RecordsProblem("records are switched off here (GATEWAY_RECORDS=off); no label can be stored")
        row = LabelRow(prediction_id.lower(), label, known.digit, known.version, source, int(time.time() * 1000), None, new_token())
        try:
            async with asyncio.timeout(deadline_seconds):
                return await recorder.label(row)
        except TimeoutError as error:
            why = recorder.failure or "the database is slow"
            raise RecordsProblem(f"not acknowledged in time ({why}); send it again, that is safe", retry_after_seconds=1) from error
        except RecordsUnavailable as error:
            raise RecordsProblem(f"not stored ({error}); send it again", retry_after_seconds=1) from error

    return router


def known_id(ids: PredictionIds, prediction_id: str) -> PredictionId:
    """What an id of ours says. Raises NotFound."""
    known = ids.read(prediction_id)
    if known is None:
        raise NotFound("there is no such prediction; give the prediction_id of an answer as it was")
    return known


def _answer(prediction_id: str, label: int, outcome: LabelOutcome) -> FeedbackAnswer:
    state: Literal["stored", "same"] = "stored" if outcome.state is LabelState.STORED else "same"
    return FeedbackAnswer(prediction_id=prediction_id, label=label, state=state, previous=outcome.previous)
