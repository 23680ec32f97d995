"""A device times what it was brought, sees that it arrived whole and still reads, and says what it lacks. It needs no torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from model.committed import RELEASED
from model.edge.bench import bench
from model.edge.manifest import Exported, Manifest, write_manifest
from model.edge.portable import portable
from model.edge.runtime import Runtime
from model.evaluate import weights_digest
from model.inference import Classifier
from model.refused import Refused
from tests.model.edge.fakes import AbsentRuntime, FakeRuntime

ROOT = Path(__file__).parents[3]


def brought(folder: Path, *runtimes: Runtime) -> Path:
    """A folder with an export of each."""
    exports = []
    for runtime in runtimes:
        file = folder / f"digits-float32{runtime.suffix}"
        file.write_text("None")
        exports.append(Exported(runtime.name, "float32", file.name, file.stat().st_size, weights_digest(file)))
    write_manifest(Manifest("residual-deep", "ab" * 32, 100, 1_000, {}, exports), folder)
    return folder


def fake(misread: int = 0) -> FakeRuntime:
    runtime = FakeRuntime({"None": misread})
    runtime.layers = portable(Classifier(RELEASED).layers)
    return runtime


def test_a_row_is_timed_and_reads_the_known_digits(tmp_path: Path) -> None:
    [row] = bench(brought(tmp_path, fake()), [fake()], calls=5)
    assert (row.runtime, row.arithmetic, row.bytes, row.right, row.n) == ("fake", "float32", 4, 100, 100)
    assert row.latency is not None
    assert (row.latency["batch"], row.latency["runs"]) == (1, 5)


def test_what_a_device_misreads_is_counted(tmp_path: Path) -> None:
    [row] = bench(brought(tmp_path, fake()), [fake(misread=3)], calls=1)
    assert row.right == 97


def test_a_runtime_that_is_not_here_has_a_row_without_figures(tmp_path: Path) -> None:
    here, absent = bench(brought(tmp_path, fake(), AbsentRuntime()), [fake(), AbsentRuntime()], calls=1)
    assert here.right == 100
    assert absent.not_installed is not None
    assert absent.not_installed.endswith("pip install absent")
    assert (absent.right, absent.latency) == (None, None)


def test_only_the_runtimes_asked_for_are_timed(tmp_path: Path) -> None:
    assert bench(brought(tmp_path, fake(), AbsentRuntime()), [], calls=1) == []


def test_a_file_that_changed_on_the_way_is_not_run(tmp_path: Path) -> None:
    folder, runtime = brought(tmp_path, fake()), fake()
    (folder / "digits-float32.fake").write_text("None!")
    with pytest.raises(Refused, match="is not what was exported"):
        bench(folder, [runtime])
    assert runtime.opened == []


def test_a_device_needs_no_torch(tmp_path: Path) -> None:
    brought(tmp_path, fake())
    script = f"""
import sys
from pathlib import Path
import numpy as np
from model.__main__ import main
from model.edge.bench import bench
from model.edge.runtime import Runtime

class Zeros(Runtime):
    name, title, suffix, reads_with, writes_with, levels = "fake", "Zeros", ".fake", ("numpy",), (), ()
    install = install_to_write = "pip install numpy"
    def write(self, layers, file, levels, pictures): ...
    def open(self, file, threads=1): return self
    def logits(self, pixels): return np.zeros((len(pixels), 10), np.float32)

[row] = bench(Path({str(tmp_path)!r}), [Zeros()], calls=1)
assert row.right == 10, row
assert main(["edge-bench", "--exports", {str(tmp_path)!r}]) == 0
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
