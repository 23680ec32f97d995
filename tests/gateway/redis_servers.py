"""Real Redis servers on loopback, each in a folder of its own: alone, watched by sentinels, or as a cluster; with TLS where asked for."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from gateway.embedded.ports import free_ports
from tests.ports import free_port

SERVICE = "digits"
READY_SECONDS = 30.0
NODE_TIMEOUT_MS = 1_000
SLOTS = 16_384


@dataclass(frozen=True)
class Server:
    """One that runs."""

    port: int
    process: "subprocess.Popen[bytes]"
    certificate: Path | None = None
    """Of one that speaks TLS alone, also to others of its kind."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, *command: str | bytes | int) -> Any:
        """Its answer, unparsed."""
        with redis.Redis(port=self.port, retry=Retry(ConstantBackoff(0.05), 100), **self._encrypted) as client:
            return client.execute_command(*command)

    @property
    def _encrypted(self) -> dict[str, Any]:
        return {} if self.certificate is None else {"host": "127.0.0.1", "ssl": True, "ssl_ca_certs": str(self.certificate)}


def installed(program: str = "redis-server") -> Path:
    """Redis 7 of the system."""
    found = shutil.which(program)
    assert found, "this test needs Redis 7: apt-get install redis-server"
    return Path(found)


def make_certificate(folder: Path) -> Path:
    """Of 127.0.0.1, signed by itself; its key stands beside it as `key.pem`."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=redis"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem"


def listening(port: int, certificate: Path | None) -> list[str]:
    """Options of a server that does so there, encrypted by this certificate if there is one."""
    if certificate is None:
        return ["--port", str(port)]
    files = {"cert": certificate, "key": certificate.with_name("key.pem"), "ca-cert": certificate}
    named = [word for name, file in files.items() for word in (f"--tls-{name}-file", str(file))]
    return ["--port", "0", "--tls-port", str(port), *named, "--tls-auth-clients", "no", "--tls-replication", "yes"]


@contextmanager
def server(program: Path, folder: Path, *options: str, port: int | None = None, certificate: Path | None = None) -> Iterator[Server]:
    """One of this program, once it answers; killed in the end, however it is."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    basics = [*listening(port, certificate), "--bind", "127.0.0.1", "--dir", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(program), *options, *basics], stdout=log, stderr=log)
    try:
        started = Server(port, process, certificate)
        started.ask("PING")
        yield started
    finally:
        process.kill()
        process.wait(10)


@contextmanager
def watched(folder: Path, certificate: Path | None = None) -> Iterator[tuple[Server, Server, list[Server]]]:
    """A primary, its replica, and three sentinels that would make the replica primary within seconds."""
    folder.mkdir()
    program = installed()
    with ExitStack() as servers:

        def start(name: str, *options: str) -> Server:
            return servers.enter_context(server(program, folder / name, *options, certificate=certificate))

        memory = ("--save", "", "--repl-diskless-sync-delay", "0")
        primary = start("primary", *memory)
        replica = start("replica", *memory, "--replicaof", "127.0.0.1", str(primary.port))
        wait_for(lambda: _is_fed(replica), "a replica")
        sentinels = []
        for number in range(3):
            file = folder / f"sentinel-{number}.conf"
            file.write_text(
                f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 2\n"
                f"sentinel down-after-milliseconds {SERVICE} {NODE_TIMEOUT_MS}\n"
                f"sentinel failover-timeout {SERVICE} 5000\n"
            )
            sentinels.append(start(f"sentinel-{number}", str(file), "--sentinel"))
        wait_for(lambda: all(_knows_all(sentinel) for sentinel in sentinels), "sentinels that know each other")
        yield primary, replica, sentinels


def _is_fed(server: Server) -> bool:
    """Whether it is a replica that has what its primary has."""
    return bool(server.ask("INFO", "replication").get("master_link_status") == "up")


def _knows_all(sentinel: Server) -> bool:
    told = sentinel.ask("SENTINEL", "MASTER", SERVICE)
    facts = told if isinstance(told, dict) else dict(zip(told[::2], told[1::2], strict=True))
    plain = {_text(name): _text(value) for name, value in facts.items()}
    return (plain["num-slaves"], plain["num-other-sentinels"]) == ("1", "2")


def _text(word: object) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)


@contextmanager
def clustered(program: Path, folder: Path, count: int, certificate: Path | None = None) -> Iterator[list[Server]]:
    """So many servers that are ready to become nodes of a cluster."""
    with ExitStack() as servers:
        nodes = []
        for number in range(count):
            port, bus = free_ports(2)
            options = ["--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", str(NODE_TIMEOUT_MS)]
            options += ["--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0", "--save", ""]
            options += [] if certificate is None else ["--tls-cluster", "yes"]
            started = server(program, folder / f"node-{number}", *options, port=port, certificate=certificate)
            nodes.append(servers.enter_context(started))
        yield nodes


@contextmanager
def replicated_cluster(folder: Path, certificate: Path | None = None) -> Iterator[list[Server]]:
    """Three primaries, each with a replica, as `redis-cli --cluster create` makes them."""
    with clustered(installed(), folder, 6, certificate) as nodes:
        command = [str(installed("redis-cli")), "--cluster", "create", *(node.address for node in nodes), "--cluster-replicas", "1"]
        command += [] if certificate is None else ["--tls", "--cacert", str(certificate)]
        subprocess.run([*command, "--cluster-yes"], check=True, capture_output=True, timeout=READY_SECONDS)
        wait_for(lambda: all(_serves(node, ranges=3) for node in nodes), "a cluster")
        wait_for(lambda: sum(map(_is_fed, nodes)) == 3, "replicas")
        yield nodes


@contextmanager
def small_cluster(program: Path, folder: Path) -> Iterator[list[Server]]:
    """Two primaries, each with half of the slots."""
    with clustered(program, folder, 2) as nodes:
        first, second = nodes
        first.ask("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS // 2 - 1)
        second.ask("CLUSTER", "ADDSLOTSRANGE", SLOTS // 2, SLOTS - 1)
        bus = re.search(r"@(\d+)", second.ask("CLUSTER", "NODES").decode())
        assert bus
        first.ask("CLUSTER", "MEET", "127.0.0.1", second.port, int(bus[1]))
        wait_for(lambda: all(_serves(node, ranges=2) for node in nodes), "a cluster")
        yield nodes


def _serves(node: Server, ranges: int) -> bool:
    return b"cluster_state:ok" in node.ask("CLUSTER", "INFO") and len(node.ask("CLUSTER", "SLOTS")) == ranges


def wait_for(condition: Callable[[], object], what: str, seconds: float = READY_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"no sign of {what} in {seconds} s"
        time.sleep(0.02)
