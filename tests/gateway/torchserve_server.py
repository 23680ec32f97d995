"""TorchServe's double on a port of its own, for gateways that are processes of their own. It reads every known digit right."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
from numpy.typing import NDArray

from gateway.known import read_known_digits
from tests.gateway.torchserve_double import TorchServeDouble, logits_for


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, double: TorchServeDouble) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.double = double.transport()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a gateway was killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        url = f"http://{self.headers['Host']}{self.path}"
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        request = httpx.Request(self.command, url, headers=list(self.headers.items()), content=body)
        answer = asyncio.run(self.server.double.handle_async_request(request))
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def torchserve_server(double: TorchServeDouble) -> Iterator[str]:
    """Its URL, of inference and of management."""
    known = read_known_digits()
    labels = {pixels.tobytes(): int(label) for pixels, label in zip(known.pixels, known.labels, strict=True)}

    def answer(pixels: NDArray[np.uint8]) -> httpx.Response:
        logits = logits_for(pixels)
        for row, picture in zip(logits, pixels, strict=True):
            if (label := labels.get(picture.tobytes())) is not None:
                row[:] = 0
                row[label] = 12
        return httpx.Response(200, content=logits.astype("<f4").tobytes())

    double.answer = answer
    with _Server(double) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
