"""The override for a further model, as text: the same image and fences as `digits` has, another archive, and gateways that know of it."""

from pathlib import Path

import yaml

from gateway.settings import PREFIX, Settings
from handler.serve import MODEL, MODELS

ROOT = Path(__file__).parents[2]
OVERRIDE = yaml.safe_load((ROOT / "handler" / "further.compose.yml").read_text())
BASE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_the_further_model_runs_as_digits_does_with_another_name_and_archive() -> None:
    assert OVERRIDE["version"] == BASE["version"]
    assert set(OVERRIDE["services"]) == {"torchserve-further", "gateway"}
    further, digits = OVERRIDE["services"]["torchserve-further"], BASE["services"]["torchserve"]
    own = {"environment", "volumes", "depends_on"}
    assert {key: value for key, value in further.items() if key not in own} == {
        key: value for key, value in digits.items() if key not in own | {"build"}
    }
    assert further["environment"] == {MODEL: "${FURTHER_MODEL:?name the further model}", **digits["environment"]}
    [volume] = further["volumes"]
    assert volume.endswith(f":{MODELS}:ro")


def test_gateways_are_told_of_it_as_the_setting_wants_it() -> None:
    [(name, value)] = OVERRIDE["services"]["gateway"]["environment"].items()
    assert name == f"{PREFIX}MODELS"
    told = value.replace("${FURTHER_MODEL}", "arabic")
    assert Settings(models=told).further_models == {"arabic": (("http://torchserve-further:8080", "http://torchserve-further:8081"),)}
