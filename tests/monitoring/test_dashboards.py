"""Dashboards are what their program writes, fit Grafana's form, read only what exists, and show something on every panel."""

import asyncio
import itertools
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.dashboards import WATCHED, boards, drift, model, service
from monitoring.dashboards.board import COLUMNS, WINDOWS
from monitoring.dashboards.panels import DATASOURCE, RUNBOOK, panel_id
from monitoring.dashboards.runbook import headings
from tests.monitoring.expressions import TORCHSERVE_S, metrics_in, unknown_in
from tests.monitoring.live import TORCHSERVE_SAID, watched_traffic
from tests.monitoring.rules import MONITORING, NUMBER, alerts, groups, rules, without_strings

Json = dict[str, Any]

GRAFANA = MONITORING / "grafana"
COMMITTED: dict[str, Json] = {path.name: json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
SHOWN_WITHIN_SECONDS = 60
each_dashboard = pytest.mark.parametrize("dashboard", COMMITTED.values(), ids=COMMITTED)


def panels(dashboard: Json) -> list[Json]:
    """Those that show series."""
    return [panel for panel in dashboard["panels"] if panel["type"] not in ("row", "text")]


def expressions() -> dict[str, str]:
    """Every expression of every panel, by where it stands."""
    return {
        f"{name}: {panel['title']} {target['refId']}": target["expr"]
        for name, dashboard in COMMITTED.items()
        for panel in panels(dashboard)
        for target in panel["targets"]
    }


def runbook() -> str:
    return (MONITORING / "RUNBOOK.md").read_text()


def test_the_committed_dashboards_are_what_the_program_writes() -> None:
    written = {board.file: board.text() for board in boards(runbook())}
    committed = {path.name: path.read_text() for path in (GRAFANA / "dashboards").iterdir()}
    assert committed == written, "run `python -m monitoring.dashboards`"


@each_dashboard
def test_a_dashboard_has_what_grafana_asks_for(dashboard: Json) -> None:
    assert dashboard["id"] is None  # Grafana gives its own
    assert re.fullmatch(r"digitserve-[a-z]+", dashboard["uid"])
    assert dashboard["schemaVersion"] == 39
    assert {"title", "tags", "time", "refresh", "timezone", "templating", "annotations", "links", "panels", "version"} <= set(dashboard)
    assert {link["type"] for link in dashboard["links"]} == {"dashboards", "link"}
    assert dashboard["panels"][0]["type"] == "row"


def test_dashboards_are_told_apart() -> None:
    assert {"service.json", "model.json", "drift.json", "capacity.json"} <= set(COMMITTED)
    assert len({dashboard["uid"] for dashboard in COMMITTED.values()}) == len(COMMITTED)


@each_dashboard
def test_ids_of_panels_are_unique_and_stay(dashboard: Json) -> None:
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    assert all(panel["id"] == panel_id(dashboard["uid"], panel["title"]) for panel in dashboard["panels"] if panel["type"] != "row")


@each_dashboard
def test_panels_fit_the_columns_and_do_not_overlap(dashboard: Json) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0 < at["w"], panel["title"]
        assert at["x"] + at["w"] <= COLUMNS, panel["title"]
        cells = set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
        assert not cells & taken, panel["title"]
        taken |= cells


@each_dashboard
def test_a_panel_says_what_it_shows_in_which_unit(dashboard: Json) -> None:
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        assert len(panel["description"]) > 8, panel["title"]
        assert defaults["unit"], panel["title"]
        assert defaults["thresholds"]["steps"][0]["value"] is None, panel["title"]
        assert panel["targets"], panel["title"]
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEFGHIJ"[: len(panel["targets"])])
        if panel["type"] == "timeseries":
            assert len(panel["targets"]) == 1 or all(target["legendFormat"] != "__auto" for target in panel["targets"]), panel["title"]
            assert panel["options"]["legend"]["showLegend"]


def test_every_target_asks_the_source_that_is_provisioned() -> None:
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == DATASOURCE
    scraped = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraped
    for dashboard in COMMITTED.values():
        asked = [panel["datasource"] for panel in panels(dashboard)]
        asked += [target["datasource"] for panel in panels(dashboard) for target in panel["targets"]]
        asked += [variable["datasource"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
        asked += [annotation["datasource"] for annotation in dashboard["annotations"]["list"]]
        assert all(each == DATASOURCE for each in asked)


def test_variables_that_are_used_are_there() -> None:
    for dashboard in COMMITTED.values():
        used = set(re.findall(r"\$(?!__)(\w+)", json.dumps([panel["targets"] for panel in panels(dashboard)])))
        assert used == {variable["name"] for variable in dashboard["templating"]["list"]}, dashboard["title"]


def test_every_alert_has_a_panel_and_every_link_a_heading() -> None:
    told = headings(runbook())
    by_url = {f"/d/{RUNBOOK}?viewPanel={panel_id(RUNBOOK, heading)}": heading for heading in told}
    linked = {link["url"] for dashboard in COMMITTED.values() for panel in panels(dashboard) for link in panel["links"]}
    assert linked <= set(by_url), [url for url in linked if url not in by_url]
    assert set(alerts()) - {"Watchdog"} <= {by_url[url] for url in linked}


def test_limits_on_dashboards_are_those_of_the_rules() -> None:
    by_name = {str(rule.get("alert") or rule["record"]): rule["expr"] for rule in rules(groups())}

    def numbers(rule: str) -> set[float]:
        return {float(found) for found in NUMBER.findall(without_strings(by_name[rule]))}

    assert drift.DRIFT in numbers("InputDrift") & numbers("PredictionDrift")
    assert drift.PICTURES_ENOUGH in numbers("digits:pictures_enough:bool")
    assert model.POINTS_ALLOWED in numbers("AccuracyBelowBaseline")
    assert model.CLASS_ERROR_ALLOWED in numbers("ClassErrorHigh")
    assert model.LABELS_ENOUGH in numbers("digits:labels_enough:bool")
    assert service.OBJECTIVE_ERRORS in numbers("gateway:predict_errors:burn")
    assert service.FAST_BURN in numbers("AvailabilityFastBurn")
    assert service.SLOW_BURN in numbers("AvailabilitySlowBurn")
    assert service.TIMES_ALLOWED in numbers("SlowMisses") & numbers("SlowHits")
    recorded = {rule["labels"]["window"] for rule in rules(groups()) if rule.get("record") == "digits:feedback_first:increase"}
    assert recorded == set(WINDOWS)


def test_every_series_that_a_dashboard_reads_exists() -> None:
    unknown = {where: names for where, expr in expressions().items() if (names := unknown_in(expr))}
    assert not unknown
    asked = [annotation["expr"] for dashboard in COMMITTED.values() for annotation in dashboard["annotations"]["list"]]
    asked += [
        variable["query"]["query"].removeprefix("label_values(").partition(",")[0]
        for dashboard in COMMITTED.values()
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    ]
    assert not set().union(*map(unknown_in, asked))


@pytest.mark.parametrize("board", WATCHED, ids=lambda board: board.file)
def test_a_series_that_was_renamed_is_noticed(board: Any) -> None:
    for panel in panels(board.json()):
        for target in panel["targets"]:
            for name in metrics_in(target["expr"]):
                renamed = re.sub(rf"(?<![\w:]){re.escape(name)}(?![\w:])", f"{name}_renamed", target["expr"])
                assert f"{name}_renamed" in unknown_in(renamed)


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("sum by (le) (rate(a_bucket[5m]))", {"a_bucket"}),
        ('sum(rate(a_total{b="c", d=~"e"}[$__rate_interval])) by (f) / on (g) group_left (h) i:j:k > 0', {"a_total", "i:j:k"}),
        ('label_replace(a, "b", "$1", "c", "(.*)") or vector(0) unless on () d offset 1h', {"a", "d"}),
        ("clamp(1 - a:b:c / (d > bool 2), 0, 1e-4) and x", {"a:b:c", "d", "x"}),
        ("vector(0.1)", set()),
    ],
)
def test_the_names_in_an_expression_are_found(expr: str, names: set[str]) -> None:
    assert metrics_in(expr) == names


def test_torchserve_s_own_series_are_those_that_it_said() -> None:
    assert set(re.findall(r"^# TYPE (\w+)", TORCHSERVE_SAID.read_text(), re.MULTILINE)) >= TORCHSERVE_S


def asked_by_grafana(expr: str) -> set[str]:
    """The expression as Grafana sends it: with its variables, each choice of the window in turn."""
    filled = expr.replace("$__rate_interval", "1m").replace("$model_version", ".*")
    return {filled.replace("$window", window) for window in WINDOWS}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.system
@pytest.mark.anyio
async def test_every_panel_shows_something(tmp_path: Path) -> None:
    waiting = {sent: where for where, expr in expressions().items() for sent in asked_by_grafana(expr)}
    assert not any("$" in sent for sent in waiting)
    async with watched_traffic(tmp_path) as prometheus:
        with suppress(TimeoutError):
            async with asyncio.timeout(SHOWN_WITHIN_SECONDS):
                while waiting:
                    for sent in list(waiting):
                        if await prometheus.finite(sent):
                            del waiting[sent]
                    await asyncio.sleep(0.5)
        assert not waiting, f"nothing to show after {SHOWN_WITHIN_SECONDS} s"
        assert await prometheus.label_values("model_version", "gateway_info")
        assert not await prometheus.finite("digits_feedback_total_renamed")
