"""The edge server takes the gateway's settings, is smaller where nobody says how large, and refuses what it cannot be."""

from pathlib import Path
from typing import Any

import pytest

from gateway.device.settings import LOCAL_CACHE_BYTES, MAX_PIXELS_UNREDUCED, MAX_UPLOAD_BYTES, NOT_HERE, DeviceSettings
from gateway.settings import Settings, SettingsError

FILE = Path("var/edge/digits-int8.onnx")


def test_what_the_environment_says_holds() -> None:
    said = Settings(
        port=8001,
        local_cache_bytes=123,
        max_pixels=2_000_000,
        max_upload_bytes=5_000_000,
        secret_file=Path("secrets/one"),
        deadline_seconds=1,
    )
    told = DeviceSettings.of(said, FILE)
    assert (told.port, told.local_cache_bytes, told.max_pixels, told.max_upload_bytes) == (8001, 123, 2_000_000, 5_000_000)
    assert (told.network, told.secret_file, told.deadline_seconds) == (FILE, Path("secrets/one"), 1)


def test_where_it_does_not_say_what_takes_memory_is_smaller_than_the_gateway_s() -> None:
    usual, told = Settings(), DeviceSettings.of(Settings(), FILE)
    assert told.local_cache_bytes == LOCAL_CACHE_BYTES < usual.local_cache_bytes
    assert told.max_upload_bytes == MAX_UPLOAD_BYTES < usual.max_upload_bytes
    assert told.max_pixels == usual.max_pixels
    assert told.secret_file == usual.state_dir / "secret"


def test_the_process_that_serves_is_told_the_same() -> None:
    told = DeviceSettings.of(Settings(), FILE)
    assert DeviceSettings.from_text(told.to_text()) == told


@pytest.mark.parametrize(
    ("said", "unreduced"),
    [({}, MAX_PIXELS_UNREDUCED), ({"max_pixels": 700_000}, MAX_PIXELS_UNREDUCED), ({"max_pixels": 500_000}, 500_000)],
)
def test_no_setting_raises_how_large_a_png_may_be(said: dict[str, Any], unreduced: int) -> None:
    assert DeviceSettings.of(Settings(**said), FILE).max_pixels_unreduced == unreduced


ASKED = {
    "GATEWAY_RECORDS": "durable",
    "GATEWAY_REDIS_URL": "redis://127.0.0.1",
    "GATEWAY_MODELS": "arabic=http://127.0.0.1:1|http://127.0.0.1:2",
    "GATEWAY_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "GATEWAY_SOCKETS": "var/sockets",
}


def test_what_it_cannot_be_is_refused_in_one_line_that_names_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {f"GATEWAY_{name.upper()}" for name in NOT_HERE} == set(ASKED)
    for name, value in ASKED.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        DeviceSettings.of(Settings(), FILE)
    [line] = str(refused.value).splitlines()
    assert all(f"{name}: " in line for name in ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_each_of_it_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, ASKED[name])
    with pytest.raises(SettingsError, match=f"^{name}: "):
        DeviceSettings.of(Settings(), FILE)


def test_the_gateway_s_default_to_record_is_not_asking_for_it_and_off_is_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    DeviceSettings.of(Settings(), FILE)
    monkeypatch.setenv("GATEWAY_RECORDS", "off")
    DeviceSettings.of(Settings(), FILE)


def test_several_processes_are_refused() -> None:
    with pytest.raises(SettingsError, match="GATEWAY_WORKERS"):
        DeviceSettings.of(Settings(workers=2), FILE)
