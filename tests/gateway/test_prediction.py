import pytest

from gateway.contract import ModelVersion
from gateway.local_cache import LocalCache
from gateway.metrics import Metrics
from gateway.model_client import ModelClient, VersionGone
from gateway.prediction import Predictor, _Asked
from gateway.reading import PictureReader
from gateway.schema import told
from gateway.versions import ModelWatch
from tests.gateway.conftest import picture
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble, known_digits

pytestmark = pytest.mark.anyio


async def test_in_a_batch_around_a_switch_the_version_that_has_gone_fails_alone(torchserve: TorchServeDouble) -> None:
    metrics = Metrics()
    client = ModelClient(metrics, 2.0, torchserve.transport())
    watch = ModelWatch(client, (), known_digits(), metrics)
    predictor = Predictor(PictureReader(10_000), LocalCache(0, 1), None, client, watch, metrics, queue_pictures=10, tell=told)
    gone, served = (ModelVersion("digits", version, INFERENCE_URL, MANAGEMENT_URL, {}) for version in ("000000000001", VERSION))
    answers = await predictor._send([_Asked(gone, picture(1)), _Asked(served, picture(2)), _Asked(gone, picture(3))])
    assert isinstance(answers[0], VersionGone)
    assert isinstance(answers[1], tuple)
    assert answers[1][0].digit == 2
    assert isinstance(answers[2], VersionGone)
    await predictor.close()
    await client.close()
