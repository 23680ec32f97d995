import asyncio
from pathlib import Path
from typing import cast

import pytest

from gateway.following import StageWatch
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.records.batch import Batch
from gateway.records.database import database_url, open_sink
from gateway.records.stages import StageReader
from gateway.stage import Stage
from gateway.versions import ModelWatch
from tests.gateway.torchserve_double import TorchServeDouble, known_digits, until

pytestmark = pytest.mark.anyio

SHADOW = Stage.first("digits").shadow("00000000000b", "00000000000a")


async def test_a_stage_reaches_its_model_and_holds_while_the_records_cannot_be_read(tmp_path: Path, torchserve: TorchServeDouble) -> None:
    file = tmp_path / "records.sqlite"
    url = database_url(f"sqlite:///{file}")
    watch = ModelWatch(ModelClient(Metrics(), 2.0, torchserve.transport()), (), known_digits(), Metrics())
    following = StageWatch(StageReader(url), {"digits": watch})
    await following.look()
    assert watch.stage is None
    sink = open_sink(url)
    sink.write(Batch(stages=[SHADOW, Stage.first("letters").shadow("00000000000b", "00000000000a")]))
    sink.close()
    await following.look()
    assert watch.stage == SHADOW
    file.rename(tmp_path / "elsewhere")
    await following.look()
    assert watch.stage == SHADOW
    following.close()


async def test_what_a_look_raises_is_logged_once_and_ends_nothing(torchserve: TorchServeDouble, caplog: pytest.LogCaptureFixture) -> None:
    looks = 0

    class Broken:
        async def newest(self) -> dict[str, Stage]:
            nonlocal looks
            looks += 1
            if looks < 3:
                raise TypeError("a row of another shape")
            return {"digits": SHADOW}

    watch = ModelWatch(ModelClient(Metrics(), 2.0, torchserve.transport()), (), known_digits(), Metrics())
    running = asyncio.create_task(StageWatch(cast(StageReader, Broken()), {"digits": watch}).run())
    await until(lambda: watch.stage == SHADOW)
    running.cancel()
    assert [record.exc_info is not None for record in caplog.records if record.name == "gateway.following"] == [True]
