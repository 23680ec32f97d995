"""What TorchServe's image and pods are asked by: yes for a known digit read right, and no, with the reason, for everything else."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from handler import healthcheck
from handler.digit_handler import FACTS
from tests.k8s.manifests import ROOT, read

READY = [{"modelVersion": "ab12cd34ef56", "workers": [{"id": "9000", "status": "READY"}]}]
SEVEN = {"predictions": [{"digit": 7, "probabilities": [], "logits": []}]}
Answer = tuple[int, bytes]


@contextmanager
def torchserve(describe: Callable[[], Answer], predict: Callable[[], Answer], model: str = "digits") -> Iterator[int]:
    """Something on a port that plays both of TorchServe's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == f"/models/{model}"
            self.say(*describe())

        def do_POST(self) -> None:
            assert self.path == f"/predictions/{model}"
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            assert sent == (healthcheck.PICTURE.read_bytes() if model == "digits" else b"")
            assert (self.headers["Content-Type"] == FACTS) == (model != "digits")
            self.say(*predict())

        def say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def told(value: object, status: int = 200) -> Callable[[], Answer]:
    return lambda: (status, json.dumps(value).encode())


def test_a_right_answer_is_a_yes_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    with torchserve(told(READY), told(SEVEN)) as port:
        assert healthcheck.main(port, port) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("described", "predicted", "reason"),
    [
        (told([{"workers": [{"status": "UNLOADING"}]}]), told(SEVEN), r"no worker is READY \(UNLOADING\)"),
        (told([{"workers": []}]), told(SEVEN), r"no worker is READY \(there is none\)"),
        (told([]), told(SEVEN), r"no worker is READY \(there is none\)"),
        (told({"code": 404}, 404), told(SEVEN), "/models/digits answered 404"),
        (told(READY), told({"predictions": [{"digit": 1}]}), "a known 7 was read as 1"),
        (told(READY), told({"code": 503}, 503), "/predictions/digits answered 503"),
        (told(READY), told({"predictions": [{"error": {"status": 422}}]}), "KeyError"),
        (told(READY), told([]), "TypeError"),
        (told(READY), lambda: (200, b"not JSON"), "JSONDecodeError"),
    ],
)
def test_anything_else_is_a_no_with_its_reason(
    described: Callable[[], Answer], predicted: Callable[[], Answer], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with torchserve(described, predicted) as port:
        assert healthcheck.main(port, port) == 1
    said = capsys.readouterr().out
    assert re.search(reason, said)
    assert said.count("\n") == 1


@pytest.mark.parametrize(("said", "code"), [({"model": "arabic"}, 0), ({"model": "digits"}, 1), ({}, 1)])
def test_a_model_of_another_name_has_to_say_what_it_is(said: dict[str, str], code: int) -> None:
    with torchserve(told(READY), told(said), "arabic") as port:
        assert healthcheck.main(port, port, "arabic") == code


def test_nobody_there_is_a_no() -> None:
    with torchserve(told(READY), told(SEVEN)) as port:
        pass
    done = subprocess.run([sys.executable, "-ISB", ROOT / "handler" / "healthcheck.py"], capture_output=True, text=True, check=False)
    assert healthcheck.main(port, port) == 1
    assert done.returncode == 1, "something answers on TorchServe's own ports on this machine"
    assert "Traceback" not in done.stderr


def test_a_frozen_worker_is_a_no_before_the_kubelet_gives_up(capsys: pytest.CaptureFixture[str]) -> None:
    over = threading.Event()

    def frozen() -> Answer:
        over.wait(10)
        return 200, b""

    with torchserve(told(READY), frozen) as port:
        try:
            assert healthcheck.main(port, port) == 1
        finally:
            over.set()
    assert "timed out" in capsys.readouterr().out
    [deployment] = read("base/torchserve/deployment.yaml")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    for which in ("startup", "readiness", "liveness"):
        assert container[f"{which}Probe"]["timeoutSeconds"] > 2 * healthcheck.SECONDS
