"""Stands in for `python -m gateway serve`: a program that answers /readyz and /v1/model the way its argument says.

`ready`: always well. `asking`: well while TorchServe's describe names a READY worker. `unwell`: the model never answers right.
`dying`: prints a line and exits 3. `stubborn`: well, and deaf to SIGTERM.
"""

import http.server
import json
import os
import signal
import sys
import urllib.request


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/readyz":
                complaint = complain(sys.argv[1])
                body = {"ready": complaint is None, "checks": {"model": {"ok": complaint is None, "reason": complaint}}}
                self.answer(200 if complaint is None else 503, body)
            case "/v1/model":
                self.answer(200, {"version": "ab12cd34ef56"})
            case "/environment":
                self.answer(200, {name: value for name, value in os.environ.items() if name.startswith("GATEWAY_")})
            case _:
                self.answer(404, {})

    def answer(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def complain(mode: str) -> str | None:
    if mode == "unwell":
        return "a seven came back as a one"
    if mode != "asking":
        return None
    try:
        with urllib.request.urlopen(
            f"{os.environ['GATEWAY_TORCHSERVE_MANAGEMENT_URL'].split(',')[0]}/models/digits", timeout=1
        ) as response:
            workers = json.load(response)[0]["workers"]
    except OSError as error:
        return str(error)
    return None if any(worker["status"] == "READY" for worker in workers) else "no worker is READY"


def main() -> None:
    if sys.argv[1] == "dying":
        print("the double is unwell", flush=True)
        sys.exit(3)
    if sys.argv[1] == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    http.server.ThreadingHTTPServer.daemon_threads = True
    with http.server.ThreadingHTTPServer((os.environ["GATEWAY_HOST"], int(os.environ["GATEWAY_PORT"])), Answers) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
