import logging

import httpx
import pytest

from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.proving import LONGEST_PAUSE_SECONDS, Prover, Unproven
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble, known_digits, misreads

pytestmark = pytest.mark.anyio

PLACE = ((INFERENCE_URL, MANAGEMENT_URL), VERSION)


@pytest.fixture
def prover(torchserve: TorchServeDouble) -> Prover:
    return Prover(ModelClient(Metrics(), 2.0, torchserve.transport()), known_digits(), "digits")


async def test_who_reads_all_known_digits_right_is_proven(prover: Prover) -> None:
    model = await prover.prove(PLACE)
    assert (model.version, model.inference_url) == (VERSION, INFERENCE_URL)
    assert [await prover.ask(model, number) for number in (0, 3, 13)] == [None] * 3


async def test_who_misreads_one_is_not_and_it_is_said_which(prover: Prover, torchserve: TorchServeDouble) -> None:
    model = await prover.prove(PLACE)
    torchserve.answers[VERSION] = misreads
    with pytest.raises(Unproven, match="reads 10 of 10 known digits wrong"):
        await prover.prove(PLACE)
    assert await prover.ask(model, 13) == "a known 3 was read as 4"


@pytest.mark.parametrize("status", [404, 503])
async def test_who_gives_no_answer_is_not(prover: Prover, torchserve: TorchServeDouble, status: int) -> None:
    torchserve.answer = lambda pixels: httpx.Response(status)
    with pytest.raises(Unproven, match=f"version {VERSION} could not be checked"):
        await prover.prove(PLACE)


async def test_who_misreads_is_asked_again_ever_more_seldom_and_logged_once(
    torchserve: TorchServeDouble, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    prover = Prover(ModelClient(Metrics(), 2.0, torchserve.transport()), known_digits(), "digits", lambda: now)
    torchserve.answers[VERSION] = misreads
    asked_at = []
    with caplog.at_level(logging.ERROR):
        for second in range(200):
            now, before = float(second), len(torchserve.read_by.get(VERSION, ()))
            with pytest.raises(Unproven, match="reads 10 of 10 known digits wrong"):
                await prover.prove(PLACE)
            if len(torchserve.read_by[VERSION]) > before:
                asked_at.append(second)
    assert asked_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert len(caplog.records) == 1
    torchserve.answers.clear()
    now += LONGEST_PAUSE_SECONDS
    assert (await prover.prove(PLACE)).version == VERSION


async def test_who_misread_and_came_anew_is_asked_at_once(torchserve: TorchServeDouble) -> None:
    prover = Prover(ModelClient(Metrics(), 2.0, torchserve.transport()), known_digits(), "digits", lambda: 0.0)
    torchserve.answers[VERSION] = misreads
    with pytest.raises(Unproven):
        await prover.prove(PLACE)
    torchserve.answers.clear()
    prover.forget(but=[PLACE])
    with pytest.raises(Unproven):
        await prover.prove(PLACE)
    prover.forget()
    assert (await prover.prove(PLACE)).version == VERSION
