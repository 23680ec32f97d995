"""A reverse proxy that answers one request in so many itself, with a 500, and passes on the others."""

from contextlib import AbstractContextManager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import urlsplit

from tests.loadtests.server import in_a_thread


class Faulty(ThreadingHTTPServer):
    """In front of the server at `url`."""

    def __init__(self, url: str, one_in: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.upstream, self.one_in, self.numbers = urlsplit(url).netloc, one_in, count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Faulty

    def setup(self) -> None:
        super().setup()
        self.connection_on = HTTPConnection(self.server.upstream)

    def finish(self) -> None:
        super().finish()
        self.connection_on.close()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, said = 500, b"{}"
        if next(self.server.numbers) % self.server.one_in:
            self.connection_on.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
            answer = self.connection_on.getresponse()
            status, said = answer.status, answer.read()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


def faulty(url: str, one_in: int) -> AbstractContextManager[Faulty]:
    return in_a_thread(Faulty(url, one_in))
