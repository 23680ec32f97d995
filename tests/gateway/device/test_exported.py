"""What `python -m model edge` wrote is read as it was meant; what is missing, damaged or for another runtime is one line."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from gateway.device.exported import MANIFEST, RUNTIME, read_exported
from gateway.device.network import INPUT, OUTPUT
from gateway.reference import Reference
from gateway.refusal import SettingsError
from model.committed import RELEASED
from model.edge import manifest, onnx_runtime
from model.export import serving_facts
from tests.gateway.device.exports import folder_of


def test_facts_are_those_of_an_archive_and_name_the_file(tmp_path: Path) -> None:
    exported = read_exported(folder_of(tmp_path, b"a network", arithmetic="int8"))
    assert exported.content == b"a network"
    assert exported.facts["arithmetic"] == "int8"
    assert exported.facts["digest"] == hashlib.sha256(b"a network").hexdigest()
    assert serving_facts(RELEASED).items() <= exported.facts.items()
    assert Reference.of(exported.facts).accuracy > 0.99


def test_a_version_is_a_fingerprint_of_the_file_and_of_what_is_said_of_it(tmp_path: Path) -> None:
    version = read_exported(folder_of(tmp_path / "one", b"a network")).version
    assert re.fullmatch("[0-9a-f]{12}", version)
    assert read_exported(folder_of(tmp_path / "same", b"a network")).version == version
    assert read_exported(folder_of(tmp_path / "other", b"another")).version != version
    file = folder_of(tmp_path / "stricter", b"a network")
    told = json.loads((file.parent / MANIFEST).read_text())
    told["facts"]["accept_threshold"] = 0.99
    (file.parent / MANIFEST).write_text(json.dumps(told))
    assert read_exported(file).version != version


def test_without_a_manifest_the_line_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="`python -m model edge` makes it") as refused:
        read_exported(tmp_path / "digits-int8.onnx")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"exports": []}', '{"exports": [{"file": "digits-float32.onnx"}], "facts": {}}'])
def test_a_manifest_that_does_not_describe_the_file_is_one_line(tmp_path: Path, content: str) -> None:
    file = folder_of(tmp_path, b"a network")
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(SettingsError, match=r"does not describe digits-float32\.onnx") as refused:
        read_exported(file)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_not_the_one_that_was_exported_is_refused(tmp_path: Path) -> None:
    file = folder_of(tmp_path, b"a network")
    file.write_bytes(b"another one")
    with pytest.raises(SettingsError, match="is not what was exported"):
        read_exported(file)
    file.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        read_exported(file)


def test_a_file_for_another_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not for ONNX Runtime but for litert"):
        read_exported(folder_of(tmp_path, b"a network", runtime="litert"))


def test_names_are_those_that_the_exports_use() -> None:
    assert MANIFEST == manifest.NAME
    assert onnx_runtime.OnnxRuntime.name == RUNTIME
    assert (INPUT, OUTPUT) == (onnx_runtime.INPUT, onnx_runtime.OUTPUT)
