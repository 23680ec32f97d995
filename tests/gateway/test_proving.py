import httpx
import pytest

from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.proving import Prover, Unproven
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
