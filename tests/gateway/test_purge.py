import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis
from redis.exceptions import MovedError

from gateway.__main__ import main
from gateway.purge import pattern, purge
from gateway.redis_cache import PURGE_KEY
from gateway.seams import RedisKey
from tests.gateway.redis_servers import Server

KEYS = [
    RedisKey(tenant, "digits", version, bytes([number] * 32))
    for tenant in (None, "acme")
    for version in ("aaaaaaaaaaaa", "bbbbbbbbbbbb")
    for number in (0, 42, 63, 91, 255)
]


@pytest.fixture
def server(valkey: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
        client.mset({key.raw: b"x" for key in KEYS} | {b"somebody:else": b"x"})
        yield client


@pytest.mark.parametrize(
    ("chosen", "removed"),
    [
        ({}, 20),
        ({"version": "aaaaaaaaaaaa"}, 10),
        ({"tenant": "acme"}, 10),
        ({"tenant": "-"}, 10),
        ({"tenant": "acme", "version": "bbbbbbbbbbbb"}, 5),
        ({"model": "letters"}, 0),
        ({"tenant": "*"}, 0),
    ],
)
def test_what_matches_is_forgotten_and_nothing_else(server: "redis.Redis", chosen: dict[str, str], removed: int) -> None:
    assert purge([server], **{"model": None, "version": None, "tenant": None} | chosen) == removed
    assert server.dbsize() == len(KEYS) - removed + 2
    assert server.exists(b"somebody:else", PURGE_KEY) == 2


def test_what_is_special_to_a_glob_is_taken_literally() -> None:
    assert pattern("a*b", None, "[x]") == rb"digits:\[x\]:a\*b:*:*"


def test_the_command_says_how_many(server: "redis.Redis", valkey: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "purge", "--redis-url", valkey, "--version", "aaaaaaaaaaaa"]) == 0
    assert capsys.readouterr().out == "10 answers forgotten\n"


@pytest.fixture
def nodes(valkey_cluster: list[Server]) -> list[Server]:
    """Of a cluster that holds all KEYS."""
    for node in valkey_cluster:
        node.ask("FLUSHALL")
    for key in KEYS:
        put(valkey_cluster, key.raw)
    assert all(node.ask("DBSIZE") for node in valkey_cluster)
    return valkey_cluster


def put(nodes: list[Server], key: bytes) -> None:
    for node in nodes:
        with suppress(MovedError):
            node.ask("SET", key, b"x")


def test_a_cluster_forgets_on_every_node(nodes: list[Server], capsys: pytest.CaptureFixture[str]) -> None:
    url = f"redis+cluster://{nodes[1].address}"
    assert main(["cache", "purge", "--redis-url", url, "--tenant", "acme"]) == 0
    assert capsys.readouterr().out == "10 answers forgotten\n"
    assert sum(node.ask("DBSIZE") for node in nodes) == len(KEYS) - 10 + 1
    assert main(["cache", "purge", "--redis-url", url]) == 0
    assert sum(node.ask("DBSIZE") for node in nodes) == 1


def test_without_a_redis_it_says_what_to_do_in_one_line() -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", "cache", "purge"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "GATEWAY_REDIS_URL" in done.stderr


@pytest.mark.parametrize(
    "form", ["redis://:secret@127.0.0.1:1/0", "redis+sentinel://:secret@127.0.0.1:1/digits", "redis+cluster://:secret@127.0.0.1:1"]
)
def test_an_absent_redis_is_one_line(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "purge", "--redis-url", form]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "127.0.0.1:1" in said
    assert "secret" not in said
