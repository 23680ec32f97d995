"""RUNBOOK.md inside Grafana, a panel for each alert's heading, so that a link on a panel needs no other site."""

import re

from monitoring.dashboards.board import COLUMNS, Board, Row
from monitoring.dashboards.panels import RUNBOOK, Panel

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def headings(text: str) -> dict[str, str]:
    """What stands under each heading of the second level, in order."""
    parts = HEADING.split(text)
    return {title.strip(): body.strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def board(text: str) -> Board:
    """Of the runbook's text."""
    panels = [_told(heading, body) for heading, body in headings(text).items()]
    return Board(RUNBOOK, "digitserve / runbook", "How to see each alert, its likely causes, and what to do.", [Row("Runbook", panels)])


def _told(heading: str, body: str) -> Panel:
    options = {"mode": "markdown", "content": body}
    return Panel("text", heading, "", [], COLUMNS // 2, 14, "range", {}, options)
