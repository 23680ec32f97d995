import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis

from gateway.__main__ import main
from gateway.purge import pattern, purge
from gateway.redis_cache import PURGE_KEY, RedisKey

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
    assert purge(server, **{"model": None, "version": None, "tenant": None} | chosen) == removed
    assert server.dbsize() == len(KEYS) - removed + 2
    assert server.exists(b"somebody:else", PURGE_KEY) == 2


def test_what_is_special_to_a_glob_is_taken_literally() -> None:
    assert pattern("a*b", None, "[x]") == rb"digits:\[x\]:a\*b:*:*"


def test_the_command_says_how_many(server: "redis.Redis", valkey: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "purge", "--redis-url", valkey, "--version", "aaaaaaaaaaaa"]) == 0
    assert capsys.readouterr().out == "10 answers forgotten\n"


def test_without_a_redis_it_says_what_to_do_in_one_line() -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", "cache", "purge"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "GATEWAY_REDIS_URL" in done.stderr


def test_an_absent_redis_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "purge", "--redis-url", "redis://127.0.0.1:1/0"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
