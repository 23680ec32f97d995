"""Which children a run has, what they are told, and what keeps a run from starting."""

import contextlib
import json
import socket
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gateway.embedded import Embedding
from gateway.embedded.failure import CannotStart
from gateway.embedded.plans import Plans, make_plans
from gateway.embedded.ports import free_ports
from gateway.embedded.torchserve import THREADS, read_properties

COMMAND = ("gateway", "serve")


@pytest.fixture
def embedding(tmp_path: Path) -> Embedding:
    archive = tmp_path / "digits.mar"
    archive.touch()
    return Embedding("127.0.0.1", free_ports(1)[0], None, None, None, tmp_path / "state", archive, Path("7.png"))


def planned(embedding: Embedding) -> tuple[Plans, Mapping[str, str]]:
    """The plans, and what the gateway is told."""
    with contextlib.ExitStack() as folders:
        plans = make_plans(embedding, COMMAND, folders)
        gateway = plans.children[-1]
        assert gateway.command == COMMAND
        return plans, {name: value for name, value in gateway.environment.items() if name.startswith("GATEWAY_")}


def test_everything_is_started_where_no_url_is_given(embedding: Embedding) -> None:
    with contextlib.ExitStack() as folders:
        plans = make_plans(embedding, COMMAND, folders)
        assert plans.candidate is not None
        assert plans.candidate.folder is not None
        candidate = read_properties((plans.candidate.folder / "config.properties").read_text())
        assert plans.candidate_management_url == candidate["management_address"]
        told = {name: value for name, value in plans.children[-1].environment.items() if name.startswith("GATEWAY_")}
    assert [plan.name for plan in plans.children] == ["redis", "torchserve", "gateway"]
    assert told == {
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(embedding.port),
        "GATEWAY_STATE_DIR": str(embedding.state_dir),
        "GATEWAY_REDIS_URL": plans.redis_url,
        "GATEWAY_TORCHSERVE_URL": f"{plans.torchserve_url},{candidate['inference_address']}",
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": f"{plans.management_url},{candidate['management_address']}",
    }


def test_torchserve_is_told_its_workers_and_what_they_compute_with(embedding: Embedding) -> None:
    with contextlib.ExitStack() as folders:
        torchserve = make_plans(
            replace(embedding, torchserve_workers=3, torchserve_threads=2, torchserve_gpus=1), COMMAND, folders
        ).children[1]
        assert torchserve.folder is not None
        written = read_properties((torchserve.folder / "config.properties").read_text())
    assert (written["default_workers_per_model"], torchserve.environment[THREADS], written["number_of_gpu"]) == ("3", "2", "1")


def test_a_url_that_is_given_starts_no_child(embedding: Embedding) -> None:
    redis, inference, management = "redis://cache:6379/0", "http://model:8080", "http://model:8081"
    plans, told = planned(
        replace(embedding, redis_url=redis, torchserve_url=inference, torchserve_management_url=management, archive=Path("not/there"))
    )
    assert [plan.name for plan in plans.children] == ["gateway"]
    assert (plans.redis_url, plans.torchserve_url, plans.management_url) == (None, None, None)
    assert told["GATEWAY_REDIS_URL"] == redis
    assert told["GATEWAY_TORCHSERVE_URL"] == inference
    assert told["GATEWAY_TORCHSERVE_MANAGEMENT_URL"] == management


def test_the_gateway_keeps_the_users_other_settings(embedding: Embedding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DEADLINE_SECONDS", "1")
    assert planned(embedding)[1]["GATEWAY_DEADLINE_SECONDS"] == "1"


def test_others_on_this_machine_find_where_everything_is(embedding: Embedding) -> None:
    with contextlib.ExitStack() as folders:
        plans = make_plans(embedding, COMMAND, folders)
        (told,) = embedding.state_dir.glob("run/run-*/addresses.json")
        assert orjson.loads(told.read_bytes()) == {
            "gateway": f"http://127.0.0.1:{embedding.port}",
            "redis": plans.redis_url,
            "torchserve": plans.torchserve_url,
            "torchserve_management": plans.management_url,
            "torchserve_metrics": plans.metrics_url,
        }


def test_nothing_is_left_of_a_run_that_ends(embedding: Embedding) -> None:
    planned(embedding)
    assert list((embedding.state_dir / "run").iterdir()) == []


def test_a_missing_archive_is_one_line(embedding: Embedding) -> None:
    embedding.archive.unlink()
    with pytest.raises(CannotStart) as raised:
        planned(embedding)
    assert str(raised.value) == f"no model archive at {embedding.archive}; make it with `make archive`"
    assert not embedding.state_dir.exists()


def test_a_taken_port_is_found_before_anything_else(embedding: Embedding) -> None:
    with socket.create_server(("127.0.0.1", embedding.port)), pytest.raises(CannotStart, match="is taken"):
        planned(replace(embedding, archive=Path("not/there")))
    assert not embedding.state_dir.exists()


def test_management_alone_is_one_line(embedding: Embedding) -> None:
    with pytest.raises(CannotStart, match="set both or neither"):
        planned(replace(embedding, torchserve_management_url="http://model:8081"))


def archive_of(name: object, file: Path) -> Path:
    """All of an archive that a plan looks at."""
    with zipfile.ZipFile(file, "w") as content:
        content.writestr("MAR-INF/MANIFEST.json", json.dumps({"model": {"modelName": name}}))
    return file


def test_a_further_archive_has_a_torchserve_of_its_own_under_its_model_s_name(embedding: Embedding, tmp_path: Path) -> None:
    archive = archive_of("arabic", tmp_path / "any.mar")
    with contextlib.ExitStack() as folders:
        plans = make_plans(replace(embedding, archives_beside=(archive,), models="letters=http://a:1|http://a:2"), COMMAND, folders)
        assert [plan.name for plan in plans.children] == ["redis", "torchserve", "torchserve-arabic", "gateway"]
        child = plans.children[2]
        assert child.folder is not None
        written = read_properties((child.folder / "config.properties").read_text())
    [beside] = plans.beside
    assert (beside.model, beside.child, written["load_models"]) == ("arabic", "torchserve-arabic", "arabic=any.mar")
    assert (written["inference_address"], written["management_address"]) == (beside.inference_url, beside.management_url)
    told = plans.children[-1].environment["GATEWAY_MODELS"]
    assert told == f"letters=http://a:1|http://a:2,arabic={beside.inference_url}|{beside.management_url}"
    assert beside.inference_url != plans.torchserve_url


def test_an_archive_that_cannot_stand_beside_is_one_line(embedding: Embedding, tmp_path: Path) -> None:
    twice = archive_of("arabic", tmp_path / "arabic.mar")
    for archives, why in (
        ([archive_of("digits", tmp_path / "again.mar")], "one of that name is served already"),
        ([twice, twice], "one of that name is served already"),
        ([tmp_path / "none.mar"], "is no model archive; make one with"),
        ([archive_of("two words", tmp_path / "odd.mar")], "is no model archive"),
        ([archive_of(None, tmp_path / "unnamed.mar")], "is no model archive"),
    ):
        with pytest.raises(CannotStart, match=why) as raised:
            planned(replace(embedding, archives_beside=tuple(archives)))
        assert "\n" not in str(raised.value)
    assert not embedding.state_dir.exists()
