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
from gateway.embedded.torchserve import BESIDE, Computing, Ports, home_within, installed_torchserve, torchserve_plan

GATEWAY_GRACE_SECONDS = 4.3
"""A little more than a gateway of several processes gives to them, and they to what is in flight and to records not written yet."""

ADDRESSES = "addresses.json"
"""In the run's folder, and gone with it."""


@dataclass(frozen=True)
class Plans:
    """Children and where they are. A URL is None where the run has no such child."""

    children: Sequence[Plan]
    """The gateway last."""
    redis_url: str | None
    torchserve_url: str | None
    management_url: str | None
    metrics_url: str | None
    beside: Plan | None = None
    """TorchServe for a candidate's archive, to be started when there is one."""


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
    redis = redis_program() if embedding.redis_url is None else None
    torchserve = installed_torchserve() if own_torchserve else None

    folder = folders.enter_context(run_folder(embedding.state_dir))
    redis_port, *torchserve_ports = free_ports(13)
    ports, ports_beside = Ports(*torchserve_ports[:6]), Ports(*torchserve_ports[6:])
    beside: Plan | None = None
    children: list[Plan] = []
    urls = {
        "GATEWAY_REDIS_URL": embedding.redis_url,
        "GATEWAY_TORCHSERVE_URL": embedding.torchserve_url,
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": embedding.torchserve_management_url,
    }
    if redis is not None:
        children.append(redis_plan(redis, redis_port, folder / "redis", os.environ))
        urls["GATEWAY_REDIS_URL"] = redis_url(redis_port)
    if torchserve is not None:
        home = home_within(folder)
        folders.callback(shutil.rmtree, home, ignore_errors=True)
        log = folder / "torchserve.log"
        computing = Computing(embedding.torchserve_workers, embedding.torchserve_threads, embedding.torchserve_gpus)
        children.append(torchserve_plan(torchserve, embedding.archive, computing, ports, home, log, os.environ))
        home_beside = home_within(folder, BESIDE)
        folders.callback(shutil.rmtree, home_beside, ignore_errors=True)
        log_beside = folder / f"{BESIDE}.log"
        candidate = embedding.archive_beside
        beside = torchserve_plan(torchserve, candidate, computing, ports_beside, home_beside, log_beside, os.environ, BESIDE)
        urls["GATEWAY_TORCHSERVE_URL"] = f"{ports.inference_url},{ports_beside.inference_url}"
        urls["GATEWAY_TORCHSERVE_MANAGEMENT_URL"] = f"{ports.management_url},{ports_beside.management_url}"
    children.append(gateway_plan(embedding, gateway_command, urls, os.environ))
    plans = Plans(
        children,
        redis_url=redis_url(redis_port) if redis is not None else None,
        torchserve_url=ports.inference_url if own_torchserve else None,
        management_url=ports.management_url if own_torchserve else None,
        metrics_url=ports.metrics_url if own_torchserve else None,
        beside=beside,
    )
    tell_addresses(embedding, plans, folder / ADDRESSES)
    return plans


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
