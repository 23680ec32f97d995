"""Explanations through the whole stack: each request gets its own kind, and the maps are the network's."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import httpx
import numpy as np

from model.data import test_digits as mnist_test
from model.explain import grad_cam
from model.inference import Classifier
from tests.stack.conftest import ROOT, Stack


def test_fifty_mixed_requests_each_get_their_own_kind(ready_stack: Stack) -> None:
    pixels = mnist_test().pixels[-50:]
    uploads = [cv2.imencode(".png", picture)[1].tobytes() for picture in pixels]
    with httpx.Client(base_url=ready_stack.url, timeout=30) as client, ThreadPoolExecutor(16) as senders:

        def ask(index: int) -> httpx.Response:
            path = "/v1/explain" if index % 2 else "/v1/predict"
            return client.post(path, content=uploads[index], headers={"Accept": "image/png" if index % 4 == 3 else "application/json"})

        answers = list(senders.map(ask, range(50)))
    layers = Classifier(ROOT / "model" / "released").layers
    for index, answer in enumerate(answers):
        assert answer.status_code == 200
        if index % 4 == 3:
            assert answer.headers["content-type"] == "image/png"
            continue
        told = answer.json()
        assert ("map" in told) == (index % 2 == 1)
        if index % 2:
            expected = grad_cam(layers, pixels[index : index + 1], np.array([told["digit"]]))[0]
            np.testing.assert_allclose(told["map"], expected, atol=1e-3)
