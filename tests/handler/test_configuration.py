"""The fence around TorchServe stands in its configuration, spelt so that Java reads what a person does."""

from pathlib import Path

import pytest
import yaml

from model.export import CHECKOUT
from tests.handler.torchserve import configuration

HANDLER: Path = CHECKOUT / "handler"


@pytest.mark.parametrize("server", ["inference", "management", "metrics"])
def test_servers_listen_on_loopback_alone(server: str) -> None:
    assert configuration()[f"{server}_address"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("server", ["inference", "management"])
def test_grpc_which_cannot_be_switched_off_listens_on_loopback_alone(server: str) -> None:
    assert configuration()[f"grpc_{server}_address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("enable_model_api", "false"),
        ("enable_envvars_config", "false"),
        ("install_py_dep_per_model", "false"),
        ("load_models", "digits.mar"),
        ("metrics_mode", "prometheus"),
        ("disable_system_metrics", "true"),
        ("default_workers_per_model", "1"),
    ],
)
def test_what_fences_it_is_set_and_not_left_to_defaults(key: str, value: str) -> None:
    assert configuration()[key] == value


def test_models_come_from_one_folder() -> None:
    assert configuration()["allowed_urls"] == f"file://{configuration()['model_store']}/.*"


def test_no_value_carries_a_remark() -> None:
    assert not [value for value in configuration().values() if "#" in value or value != value.strip()]


def test_uploads_of_the_gateway_s_limit_fit() -> None:
    assert int(configuration()["max_request_size"]) >= 10 * 2**20 + 65_536


def test_the_model_leaves_batching_to_the_gateway_and_workers_to_the_wiring() -> None:
    model = yaml.safe_load((HANDLER / "model-config.yaml").read_text())
    assert model["batchSize"] == 1
    assert not {"minWorkers", "maxWorkers"} & model.keys()
    assert model["responseTimeout"] < model["startupTimeout"] < model["maxRetryTimeoutInSec"]
