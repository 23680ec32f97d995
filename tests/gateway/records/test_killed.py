"""Gateways of their own processes over a PostgreSQL that is killed under load: what clients were told is what is there, once."""

import asyncio
import itertools
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from gateway.records.database import database_url, migrate_database
from tests.gateway.conftest import digit_png
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.postgres import PostgresServer
from tests.gateway.test_metrics import samples, total
from tests.gateway.torchserve_double import TorchServeDouble, until
from tests.gateway.torchserve_server import torchserve_server
from tests.gateway.workers.parents import Parent, Parents

pytestmark = [pytest.mark.system, pytest.mark.anyio]

SERVE = [sys.executable, "-m", "gateway", "serve"]
CLIENTS = 4
"""Who ask for digits; as many ask for one and then say which it was."""

KILLED = 2
BETWEEN = 60
"""Answers of each kind between two kills."""

PATIENT_SECONDS = 20
"""Longer than PostgreSQL is away on a busy machine."""

HASTY_SECONDS = 0.5
"""Shorter than it is kept away."""

START_SECONDS = 60


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    database = new_database("postgresql")
    migrate_database(database_url(database.text))
    return database


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents


@dataclass
class Told:
    """What clients were answered."""

    durable: list[str] = field(default_factory=list)
    buffered: list[str] = field(default_factory=list)
    labelled: dict[str, int] = field(default_factory=dict)
    """What was acknowledged, by prediction."""
    refused: list[httpx.Response] = field(default_factory=list)
    """All that was no 200."""

    def are_enough(self, durable: int, labelled: int) -> bool:
        return len(self.durable) >= durable and len(self.labelled) >= labelled


@asynccontextmanager
async def load(url: str, told: Told) -> AsyncIterator[None]:
    """Digits are asked for and labelled while the block runs; whoever is refused a label sends it again, as the refusal says."""
    stopping = asyncio.Event()

    async def predict(client: httpx.AsyncClient, digit: int) -> str:
        answer = await client.post("/v1/predict", content=digit_png(digit))
        if answer.status_code != 200:
            told.refused.append(answer)
            return ""
        said = answer.json()
        assert said["digit"] == digit
        {"durable": told.durable, "buffered": told.buffered}[said["record"]].append(said["prediction_id"])
        return str(said["prediction_id"])

    async def ask(client: httpx.AsyncClient) -> None:
        for number in itertools.count():
            if stopping.is_set():
                return
            await predict(client, number % 10)

    async def ask_and_label(client: httpx.AsyncClient) -> None:
        for number in itertools.count():
            if stopping.is_set():
                return
            if prediction_id := await predict(client, number % 10):
                await label(client, prediction_id, (number + 1) % 10)

    async def label(client: httpx.AsyncClient, prediction_id: str, digit: int) -> None:
        while True:
            answer = await client.post("/v1/feedback", json={"prediction_id": prediction_id, "label": digit})
            if answer.status_code == 200:
                told.labelled[prediction_id] = digit
                return
            told.refused.append(answer)

    async with httpx.AsyncClient(base_url=url, timeout=60) as client, asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS):
            tasks.create_task(ask(client))
            tasks.create_task(ask_and_label(client))
        try:
            yield
        finally:
            stopping.set()


@asynccontextmanager
async def serving(parents: Parents, database: Database, *, workers: int, deadline_seconds: float) -> AsyncIterator[Parent]:
    """Gateways that are ready and write to the database before they answer."""
    with torchserve_server(TorchServeDouble()) as model:
        gateways = parents.start(
            SERVE,
            workers=workers,
            torchserve_url=model,
            torchserve_management_url=model,
            database_url=database.text,
            records="durable",
            deadline_seconds=deadline_seconds,
            canary_seconds=0,
        )
        await is_ready(gateways)
        yield gateways


async def is_ready(gateways: Parent) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(base_url=gateways.url) as client:
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                assert gateways.process.poll() is None, gateways.said
            await asyncio.sleep(0.05)


def counted(gateways: Parent) -> Callable[..., float]:
    """The sum over these gateways of what has these labels."""
    return partial(total, samples(httpx.get(f"{gateways.url}/metrics").text))


async def test_who_can_wait_is_never_told_of_it_and_all_is_there_once(
    parents: Parents, database: Database, restarted: PostgresServer
) -> None:
    told = Told()
    async with serving(parents, database, workers=2, deadline_seconds=PATIENT_SECONDS) as gateways:
        async with load(gateways.url, told):
            for _ in range(KILLED):
                enough = partial(told.are_enough, len(told.durable) + BETWEEN, len(told.labelled) + BETWEEN)
                await until(enough, seconds=20)
                await asyncio.to_thread(restarted.kill)
                await asyncio.to_thread(restarted.start)
            await until(partial(told.are_enough, len(told.durable) + BETWEEN, len(told.labelled) + BETWEEN), seconds=20)
        count = await asyncio.to_thread(counted, gateways)
    assert [answer.text for answer in told.refused] == []
    assert told.buffered == []
    there = Counter(row[0] for row in database.rows("predictions"))
    assert there == Counter(told.durable)
    assert {row[0]: row[1] for row in database.rows("labels")} == told.labelled
    assert Counter(row[1] for row in database.rows("label_changes")) == Counter(told.labelled.keys())
    assert count("digits_feedback_total") == len(told.labelled)
    assert count("gateway_records_total", kind="prediction", outcome="written") == len(told.durable)
    assert count("gateway_records_total", outcome="failed") > 0, "it was killed under load"


async def test_who_cannot_wait_is_told_the_truth_and_repeats_himself_safely(
    parents: Parents, database: Database, restarted: PostgresServer
) -> None:
    told = Told()
    async with serving(parents, database, workers=1, deadline_seconds=HASTY_SECONDS) as gateway:
        async with load(gateway.url, told):
            await until(partial(told.are_enough, BETWEEN, BETWEEN), seconds=20)
            await asyncio.to_thread(restarted.kill)
            await until(lambda: len(told.buffered) > CLIENTS and told.refused, seconds=20)
            await asyncio.to_thread(restarted.start)
            await until(partial(told.are_enough, len(told.durable) + BETWEEN, len(told.labelled) + BETWEEN), seconds=20)
        count = await asyncio.to_thread(counted, gateway)
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(gateway.process.wait, 20)
    assert {(answer.request.url.path, answer.status_code) for answer in told.refused} == {("/v1/feedback", 503)}
    assert all("retry-after" in answer.headers and "send it again" in answer.json()["detail"] for answer in told.refused)
    there = Counter(row[0] for row in database.rows("predictions"))
    assert there == Counter(told.durable + told.buffered)
    assert {row[0]: row[1] for row in database.rows("labels")} == told.labelled
    assert Counter(row[1] for row in database.rows("label_changes")) == Counter(told.labelled.keys())
    assert count("digits_feedback_total") == len(told.labelled)
