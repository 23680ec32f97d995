"""Every runtime that is here is exported and measured, those that are not say so, and the test set is read once by each, last."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.committed import RELEASED
from model.edge.manifest import read_manifest
from model.edge.measuring import Plan, measure
from model.edge.runtime import NotInstalled
from model.evaluate import weights_digest
from model.export import serving_facts
from model.network import build, parameter_count
from model.reader import Reader
from tests.model.edge.fakes import AbsentRuntime, FakeReader, FakeRuntime, known, panel

DIGITS = known()
COMMAND = "python -m model edge"


def plan() -> Plan:
    return Plan(RELEASED, DIGITS[:40], DIGITS[40:80], panel(DIGITS[80:]), calibration=16, calls=3)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("measured")
    far = {f"{ranges}, last layer in {last}": 3 for ranges in ("near", "far") for last in ("int8", "float32")}
    return measure(plan(), [FakeRuntime(far), AbsentRuntime()], folder / "edge", command=COMMAND, log=folder / "LOG.md"), folder


def rows(result: dict[str, Any], runtime: str) -> list[dict[str, Any]]:
    return [row for row in result["rows"] if row["runtime"] == runtime]


def test_the_torch_network_comes_first_and_agrees_with_itself(measured: tuple[dict[str, Any], Path]) -> None:
    first = measured[0]["rows"][0]
    assert (first["runtime"], first["arithmetic"]) == ("torch", "float32")
    assert first["bytes"] == (RELEASED / "weights.pt").stat().st_size
    assert (first["test"]["same_digits"], first["test"]["largest_difference"]) == (20, 0)


def test_an_export_has_its_size_agreement_time_and_verdict(measured: tuple[dict[str, Any], Path]) -> None:
    result, folder = measured
    plain, integers = rows(result, "fake")
    assert (plain["arithmetic"], integers["arithmetic"]) == ("float32", "int8")
    for row in (plain, integers):
        file = folder / "edge" / row["file"]
        assert (row["bytes"], row["sha256"]) == (file.stat().st_size, weights_digest(file))
        assert row["latency"]["threads"] == 1
        assert row["latency"]["batches"][0]["batch"] == 1
        assert row["latency"]["batches"][0]["median_ms"] > 0
    assert (plain["test"]["same_digits"], plain["kept"]) == (20, True)
    assert (integers["test"]["same_digits"], integers["kept"]) == (17, False)
    assert integers["test"]["points_lost"] == pytest.approx(15)


def test_what_is_not_installed_says_so_and_has_no_figure(measured: tuple[dict[str, Any], Path]) -> None:
    absent = rows(measured[0], "absent")
    assert [row["arithmetic"] for row in absent] == ["float32", "int8"]
    for row in absent:
        assert row["not_installed"].endswith("pip install absent absent-converter")
        assert not {"test", "bytes", "latency", "kept"} & set(row)


def test_each_reading_of_the_test_set_is_noted_once(measured: tuple[dict[str, Any], Path]) -> None:
    result, folder = measured
    noted = [line for line in (folder / "LOG.md").read_text().splitlines() if line.startswith("- ")]
    read_by = [(row["runtime"], row["arithmetic"]) for row in result["rows"] if "test" in row]
    assert [f"{COMMAND} ({runtime} {arithmetic})" in line for (runtime, arithmetic), line in zip(read_by, noted, strict=True)] == [
        True
    ] * len(noted)
    assert all(result["weights_sha256"][:12] in line for line in noted)


def test_what_the_results_say_of_themselves_is_what_was_done(measured: tuple[dict[str, Any], Path]) -> None:
    result, _ = measured
    assert (result["seed"], result["n"], result["validation_n"], result["calibration_n"]) == (0, 20, 40, 16)
    assert result["versions"]["numpy"] == np.__version__
    assert result["parameters"] == parameter_count(build(result["network"]))
    assert result["operations"] > 1e6


def test_the_folder_of_exports_tells_what_is_in_it(measured: tuple[dict[str, Any], Path]) -> None:
    result, folder = measured
    manifest = read_manifest(folder / "edge")
    assert manifest.facts == serving_facts(RELEASED)
    assert manifest.weights_sha256 == result["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    assert [(made.file, made.sha256) for made in manifest.exports] == [(row["file"], row["sha256"]) for row in rows(result, "fake")]


def test_nothing_is_chosen_once_a_test_picture_was_read(tmp_path: Path) -> None:
    test = {picture.tobytes() for picture in DIGITS.pixels[80:]}
    seen: list[str] = []

    class Watching(FakeRuntime):
        def write(self, *given: Any) -> None:
            seen.append("write")
            super().write(*given)

        def open(self, file: Path, threads: int = 1) -> Reader:
            return Watched(super().open(file, threads).logits)

    class Watched(FakeReader):
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            if any(picture.tobytes() in test for picture in pixels):
                seen.append("test")
            logits: NDArray[np.float32] = self.answer(pixels)
            return logits

    measure(plan(), [Watching()], tmp_path / "edge", command=COMMAND, log=tmp_path / "LOG.md")
    assert seen == ["write"] * (1 + len(FakeRuntime.levels)) + ["test"] * 2


def test_with_no_runtime_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="pip install absent absent-converter") as error:
        measure(plan(), [AbsentRuntime()], tmp_path / "edge", command=COMMAND, log=tmp_path / "LOG.md")
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "LOG.md").exists()
