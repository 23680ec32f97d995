"""The dashboards as code: `python -m monitoring.dashboards` writes them where Grafana's provisioning finds them."""

from monitoring.dashboards import capacity, drift, model, runbook, service
from monitoring.dashboards.board import Board

WATCHED: tuple[Board, ...] = (service.BOARD, model.BOARD, drift.BOARD, capacity.BOARD)
"""In the order in which an operator looks."""


def boards(runbook_text: str) -> tuple[Board, ...]:
    """All of them: WATCHED, and the one that shows the runbook."""
    return (*WATCHED, runbook.board(runbook_text))
