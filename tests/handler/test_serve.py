"""TorchServe in a container: the same configuration, open to other hosts where gateways and Prometheus ask."""

from pathlib import Path

import pytest

from handler.serve import HANDLER, NotStarted, command, configuration

GIVEN = (HANDLER / "config.properties").read_text(encoding="ascii")


def said(environment: dict[str, str]) -> dict[str, str]:
    text, _ = configuration(GIVEN, environment)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_http_is_open_and_grpc_is_not() -> None:
    read = said({})
    assert {name: read[name] for name in ("inference_address", "management_address", "metrics_address")} == {
        "inference_address": "http://0.0.0.0:8080",
        "management_address": "http://0.0.0.0:8081",
        "metrics_address": "http://0.0.0.0:8082",
    }
    assert read["grpc_inference_address"] == read["grpc_management_address"] == "127.0.0.1"


def test_all_that_fences_it_stays() -> None:
    read = said({})
    assert read["enable_model_api"] == "false"
    assert read["allowed_urls"] == "file:///models/.*"
    assert (read["model_store"], read["load_models"]) == ("/models", "digits=digits.mar")


def test_a_model_of_another_name_is_loaded_from_its_own_archive() -> None:
    assert said({"DIGITS_MODEL": "arabic"})["load_models"] == "arabic=arabic.mar"
    assert said({"DIGITS_MODEL": ""})["load_models"] == "digits=digits.mar"


@pytest.mark.parametrize("value", ["Arabic", "a=b", "a\nb", "../a"])
def test_a_name_that_is_none_is_one_line(value: str) -> None:
    with pytest.raises(NotStarted, match=r"DIGITS_MODEL is .*; a name is a to z") as caught:
        configuration(GIVEN, {"DIGITS_MODEL": value})
    assert "\n" not in str(caught.value)


def test_there_are_as_many_workers_as_told() -> None:
    assert said({})["default_workers_per_model"] == "1"
    assert said({"DIGITS_WORKERS": "3"})["default_workers_per_model"] == "3"


def test_workers_get_as_many_gpus_as_told() -> None:
    assert said({"DIGITS_GPUS": ""})["number_of_gpu"] == "0"
    assert said({"DIGITS_GPUS": "2"})["number_of_gpu"] == "2"


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_of_workers_that_is_none_is_one_line(value: str) -> None:
    with pytest.raises(NotStarted, match=f"DIGITS_WORKERS is '{value}'; give a whole number from 1 on"):
        configuration(GIVEN, {"DIGITS_WORKERS": value})


@pytest.mark.parametrize("value", ["-1", "all"])
def test_a_number_of_gpus_that_is_none_is_one_line(value: str) -> None:
    with pytest.raises(NotStarted, match=f"DIGITS_GPUS is '{value}'; give a whole number from 0 on"):
        configuration(GIVEN, {"DIGITS_GPUS": value})


def test_javas_own_options_are_given_to_java(tmp_path: Path) -> None:
    text, options = configuration(GIVEN, {})
    assert "vmargs" not in text
    assert "-Xmx256m" in options
    assert "-Xmx256m" in command(options, tmp_path / "config.properties", tmp_path)
