"""`python -m gateway edge` with a real export by ONNX Runtime: it reads as the torch network does, in under a hundred megabytes."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from model.edge.exporting import export, judge_of
from model.edge.manifest import Exported, Manifest, write_manifest
from model.edge.onnx_runtime import OnnxRuntime
from model.edge.portable import portable
from model.edge.runtime import ARITHMETICS, Arithmetic
from model.export import serving_facts
from model.inference import Classifier, softmax
from model.resident import let_go_of_code
from tests.gateway.conftest import png
from tests.gateway.device.serving import answers, new_pictures, resident_megabytes, wait_until_it_serves
from tests.gateway.routes.batches import PATH, json_of
from tests.gateway.workers.parents import Parents
from tests.model.edge.fakes import MODEL, known
from tests.model.edge.tools import edge_tools

pytestmark = [pytest.mark.system, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]  # the exporter's own

MOST_MEGABYTES = 100
REQUESTS = 3_000
NETWORKS = ("released", "student")
DIFFERENCE = {"float32": 1e-3, "int8": 0.1}
"""Of a known digit's probability, at most; that the answer keeps 16 bits of a logit is the larger part of the first."""


@pytest.fixture(scope="module", autouse=True)
def tools() -> Iterator[None]:
    """What reads and writes the exports is found, here and by what is started here."""
    os.sync()  # what was installed a moment ago cannot leave the cache of files before it is on the disk
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(edge_tools())
        patch.setenv("PYTHONPATH", str(edge_tools()))
        yield


@pytest.fixture(scope="module", params=NETWORKS)
def exports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, Path]:
    runtime, folder, digits = OnnxRuntime(), tmp_path_factory.mktemp(request.param), known()
    runtime.need_to_write()  # or the line that says what installs it
    released = MODEL / request.param
    classifier = Classifier(released)
    layers, judge = portable(classifier.layers), judge_of(classifier, digits, digits, calibration=100, seed=0)
    made = [export(runtime, arithmetic, layers, judge, folder) for arithmetic in ARITHMETICS]
    files = [Exported(each.runtime, each.arithmetic, each.file, each.bytes, each.sha256) for each in made]
    write_manifest(Manifest(request.param, "ab" * 32, 1, 1, serving_facts(released), files), folder)
    let_go_of_code()  # on a device nobody else has the runtime mapped
    return classifier, folder


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_an_export_is_served_in_little_memory_and_reads_as_torch_does(
    exports: tuple[Classifier, Path], parents: Parents, arithmetic: Arithmetic
) -> None:
    classifier, folder = exports
    file = folder / f"digits-{arithmetic}.onnx"
    server = parents.start([sys.executable, "-m", "gateway", "edge", "--network", str(file)], workers=1)
    wait_until_it_serves(server)
    digits = known()
    expected = softmax(classifier.logits(digits.pixels))
    told = list(answers(server, map(png, digits.pixels)))
    assert [answer["digit"] for answer in told] == digits.labels.tolist()
    assert np.abs(np.array([answer["probabilities"] for answer in told]) - expected).max() < DIFFERENCE[arithmetic]
    assert httpx.get(f"{server.url}/v1/model").json()["arithmetic"] == arithmetic
    for answer in answers(server, new_pictures(digits.pixels, REQUESTS)):
        assert answer["record"] == "none"
    for _ in range(10):
        together: list[dict[str, Any]] = httpx.post(f"{server.url}{PATH}", **json_of(*map(png, digits.pixels[:64]))).json()["results"]
        assert [each["digit"] for each in together] == digits.labels[:64].tolist()
    assert resident_megabytes(server) < MOST_MEGABYTES


def test_what_is_no_network_is_one_line(parents: Parents, tmp_path: Path) -> None:
    from tests.gateway.device.exports import folder_of

    file = folder_of(tmp_path / "exports", b"no network")
    server = parents.start([sys.executable, "-m", "gateway", "edge", "--network", str(file)], workers=1)
    assert server.process.wait(timeout=60) == 1
    [line] = server.said.splitlines()
    assert line.startswith("digitserve: ONNX Runtime does not take this network: ")
