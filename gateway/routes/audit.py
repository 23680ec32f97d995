"""`GET /v1/predictions/{id}` and `GET /v1/audit`: what was answered, when, by which model, and what the truth was."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.errors import RecordsProblem
from gateway.prediction_id import PredictionId, PredictionIds
from gateway.records.reader import Change, Filters, Reader, Recorded
from gateway.routes.labels import known_id
from gateway.routes.shared import in_time, problems
from gateway.schema import AuditPage, LabelChange, RecordedPrediction, VersionName

MOST_A_PAGE = 500
Digit = Annotated[int | None, Query(ge=0, le=9)]


def audit_routes(ids: PredictionIds, reader: Reader | None, deadline_seconds: float) -> APIRouter:
    """The audit routes over what they use. Without a reader nothing is recorded, and that is said."""
    router = APIRouter(prefix="/v1", tags=["ground truth"])

    @router.get(
        "/predictions/{prediction_id}",
        summary="What was answered, and what the truth was",
        responses=problems({404: "There is no such prediction.", 503: "The records cannot be read now."}),
    )
    async def prediction(prediction_id: str) -> RecordedPrediction:
        """`recorded` is false where the row is not written yet, or no longer kept: then only what the id itself says is told."""
        known = known_id(ids, prediction_id)
        found, changes = await in_time(_reader().get(prediction_id.lower()), deadline_seconds)
        return _told(prediction_id.lower(), known, found, changes)

    @router.get(
        "/audit",
        summary="Recorded predictions, newest first",
        responses=problems({400: "A filter is malformed.", 503: "The records cannot be read now."}),
    )
    async def audit(
        since: Annotated[datetime | None, Query(description="From this time on (RFC 3339; without a zone, UTC).")] = None,
        until: Annotated[datetime | None, Query(description="Before this time.")] = None,
        digit: Digit = None,
        label: Digit = None,
        model_version: Annotated[VersionName | None, Query()] = None,
        disagreements: Annotated[bool, Query(description="Only those whose label is not the digit that was answered.")] = False,
        labelled_since: Annotated[
            datetime | None, Query(description="Only those labelled, or corrected, from this time on, whenever they were answered.")
        ] = None,
        before: Annotated[str | None, Query(description="`next` of the page before this one.", pattern=r"^[0-9a-v]{48}$")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> AuditPage:
        """Pages are stable: what is recorded meanwhile comes before the first one."""
        filters = Filters(
            _milliseconds(since), _milliseconds(until), digit, label, model_version, disagreements, _milliseconds(labelled_since)
        )
        rows = await in_time(_reader().page(filters, before=before, limit=limit), deadline_seconds)
        told = [_told(row.id, known, row, None) for row in rows if (known := ids.read(row.id)) is not None]
        return AuditPage(predictions=told, next=rows[-1].id if len(rows) == limit else None)

    def _reader() -> Reader:
        if reader is None:
            raise RecordsProblem("records are switched off here (GATEWAY_RECORDS=off)")
        return reader

    return router


def _told(prediction_id: str, known: PredictionId, found: Recorded | None, changes: list[Change] | None) -> RecordedPrediction:
    written = found is not None and found.digest is not None
    return RecordedPrediction(
        prediction_id=prediction_id,
        time=_time(known.milliseconds),
        model_version=known.version,
        digit=known.digit,
        recorded=written,
        confidence=found.confidence if found else None,
        accepted=found.accepted if found else None,
        cache=found.cache if found else None,
        latency_ms=found.latency_us / 1000 if found and found.latency_us is not None else None,
        digest=found.digest.hex() if found and found.digest is not None else None,
        caller=found.caller if found else None,
        label=changes[-1].label if changes else found.label if found else None,
        history=None
        if changes is None
        else [
            LabelChange(label=each.label, previous=each.previous, source=each.source, time=_time(each.at_ms), caller=each.caller)
            for each in changes
        ],
    )


def _milliseconds(time: datetime | None) -> int | None:
    if time is None:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
