"""The health check of the gateway's image says yes where the gateway says that it runs, and no, in a line, where it does not."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.healthcheck import main
from tests.ports import free_port

FILE = Path(__file__).parents[2] / "gateway" / "healthcheck.py"


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_it_says_what_the_gateway_says(status: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("GATEWAY_PORT", str(server.server_port))
        try:
            assert main() == code
        finally:
            server.shutdown()
            thread.join()


def test_nobody_there_is_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-ISB", FILE], env={"GATEWAY_PORT": str(free_port())}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("http://127.0.0.1:")
    assert ended.stderr.count("\n") == 1
