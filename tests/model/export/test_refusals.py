"""What is missing, damaged or could not be served is refused in one line, and nothing is packed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gateway.settings import MODEL_NAME
from handler.serve import NAME as NAME_IN_CONTAINERS
from model.export import HANDLER, NAME, NotExportable, build_archive
from tests.model.export.releases import RELEASE


def refused(released: Path, checkout: Path) -> str:
    with pytest.raises(NotExportable) as error:
        build_archive(released, checkout.parent / "store", checkout)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["weights.pt", "release.json", "reference.json"])
def test_a_missing_release_is_one_line_that_says_what_to_do(released: Path, checkout: Path, name: str) -> None:
    (released / name).unlink()
    assert f"{name} is missing; `python -m model train`" in refused(released, checkout)


@pytest.mark.parametrize("name", [HANDLER, "model/inference.py", "model/preprocess/__init__.py"])
def test_a_missing_source_is_one_line_that_names_it(released: Path, checkout: Path, name: str) -> None:
    (checkout / name).unlink()
    assert refused(released, checkout).startswith(f"{name} is missing")


@pytest.mark.parametrize("name", ["release.json", "reference.json"])
@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model": "digits"}'])
def test_a_release_without_its_facts_is_refused(released: Path, checkout: Path, name: str, content: str) -> None:
    (released / name).write_text(content)
    assert name in refused(released, checkout)


@pytest.mark.parametrize("content", ["", "[]", '{"score": "energy"}'])
def test_damaged_limits_are_refused(released: Path, checkout: Path, content: str) -> None:
    (released / "limits.json").write_text(content)
    assert "limits.json" in refused(released, checkout)


def test_weights_that_do_not_fit_are_not_packed(released: Path, checkout: Path) -> None:
    (released / "weights.pt").write_bytes(b"no weights")
    assert "weights.pt does not hold the weights" in refused(released, checkout)
    assert not (checkout.parent / "store" / "digits.mar").exists()


@pytest.mark.parametrize("fault", ["misread", "of another side", "none", "fewer labels", "one label", "more labels", "damaged", "empty"])
def test_known_pictures_that_a_gateway_could_not_judge_by_are_refused(larger: Path, checkout: Path, tmp_path: Path, fault: str) -> None:
    shutil.copytree(larger, tmp_path / "other")
    file = tmp_path / "other" / "known.npz"
    with np.load(file) as known:
        pixels, labels = known["pixels"], known["labels"]
    match fault:
        case "misread":
            np.savez(file, pixels=pixels, labels=(labels + 1) % 10)
        case "of another side":
            np.savez(file, pixels=pixels[:, :28, :28], labels=labels)
        case "none":
            np.savez(file, pixels=pixels[:0], labels=labels[:0])
        case "fewer labels":
            np.savez(file, pixels=pixels, labels=labels[:-1])
        case "one label":  # which could stand for that of each
            np.savez(file, pixels=np.repeat(pixels[:1], 3, axis=0), labels=labels[:1])
        case "more labels":
            np.savez(file, pixels=pixels[:1], labels=np.repeat(labels[:1], 3))
        case "empty":
            file.write_bytes(b"")
        case _:
            file.write_bytes(b"no pictures")
    assert "known.npz" in refused(tmp_path / "other", checkout)


@pytest.mark.parametrize("name", ["", "Digits", "a/b", "a,b", "two words", 7, None])
def test_a_name_that_no_address_takes_is_refused(released: Path, checkout: Path, name: object) -> None:
    (released / "release.json").write_text(json.dumps({**RELEASE, "model": name}))
    assert "release.json calls the model" in refused(released, checkout)


def test_what_a_model_may_be_called_is_the_same_wherever_a_name_is_taken() -> None:
    assert NAME.pattern == MODEL_NAME.pattern == NAME_IN_CONTAINERS.pattern
