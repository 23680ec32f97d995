"""The real runtimes, where they are installed: what they write reads as the torch network does, in either arithmetic, and by one thread."""

from pathlib import Path

import numpy as np
import pytest

from model.committed import RELEASED
from model.edge.exporting import Judge, export, judge_of
from model.edge.onnx_runtime import OnnxRuntime
from model.edge.portable import portable
from model.edge.runtime import ARITHMETICS, Arithmetic, Runtime
from model.edge.runtimes import RUNTIMES
from model.inference import Classifier, softmax
from tests.model.edge.fakes import known
from tests.model.edge.tools import edge_tools

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]  # the exporters' own, of each other

EACH = [
    pytest.param(runtime, marks=pytest.mark.system if runtime.name == OnnxRuntime.name else pytest.mark.extra, id=runtime.name)
    for runtime in RUNTIMES
]
"""One has its packages from `make edge-tools`."""

DIFFERENCE = {"float32": 1e-4, "int8": 0.1}
"""Of a known digit's probability, at most."""


@pytest.fixture(scope="module")
def judge() -> Judge:
    digits = known()
    return judge_of(Classifier(RELEASED), digits, digits, calibration=100, seed=0)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("runtime", EACH)
def test_an_export_reads_the_known_digits_as_torch_does(
    runtime: Runtime, arithmetic: Arithmetic, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runtime.name == OnnxRuntime.name:
        monkeypatch.syspath_prepend(edge_tools())
    runtime.need_to_write()  # or the line that says what installs it
    made = export(runtime, arithmetic, portable(Classifier(RELEASED).layers), judge, tmp_path)
    assert made.validation["same_digits"] == 100
    assert made.validation["largest_difference"] < DIFFERENCE[arithmetic]
    assert made.bytes < (900_000 if arithmetic == "float32" else 320_000)
    reader = runtime.open(tmp_path / made.file)
    alone = np.concatenate([reader.logits(picture[None]) for picture in known().pixels[:10]])
    np.testing.assert_allclose(softmax(alone), softmax(reader.logits(known().pixels[:10])), atol=1e-4)
    assert str(Path.home()).encode() not in (tmp_path / made.file).read_bytes()
