"""The edge server takes the gateway's settings, is smaller where nobody says how large, and refuses what it cannot be."""

from pathlib import Path

import pytest

from gateway.device.settings import LOCAL_CACHE_BYTES, MAX_PIXELS_UNREDUCED, DeviceSettings
from gateway.settings import Settings, SettingsError

FILE = Path("var/edge/digits-int8.onnx")


def test_what_the_environment_says_holds() -> None:
    said = Settings(port=8001, local_cache_bytes=123, max_pixels=2_000_000, secret_file=Path("secrets/one"), deadline_seconds=1)
    told = DeviceSettings.of(said, FILE)
    assert (told.port, told.local_cache_bytes, told.max_pixels, told.max_pixels_unreduced) == (8001, 123, 2_000_000, 2_000_000)
    assert (told.network, told.secret_file, told.deadline_seconds) == (FILE, Path("secrets/one"), 1)


def test_where_it_does_not_say_what_takes_memory_is_smaller_than_the_gateway_s() -> None:
    usual, told = Settings(), DeviceSettings.of(Settings(), FILE)
    assert told.local_cache_bytes == LOCAL_CACHE_BYTES < usual.local_cache_bytes
    assert told.max_pixels_unreduced == MAX_PIXELS_UNREDUCED
    assert (told.max_pixels, told.max_upload_bytes) == (usual.max_pixels, usual.max_upload_bytes)
    assert told.secret_file == usual.state_dir / "secret"


def test_the_process_that_serves_is_told_the_same() -> None:
    told = DeviceSettings.of(Settings(), FILE)
    assert DeviceSettings.from_text(told.to_text()) == told


def test_several_processes_are_refused() -> None:
    with pytest.raises(SettingsError, match="GATEWAY_WORKERS"):
        DeviceSettings.of(Settings(workers=2), FILE)
