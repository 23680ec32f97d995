"""The version is what the archive holds and nothing else, and the archive needs nothing beside itself."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from gateway.settings import MODEL_NAME
from handler.serve import NAME as NAME_IN_CONTAINERS
from model.export import CHECKOUT, HANDLER, NAME, SHARED, NotExportable, build_archive, fingerprint
from model.network import build
from model.ranges import write_ranges

RELEASE = {"model": "digits", "network": "residual-flat", "temperature": 1.25, "accept_threshold": 0.5, "recipe": "release", "seed": 1}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("weights") / "weights.pt"
    torch.manual_seed(5)
    torch.save(build("residual-flat").state_dict(), file)
    return file


@pytest.fixture
def released(tmp_path: Path, weights: Path) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    shutil.copy(weights, folder)
    (folder / "release.json").write_text(json.dumps(RELEASE))
    shutil.copy(CHECKOUT / "model/released/reference.json", folder)
    write_ranges(folder, np.random.default_rng(3).integers(0, 256, (64, 28, 28), np.uint8))
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of everything that could ship, to be changed at will."""
    return copy_of_checkout(tmp_path / "checkout")


def copy_of_checkout(target: Path) -> Path:
    for name in (HANDLER, "handler/model-config.yaml", *SHARED):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, target / name)
    shutil.copytree(CHECKOUT / "model/preprocess", target / "model/preprocess", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def flip_last_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def names_inside(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as content:
        return set(content.namelist())


def test_a_fingerprint_is_twelve_hex_digits(released: Path, checkout: Path) -> None:
    version = fingerprint(released, checkout)
    assert len(version) == 12
    assert set(version) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", [HANDLER, "handler/model-config.yaml", *SHARED, "model/preprocess/__init__.py"])
def test_one_byte_of_source_makes_another_version(released: Path, checkout: Path, name: str) -> None:
    before = fingerprint(released, checkout)
    flip_last_byte(checkout / name)
    assert fingerprint(released, checkout) != before


def test_one_byte_of_weights_makes_another_version(released: Path, checkout: Path) -> None:
    before = fingerprint(released, checkout)
    flip_last_byte(released / "weights.pt")
    assert fingerprint(released, checkout) != before


@pytest.mark.parametrize(("fact", "value"), [("network", "article"), ("temperature", 1.26), ("accept_threshold", 0.51), ("model", "other")])
def test_a_serving_fact_makes_another_version(released: Path, checkout: Path, fact: str, value: object) -> None:
    before = fingerprint(released, checkout)
    (released / "release.json").write_text(json.dumps({**RELEASE, fact: value}))
    assert fingerprint(released, checkout) != before


def test_a_new_preprocessing_file_and_a_moved_line_between_files_make_another_version(released: Path, checkout: Path) -> None:
    before = fingerprint(released, checkout)
    (checkout / "model/preprocess/zz_first.py").write_text("one\n")
    (checkout / "model/preprocess/zz_second.py").write_text("two\n")
    apart = fingerprint(released, checkout)
    (checkout / "model/preprocess/zz_first.py").write_text("one\ntwo\n")
    (checkout / "model/preprocess/zz_second.py").write_text("")
    assert len({before, apart, fingerprint(released, checkout)}) == 3


def test_nothing_else_makes_another_version(released: Path, checkout: Path, tmp_path: Path) -> None:
    before = fingerprint(released, checkout)
    (released / "release.json").write_text(json.dumps({"remark": "frozen on a Sunday", **dict(reversed(RELEASE.items())), "seed": 2}))
    for file in checkout.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    (checkout / "model/train.py").write_text("")
    (checkout / "handler/config.properties").write_text("job_queue_size=1")
    cache = checkout / "model/preprocess/__pycache__"
    cache.mkdir()
    (cache / "place.cpython-311.pyc").write_bytes(b"compiled")
    elsewhere = Path(shutil.move(checkout, tmp_path / "another machine"))
    assert fingerprint(released, elsewhere) == before


def test_the_archive_carries_its_version_and_the_facts(released: Path, tmp_path: Path) -> None:
    archive = build_archive(released, tmp_path / "store")
    version = fingerprint(released)
    with zipfile.ZipFile(archive) as content:
        manifest = json.loads(content.read("MAR-INF/MANIFEST.json"))
        facts = json.loads(content.read("facts.json"))
    assert archive == tmp_path / "store" / "digits.mar"
    assert manifest["model"]["modelVersion"] == version
    assert (tmp_path / "store" / "digits.version").read_text().strip() == version
    assert facts.pop("reference")["pictures"] == 54_973
    assert facts == {
        "model": "digits",
        "version": version,
        "digest": hashlib.sha256((released / "weights.pt").read_bytes()).hexdigest(),
        "network": "residual-flat",
        "parameters": 161_770,
        "temperature": 1.25,
        "accept_threshold": 0.5,
    }


def test_the_archive_holds_what_serving_needs_and_no_more(released: Path, tmp_path: Path) -> None:
    names = names_inside(build_archive(released, tmp_path / "store"))
    package = {name for name in names if name.startswith("model/preprocess/")}
    assert "model/preprocess/__init__.py" in package
    assert all(name.endswith(".py") for name in package)
    data = {"weights.pt", "release.json", "ranges.json", "facts.json"}
    assert names - package == {*SHARED, *data, "digit_handler.py", "model-config.yaml", "MAR-INF/MANIFEST.json"}


def test_a_current_archive_is_left_alone(released: Path, tmp_path: Path) -> None:
    archive = build_archive(released, tmp_path / "store")
    os.utime(archive, (1, 1))
    build_archive(released, tmp_path / "store")
    assert archive.stat().st_mtime == 1


def test_recognising_a_current_archive_loads_no_torch(released: Path, tmp_path: Path) -> None:
    build_archive(released, tmp_path / "store")
    script = (
        "import sys; from pathlib import Path; from model.export import build_archive; "
        f"build_archive(Path({str(released)!r}), Path({str(tmp_path / 'store')!r})); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, check=True)


def test_a_changed_release_replaces_archive_and_version(released: Path, tmp_path: Path) -> None:
    build_archive(released, tmp_path / "store")
    before = (tmp_path / "store" / "digits.version").read_text()
    (released / "release.json").write_text(json.dumps({**RELEASE, "accept_threshold": 0.9}))
    archive = build_archive(released, tmp_path / "store")
    with zipfile.ZipFile(archive) as content:
        assert json.loads(content.read("facts.json"))["accept_threshold"] == 0.9
    assert (tmp_path / "store" / "digits.version").read_text() != before
    assert {file.name for file in (tmp_path / "store").iterdir()} == {"digits.mar", "digits.version"}


@pytest.mark.parametrize("damage", ["cut", "gone", "no version"])
def test_a_damaged_store_is_mended(released: Path, tmp_path: Path, damage: str) -> None:
    archive = build_archive(released, tmp_path / "store")
    match damage:
        case "cut":
            archive.write_bytes(archive.read_bytes()[:-100])
        case "gone":
            archive.unlink()
        case _:
            (tmp_path / "store" / "digits.version").unlink()
    names = names_inside(build_archive(released, tmp_path / "store"))
    assert "weights.pt" in names
    assert (tmp_path / "store" / "digits.version").read_text().strip() == fingerprint(released)


def test_folders_that_trip_the_archiver_do_no_harm(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It splits paths at commas, expands brackets and deletes a folder named as the model in the temporary folder."""
    precious = tmp_path / "temporary" / "digits" / "precious"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    assert "weights.pt" in names_inside(build_archive(released, tmp_path / "a,b [c] store*"))
    assert precious.read_text() == "mine"


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


def test_another_reference_is_another_version_and_the_archive_carries_it(released: Path, tmp_path: Path) -> None:
    before = fingerprint(released)
    reference = json.loads((released / "reference.json").read_text())
    reference["digits"].reverse()
    (released / "reference.json").write_text(json.dumps(reference))
    assert fingerprint(released) != before
    with zipfile.ZipFile(build_archive(released, tmp_path / "store")) as content:
        assert json.loads(content.read("facts.json"))["reference"] == reference


def test_limits_are_carried_where_there_are_any_and_are_another_version(released: Path, tmp_path: Path) -> None:
    without = fingerprint(released)
    limits = {"score": "energy", "least": 4.25, "level": 0.999, "quantile": 0.02}
    (released / "limits.json").write_text(json.dumps({**limits, "remark": "enters nothing"}))
    assert fingerprint(released) != without
    with zipfile.ZipFile(build_archive(released, tmp_path / "store")) as content:
        assert json.loads(content.read("facts.json"))["limits"] == limits


@pytest.mark.parametrize("content", ["", "[]", '{"score": "energy"}'])
def test_damaged_limits_are_refused(released: Path, checkout: Path, content: str) -> None:
    (released / "limits.json").write_text(content)
    assert "limits.json" in refused(released, checkout)


def test_weights_that_do_not_fit_are_not_packed(released: Path, checkout: Path) -> None:
    (released / "weights.pt").write_bytes(b"no weights")
    assert "weights.pt does not hold the weights" in refused(released, checkout)
    assert not (checkout.parent / "store" / "digits.mar").exists()


ALONE = """
import sys, types
import numpy as np
from digit_handler import DigitHandler
import model.preprocess
handler = DigitHandler()
handler.initialize(types.SimpleNamespace(system_properties={"model_dir": sys.argv[1]}))
print(handler.classifier.logits(np.zeros((3, 28, 28), np.uint8)).shape, model.preprocess.__file__)
"""


def test_the_archive_works_alone(released: Path, tmp_path: Path) -> None:
    run = run_alone(build_archive(released, tmp_path / "store"), tmp_path)
    assert run.stdout.split("\n")[0] == f"(3, 10) {tmp_path / 'unpacked' / 'model' / 'preprocess' / '__init__.py'}", run.stderr


def run_alone(archive: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """As TorchServe runs it: the archive's folder on the path, nothing of the checkout, another working directory."""
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder / "unpacked")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "unpacked")}
    command = [sys.executable, "-c", ALONE, str(folder / "unpacked")]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_network_of_another_name_and_side_is_packed_under_its_name_with_its_own_known_pictures(larger: Path, tmp_path: Path) -> None:
    archive = build_archive(larger, tmp_path)
    assert archive == tmp_path / "larger.mar"
    assert {file.name for file in tmp_path.iterdir()} == {"larger.mar", "larger.version"}
    with zipfile.ZipFile(archive) as content:
        manifest, facts = (json.loads(content.read(name)) for name in ("MAR-INF/MANIFEST.json", "facts.json"))
        assert content.read("known.npz") == (larger / "known.npz").read_bytes()
    assert manifest["model"]["modelName"] == facts["model"] == "larger"
    assert facts["side"] == 32


def test_other_known_pictures_make_another_version(larger: Path, tmp_path: Path) -> None:
    shutil.copytree(larger, tmp_path / "other")
    with np.load(larger / "known.npz") as known:
        np.savez(tmp_path / "other" / "known.npz", pixels=known["pixels"][1:], labels=known["labels"][1:])
    assert fingerprint(tmp_path / "other") != fingerprint(larger)


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
