"""The command against a gateway with records, two versions READY behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from gateway.records.database import database_url
from gateway.records.stages import read_stage
from gateway.records.store import RecordsUnavailable
from gateway.rollout import Rollout, getter
from gateway.settings import Settings, SettingsError
from model.gate_report import CRITERIA, FILE, FORMAT, PASS, signed
from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, misreads

pytestmark = pytest.mark.anyio

OTHER = "000000000001"


@dataclass
class Operator:
    """Runs commands beside the event loop that the gateway is on."""

    client: httpx.AsyncClient
    settings: Settings
    said: list[str] = field(default_factory=list)
    answers: bool = True

    def rollout(self) -> Rollout:
        loop = asyncio.get_running_loop()

        def get(path: str) -> bytes:
            if not self.answers:
                raise ConnectionRefusedError("refused")
            return asyncio.run_coroutine_threadsafe(self.client.get(path), loop).result().content

        return Rollout(self.settings, "digits", get, self.said.append, effect_seconds=5, everywhere_seconds=0.2)

    async def __call__(self, action: str, *arguments: Any) -> str:
        """What it said."""
        self.said.clear()
        act: Callable[..., None] = getattr(self.rollout(), action)
        await asyncio.to_thread(act, *arguments)
        return "\n".join(self.said)

    async def served(self) -> set[str]:
        answers = await asyncio.gather(*(self.client.post("/v1/predict", content=digit_png(digit)) for digit in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        assert [answer.json()["digit"] for answer in answers] == list(range(10))
        return {answer.json()["model"]["version"] for answer in answers}

    def report(
        self, candidate: str = OTHER, current: str = VERSION, decision: str = PASS, secret: bytes | None = None, model: str = "digits"
    ) -> Path:
        """A gate's word in the candidate's folder, signed with the installation's secret unless with another."""
        told = {
            "format": FORMAT,
            "candidate": {"model": model, "version": candidate},
            "current": {"model": model, "version": current},
            "criteria": [{"name": name, "passed": True} for name in CRITERIA],
            "decision": decision,
        }
        folder = self.settings.state_dir / "candidate"
        folder.mkdir(exist_ok=True)
        file = folder / FILE
        file.write_text(json.dumps(signed(told, secret or (self.settings.state_dir / "secret").read_bytes().strip()[:64])))
        return file


@asynccontextmanager
async def operator(gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path) -> AsyncIterator[Operator]:
    torchserve.versions = [VERSION, OTHER]
    async with gateway() as client:
        settings = Settings(state_dir=tmp_path / "state")
        async with asyncio.timeout(5):
            while True:  # records are opened while it serves
                with suppress(RecordsUnavailable):
                    read_stage(database_url(settings.records_url), "digits")
                    break
                await asyncio.sleep(0.02)
        yield Operator(client, settings)


async def test_a_candidate_looks_on_shares_is_promoted_and_rolled_back(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path
) -> None:
    async with operator(gateway, torchserve, tmp_path) as operate:
        assert "in effect" in await operate("shadow", OTHER, operate.report())
        assert await operate.served() == {VERSION}
        await operate("share", 50)
        assert await operate.served() == {VERSION, OTHER}
        said = await operate("status")
        assert f"candidate {OTHER}: share of 50 %" in said
        await operate("promote")
        assert await operate.served() == {OTHER}
        assert f"goes back to version {VERSION}" in await operate("status")
        await operate("rollback")
        assert await operate.served() == {VERSION}


async def test_status_says_what_the_candidate_read_otherwise(gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with operator(gateway, torchserve, tmp_path) as operate:
        await operate("shadow", OTHER, operate.report())
        torchserve.answers[OTHER] = misreads
        await operate.served()
        async with asyncio.timeout(20):
            while "10 pictures" not in (said := await operate("status")):
                await asyncio.sleep(0.02)
        assert "read 10 otherwise" in said
        assert "  3 as 4: 1" in said


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ({"candidate": "000000000002"}, "is of the candidate 000000000002"),
        ({"current": "000000000002"}, "is of the current 000000000002"),
        ({"model": "letters"}, "is of a candidate that is called 'letters'"),
        ({"decision": "refuse"}, "says no"),
        ({"secret": b"x" * 32}, "not signed with this installation's secret"),
    ],
)
async def test_a_report_that_is_no_reason_lets_nothing_on(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path, report: dict[str, Any], why: str
) -> None:
    async with operator(gateway, torchserve, tmp_path) as operate:
        with pytest.raises(SettingsError, match=why):
            await operate("shadow", OTHER, operate.report(**report))
        assert operate.said == []


async def test_without_a_report_nothing_goes_on(gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with operator(gateway, torchserve, tmp_path) as operate:
        with pytest.raises(SettingsError, match="no gate report"):
            await operate("shadow", OTHER, tmp_path / FILE)


async def test_what_cannot_answer_gets_no_share(gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with operator(gateway, torchserve, tmp_path) as operate:
        await operate("shadow", OTHER, operate.report())
        torchserve.versions = [VERSION]
        async with asyncio.timeout(20):
            while "READY" not in str((await operate.client.get("/v1/model")).json()["rollout"]["complaints"]):
                await asyncio.sleep(0.02)
        for action in (("share", 10), ("promote",)):
            with pytest.raises(SettingsError, match=f"{OTHER} cannot answer now: no instance has it READY"):
                await operate(*action)


async def test_a_rollback_is_written_where_no_gateway_answers(gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with operator(gateway, torchserve, tmp_path) as operate:
        await operate("shadow", OTHER, operate.report())
        await operate("share", 100)
        operate.answers = False
        with pytest.raises(SettingsError, match="the gateway does not say what it serves"):
            await operate("promote")
        rollout = operate.rollout()
        rollout._effect_seconds = 0
        with pytest.raises(SettingsError, match="this is written"):
            await asyncio.to_thread(rollout.rollback)
        assert read_stage(database_url(operate.settings.records_url), "digits").candidate is None
        async with asyncio.timeout(20):
            while await operate.served() != {VERSION}:
                await asyncio.sleep(0.02)


def test_without_records_there_is_no_rollout(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_RECORDS=off"):
        Rollout(Settings(state_dir=tmp_path, records="off"), "digits", lambda path: b"")


@pytest.mark.parametrize("answer", [b"[1]", b"7", b"{}", b'{"version": 1}', b'{"version": "a", "rollout": 7}', b"<html>"])
def test_an_address_that_is_no_gateway_s_is_one_line(tmp_path: Path, answer: bytes) -> None:
    rollout = Rollout(Settings(state_dir=tmp_path), "digits", lambda path: answer)
    with pytest.raises(SettingsError, match="the gateway does not say what it serves") as caught:
        rollout.shadow(OTHER, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"SSH-2.0\r\n\r\n"])
def test_an_answer_that_is_cut_off_or_no_http_is_one_line(tmp_path: Path, answer: bytes) -> None:
    class Cut(StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(answer)

    with TCPServer(("127.0.0.1", 0), Cut) as server:
        serving = Thread(target=server.handle_request)
        serving.start()
        rollout = Rollout(Settings(state_dir=tmp_path), "digits", getter(f"http://127.0.0.1:{server.server_address[1]}"))
        with pytest.raises(SettingsError, match=r"the gateway does not say what it serves .*no whole answer"):
            rollout.shadow(OTHER, tmp_path)
        serving.join()


def test_a_report_of_another_name_is_not_replaced_by_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}")
    (tmp_path / "of-yesterday.json").write_text("{}")
    rollout = Rollout(Settings(state_dir=tmp_path), "digits", lambda path: b"")
    with pytest.raises(SettingsError, match=r"of-yesterday\.json is neither a gate-report\.json nor a folder"):
        rollout.shadow(OTHER, tmp_path / "of-yesterday.json")
