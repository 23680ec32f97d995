"""TLS to real Redis servers, alone, with sentinels and as a cluster, whose certificate a user made."""

import asyncio
import logging
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from gateway.__main__ import main
from gateway.redis_forms import redis_pipes
from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.redis_servers import SERVICE, Server, installed, listening, make_certificate, replicated_cluster, watched
from tests.gateway.test_redis_failover import load, lost
from tests.gateway.torchserve_double import until
from tests.ports import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.system, pytest.mark.usefixtures("spared")]

SECONDS = 5.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def of_others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signed none of the servers'."""
    return make_certificate(tmp_path_factory.mktemp("others"))


@contextmanager
def encrypted(folder: Path, certificate: Path) -> Iterator[int]:
    """The port of a server that speaks TLS alone, to the user `reader`."""
    port = free_port()
    command = [str(installed()), *listening(port, certificate), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    command += ["--user", "default", "off", "--user", "reader", "on", ">s3cret", "~digits*", "+@connection", "+get", "+set", "+unlink"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"rediss://reader:s3cret@127.0.0.1:{port}?ssl_ca_certs={certificate}"
        with redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.05), 100)) as client:
            client.ping()
        yield port
    finally:
        server.kill()
        server.wait(10)


async def test_a_server_is_spoken_to_when_its_certificate_is_known_and_only_then(tmp_path: Path, certificate: Path) -> None:
    with encrypted(tmp_path, certificate) as port:
        known = redis_pipes(f"rediss://reader:s3cret@127.0.0.1:{port}?ssl_ca_certs={certificate}")()
        await known.open(SECONDS)
        commands = [("SET", f"digits:{number}", b"x" * 1_000) for number in range(64)] + [("GET", "digits:7")]
        assert (await known.run(commands, SECONDS))[-1] == b"x" * 1_000
        known.close()
        stranger = redis_pipes(f"rediss://reader:s3cret@127.0.0.1:{port}")()
        with pytest.raises(ssl.SSLCertVerificationError):
            await stranger.open(SECONDS)
        elsewhere = redis_pipes(f"rediss://reader:s3cret@localhost:{port}?ssl_ca_certs={certificate}")()
        with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
            await elsewhere.open(SECONDS)


async def test_a_certificate_that_was_replaced_is_believed_from_then_on(tmp_path: Path, certificate: Path, of_others: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_bytes(of_others.read_bytes())
    with encrypted(tmp_path, certificate) as port:
        pipe = redis_pipes(f"rediss://reader:s3cret@127.0.0.1:{port}?ssl_ca_certs={authority}")()
        with pytest.raises(ssl.SSLCertVerificationError):
            await pipe.open(SECONDS)
        renewed = tmp_path / "renewed.pem"
        renewed.write_bytes(certificate.read_bytes())
        renewed.rename(authority)
        await pipe.open(SECONDS)
        pipe.close()


Watched = tuple[Server, Server, list[Server]]


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Watched]:
    """The primary, its replica and who watches them: no connection of any is in the clear."""
    with watched(tmp_path_factory.mktemp("watched") / "redis", certificate) as all_of_them:
        yield all_of_them


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[list[Server]]:
    with replicated_cluster(tmp_path_factory.mktemp("cluster") / "redis", certificate) as nodes:
        yield nodes


def url_of(scheme: str, servers: list[Server], path: str, authority: Path) -> str:
    return f"{scheme}://{','.join(each.address for each in servers)}{path}?ssl_ca_certs={authority}"


@pytest.mark.parametrize("form", ["sentinels", "nodes"])
async def test_with_the_authority_of_others_all_is_a_miss_and_one_line_says_why(
    form: str, request: pytest.FixtureRequest, gateway: Gateway, of_others: Path, caplog: pytest.LogCaptureFixture
) -> None:
    servers = request.getfixturevalue(form)
    if form == "sentinels":
        url = url_of("rediss+sentinel", servers[2], f"/{SERVICE}", of_others)
    else:
        url = url_of("rediss+cluster", servers, "", of_others)
    with caplog.at_level(logging.WARNING, "gateway.redis_cache"):
        async with gateway(redis_url=url, local_cache_bytes=0) as client:
            await until(lambda: "certificate verify failed" in caplog.text)
            answers = [await client.post("/v1/predict", content=digit_png(digit)) for digit in (1, 2, 1)]
    assert [(answer.status_code, answer.headers["x-cache"]) for answer in answers] == [(200, "miss")] * 3
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("gateway.redis")]
    assert [line for line in lines[:-1] if "TimeoutError" not in line] == [], "a busy machine may be late first"
    assert len(lines) <= 2
    assert lines[-1].startswith("redis is not answering (")
    assert "\n" not in lines[-1]


async def test_sentinels_and_who_they_name_are_spoken_to_encrypted_also_after_a_failover(
    sentinels: Watched, gateway: Gateway, certificate: Path
) -> None:
    primary, replica, watching = sentinels
    url = url_of("rediss+sentinel", watching, f"/{SERVICE}", certificate)

    def moved() -> bool:
        return bytes(watching[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)[1]) == str(replica.port).encode()

    async with gateway(redis_url=url, local_cache_bytes=0) as client, load(client) as seen:
        print(f"sentinels: {await lost(seen, primary, signal.SIGKILL, moved)}")
    assert replica.ask("DBSIZE") > 1
    assert await asyncio.to_thread(main, ["cache", "purge", "--redis-url", url]) == 0
    assert replica.ask("DBSIZE") == 1


async def test_every_node_of_a_cluster_is_spoken_to_encrypted_also_after_a_failover(
    nodes: list[Server], gateway: Gateway, certificate: Path
) -> None:
    url = url_of("rediss+cluster", nodes, "", certificate)
    victim = next(node for node in nodes if node.ask("INFO", "replication")["role"] == "master")
    witness = next(node for node in nodes if node is not victim)

    def moved() -> bool:
        return len({entry[2][1] for entry in witness.ask("CLUSTER", "SLOTS")} - {victim.port}) == 3

    async with gateway(redis_url=url, local_cache_bytes=0) as client, load(client) as seen:
        print(f"cluster: {await lost(seen, victim, signal.SIGKILL, moved)}")
    assert await asyncio.to_thread(main, ["cache", "purge", "--redis-url", url]) == 0
