"""Levels are chosen by agreement on validation pictures, files are whole, and calibration is of training pictures alone."""

from pathlib import Path

import numpy as np
import pytest

from model.committed import RELEASED
from model.edge.exporting import Judge, export, judge_of
from model.edge.portable import portable
from model.edge.runtime import NotInstalled
from model.evaluate import weights_digest
from model.inference import Classifier
from tests.model.edge.fakes import FLOAT, AbsentRuntime, FakeRuntime, known

CLASSIFIER = Classifier(RELEASED)
LAYERS = portable(CLASSIFIER.layers)


@pytest.fixture(scope="module")
def judge() -> Judge:
    digits = known()
    return judge_of(CLASSIFIER, digits[:50], digits[50:], calibration=20, seed=0)


def test_levels_are_those_that_agree_most(judge: Judge, tmp_path: Path) -> None:
    wrong = {"near, last layer in int8": 3, "near, last layer in float32": 2, "far, last layer in int8": 1, "far, last layer in float32": 2}
    made = export(FakeRuntime(wrong), "int8", LAYERS, judge, tmp_path)
    assert made.levels == "far, last layer in int8"
    assert (tmp_path / made.file).read_text() == made.levels
    assert made.validation["same_digits"] == 49
    assert {way["levels"]: 50 - way["same_digits"] for way in made.tried} == wrong


def test_a_float_export_has_no_levels(judge: Judge, tmp_path: Path) -> None:
    made = export(FakeRuntime(), "float32", LAYERS, judge, tmp_path)
    assert (made.levels, made.tried) == (None, [])
    assert (tmp_path / "digits-float32.fake").read_text() == FLOAT
    assert made.validation["same_digits"] == made.validation["n"] == 50
    assert made.validation["largest_difference"] < 1e-4


def test_the_folder_holds_the_file_and_nothing_else(judge: Judge, tmp_path: Path) -> None:
    made = export(FakeRuntime(), "int8", LAYERS, judge, tmp_path / "deep" / "edge")
    [file] = (tmp_path / "deep" / "edge").iterdir()
    assert (file.name, file.stat().st_size, weights_digest(file)) == (made.file, made.bytes, made.sha256)


def test_calibration_sees_training_pictures_drawn_by_the_seed(judge: Judge, tmp_path: Path) -> None:
    runtime = FakeRuntime()
    export(runtime, "int8", LAYERS, judge, tmp_path)
    assert len(runtime.calibrated_on) == len(FakeRuntime.levels)
    assert all(len(pictures) == 20 for pictures in runtime.calibrated_on)
    training = {picture.tobytes() for picture in known().pixels[:50]}
    assert {picture.tobytes() for picture in runtime.calibrated_on[0]} <= training
    again, other = (judge_of(CLASSIFIER, known()[:50], known()[50:], 20, seed).calibration for seed in (0, 1))
    np.testing.assert_array_equal(again, judge.calibration)
    assert not np.array_equal(other, judge.calibration)


def test_what_a_converter_prints_is_not_taken_for_an_answer(judge: Judge, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export(FakeRuntime(), "float32", LAYERS, judge, tmp_path)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "talkative" in printed.err


def test_a_runtime_that_is_not_here_leaves_nothing(judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="pip install absent"):
        export(AbsentRuntime(), "float32", LAYERS, judge, tmp_path / "edge")
    assert not (tmp_path / "edge").exists()
