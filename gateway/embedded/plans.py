"""The children of one run: everything that a user can mend is found here, before any of them is started."""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.embedded.child import Plan
from gateway.embedded.embedding import Embedding
from gateway.embedded.failure import CannotStart
from gateway.embedded.folder import run_folder
from gateway.embedded.ports import check_front, free_ports
from gateway.embedded.redis_server import redis_plan, redis_program, redis_url
from gateway.embedded.torchserve import (
    CANDIDATE,
    MODEL,
    NAME,
    Computing,
    Ports,
    home_within,
    installed_torchserve,
    model_in,
    torchserve_plan,
)

GATEWAY_GRACE_SECONDS = 4.3
"""A little more than a gateway of several processes gives to them, and they to what is in flight and to records not written yet."""

ADDRESSES = "addresses.json"
"""In the run's folder, and gone with it."""


@dataclass(frozen=True)
class Beside:
    """The TorchServe of a further model: what the model is called, what the child is, and where it is."""

    model: str
    child: str
    inference_url: str
    management_url: str


@dataclass(frozen=True)
class Plans:
    """Children and where they are. A URL is None where the run has no such child."""

    children: Sequence[Plan]
    """The gateway last."""
    redis_url: str | None
    torchserve_url: str | None
    management_url: str | None
    metrics_url: str | None
    beside: Sequence[Beside] = ()
    candidate: Plan | None = None
    """TorchServe for another version's archive, to be started when there is one."""
    candidate_management_url: str | None = None


def make_plans(embedding: Embedding, gateway_command: Sequence[str], folders: contextlib.ExitStack) -> Plans:
    """Children for what no URL was given for, and the gateway. Raises CannotStart.

    Folders that are made are removed when `folders` closes; the run's own is kept as `failed` when that is for an exception.
    """
    check_front(embedding.host, embedding.port)
    own_torchserve = embedding.torchserve_url is None
    if own_torchserve and embedding.torchserve_management_url is not None:
        raise CannotStart("GATEWAY_TORCHSERVE_MANAGEMENT_URL is set and GATEWAY_TORCHSERVE_URL is not; set both or neither")
    if own_torchserve and not embedding.archive.is_file():
        raise CannotStart(f"no model archive at {embedding.archive}; make it with `make archive`")
    further = further_models(embedding)
    redis = redis_program() if embedding.redis_url is None else None
    torchserve = installed_torchserve() if own_torchserve or further else None

    folder = folders.enter_context(run_folder(embedding.state_dir))
    redis_port, *torchserve_ports = free_ports(13 + 6 * len(further))
    ports, candidate_ports, torchserve_ports = Ports(*torchserve_ports[:6]), Ports(*torchserve_ports[6:12]), torchserve_ports[12:]
    candidate: Plan | None = None
    children: list[Plan] = []
    urls = {
        "GATEWAY_REDIS_URL": embedding.redis_url,
        "GATEWAY_TORCHSERVE_URL": embedding.torchserve_url,
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": embedding.torchserve_management_url,
    }
    if redis is not None:
        children.append(redis_plan(redis, redis_port, folder / "redis", os.environ))
        urls["GATEWAY_REDIS_URL"] = redis_url(redis_port)
    computing = Computing(embedding.torchserve_workers, embedding.torchserve_threads, embedding.torchserve_gpus)

    def planned(archive: Path, ports: Ports, name: str, model: str) -> Plan:
        assert torchserve is not None
        home = home_within(folder, name)
        folders.callback(shutil.rmtree, home, ignore_errors=True)
        return torchserve_plan(torchserve, archive, computing, ports, home, folder / f"{name}.log", os.environ, name, model)

    if own_torchserve:
        children.append(planned(embedding.archive, ports, NAME, MODEL))
        candidate = planned(embedding.candidate_archive, candidate_ports, CANDIDATE, MODEL)
        urls["GATEWAY_TORCHSERVE_URL"] = f"{ports.inference_url},{candidate_ports.inference_url}"
        urls["GATEWAY_TORCHSERVE_MANAGEMENT_URL"] = f"{ports.management_url},{candidate_ports.management_url}"
    beside: list[Beside] = []
    for model, archive in further.items():
        own = Ports(*torchserve_ports[6 * len(beside) :][:6])
        beside.append(Beside(model, f"{NAME}-{model}", own.inference_url, own.management_url))
        children.append(planned(archive, own, beside[-1].child, model))
    entries = [f"{each.model}={each.inference_url}|{each.management_url}" for each in beside]
    if entries:
        urls["GATEWAY_MODELS"] = ",".join([*filter(None, [embedding.models]), *entries])
    children.append(gateway_plan(embedding, gateway_command, urls, os.environ))
    plans = Plans(
        children,
        redis_url=redis_url(redis_port) if redis is not None else None,
        torchserve_url=ports.inference_url if own_torchserve else None,
        management_url=ports.management_url if own_torchserve else None,
        metrics_url=ports.metrics_url if own_torchserve else None,
        beside=beside,
        candidate=candidate,
        candidate_management_url=candidate_ports.management_url if own_torchserve else None,
    )
    tell_addresses(embedding, plans, folder / ADDRESSES)
    return plans


def further_models(embedding: Embedding) -> dict[str, Path]:
    """Archives by what their models are called. Raises CannotStart where two would go by one name."""
    found: dict[str, Path] = {}
    for archive in embedding.archives_beside:
        name = model_in(archive)
        if name == MODEL or name in found:
            raise CannotStart(f"{archive} is a model called {name}, and one of that name is served already")
        found[name] = archive
    return found


def tell_addresses(embedding: Embedding, plans: Plans, file: Path) -> None:
    """Where everything of this run is, for others on this machine such as `make monitor`."""
    addresses = {
        "gateway": embedding.front_url,
        "redis": plans.redis_url,
        "torchserve": plans.torchserve_url,
        "torchserve_management": plans.management_url,
        "torchserve_metrics": plans.metrics_url,
    }
    file.write_text(json.dumps({name: url for name, url in addresses.items() if url is not None}, indent=1) + "\n")


def gateway_plan(embedding: Embedding, command: Sequence[str], urls: Mapping[str, str | None], environment: Mapping[str, str]) -> Plan:
    """The gateway, told what any wiring tells it. Its lines go where ours go."""
    told = {
        **{name: url for name, url in urls.items() if url is not None},
        "GATEWAY_HOST": embedding.host,
        "GATEWAY_PORT": str(embedding.port),
        "GATEWAY_STATE_DIR": str(embedding.state_dir),
    }
    return Plan("gateway", command, {**environment, **told}, grace_seconds=GATEWAY_GRACE_SECONDS)
