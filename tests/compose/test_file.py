"""What docker-compose.yml, the Dockerfiles, `.env.example` and the code say of each other is true. Needs no engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = {room: (ROOT / room / "Dockerfile").read_text() for room in ("gateway", "handler", "loadtests")}
OURS = ("gateway", "torchserve", "torchserve-next", "secrets", "migrate", "locust")


def test_it_is_for_both_kinds_of_compose() -> None:
    assert COMPOSE["version"] == "3.9"
    assert "name" not in COMPOSE
    for text in DOCKERFILES.values():
        assert "# syntax=" not in text
        assert "<<" not in text


def test_every_setting_that_is_given_is_one() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for service in ("gateway", "migrate"):
        assert set(SERVICES[service]["environment"]) <= known
    assert set(re.findall(r"GATEWAY_[A-Z_]+(?==)", (ROOT / ".env.example").read_text())) <= known
    assert set(re.findall(r"\bGATEWAY_[A-Z_]+(?==)", DOCKERFILES["gateway"])) <= known


def test_every_variable_is_in_the_example_with_its_default() -> None:
    example = dict(re.findall(r"^#? ?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))
    assert set(used) - set(example) == {"REVISION"}
    assert set(example) <= set(used)
    for name, default in used.items():
        if name.startswith(PREFIX):
            shown = Settings.model_fields[name.removeprefix(PREFIX).lower()].default
            assert (default, example[name]) == ("", f"{shown:g}" if isinstance(shown, float) else str(shown))
        elif name not in ("REVISION", "EDGE_CERTIFICATES"):
            assert example[name] == default


def test_only_what_people_look_at_publishes_ports_on_loopback_by_default() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"edge", "prometheus", "grafana", "locust"}
    for [port] in published.values():
        assert re.match(r"(\$\{EDGE_ADDRESS:-127\.0\.0\.1\}|127\.0\.0\.1):", port)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_an_exact_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:v?\d+(\.\d+){1,2}(-[a-z0-9]+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"secrets", "migrate"}))
def test_what_runs_on_starts_again_and_has_a_bound_of_memory(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["deploy"]["resources"]["limits"]["memory"]
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]


@pytest.mark.parametrize("name", OURS)
def test_ours_write_nothing_outside_what_is_mounted(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


def test_images_run_as_nobody_special() -> None:
    for text in DOCKERFILES.values():
        assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
        assert "HEALTHCHECK" in text


def test_torchserve_shares_a_network_with_gateways_and_prometheus_alone() -> None:
    neighbours = {name for name, service in SERVICES.items() if "model" in service.get("networks", ())}
    assert neighbours == {"gateway", "torchserve", "torchserve-next", "prometheus"}
    assert SERVICES["torchserve"]["networks"] == SERVICES["torchserve-next"]["networks"] == ["model"]
    assert COMPOSE["networks"]["model"]["internal"]


def test_locust_comes_where_it_is_asked_for_and_reaches_no_more_than_a_user_does() -> None:
    locust = SERVICES["locust"]
    assert locust["profiles"] == ["load"]
    assert locust["networks"] == ["front"]
    assert "locust" not in {name for service in SERVICES.values() for name in service.get("depends_on", ())}
    [(host, port)] = re.findall(r"^\$\{LOCUST_HOST:-http://(.*):(\d+)\}$", locust["environment"]["LOCUST_HOST"])
    assert SERVICES[host]["ports"][0].endswith(f":{port}")
    assert re.findall(r"^EXPOSE (.*)$", DOCKERFILES["loadtests"], re.MULTILINE) == [locust["ports"][0].rsplit(":", 1)[1]]


def test_what_is_waited_for_can_be_well() -> None:
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                asked = "healthcheck" in SERVICES[name] or name in ("gateway", "torchserve")  # whose images ask
                assert asked, name


def test_prometheus_finds_gateways_by_name_and_all_else_is_as_on_one_machine() -> None:
    plain, compose = (yaml.safe_load((ROOT / "monitoring" / name).read_text()) for name in ("prometheus.yml", "prometheus.compose.yml"))
    jobs = [{job.pop("job_name"): job for job in config.pop("scrape_configs")} for config in (plain, compose)]
    assert plain == compose
    assert jobs[1]["gateway"]["dns_sd_configs"][0]["names"] == ["gateway"]
    assert jobs[0].pop("gateway").keys() == {"file_sd_configs"}
    assert jobs[1].pop("gateway").keys() == {"dns_sd_configs"}
    assert jobs[0] == jobs[1]


@pytest.mark.parametrize("room", DOCKERFILES)
def test_packages_of_an_image_are_those_of_the_lock(room: str) -> None:
    pinned = re.compile(r"^([a-z0-9-]+)==([^ ]+)", re.MULTILINE)
    whole = dict(pinned.findall((ROOT / "requirements.lock").read_text()))
    image = dict(pinned.findall((ROOT / room / "requirements.txt").read_text()))
    assert image
    assert {name: version for name, version in image.items() if whole.get(name) != version} == {}
    wanted = re.findall(r"^([a-z0-9-]+)", (ROOT / room / "requirements.in").read_text(), re.MULTILINE)
    assert set(wanted) <= set(image)
    assert "torch" not in image
