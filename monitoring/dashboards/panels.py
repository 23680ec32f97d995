"""Panels in Grafana's own form (10 and 11): each says what it shows, in which unit, from which query, and where the runbook helps."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Steps = Sequence[tuple[float | None, str]]
"""From which value on, which colour; the first begins at None, which is minus infinity."""

DATASOURCE: Json = {"type": "prometheus", "uid": "digitserve-prometheus"}
"""The one that provisioning makes; a test compares."""

REFS = "ABCDEFGHIJ"
RUNBOOK = "digitserve-runbook"
"""The dashboard that shows the runbook, a panel a heading."""

PLAIN: Steps = ((None, "green"),)
BASELINE, LIMIT = "blue", "red"
"""Colours of lines that are not measured now: what is usual, and what is too much."""


@dataclass(frozen=True)
class Query:
    """One PromQL expression. `line`: a dashed line of this colour, to compare with what is measured."""

    expr: str
    legend: str = ""
    line: str | None = None


@dataclass(frozen=True)
class Panel:
    """One panel, before it has a place."""

    kind: str
    title: str
    description: str
    queries: Sequence[Query]
    width: int
    height: int
    form: Literal["range", "instant", "table", "heatmap"]
    defaults: Json
    options: Json
    overrides: list[Json] = field(default_factory=list)
    transformations: list[Json] = field(default_factory=list)
    runbook: str | None = None
    """The heading that says what to do about it."""

    def json(self, dashboard: str, x: int, y: int) -> Json:
        """In its place on a dashboard."""
        return {
            "id": panel_id(dashboard, self.title),
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "fieldConfig": {"defaults": self.defaults, "overrides": [*self._lines(), *self.overrides]},
            "options": self.options,
            "transformations": self.transformations,
            "links": [] if self.runbook is None else [runbook_link(self.runbook)],
            "targets": [self._target(ref, query) for ref, query in zip(REFS, self.queries, strict=False)],
            "pluginVersion": "10.4.0",
        }

    def _target(self, ref: str, query: Query) -> Json:
        return {
            "refId": ref,
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": query.expr,
            "legendFormat": query.legend or "__auto",
            "format": {"range": "time_series", "instant": "time_series", "table": "table", "heatmap": "heatmap"}[self.form],
            "instant": self.form in ("instant", "table"),
            "range": self.form in ("range", "heatmap"),
        }

    def _lines(self) -> list[Json]:
        return [
            {
                "matcher": {"id": "byFrameRefID", "options": ref},
                "properties": [
                    {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}},
                    {"id": "custom.fillOpacity", "value": 0},
                    {"id": "color", "value": {"mode": "fixed", "fixedColor": query.line}},
                ],
            }
            for ref, query in zip(REFS, self.queries, strict=False)
            if query.line is not None
        ]


def panel_id(dashboard: str, title: str) -> int:
    """The same however panels are moved about, so that a link to one panel stays right."""
    return zlib.crc32(f"{dashboard}/{title}".encode()) % 1_000_000 + 1


def runbook_link(heading: str) -> Json:
    return {"title": f"Runbook: {heading}", "url": f"/d/{RUNBOOK}?viewPanel={panel_id(RUNBOOK, heading)}", "targetBlank": True}


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = 12,
    height: int = 8,
    decimals: int | None = None,
    thresholds: Steps = PLAIN,
    stack: bool = False,
    least: float | None = 0,
    most: float | None = None,
    runbook: str | None = None,
) -> Panel:
    """Lines over time, from `least` to `most`; None is as far as they go. Thresholds other than PLAIN are drawn."""
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 30 if stack else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stack else "none"},
        "thresholdsStyle": {"mode": "off" if thresholds is PLAIN else "dashed"},
    }
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    defaults = _defaults(unit, decimals, thresholds, "palette-classic", least=least, most=most)
    return Panel(
        "timeseries", title, description, queries, width, height, "range", {**defaults, "custom": custom}, options, runbook=runbook
    )


def stat(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = 4,
    height: int = 4,
    decimals: int | None = None,
    thresholds: Steps = PLAIN,
    says: Mapping[int, tuple[str, str]] | None = None,
    names: bool = False,
    runbook: str | None = None,
) -> Panel:
    """One figure as it is now, or one a series. `says`: words and their colour in the place of values; `names`: show the legend."""
    defaults = _defaults(unit, decimals, thresholds, "thresholds")
    defaults["mappings"] = [_nothing(), *_words(says or {})]
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "background" if thresholds is not PLAIN or says else "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "name" if names else "auto",
        "wideLayout": True,
    }
    return Panel("stat", title, description, queries, width, height, "instant", defaults, options, runbook=runbook)


def table(
    title: str,
    description: str,
    by: str,
    columns: Mapping[str, tuple[Query, Json]],
    *,
    width: int = 12,
    height: int = 10,
    runbook: str | None = None,
) -> Panel:
    """A row for each value of the label `by`, a column for each query, named as it is keyed; its Json is what `column` makes."""
    return Panel(
        "table",
        title,
        description,
        [query for query, _ in columns.values()],
        width,
        height,
        "table",
        {**_defaults("none", None, PLAIN, "thresholds"), "mappings": [_nothing()], "custom": {"align": "auto", "filterable": False}},
        {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}, "sortBy": [{"displayName": by, "desc": False}]},
        overrides=[{"matcher": {"id": "byName", "options": name}, "properties": made["properties"]} for name, (_, made) in columns.items()],
        transformations=_joined(by, columns),
        runbook=runbook,
    )


def column(unit: str, *, decimals: int | None = None, thresholds: Steps = PLAIN, says: Mapping[int, tuple[str, str]] | None = None) -> Json:
    """How one column of a table is told; it is coloured where it has thresholds or words."""
    properties: list[Json] = [{"id": "unit", "value": unit}, {"id": "mappings", "value": [_nothing(), *_words(says or {})]}]
    if decimals is not None:
        properties.append({"id": "decimals", "value": decimals})
    if thresholds is not PLAIN or says:
        properties.append({"id": "thresholds", "value": _steps(thresholds)})
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}})
    return {"properties": properties}


def matrix(
    title: str,
    description: str,
    unit: str,
    query: Query,
    rows: str,
    columns: str,
    *,
    decimals: int | None = None,
    thresholds: Steps = PLAIN,
    width: int = 12,
    height: int = 12,
    runbook: str | None = None,
) -> Panel:
    """Coloured cells: one label of the series downwards, another across."""
    corner = f"{rows}\\{columns}"
    return Panel(
        "table",
        title,
        description,
        [query],
        width,
        height,
        "table",
        {
            **_defaults(unit, decimals, thresholds, "thresholds"),
            "mappings": [_nothing()],
            "custom": {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}, "filterable": False},
        },
        {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}, "sortBy": [{"displayName": corner, "desc": False}]},
        overrides=[
            {
                "matcher": {"id": "byName", "options": corner},
                "properties": [
                    {"id": "custom.cellOptions", "value": {"type": "auto"}},
                    {"id": "unit", "value": "string"},
                    {"id": "custom.width", "value": 110},
                ],
            }
        ],
        transformations=[
            {"id": "groupingToMatrix", "options": {"rowField": rows, "columnField": columns, "valueField": "Value"}},
            {"id": "organize", "options": {"indexByName": {corner: 0, **{str(each): each + 1 for each in range(10)}}}},
        ],
        runbook=runbook,
    )


def bars(
    title: str,
    description: str,
    unit: str,
    by: str,
    columns: Mapping[str, Query],
    *,
    decimals: int | None = None,
    width: int = 8,
    height: int = 8,
    runbook: str | None = None,
) -> Panel:
    """Bars side by side for each value of the label `by`, one for each query, named as it is keyed; a `line` is the bar's colour."""
    custom = {"fillOpacity": 70, "lineWidth": 0, "axisPlacement": "auto"}
    return Panel(
        "barchart",
        title,
        description,
        [Query(query.expr, query.legend) for query in columns.values()],
        width,
        height,
        "table",
        {**_defaults(unit, decimals, PLAIN, "palette-classic", least=0), "custom": custom},
        {
            "xField": by,
            "orientation": "vertical",
            "showValue": "never",
            "stacking": "none",
            "groupWidth": 0.8,
            "barWidth": 0.95,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        overrides=[
            {
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": query.line}}],
            }
            for name, query in columns.items()
            if query.line is not None
        ],
        transformations=[*_joined(by, columns), {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": by, "desc": False}]}}],
        runbook=runbook,
    )


def heat(title: str, description: str, unit: str, query: Query, *, width: int = 12, height: int = 8, runbook: str | None = None) -> Panel:
    """A histogram over time; the query gives its buckets, by `le`."""
    return Panel(
        "heatmap",
        title,
        description,
        [query],
        width,
        height,
        "heatmap",
        {**_defaults(unit, None, PLAIN, "palette-classic"), "custom": {"scaleDistribution": {"type": "linear"}}},
        {
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64, "reverse": False},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "showValue": "never",
            "tooltip": {"mode": "single", "yHistogram": True},
            "yAxis": {"axisPlacement": "left", "unit": unit, "reverse": False},
        },
        runbook=runbook,
    )


def _defaults(
    unit: str, decimals: int | None, thresholds: Steps, colour: str, *, most: float | None = None, least: float | None = None
) -> Json:
    told = {"decimals": decimals, "min": least, "max": most}
    return {
        "unit": unit,
        "color": {"mode": colour},
        "thresholds": _steps(thresholds),
        "mappings": [],
        **{name: value for name, value in told.items() if value is not None},
    }


def _steps(thresholds: Steps) -> Json:
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in thresholds]}


def _words(says: Mapping[int, tuple[str, str]]) -> list[Json]:
    options = {str(value): {"text": text, "color": colour, "index": at} for at, (value, (text, colour)) in enumerate(says.items())}
    return [{"type": "value", "options": options}] if options else []


def _nothing() -> Json:
    return {"type": "special", "options": {"match": "null+nan", "result": {"text": "no data yet", "color": "text", "index": 99}}}


def _joined(by: str, names: Iterable[str]) -> list[Json]:
    """One table of two or more queries: their common label and their values alone, under these names."""
    renamed = {f"Value #{ref}": name for ref, name in zip(REFS, names, strict=False)}
    shown = {by: 0, **{value: at + 1 for at, value in enumerate(renamed)}}
    return [
        {"id": "joinByField", "options": {"byField": by, "mode": "outer"}},
        {"id": "filterFieldsByName", "options": {"include": {"names": list(shown)}}},
        {"id": "organize", "options": {"excludeByName": {}, "indexByName": shown, "renameByName": renamed}},
    ]
