"""What wrk says counts only where every request was answered well."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.bench.fresh import Upload
from loadtests.bench.servers import SAMPLE, Server
from loadtests.bench.wrk import found, loaded, told_in
from loadtests.programs import Failed
from tests.loadtests.server import in_a_thread

SAID = (
    'Running 1s test\n{"answers": 3000, "microseconds": 1500000, "p50": 900, "p95": 1500, "p99": 2500, "unanswered": %d, "refused": %d}\n'
)


OTHER = Upload(b"a picture,\0 or not\r\n", 7)


class _Quiet(ThreadingHTTPServer):
    """wrk hangs up where it is done, whatever is still to be answered."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Digits)
        self.bodies: set[bytes] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class _Digits(BaseHTTPRequestHandler):
    """Reads the sample and refuses what is another, or comes to another path."""

    server: _Quiet
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.add(body)
        right = body in (SAMPLE.png, OTHER.png) and self.path == "/right" and self.headers["Content-Type"] == "application/octet-stream"
        self.send_response(200 if right else 500)
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b'{"digit":7}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def digits() -> Iterator[_Quiet]:
    with in_a_thread(_Quiet()) as server:
        yield server


def test_what_it_says_is_in_seconds_and_milliseconds() -> None:
    told = told_in(SAID % (0, 0), 0.75)
    assert (told.answers, told.per_second, told.generator_share) == (3_000, 2_000, 0.5)
    assert [told.milliseconds(percent) for percent in (50, 95, 99)] == [0.9, 1.5, 2.5]


@pytest.mark.parametrize(("unanswered", "refused"), [(1, 0), (0, 1)])
def test_one_request_that_went_wrong_voids_it(unanswered: int, refused: int) -> None:
    with pytest.raises(Failed, match=f"{unanswered} times, and {refused} times"):
        told_in(SAID % (unanswered, refused), 0.6)


@pytest.mark.system
def test_the_script_sends_the_pictures_and_counts_refusals(digits: _Quiet) -> None:
    program, url = found(), f"http://127.0.0.1:{digits.server_address[1]}"
    told = loaded(program, Server("any", url, "/right"), [SAMPLE, OTHER], seconds=0.5)
    assert digits.bodies == {SAMPLE.png, OTHER.png}
    assert told.answers > 10
    assert told.seconds == pytest.approx(1, abs=0.5)
    assert 0 < told.milliseconds(50) <= told.milliseconds(99)
    with pytest.raises(Failed, match="times one that is an error"):
        loaded(program, Server("any", url, "/wrong"), [SAMPLE], seconds=0.5)
