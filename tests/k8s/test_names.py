"""Names agree: settings, commands, ports, Services, secrets and labels, across the manifests and with the code."""

import re
from urllib.parse import urlsplit

import pytest
import yaml

from gateway.__main__ import main
from gateway.embedded.redis_server import CONFIGURATION
from gateway.settings import PREFIX, Settings
from handler.digit_handler import THREADS
from handler.serve import GPUS, MODEL, WORKERS
from tests.handler.torchserve import configuration
from tests.k8s.manifests import CANDIDATE, FURTHER, ROOT, Json, containers_of, each_rendering, each_scaled, name_of, rendered

pytestmark = pytest.mark.system

ADDRESS = re.compile(r"\w+://[^,|]+")

SECRET = {"redis-url", "database-url", "secret"}
"""Keys of the Secret `gateway`, which whoever runs production makes."""


def settings_of(container: Json) -> dict[str, str | None]:
    """Each variable of the container; None: its value comes from a Secret."""
    return {each["name"]: each.get("value") for each in container.get("env", ())}


@each_rendering
def test_every_variable_is_one_that_the_code_reads(name: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields} | {THREADS, WORKERS, GPUS, MODEL}
    for which, container in rendered(name).containers().items():
        assert settings_of(container).keys() <= known, which


@each_rendering
def test_the_gateway_takes_the_settings_that_it_is_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [gateway] = containers_of(rendered(name).one("Deployment", "gateway")["spec"]["template"])
    for variable, value in settings_of(gateway).items():
        monkeypatch.setenv(variable, value or "redis://from-a-secret:6379/0")
    settings = Settings()
    assert settings.host == "0.0.0.0"
    assert [settings.port] == [port["containerPort"] for port in gateway["ports"]]
    assert settings.redis_url
    assert len(settings.torchserve_instances) == (2 if name == CANDIDATE else 1)
    assert len(settings.further_models) == (1 if name == FURTHER else 0)


@each_rendering
def test_commands_are_those_of_the_gateway(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [each["command"] for each in rendered(name).containers().values() if "digitserve-gateway" in each["image"]]
    assert commands
    for command in commands:
        assert command[:3] == ["python", "-m", "gateway"]
        with pytest.raises(SystemExit) as ended:
            main([*command[3:], "--help"])
        assert ended.value.code == 0


@each_rendering
def test_addresses_lead_to_services_and_their_ports_to_containers(name: str) -> None:
    rendering = rendered(name)
    services = {name_of(each): each["spec"] for each in rendering.of("Service")}
    for which, container in rendering.containers().items():
        for value in filter(None, settings_of(container).values()):
            for address in ADDRESS.findall(value):
                parts = urlsplit(address)
                assert parts.port in [port["port"] for port in services[str(parts.hostname)]["ports"]], f"{which}: {value}"
    for service, spec in services.items():
        chosen = [pod for pod in rendering.pods().values() if spec["selector"].items() <= pod["metadata"]["labels"].items()]
        assert len(chosen) == 1, f"{service} sends to pods of {len(chosen)} kinds"
        ports = {port["name"]: port["containerPort"] for container in containers_of(chosen[0]) for port in container["ports"]}
        assert {port["targetPort"]: port["port"] for port in spec["ports"]} == ports, service


@each_rendering
def test_torchserve_s_ports_are_those_of_its_configuration(name: str) -> None:
    configured = {which: urlsplit(configuration()[f"{which}_address"]).port for which in ("inference", "management", "metrics")}
    for deployment in rendered(name).names("Deployment") - {"gateway"}:
        [container] = containers_of(rendered(name).one("Deployment", deployment)["spec"]["template"])
        assert {port["name"]: port["containerPort"] for port in container["ports"]} == configured


def test_redis_is_as_the_run_on_one_machine_has_it() -> None:
    [redis] = containers_of(rendered("local").one("StatefulSet", "redis")["spec"]["template"])
    given = dict(zip(redis["args"][::2], redis["args"][1::2], strict=True))
    for key in ("maxmemory", "maxmemory-policy", "save", "appendonly"):
        assert given[f"--{key}"] == CONFIGURATION[key]


@each_scaled
def test_redis_and_postgresql_are_named_by_secret(name: str) -> None:
    rendering = rendered(name)
    assert not list(rendering.of("StatefulSet"))
    for container in rendering.containers().values():
        for variable in container.get("env", ()):
            if variable["name"] in ("GATEWAY_REDIS_URL", "GATEWAY_DATABASE_URL"):
                assert variable["valueFrom"]["secretKeyRef"]["name"] == "gateway"
                assert variable["valueFrom"]["secretKeyRef"]["key"] in SECRET
    [gateway] = containers_of(rendering.one("Deployment", "gateway")["spec"]["template"])
    assert {"GATEWAY_REDIS_URL", "GATEWAY_DATABASE_URL", "GATEWAY_SECRET_FILE"} <= settings_of(gateway).keys()
    [mount] = [each for each in gateway["volumeMounts"] if each["mountPath"] == "/secrets/gateway"]
    [volume] = [
        each for each in rendering.one("Deployment", "gateway")["spec"]["template"]["spec"]["volumes"] if each["name"] == mount["name"]
    ]
    [item] = volume["secret"]["items"]
    assert f"{mount['mountPath']}/{item['path']}" == settings_of(gateway)["GATEWAY_SECRET_FILE"]
    assert item["key"] in SECRET


@each_rendering
def test_no_secret_is_written_here(name: str) -> None:
    assert not list(rendered(name).of("Secret"))


def test_the_local_overlay_needs_no_secret() -> None:
    assert "secret" not in rendered("local").text.lower()


@each_scaled
def test_migrations_end_and_go_away(name: str) -> None:
    job = rendered(name).one("Job", "migrations")["spec"]
    assert job["backoffLimit"] > 0
    assert job["activeDeadlineSeconds"] > 0
    assert job["ttlSecondsAfterFinished"] <= 300


@each_scaled
def test_prometheus_finds_the_jobs_that_the_rules_name(name: str) -> None:
    """The job is the value of a label of the Service, so that a second version of the model is the same job."""
    rendering = rendered(name)
    for monitor in rendering.of("ServiceMonitor"):
        spec = monitor["spec"]
        services = [
            each for each in rendering.of("Service") if spec["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
        ]
        assert services
        for service in services:
            assert service["metadata"]["labels"][spec["jobLabel"]] == name_of(monitor)
            assert {each["port"] for each in spec["endpoints"]} <= {port["name"] for port in service["spec"]["ports"]}
    prometheus = yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text())
    assert rendering.names("ServiceMonitor") == {each["job_name"] for each in prometheus["scrape_configs"]}
    for monitor in rendering.of("ServiceMonitor"):
        assert {each["interval"] for each in monitor["spec"]["endpoints"]} == {prometheus["global"]["scrape_interval"]}


@each_scaled
def test_grafana_s_source_is_the_one_that_the_dashboards_name(name: str) -> None:
    provisioned = yaml.safe_load((ROOT / "monitoring/grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    told = yaml.safe_load(rendered(name).one("ConfigMap", "grafana-datasource")["data"]["digitserve.yaml"])["datasources"][0]
    assert told["uid"] == provisioned["uid"]
    assert told["jsonData"]["timeInterval"] == provisioned["jsonData"]["timeInterval"]
