"""The archive inside a real TorchServe: requests over HTTP, the fence around it, and what happens when its worker stops."""

import contextlib
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from gateway.embedded.torchserve import Computing
from handler.digit_handler import FACTS, LOGITS, PIXELS
from loadtests.programs import wait_until
from model.choice import fastest
from model.compiled import native
from model.export import HANDLER, build_archive
from model.preprocess import canonicalise
from tests.handler.asking import pictures, png
from tests.handler.torchserve import TorchServe, configuration, launched, serving
from tests.model.export.releases import copy_of_checkout

pytestmark = pytest.mark.integration

PREDICT = "/predictions/digits"


def predict(server: TorchServe, body: bytes, **headers: str) -> httpx.Response:
    return server.inference.post(PREDICT, content=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("n", [1, 64])
def test_pixels_come_back_as_the_logits_computed_offline(torchserve: TorchServe, released: Path, n: int) -> None:
    answer = predict(torchserve, pictures(n).tobytes(), Content_Type=PIXELS, Accept=LOGITS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, LOGITS)
    np.testing.assert_array_equal(np.frombuffer(answer.content, "<f4").reshape(n, 10), fastest(released).logits(pictures(n)))


def test_a_png_put_as_curl_does_is_read(torchserve: TorchServe, released: Path) -> None:
    answer = torchserve.inference.put(PREDICT, content=png())
    assert answer.status_code == 200
    logits = fastest(released).logits(canonicalise(png()).pixels[None])[0]
    np.testing.assert_array_equal(np.array(answer.json()["predictions"][0]["logits"], np.float32), logits)


def test_a_form_fails_part_by_part(torchserve: TorchServe) -> None:
    files = {"a": ("a.png", png("1"), "image/png"), "b": ("b.txt", b"hello", "text/plain"), "c": ("c.png", png("0"), "image/png")}
    answer = torchserve.inference.post(PREDICT, files=files)
    assert answer.status_code == 200
    found = answer.json()["predictions"]
    assert ["digit" in found[0], found[1]["error"]["status"], "digit" in found[2]] == [True, 415, True]


BAD: dict[str, tuple[bytes, dict[str, str], int]] = {
    "empty": (b"", {}, 400),
    "text": (b"hello", {"Content_Type": "text/plain"}, 415),
    "text that is no text": (b"\xff\xfe\xfd", {"Content_Type": "text/plain; charset=utf-8"}, 415),
    "JSON": (b'{"image": "x"}', {"Content_Type": "application/json"}, 415),
    "broken JSON": (b'{"image', {"Content_Type": "application/json"}, 415),
    "PDF": (b"%PDF-1.7 and so on", {"Content_Type": "application/pdf"}, 415),
    "cut PNG": (png()[:50], {"Content_Type": "image/png"}, 422),
    "PNG as pixels": (png(), {"Content_Type": PIXELS}, 400),
    "65 pictures": (bytes(65 * 784), {"Content_Type": PIXELS, "Accept": LOGITS}, 400),
    "a form by mistake": (b"a=b", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
    "a form of nothing": (b"x", {"Content_Type": "multipart/form-data; boundary=b"}, 400),
    "odd header": (b"hello", {"X_Odd": "\u00e9\u00ff", "Body": "x", "Content_Type": "image/png"}, 415),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_a_4xx_that_says_why(torchserve: TorchServe, name: str) -> None:
    body, headers, status = BAD[name]
    encoded = {key.replace("_", "-").encode(): value.encode() for key, value in headers.items()}
    answer = torchserve.inference.post(PREDICT, content=body, headers=httpx.Headers(list(encoded.items())))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_the_fingerprint_is_the_version_and_a_wrong_one_is_a_404(torchserve: TorchServe, store: Path) -> None:
    version = (store / "digits.version").read_text().strip()
    assert torchserve.describe()["modelVersion"] == version
    assert torchserve.inference.put(f"{PREDICT}/{version}", content=png()).status_code == 200
    assert torchserve.inference.put(f"{PREDICT}/{'0' * 12}", content=png()).status_code == 404
    assert torchserve.management.get(f"/models/digits/{'0' * 12}").status_code == 404


def test_the_facts_come_on_the_prediction_path_and_in_the_description(torchserve: TorchServe, store: Path) -> None:
    facts = predict(torchserve, b"", Content_Type=FACTS).json()
    assert facts["version"] == (store / "digits.version").read_text().strip()
    assert facts["temperature"] == 1.5
    described = torchserve.management.get("/models/digits", params={"customized": "true"}).json()
    assert described[0]["customizedMetadata"] == facts
    assert predict(torchserve, png()).status_code == 200


def test_the_description_says_what_the_model_configuration_asks_for(torchserve: TorchServe) -> None:
    described = torchserve.describe()
    asked = {"batchSize": 1, "minWorkers": 1, "maxWorkers": 1, "responseTimeout": 3, "startupTimeout": 60, "maxRetryTimeoutInSec": 300}
    assert {key: described[key] for key in asked} == asked
    assert described["jobQueueStatus"]["remainingCapacity"] == int(configuration()["job_queue_size"])
    assert len(described["workers"]) == 1


def test_models_can_be_neither_registered_nor_removed(torchserve: TorchServe) -> None:
    assert torchserve.management.post("/models", params={"url": "digits.mar"}).status_code == 405
    assert torchserve.management.delete("/models/digits").status_code == 405


def test_uploads_of_ten_mebibytes_pass_and_much_more_does_not(torchserve: TorchServe) -> None:
    assert predict(torchserve, bytes(10 * 2**20)).status_code == 415
    assert predict(torchserve, bytes(12 * 2**20)).status_code == 413


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere code stays mapped")
def test_a_worker_holds_little_of_the_code_that_started_it(torchserve: TorchServe) -> None:
    worker = torchserve.ready_worker()
    code = sum(each.rss for each in psutil.Process(worker).memory_maps() if ".so" in each.path and "torch" in each.path)
    assert code < 20 * 2**20


def test_metrics_are_served_and_count(torchserve: TorchServe) -> None:
    def counted() -> float:
        lines = torchserve.metrics.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("ts_inference_requests_total{"))

    before = counted()
    predict(torchserve, png())
    assert counted() == before + 1


def test_requests_good_or_bad_leave_no_line_in_the_log(torchserve: TorchServe) -> None:
    predict(torchserve, png())
    before = torchserve.log.read_text()
    for body in (png(), b"hello", b""):
        predict(torchserve, body)
    predict(torchserve, pictures(64).tobytes(), Content_Type=PIXELS)
    assert torchserve.log.read_text() == before


def test_a_frozen_worker_is_replaced(torchserve: TorchServe) -> None:
    frozen = torchserve.ready_worker()
    assert frozen is not None
    os.kill(frozen, signal.SIGSTOP)
    started = time.monotonic()
    assert predict(torchserve, png()).status_code == 500
    assert time.monotonic() - started < 6
    wait_until(lambda: torchserve.ready_worker() not in (None, frozen), 60, "another READY worker")
    assert predict(torchserve, png()).status_code == 200


def test_a_killed_worker_is_seen_at_once_and_replaced(torchserve: TorchServe) -> None:
    killed = torchserve.ready_worker()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: torchserve.ready_worker() is None, 5, "a description without a READY worker")
    assert torchserve.inference.get("/ping").json() == {"status": "Healthy"}, "TorchServe learnt to tell the truth: use it"
    wait_until(lambda: torchserve.ready_worker() is not None, 60, "another READY worker")
    assert predict(torchserve, png()).status_code == 200


def test_a_batch_formed_by_torchserve_is_answered_request_by_request(released: Path, tmp_path: Path) -> None:
    checkout = copy_of_checkout(tmp_path / "checkout")
    configuration = checkout / "handler/model-config.yaml"
    text = configuration.read_text()
    assert "batchSize: 1" in text
    configuration.write_text(text.replace("batchSize: 1", "batchSize: 16\nmaxBatchDelay: 500"))
    store = build_archive(released, tmp_path / "store", checkout).parent
    expected = fastest(released).logits(pictures(3))

    def pixels(server: TorchServe) -> None:
        answer = predict(server, pictures(3).tobytes(), Content_Type=PIXELS, Accept=LOGITS)
        np.testing.assert_allclose(np.frombuffer(answer.content, "<f4").reshape(3, 10), expected, atol=1e-4)

    def image(server: TorchServe) -> None:
        assert len(predict(server, png()).json()["predictions"]) == 1

    def nonsense(server: TorchServe) -> None:
        assert predict(server, b"hello").status_code == 415

    with serving(store) as server, ThreadPoolExecutor(12) as clients:
        started = time.monotonic()
        for done in [clients.submit(act, server) for act in (pixels, image, nonsense) * 4]:
            done.result()
        assert time.monotonic() - started < 12 * 0.5, "twelve requests in a row would have waited for twelve batches"


def test_a_handler_that_fails_to_load_leaves_its_traceback_in_the_log(released: Path, tmp_path: Path) -> None:
    checkout = copy_of_checkout(tmp_path / "checkout")
    with (checkout / HANDLER).open("a") as handler:
        handler.write("\nimport a_module_that_nobody_has\n")
    store = build_archive(released, tmp_path / "store", checkout).parent
    with launched(store) as server:
        wait_until(lambda: "No module named 'a_module_that_nobody_has'" in server.log.read_text(), 90, "the real cause in the log")
        assert "digit_handler.py" in server.log.read_text()


def test_the_number_of_workers_is_the_configuration_s_and_none_outlives_the_process_group(store: Path) -> None:
    with serving(store, Computing(2)) as server:
        wait_until(lambda: len(server.ready_workers()) == 2, 60, "a second READY worker")
        workers = server.ready_workers()
        assert {os.getpgid(worker) for worker in workers} == {server.process.pid}
        assert "Invalid model config" not in server.log.read_text()
        os.killpg(server.process.pid, signal.SIGTERM)
        server.process.wait(30)
    wait_until(lambda: not any(alive(worker) for worker in workers), 10, "the end of the workers")


def alive(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def test_a_gpu_that_pytorch_cannot_use_leaves_the_worker_to_the_processor(store: Path, tmp_path: Path) -> None:
    """TorchServe asks `nvidia-smi` which GPUs there are, and hands the worker one."""
    told = tmp_path / "nvidia-smi"
    told.write_text("#!/bin/sh\nprintf 'index\\n0\\n'\n")
    told.chmod(0o755)
    with serving(store, Computing(1, gpus=1), {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}) as server:
        assert server.describe()["workers"][0]["gpu"] is True
        facts = predict(server, b"", Content_Type=FACTS).json()
        log = server.log.read_text()
    assert facts["arithmetic"] == native([1.0])[0]
    assert "GPU 0 is not used: this PyTorch computes on the processor alone" in log
