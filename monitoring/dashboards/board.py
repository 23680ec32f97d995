"""A dashboard: rows of panels laid out from left to right on Grafana's 24 columns, with its variables and its links to the others."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.dashboards.panels import DATASOURCE, RUNBOOK, Json, Panel, panel_id

COLUMNS = 24
TAG = "digitserve"
SCHEMA = 39
"""Grafana 10.4's; 11 reads it too."""

RATE = "$__rate_interval"


@dataclass(frozen=True)
class Row:
    """Panels under a heading that asks what they answer."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Board:
    """One dashboard. `uid` is in its URL and never changes."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Json] = ()

    @property
    def file(self) -> str:
        return f"{self.title.split(' / ')[-1]}.json"

    def text(self) -> str:
        return json.dumps(self.json(), indent=2, ensure_ascii=False) + "\n"

    def json(self) -> Json:
        return {
            "annotations": {"list": [_alerts_fired()]},
            "description": self.description,
            "editable": False,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "id": None,
            "links": [_other_dashboards(), _runbook()],
            "panels": self._panels(),
            "refresh": "30s",
            "schemaVersion": SCHEMA,
            "tags": [TAG],
            "templating": {"list": list(self.variables)},
            "time": {"from": "now-6h", "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "version": 1,
            "weekStart": "",
        }

    def _panels(self) -> list[Json]:
        made: list[Json] = []
        y = 0
        for row in self.rows:
            made.append(_heading(self.uid, row.title, y))
            y += 1
            x = tallest = 0
            for panel in row.panels:
                if x + panel.width > COLUMNS:
                    x, y, tallest = 0, y + tallest, 0
                made.append(panel.json(self.uid, x, y))
                x, tallest = x + panel.width, max(tallest, panel.height)
            y += tallest
        return made


MODEL_VERSION: Json = {
    "name": "model_version",
    "label": "model version",
    "type": "query",
    "datasource": DATASOURCE,
    "definition": "label_values(gateway_info, model_version)",
    "query": {"query": "label_values(gateway_info, model_version)", "refId": "versions"},
    "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    "includeAll": True,
    "allValue": ".*",
    "multi": True,
    "refresh": 2,
    "regex": "",
    "sort": 1,
    "hide": 0,
    "options": [],
    "skipUrlSync": False,
}
"""Those that were served in the time that is shown."""

WINDOWS = ("1h", "1d")
WINDOW: Json = {
    "name": "window",
    "label": "window",
    "description": "How far back live accuracy looks.",
    "type": "custom",
    "query": ",".join(WINDOWS),
    "current": {"selected": True, "text": WINDOWS[-1], "value": WINDOWS[-1]},
    "options": [{"selected": window == WINDOWS[-1], "text": window, "value": window} for window in WINDOWS],
    "includeAll": False,
    "multi": False,
    "hide": 0,
    "skipUrlSync": False,
}
OF_VERSION = 'model_version=~"$model_version"'
IN_WINDOW = f'window="$window", {OF_VERSION}'


def _heading(dashboard: str, title: str, y: int) -> Json:
    grid = {"h": 1, "w": COLUMNS, "x": 0, "y": y}
    return {"id": panel_id(dashboard, f"row/{title}"), "type": "row", "title": title, "collapsed": False, "gridPos": grid, "panels": []}


def _alerts_fired() -> Json:
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "expr": 'max by (alertname, severity) (ALERTS{alertstate="firing", alertname!="Watchdog"})',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}",
        "iconColor": "red",
        "step": "1m",
    }


def _other_dashboards() -> Json:
    shown = {"title": "Dashboards", "icon": "external link", "tooltip": "", "url": "", "targetBlank": False}
    return {**shown, "type": "dashboards", "tags": [TAG], "asDropdown": False, "includeVars": True, "keepTime": True}


def _runbook() -> Json:
    shown = {"title": "Runbook", "icon": "doc", "tooltip": "What to do about each alert", "url": f"/d/{RUNBOOK}", "targetBlank": True}
    return {**shown, "type": "link", "tags": [], "asDropdown": False, "includeVars": False, "keepTime": False}
