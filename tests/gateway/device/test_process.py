"""The process that serves is small and brings no library that it does not need; what keeps it from serving is one line."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.device.__main__ import INTERRUPTED
from gateway.device.settings import DeviceSettings
from gateway.settings import Settings
from tests.gateway.device.exports import folder_of
from tests.gateway.device.serving import UNWANTED, answers, new_pictures, resident_megabytes, wait_until_it_serves
from tests.gateway.torchserve_double import known_digits
from tests.gateway.workers.parents import Parents
from tests.ports import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is told, and given back, on Linux"),
]

OVER_A_DOUBLE = """
import atexit, json, sys
import numpy as np
from gateway.device.__main__ import main
from gateway.known import read_known_digits

class Session:
    "The known digit that looks most alike."
    known = read_known_digits()
    bases = known.pixels.reshape(-1, 784).astype(np.float32)
    def run(self, outputs, inputs):
        if manner == "broken":
            raise RuntimeError("Non-zero status code")
        asked = inputs["pixels"].reshape(-1, 784).astype(np.float32)
        nearest = [int(((self.bases - each) ** 2).sum(1).argmin()) for each in asked]
        return [np.eye(10, dtype=np.float32)[self.known.labels[nearest]] * (-1 if manner == "wrong" else 12)]

manner = sys.argv[2]
atexit.register(lambda: print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))))
sys.exit(main(sys.argv[1], lambda content: Session()))
"""
"""A server whose network is a double; everything else is what runs on a device. Asked to leave, it says what it has loaded."""

WITHOUT_THE_RUNTIME = 70
"""Megabytes at most: with it, a hundred."""

REQUESTS = 1_000


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents


def told(file: Path, port: int) -> str:
    return DeviceSettings.of(Settings(port=port, state_dir=file.parent), file).to_text()


def test_it_serves_in_little_memory_and_without_what_it_does_not_need(parents: Parents, tmp_path: Path) -> None:
    port = free_port()
    server = parents.start([sys.executable, "-c", OVER_A_DOUBLE, told(folder_of(tmp_path, b"a network"), port), "right"], port=port)
    wait_until_it_serves(server)
    known = known_digits()
    asked = list(new_pictures(known.pixels, REQUESTS))
    read = [answer["digit"] for answer in answers(server, asked)]
    assert read == np.resize(known.labels, REQUESTS).tolist()
    assert {answer["cache"] for answer in answers(server, asked[:100])} == {"hit"}
    assert resident_megabytes(server) < WITHOUT_THE_RUNTIME
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=20) == INTERRUPTED
    assert "Traceback" not in server.said
    loaded = json.loads(server.said.splitlines()[-1])
    assert "cv2" in loaded
    assert set(loaded).isdisjoint(UNWANTED)


@pytest.mark.parametrize(("manner", "why"), [("wrong", "known digits wrong; it is not served"), ("broken", "Non-zero status code")])
def test_a_network_that_misreads_a_known_digit_or_cannot_is_not_served(parents: Parents, tmp_path: Path, manner: str, why: str) -> None:
    file = folder_of(tmp_path, b"a network")
    server = parents.start([sys.executable, "-c", OVER_A_DOUBLE, told(file, free_port()), manner])
    assert server.process.wait(timeout=60) == 1
    line, _ = server.said.splitlines()  # and what it has loaded
    assert line.startswith(f"digitserve: {file} ")
    assert why in line


def test_what_keeps_the_command_from_serving_is_one_line(parents: Parents, tmp_path: Path) -> None:
    server = parents.start([sys.executable, "-m", "gateway", "edge", "--network", str(tmp_path / "digits.onnx")], workers=1)
    assert server.process.wait(timeout=60) == 1
    [line] = server.said.splitlines()
    assert line.startswith("digitserve: no exports: ")
