"""TorchServe as a rival is private, quiet, and otherwise as it comes."""

import zipfile
from pathlib import Path

import pytest
import yaml

from loadtests.bench import torchserve
from loadtests.bench.torchserve import BATCHED, DEFAULT, Batching


def test_it_listens_on_loopback_alone_and_asks_for_no_token(tmp_path: Path) -> None:
    values = dict(line.split("=", 1) for line in torchserve.configuration(tmp_path, [1, 2, 3, 4, 5, 6]).splitlines())
    addresses = [value for key, value in values.items() if key.endswith("_address")]
    assert len(addresses) == 5
    assert all("127.0.0.1" in address for address in addresses)
    assert values["disable_token_authorization"] == "true"
    assert "default_workers_per_model" not in values


@pytest.mark.parametrize("batching", [DEFAULT, BATCHED])
def test_the_archive_has_all_that_the_handler_needs(tmp_path: Path, batching: Batching) -> None:
    (tmp_path / "given").mkdir()
    network = tmp_path / "given" / "network.pt"
    network.write_bytes(b"network")
    folder = tmp_path / "torchserve"
    folder.mkdir()
    planned = torchserve.prepare(folder, network, batching)
    assert planned.path == "/predictions/digits"
    with zipfile.ZipFile(folder / "store" / "digits.mar") as archive:
        names = set(archive.namelist())
        settings = yaml.safe_load(archive.read("model-config.yaml"))
    assert names >= {"network.pt", "torchserve_handler.py", *torchserve.PACKAGED}
    assert settings == {"batchSize": batching.size, "maxBatchDelay": batching.delay_ms}


def test_nothing_of_ours_is_told_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_PORT", "TS_CONFIG_FILE", "PYTHONPATH"):
        monkeypatch.setenv(name, "x")
    assert not {"GATEWAY_PORT", "TS_CONFIG_FILE", "PYTHONPATH"} & torchserve.scrubbed().keys()
