import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from hiredis import HiredisError
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from gateway.redis_address import ClusterAddress, read_address
from gateway.redis_cluster import Cluster, ClusterPipe
from gateway.redis_pipe import Away
from tests.gateway.resp_server import RespServer
from tests.gateway.torchserve_double import until

pytestmark = pytest.mark.anyio

SECONDS = 5.0
SHORT_SECONDS = 0.05
BUSY_SECONDS = 0.1
KEYS = [b"digits:-:digits:ab12cd34ef56:" + bytes([number] * 32) for number in range(64)]


class Played:
    """Nodes that each hold a third of the slots, and every key in them: its value is the number of the node that answers."""

    def __init__(self) -> None:
        self.nodes = [RespServer(partial(self._answer, number)) for number in range(3)]
        self.holder = [slot * 3 // REDIS_CLUSTER_HASH_SLOTS for slot in range(REDIS_CLUSTER_HASH_SLOTS)]
        self.says: dict[int, Exception] = {}
        """What a node says to every GET and PING instead."""
        self.silent: set[int] = set()
        self.nameless = False

    def of(self, key: bytes) -> int:
        return self.holder[key_slot(key)]

    def moved(self, holder: int) -> None:
        """All slots, to this node."""
        self.holder = [holder] * REDIS_CLUSTER_HASH_SLOTS

    def asked_for_slots(self) -> int:
        return sum(command[0] == b"CLUSTER" for node in self.nodes for command in node.asked)

    def _answer(self, number: int, command: list[bytes]) -> object:
        if number in self.silent:
            return ...
        if command == [b"CLUSTER", b"SLOTS"]:
            return self._ranges()
        if number in self.says and command[0] in (b"GET", b"PING"):
            return self.says[number]
        if command[0] == b"PING":
            return b"PONG"
        key = command[1]
        if self.of(key) != number:
            return Exception(f"MOVED {key_slot(key)} 127.0.0.1:{self.nodes[self.of(key)].port}")
        return str(number).encode() if command[0] == b"GET" else b"OK"

    def _ranges(self) -> list[object]:
        ranges: list[object] = []
        first = 0
        for slot in range(1, REDIS_CLUSTER_HASH_SLOTS + 1):
            if slot == REDIS_CLUSTER_HASH_SLOTS or self.holder[slot] != self.holder[first]:
                name = b"" if self.nameless else b"127.0.0.1"
                ranges.append([first, slot - 1, [name, self.nodes[self.holder[first]].port, b"id", []], [b"127.0.0.1", 1, b"replica", []]])
                first = slot
        return ranges


@asynccontextmanager
async def played() -> AsyncIterator[tuple[Played, ClusterPipe]]:
    """The nodes, and an open pipe to them of which the first was given."""
    cluster = Played()
    address = read_address(f"redis+cluster://127.0.0.1:{cluster.nodes[0].port}")
    assert isinstance(address, ClusterAddress)
    pipe = Cluster(address).pipe()
    try:
        for node in cluster.nodes:
            await node.start()
        await pipe.open(SECONDS)
        yield cluster, pipe
    finally:
        pipe.close()
        for node in cluster.nodes:
            await node.stop()


async def told(pipe: ClusterPipe, seconds: float = SECONDS) -> list[str | int]:
    """For each of KEYS the number of the node that answered, or why none did."""
    answers = await pipe.run([("GET", key) for key in KEYS], seconds)
    return [answer.outcome if isinstance(answer, Away) else int(answer) for answer in answers if isinstance(answer, Away | bytes)]


async def opened_until(pipe: ClusterPipe, expected: list[int]) -> None:
    """The background looks again, in its own time."""
    async with asyncio.timeout(SECONDS):
        while await told(pipe) != expected:
            await pipe.open(SECONDS)
            await asyncio.sleep(0.01)


async def test_each_key_is_asked_for_where_it_is_and_answers_keep_their_places() -> None:
    async with played() as (cluster, pipe):
        assert await told(pipe) == [cluster.of(key) for key in KEYS]
        asked = [[command[1] for command in node.asked if command[0] == b"GET"] for node in cluster.nodes]
    assert all(asked)
    assert sorted(key for keys in asked for key in keys) == sorted(KEYS)
    assert all(cluster.of(key) == number for number, keys in enumerate(asked) for key in keys)


async def test_what_stands_in_braces_chooses_the_slot_as_redis_says() -> None:
    async with played() as (cluster, pipe):
        keys = [b"digits:{%d}:%d" % (number, other) for number in range(20) for other in range(3)]
        answers = await pipe.run([("GET", key) for key in keys], SECONDS)
    assert answers == [str(cluster.of(key)).encode() for key in keys]
    assert all(answers[place] == answers[place + 1] == answers[place + 2] for place in range(0, 60, 3))


async def test_a_node_that_names_only_its_port_is_where_it_was_asked() -> None:
    async with played() as (cluster, pipe):
        cluster.nameless = True
        cluster.moved(2)
        await told(pipe)
        await opened_until(pipe, [2] * len(KEYS))
        await cluster.nodes[2].stop()
        await told(pipe)
        assert f" 127.0.0.1:{cluster.nodes[2].port} " in str(pipe.missing)


async def test_keys_that_moved_are_misses_until_the_background_has_looked_again() -> None:
    async with played() as (cluster, pipe):
        before = [cluster.of(key) for key in KEYS]
        looks = cluster.asked_for_slots()
        cluster.moved(1)
        for _ in range(3):
            assert await told(pipe) == [1 if number == 1 else "miss" for number in before]
        assert cluster.asked_for_slots() == looks
        assert pipe.missing is None
        await opened_until(pipe, [1] * len(KEYS))
        await until(lambda: cluster.nodes[0].connections == 0)


async def test_nobody_looks_again_while_nothing_is_in_doubt() -> None:
    async with played() as (cluster, pipe):
        looks = cluster.asked_for_slots()
        for _ in range(20):
            await told(pipe)
            await pipe.open(SECONDS)
            await asyncio.sleep(0.02)
        assert cluster.asked_for_slots() == looks


@pytest.mark.parametrize("says", ["ASK 1 127.0.0.1:1", "TRYAGAIN Multiple keys", "CLUSTERDOWN The cluster is down"])
async def test_what_a_node_cannot_answer_for_now_is_a_miss_and_the_node_is_well(says: str) -> None:
    async with played() as (cluster, pipe):
        expected: list[str | int] = [cluster.of(key) for key in KEYS]
        cluster.says[1] = Exception(says)
        assert await told(pipe) == ["miss" if number == 1 else number for number in expected]
        assert pipe.missing is None
        del cluster.says[1]
        assert await told(pipe) == expected


@pytest.mark.parametrize("says", ["LOADING Redis is loading the dataset in memory", "NOAUTH Authentication required."])
async def test_a_node_that_talks_and_cannot_serve_is_lost_until_it_can(says: str) -> None:
    async with played() as (cluster, pipe):
        expected = [cluster.of(key) for key in KEYS]
        cluster.says[1] = Exception(says)
        assert await told(pipe) == ["error" if number == 1 else number for number in expected]
        assert await told(pipe) == ["skipped" if number == 1 else number for number in expected]
        assert says in str(pipe.missing)
        del cluster.says[1]
        await opened_until(pipe, expected)
        assert pipe.missing is None


async def test_a_foreign_value_is_no_fault_of_the_node() -> None:
    async with played() as (cluster, pipe):
        cluster.says[0] = Exception("WRONGTYPE Operation against a key holding the wrong kind of value")
        answers = await pipe.run([("GET", key) for key in KEYS], SECONDS)
        assert [isinstance(answer, HiredisError) for answer in answers] == [cluster.of(key) == 0 for key in KEYS]
        assert pipe.missing is None


async def test_a_full_node_takes_no_writes_and_answers_all_the_same() -> None:
    async with played() as (cluster, pipe):
        key = next(key for key in KEYS if cluster.of(key) == 1)
        answer = cluster.nodes[1].answer
        cluster.nodes[1].answer = lambda command: Exception("OOM command not allowed") if command[0] == b"SET" else answer(command)
        [refused] = await pipe.run([("SET", key, b"x")], SECONDS)
        assert isinstance(refused, HiredisError)
        assert await pipe.run([("GET", key)], SECONDS) == [b"1"]


async def test_a_lost_node_loses_only_its_own_keys_and_is_used_when_it_is_back() -> None:
    async with played() as (cluster, pipe):
        expected = [cluster.of(key) for key in KEYS]
        await cluster.nodes[2].stop()
        assert await told(pipe) == ["error" if number == 2 else number for number in expected]
        assert await told(pipe) == ["skipped" if number == 2 else number for number in expected]
        await pipe.open(SECONDS)
        assert await told(pipe) == ["skipped" if number == 2 else number for number in expected]
        assert f"127.0.0.1:{cluster.nodes[2].port}" in str(pipe.missing)
        await cluster.nodes[2].start()
        await opened_until(pipe, expected)


async def test_whoever_takes_over_from_a_lost_node_is_found() -> None:
    async with played() as (cluster, pipe):
        await cluster.nodes[2].stop()
        await told(pipe)
        cluster.holder = [number % 2 for number in cluster.holder]
        await opened_until(pipe, [cluster.of(key) for key in KEYS])
        assert pipe.missing is None


async def test_nobody_waits_for_a_silent_node_twice_and_the_others_answer_in_time() -> None:
    async with played() as (cluster, pipe):
        expected = [cluster.of(key) for key in KEYS]
        cluster.silent.add(0)
        started = time.perf_counter()
        assert await told(pipe, SHORT_SECONDS) == ["error" if number == 0 else number for number in expected]
        assert time.perf_counter() - started < SHORT_SECONDS + BUSY_SECONDS
        started = time.perf_counter()
        for _ in range(20):
            assert await told(pipe, SHORT_SECONDS) == ["skipped" if number == 0 else number for number in expected]
        assert time.perf_counter() - started < 10 * SHORT_SECONDS
        cluster.silent.clear()
        await opened_until(pipe, expected)


async def test_a_node_that_had_next_to_no_time_is_not_lost() -> None:
    async with played() as (cluster, pipe):
        cluster.silent.add(0)
        assert "error" in await told(pipe, 0.005)
        cluster.silent.clear()
        assert pipe.missing is None
        assert await told(pipe) == [cluster.of(key) for key in KEYS]


async def test_a_busy_process_does_not_take_its_own_lateness_for_a_lost_node() -> None:
    async with played() as (_, pipe):
        lookup = asyncio.create_task(told(pipe, SHORT_SECONDS))
        for _ in range(3):
            await asyncio.sleep(0)
        time.sleep(2 * SHORT_SECONDS)  # the event loop does something else for too long
        await lookup
        assert pipe.missing is None


async def test_slots_that_no_node_holds_are_told() -> None:
    async with played() as (cluster, pipe):
        ranges = cluster._ranges()
        for node in cluster.nodes:
            answer = node.answer
            node.answer = lambda command, answer=answer: ranges[1:] if command[0] == b"CLUSTER" else answer(command)  # type: ignore[misc]
        cluster.moved(1)
        await told(pipe)
        async with asyncio.timeout(SECONDS):
            while pipe.missing is None:
                await pipe.open(SECONDS)
                await asyncio.sleep(0.01)
        assert "slots that no node holds" in pipe.missing


@pytest.mark.parametrize(
    "says",
    [Exception("ERR This instance has cluster support disabled"), [], b"?", [[0, 99_999, [b"a", 1]]], [[0, 1]], [[0, 1, b"x"]], None],
    ids=str,
)
async def test_a_server_that_is_no_node_is_told(says: object) -> None:
    node = RespServer(lambda _: says)
    address = read_address(f"redis+cluster://127.0.0.1:{node.port}")
    assert isinstance(address, ClusterAddress)
    pipe = Cluster(address).pipe()
    await node.start()
    try:
        with pytest.raises(ConnectionError, match="no node of the cluster says who holds what"):
            await pipe.open(SECONDS)
        assert await pipe.run([("GET", KEYS[0]), ("GET", KEYS[1])], SECONDS) != [None, None]
    finally:
        pipe.close()
        await node.stop()
