"""`/v1/alerts`: Alertmanager's webhook, and what came of the alerts that it told."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query

from gateway.alerts import Alert, Responder
from gateway.errors import RecordsProblem
from gateway.records.batch import AlertRow
from gateway.records.reader import Reader
from gateway.records.store import RecordsUnavailable
from gateway.routes.labels import problems
from gateway.schema import AlertList, Notification, ToldAlert

MOST_SHOWN = 500
ANSWER_SECONDS = 5.0
"""Alertmanager gives up after ten, and tells it again."""

T = TypeVar("T")


def alert_routes(responder: Responder | None, reader: Reader | None) -> APIRouter:
    """The alert routes over what they use. Without records nothing is kept, and that is said."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    @router.post(
        "/alerts", summary="Alertmanager's webhook", responses=problems({400: "No notification.", 503: "Not kept; tell it again."})
    )
    async def tell(notification: Notification) -> AlertList:
        """Idempotent: an alert that fires is acted on once, however often it is told. What it resolves is kept with it."""
        told = [
            Alert(
                name=alert.labels.get("alertname", "")[:64],
                status=alert.status,
                labels=alert.labels,
                summary=alert.annotations.get("summary", ""),
                fingerprint=alert.fingerprint,
                starts_at=alert.startsAt,
                ends_at=alert.endsAt,
            )
            for alert in notification.alerts
        ]
        if responder is None:
            raise RecordsProblem("records are switched off here (GATEWAY_RECORDS=off); no alert can be kept")
        return AlertList(alerts=[_told(await _in_time(responder.respond(alert))) for alert in told])

    @router.get("/alerts", summary="Alerts, newest first", responses=problems({503: "The records cannot be read now."}))
    async def alerts(limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 100) -> AlertList:
        """With what was done about each, or is proposed."""
        if reader is None:
            raise RecordsProblem("records are switched off here (GATEWAY_RECORDS=off)")
        return AlertList(alerts=[_told(row) for row in await _in_time(reader.alerts(limit))])

    return router


async def _in_time(asked: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await asked
    except TimeoutError as error:
        raise RecordsProblem("not kept in time; tell it again", retry_after_seconds=1) from error
    except RecordsUnavailable as error:
        raise RecordsProblem(f"the records cannot be used now ({error})", retry_after_seconds=1) from error


def _told(row: AlertRow) -> ToldAlert:
    return ToldAlert(
        name=row.name,
        labels=json.loads(row.labels),
        summary=row.summary,
        started=datetime.fromtimestamp(row.starts_ms / 1000, UTC),
        resolved=None if row.resolved_ms is None else datetime.fromtimestamp(row.resolved_ms / 1000, UTC),
        action=json.loads(row.action),
    )
