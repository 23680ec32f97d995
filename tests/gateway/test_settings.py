import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.settings import PREFIX, Settings, SettingsError, read_settings

README = Path(__file__).parents[2] / "README.md"


def test_defaults_are_those_of_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_upload_bytes == 10_485_760
    assert settings.max_pixels == 16_000_000
    assert settings.local_cache_bytes == 67_108_864
    assert settings.torchserve_instances == ()


def test_settings_come_from_the_environment_and_never_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "8123")
    settings = read_settings()
    assert settings.port == 8123
    with pytest.raises(ValidationError):
        settings.port = 8124  # type: ignore[misc]


def test_all_that_is_wrong_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "eighty")
    monkeypatch.setenv("GATEWAY_DEADLINE_SECONDS", "-1")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    message = str(caught.value)
    assert "GATEWAY_PORT" in message
    assert "GATEWAY_DEADLINE_SECONDS" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "unusable"),
    [
        ("LARGEST_BATCH", ("0", "65", "1.5")),
        ("BATCH_DELAY_MS", ("-1", "1001", "nan")),
        ("TORCHSERVE_WORKERS", ("0", "65")),
        ("TORCHSERVE_THREADS", ("0", "65")),
        ("TRACE_RATIO", ("-0.1", "1.1", "nan", "half")),
        ("LOG_LEVEL", ("INFO", "trace")),
        ("LOG_FORMAT", ("xml",)),
        ("OTLP_ENDPOINT", ("collector:4318", "http://", "ftp://collector", "http://collector:43a18", "grpc://collector:4317")),
    ],
)
def test_what_may_be_chosen_has_bounds(monkeypatch: pytest.MonkeyPatch, name: str, unusable: tuple[str, ...]) -> None:
    for value in unusable:
        monkeypatch.setenv(PREFIX + name, value)
        with pytest.raises(SettingsError, match=PREFIX + name):
            read_settings()


@pytest.mark.parametrize("url", ["http://ts:80a80", "ts:8080", "http://", "ftp://ts:8080"])
def test_an_address_that_is_none_is_said_so(url: str) -> None:
    with pytest.raises(SettingsError, match="no address of a TorchServe instance"):
        _ = Settings(torchserve_url=url, torchserve_management_url=url).torchserve_instances


def test_a_variable_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_REDIS_URL", "")
    monkeypatch.setenv("GATEWAY_PORT", "")
    settings = read_settings()
    assert (settings.redis_url, settings.port) == (None, 8000)


def test_instances_come_in_pairs() -> None:
    settings = Settings(torchserve_url="http://a:1, http://b:1/", torchserve_management_url="http://a:2,http://b:2")
    assert settings.torchserve_instances == (("http://a:1", "http://a:2"), ("http://b:1", "http://b:2"))
    with pytest.raises(SettingsError, match="names 2 instances and GATEWAY_TORCHSERVE_MANAGEMENT_URL 1"):
        _ = Settings(torchserve_url="http://a:1,http://b:1", torchserve_management_url="http://a:2").torchserve_instances


def test_the_readme_lists_every_setting_with_its_default_and_no_other() -> None:
    rows = dict(re.findall(rf"^\| `({PREFIX}[A-Z_]+)` \| ([^|]*) \|", README.read_text(), re.MULTILINE))
    documented = {name: default.strip().strip("`").replace(",", "") for name, default in rows.items()}
    expected = {
        PREFIX + name.upper(): "none" if field.default is None else str(field.default).removesuffix(".0")
        for name, field in Settings.model_fields.items()
    }
    assert documented == expected


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_a_collector_whose_address_is_none_is_said_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_OTLP_ENDPOINT", "collector:4318")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert str(caught.value) == (
        "GATEWAY_OTLP_ENDPOINT: no address of a collector; give one like http://127.0.0.1:4318 (got 'collector:4318')"
    )


def test_where_records_are_kept_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "database_url"
    file.write_text("postgresql://digitserve:secret@postgres/digitserve\n")
    assert Settings(database_url_file=file).records_url == "postgresql://digitserve:secret@postgres/digitserve"
    assert Settings(database_url_file=file, database_url="sqlite:////records").records_url == "sqlite:////records"


def test_a_file_that_does_not_say_it_is_said_so(tmp_path: Path) -> None:
    for content in (None, b"", b"\n", b"\xff"):
        file = tmp_path / "database_url"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(SettingsError, match=r"GATEWAY_DATABASE_URL_FILE: .*database_url"):
            _ = Settings(database_url_file=file).records_url


def test_further_models_have_a_name_and_two_addresses_for_each_instance() -> None:
    models = "arabic=http://a:1|http://a:2, letters=http://b:1/|http://b:2,arabic=http://c:1|http://c:2"
    assert Settings(models=models).further_models == {
        "arabic": (("http://a:1", "http://a:2"), ("http://c:1", "http://c:2")),
        "letters": (("http://b:1", "http://b:2"),),
    }
    assert Settings().further_models == {}


@pytest.mark.parametrize(
    "models",
    [
        "arabic",
        "arabic=http://a:1",
        "arabic=|http://a:2",
        "arabic= |http://a:2",
        "arabic=http://a:1|",
        "arabic=http://a:1| ",
        "digits=http://a:1|http://a:2",
        "A=http://a:1|http://a:2",
        "=http://a:1|http://a:2",
        "a/b=x|y",
    ],
)
def test_a_further_model_that_is_none_is_said_so_in_one_line(models: str) -> None:
    with pytest.raises(SettingsError, match=r"GATEWAY_MODELS: .* is no further model; give one like arabic=http://") as caught:
        _ = Settings(models=models).further_models
    assert "\n" not in str(caught.value)


def test_an_address_of_a_further_model_that_is_none_is_said_so() -> None:
    with pytest.raises(SettingsError, match="no address of a TorchServe instance"):
        _ = Settings(models="arabic=a:1|http://a:2").further_models
