"""The archive carries its version and all that serving needs, is left alone while it is current, and needs nothing beside itself."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from model.export import CHECKOUT, SHARED, build_archive, fingerprint
from tests.model.export.releases import RELEASE


def names_inside(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as content:
        return set(content.namelist())


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
