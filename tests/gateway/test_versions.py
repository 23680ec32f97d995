import asyncio
import time

import httpx
import numpy as np
import pytest

from gateway.errors import ModelUnavailable
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.versions import FRESH_SECONDS, SILENT_LOOKS, ModelWatch
from tests.gateway.torchserve_double import (
    INFERENCE_URL,
    MANAGEMENT_URL,
    VERSION,
    TorchServeDouble,
    known_digits,
    logits_for,
    misreads,
    until,
)

pytestmark = pytest.mark.anyio

OTHER = "000000000001"
SECOND = ("http://other.test:8080", "http://other.test:8081")


async def test_a_version_that_is_ready_and_reads_known_digits_is_served(watch: ModelWatch) -> None:
    with pytest.raises(ModelUnavailable):
        _ = watch.current
    assert not watch.ready
    await watch.look()
    assert watch.current.version == VERSION
    assert watch.ready


async def test_a_model_that_misreads_known_digits_is_never_served(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    torchserve.answer = lambda pixels: httpx.Response(200, content=np.roll(logits_for(pixels), 1, axis=1).astype("<f4").tobytes())
    await watch.look()
    with pytest.raises(ModelUnavailable, match="reads 10 of 10 known digits wrong"):
        _ = watch.current
    assert not watch.ready


async def test_a_version_without_a_ready_worker_is_not_adopted(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    torchserve.workers_ready = 0
    await watch.look()
    assert watch.computing.reason == "no TorchServe worker is READY"
    with pytest.raises(ModelUnavailable):
        _ = watch.current


async def test_the_served_version_stays_while_its_workers_are_away(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    await watch.look()
    torchserve.workers_ready = 0
    await watch.look()
    assert watch.current.version == VERSION
    assert not watch.ready
    torchserve.unreachable = True
    await watch.look()
    assert watch.current.version == VERSION
    assert "cannot be reached" in (watch.computing.reason or "")


async def test_another_version_is_adopted_once_the_served_one_is_gone(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    await watch.look()
    torchserve.versions = [VERSION, OTHER]
    await watch.look()
    assert watch.current.version == VERSION
    torchserve.versions = [OTHER]
    await watch.look()
    assert watch.current.version == OTHER


async def test_an_answer_too_old_is_no_proof(watch: ModelWatch, model_client: ModelClient) -> None:
    await watch.look()
    model_client._answered_at = dict.fromkeys(model_client._answered_at, time.monotonic() - FRESH_SECONDS - 0.1)
    assert not watch.ready
    assert (watch.model.reason or "").startswith("no answer from the model for 5.")


async def test_a_known_digit_read_wrong_is_the_reason(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    await watch.look()
    torchserve.answer = lambda pixels: httpx.Response(200, content=np.roll(logits_for(pixels), 1, axis=1).astype("<f4").tobytes())
    await watch.ask_known_digit()
    assert watch.model.reason == "a known 0 was read as 1"
    torchserve.answer = None
    await watch.ask_known_digit()
    assert watch.ready


async def test_without_instances_the_reason_says_so(model_client: ModelClient) -> None:
    watch = ModelWatch(model_client, (), known_digits(), Metrics())
    await watch.look()
    assert watch.computing.reason == "no TorchServe instance is configured"


async def test_one_look_serves_all_who_lost_their_version(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    await watch.look()
    gone = watch.current
    torchserve.versions = [OTHER]
    await asyncio.gather(*(watch.look_beyond(gone) for _ in range(50)))
    assert watch.current.version == OTHER
    assert torchserve.described == 2


async def test_an_instance_that_is_slow_to_say_is_not_gone_at_once(model_client: ModelClient, torchserve: TorchServeDouble) -> None:
    watch = ModelWatch(model_client, ((INFERENCE_URL, MANAGEMENT_URL), SECOND), known_digits(), Metrics())
    torchserve.unreachable_hosts = {"other.test"}
    await watch.look()
    assert watch.current.management_url == MANAGEMENT_URL
    torchserve.unreachable_hosts = {"torchserve.test"}
    for _ in range(SILENT_LOOKS - 1):
        await watch.look()
        assert watch.current.management_url == MANAGEMENT_URL
    await watch.look()
    assert watch.current.management_url == SECOND[1]


async def test_without_a_stage_a_later_instance_only_stands_in_for_the_first(
    model_client: ModelClient, torchserve: TorchServeDouble
) -> None:
    torchserve.versions_at = {"torchserve.test": [VERSION], "other.test": [OTHER]}
    watch = ModelWatch(model_client, ((INFERENCE_URL, MANAGEMENT_URL), SECOND), known_digits(), Metrics())
    await watch.look()
    await watch.prove()
    assert watch.current.version == VERSION
    torchserve.versions_at["torchserve.test"] = []
    await watch.look()
    await watch.prove()
    assert watch.current.version == OTHER
    torchserve.versions_at["torchserve.test"] = [VERSION]
    torchserve.answers[VERSION] = misreads
    await watch.look()
    await watch.prove()
    assert watch.current.version == OTHER
    torchserve.answers.clear()
    torchserve.versions_at["torchserve.test"] = []
    await watch.look()
    torchserve.versions_at["torchserve.test"] = [VERSION]
    await watch.look()
    await watch.prove()
    assert watch.current.version == VERSION
    assert watch.ready


async def test_without_a_stage_a_candidate_that_starts_first_does_not_keep_the_traffic(
    model_client: ModelClient, torchserve: TorchServeDouble
) -> None:
    torchserve.versions_at = {"torchserve.test": [], "other.test": [OTHER]}
    watch = ModelWatch(model_client, ((INFERENCE_URL, MANAGEMENT_URL), SECOND), known_digits(), Metrics())
    await watch.look()
    assert watch.current.version == OTHER
    torchserve.versions_at["torchserve.test"] = [VERSION]
    await watch.look()
    await watch.prove()
    assert watch.current.version == VERSION


async def test_an_instance_that_replaces_the_first_keeps_the_traffic_while_that_is_away(
    model_client: ModelClient, torchserve: TorchServeDouble
) -> None:
    torchserve.versions_at = {"torchserve.test": [VERSION], "other.test": []}
    watch = ModelWatch(model_client, ((INFERENCE_URL, MANAGEMENT_URL), SECOND), known_digits(), Metrics())
    await watch.look()
    torchserve.versions_at["other.test"] = [OTHER]
    await watch.look()
    await watch.prove()
    assert watch.current.version == VERSION
    torchserve.versions_at["torchserve.test"] = []
    for _ in range(SILENT_LOOKS):
        await watch.look()
        await watch.prove()
        assert watch.current.version == OTHER


@pytest.mark.parametrize("version", ["1.0", "ab12cd34ef5", "AB12CD34EF56"])
async def test_a_version_that_is_no_fingerprint_is_never_served(watch: ModelWatch, torchserve: TorchServeDouble, version: str) -> None:
    torchserve.versions = [version]
    await watch.look()
    assert not watch.ready
    assert "no fingerprint" in (watch.model.reason or "")


async def test_an_archive_that_says_it_is_another_version_is_never_served(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    torchserve.says_it_is = OTHER
    await watch.look()
    assert not watch.ready
    assert watch.model.reason == f"version {VERSION} says that it is {OTHER}"


async def test_a_fault_of_ours_does_not_end_the_watching(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    torchserve.workers_ready = None  # type: ignore[assignment]
    watching = asyncio.create_task(watch.run())
    await until(lambda: torchserve.described >= 1)
    torchserve.workers_ready = 1
    await until(lambda: watch.ready)
    watching.cancel()
