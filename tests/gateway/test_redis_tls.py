"""TLS to a real Redis whose certificate a user made."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from gateway.redis_forms import redis_pipes
from tests.gateway.redis_servers import installed
from tests.ports import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.system]

SECONDS = 5.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself; its key stands beside it as `key.pem`."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=redis"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem"


@contextmanager
def encrypted(folder: Path, certificate: Path) -> Iterator[int]:
    """The port of a server that speaks TLS alone, to the user `reader`."""
    port = free_port()
    command = [str(installed()), "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    command += ["--tls-cert-file", str(certificate), "--tls-key-file", str(certificate.with_name("key.pem"))]
    command += ["--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no"]
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
