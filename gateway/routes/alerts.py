"""`/v1/alerts`: Alertmanager's webhook, and what came of the alerts that it told."""

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.alerts import Alert, Responder
from gateway.errors import RecordsProblem
from gateway.records.batch import AlertRow
from gateway.records.reader import Reader
from gateway.routes.shared import in_time, problems
from gateway.schema import AlertList, Notification, ToldAlert

MOST_SHOWN = 500
ANSWER_SECONDS = 5.0
"""Alertmanager gives up after ten, and tells it again."""


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
        return AlertList(alerts=[_told(await in_time(responder.respond(alert), ANSWER_SECONDS)) for alert in told])

    @router.get("/alerts", summary="Alerts, newest first", responses=problems({503: "The records cannot be read now."}))
    async def alerts(limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 100) -> AlertList:
        """With what was done about each, or is proposed."""
        if reader is None:
            raise RecordsProblem("records are switched off here (GATEWAY_RECORDS=off)")
        return AlertList(alerts=[_told(row) for row in await in_time(reader.alerts(limit), ANSWER_SECONDS)])

    return router


def _told(row: AlertRow) -> ToldAlert:
    return ToldAlert(
        name=row.name,
        labels=json.loads(row.labels),
        summary=row.summary,
        started=datetime.fromtimestamp(row.starts_ms / 1000, UTC),
        resolved=None if row.resolved_ms is None else datetime.fromtimestamp(row.resolved_ms / 1000, UTC),
        action=json.loads(row.action),
    )
