"""A second network in a real TorchServe answers through the gateway beside `digits`, each with its own digits and its own maps."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from gateway.app import create_app
from gateway.settings import Settings
from tests.gateway.conftest import digit_png, picture, png
from tests.gateway.test_models import adopted
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, TorchServeDouble, known_digits

pytestmark = [pytest.mark.anyio, pytest.mark.integration, pytest.mark.system]


@pytest.fixture(scope="module")
def addresses(larger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a TorchServe that has the network of another side, as the setting wants them."""
    from model.export import build_archive
    from tests.handler.torchserve import serving

    store = build_archive(larger, tmp_path_factory.mktemp("store")).parent
    with serving(store, model="larger") as server:
        yield f"{server.inference.base_url}|{server.management.base_url}"


class ByHost(httpx.AsyncBaseTransport):
    """`digits` is played, the other network is real."""

    def __init__(self, played: httpx.MockTransport) -> None:
        self._played, self._real = played, httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        by = self._played if request.url.host.endswith(".test") else self._real
        return await by.handle_async_request(request)

    async def aclose(self) -> None:
        await self._real.aclose()


async def test_a_real_second_network_reads_its_own_known_pictures_and_is_asked_by_name(
    addresses: str, larger: Path, torchserve: TorchServeDouble, tmp_path: Path
) -> None:
    settings = Settings(
        torchserve_url=INFERENCE_URL, torchserve_management_url=MANAGEMENT_URL, models=f"larger={addresses}", state_dir=tmp_path
    )
    app = create_app(settings, transport=ByHost(torchserve.transport()), known=known_digits())
    named = {"model": "larger"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client,
    ):
        await adopted(client, "larger")
        with np.load(larger / "known.npz") as known:
            pictures, labels = known["pixels"], known["labels"]
        answers = [(await client.post("/v1/predict", params=named, content=png(pixels))).json() for pixels in pictures]
        files = [("image", png(pixels)) for pixels in pictures]
        several = (await client.post("/v1/predict/batch", params=named, files=files)).json()["results"]
        told = (await client.post("/v1/explain", params=named, content=png(pictures[0]))).json()
        usual = (await client.post("/v1/predict", content=digit_png(7))).json()
        crossed = (await client.post("/v1/predict", params=named, content=png(picture(7)))).json()
        facts = (await client.get("/v1/model", params=named)).json()["facts"]
        checks = (await client.get("/readyz")).json()["checks"]
    assert [answer["digit"] for answer in answers] == labels.tolist() == [each["digit"] for each in several]
    assert [each["cache"] for each in several] == ["hit"] * len(labels)
    assert (told["digit"], np.shape(told["map"]), np.max(told["map"])) == (labels[0], (32, 32), 1.0)
    assert (usual["digit"], usual["model"]["name"], crossed["model"]["name"]) == (7, "digits", "larger")
    assert facts["side"] == 32
    assert checks["larger.model"] == {"ok": True, "reason": None}
