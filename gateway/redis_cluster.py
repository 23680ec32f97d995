"""A Redis Cluster as one pipe: commands travel to the nodes that hold their keys, side by side; a lost node loses its own keys alone."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence

from hiredis import HiredisError
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from gateway.redis_address import ClusterAddress, Host
from gateway.redis_asking import ask, soonest
from gateway.redis_pipe import LATE_SECONDS, SILENT_SECONDS, UNANSWERED, WRONG_TYPE, Away, Command, RedisPipe, in_words

log = logging.getLogger(__name__)

SLOTS: Command = ("CLUSTER", "SLOTS")
PROBE: Command = ("PING",)

ELSEWHERE = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
"""Begin what a node that is well says of a key that it has not, or not for now."""

LOOKUP = "GET"

NOT_YET_SECONDS = 0.2
"""Nobody looks again so soon after a look."""

ANSWER_SECONDS = 0.25
"""How long a look waits for nodes, a connection to them included."""

MOST_ASKED = 3
"""Nodes that a look asks at a time who holds what."""

FAIR_SECONDS = 0.02
"""A node that had less time than this for a batch is not blamed for being late."""

SKIPPED, LOST, NOT_HERE = Away("skipped"), Away("error"), Away("miss")


class Node:
    """A primary. Once it has failed nobody waits for it until the background has seen it well."""

    def __init__(self, host: Host, url: str) -> None:
        self.host, self.url = host, url
        self.failure: str | None = None
        self._answered_at = time.monotonic()

    @property
    def well(self) -> bool:
        return self.failure is None

    def __str__(self) -> str:
        name, port = self.host
        return f"{name}:{port}"

    async def where(self) -> str:
        return self.url

    def answered(self) -> None:
        self._answered_at = time.monotonic()

    def fail(self, error: Exception) -> None:
        if self.well:
            log.warning("redis node %s is not answering (%s); going on without it", self, in_words(error))
        self.failure = in_words(error)

    def late(self, had_seconds: float, took_seconds: float) -> None:
        """It did not answer in the time it had, which is its fault unless that was little, or this process came late itself."""
        excused = had_seconds < FAIR_SECONDS or took_seconds > had_seconds + LATE_SECONDS
        if not excused or time.monotonic() - self._answered_at > SILENT_SECONDS:
            self.fail(TimeoutError())

    async def look(self) -> None:
        """See whether it is back."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await ask(self.url, PROBE)
        except UNANSWERED as error:
            self.fail(error)
            return
        log.warning("redis node %s is well again", self)
        self.failure = None
        self.answered()


class Cluster:
    """Which node holds which slot, by what the nodes said last."""

    def __init__(self, address: ClusterAddress) -> None:
        self._address = address
        self._nodes: dict[Host, Node] = {}
        self._slots: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._uncovered = REDIS_CLUSTER_HASH_SLOTS
        self._doubted = True
        self._looking = asyncio.Lock()
        self._looked_at = -NOT_YET_SECONDS

    @property
    def nodes(self) -> list[Node]:
        """The primaries."""
        return list(self._nodes.values())

    @property
    def missing(self) -> str | None:
        lost = [f"{node} ({node.failure})" for node in self.nodes if not node.well]
        if self._nodes and self._uncovered:
            lost.append(f"{self._uncovered} slots that no node holds")
        return f"without {', '.join(lost)}" if lost else None

    def pipe(self) -> "ClusterPipe":
        return ClusterPipe(self)

    def node_of(self, key: str | bytes) -> Node | None:
        return self._slots[key_slot(key if isinstance(key, bytes) else key.encode())]

    def doubt(self) -> None:
        """Something was not where it should be."""
        self._doubted = True

    async def look(self) -> None:
        """Read who holds what again if that is in doubt, and see whether lost nodes are back. Raises ConnectionError when no node says."""
        async with self._looking:
            if time.monotonic() - self._looked_at < NOT_YET_SECONDS:
                return
            try:
                if self._doubted:
                    self._take(await self._said())
                    self._doubted = self._uncovered > 0
                lost = [node for node in self.nodes if not node.well]
                await asyncio.gather(*(node.look() for node in lost))
                self._doubted = self._doubted or any(not node.well for node in lost)
            finally:
                self._looked_at = time.monotonic()

    async def _said(self) -> list[tuple[int, int, Host]]:
        """First and last slot and the address of who holds them, by any node that is well, else by any whose address was given."""
        well = [node.host for node in self.nodes if node.well]
        refusal: Exception = ConnectionError("none is known")
        for hosts in (random.sample(well, min(MOST_ASKED, len(well))), self._address.hosts):
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await soonest(self._said_by(host) for host in hosts)
            except UNANSWERED as error:
                refusal = error
        raise ConnectionError(f"no node of the cluster says who holds what ({in_words(refusal)})") from refusal

    async def _said_by(self, host: Host) -> list[tuple[int, int, Host]]:
        said = await ask(self._address.access.url(host), SLOTS)
        ranges = []
        for each in said if isinstance(said, list) else []:
            match each:
                case [int(first), int(last), [bytes() | None as name, int(port), *_], *_] if 0 <= first <= last < REDIS_CLUSTER_HASH_SLOTS:
                    ranges.append((first, last, (name.decode() if name else host[0], port)))  # nameless: as it was asked
                case _:
                    raise ValueError(f"a node says {each!r}")
        if not ranges:
            raise ConnectionError("no slot is given to any node")
        return ranges

    def _take(self, said: list[tuple[int, int, Host]]) -> None:
        nodes: dict[Host, Node] = {}
        slots: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, host in said:
            if host not in nodes:
                nodes[host] = self._nodes.get(host) or Node(host, self._address.access.url(host))
            slots[first : last + 1] = [nodes[host]] * (last + 1 - first)
        self._nodes, self._slots, self._uncovered = nodes, slots, slots.count(None)


class ClusterPipe:
    """A connection to each primary. A batch has every answer that came in its time, and `Away` for the others."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._pipes: dict[Node, RedisPipe] = {}

    @property
    def missing(self) -> str | None:
        return self._cluster.missing

    async def open(self, seconds: float) -> None:
        """Look at the cluster, where there is reason to, and connect to every node that is well. Raises ConnectionError when none says."""
        async with asyncio.timeout(seconds):
            await self._cluster.look()
        nodes = self._cluster.nodes
        for gone in self._pipes.keys() - set(nodes):
            self._pipes.pop(gone).close()
        await asyncio.gather(*(self._open(node, seconds) for node in nodes if node.well))

    async def run(self, commands: Sequence[Command], seconds: float) -> list[object]:
        """Raises nothing but a fault of ours."""
        places: dict[Node | None, list[int]] = {}
        for place, command in enumerate(commands):
            places.setdefault(self._cluster.node_of(command[1]), []).append(place)
        if len(places) == 1:
            [node] = places
            return await self._ask(node, commands, seconds)
        shares = [[commands[place] for place in each] for each in places.values()]
        told = await asyncio.gather(*(self._ask(node, share, seconds) for node, share in zip(places, shares, strict=True)))
        answers: list[object] = [None] * len(commands)
        for each, share_answers in zip(places.values(), told, strict=True):
            for place, answer in zip(each, share_answers, strict=True):
                answers[place] = answer
        return answers

    def close(self) -> None:
        for pipe in self._pipes.values():
            pipe.close()

    async def _open(self, node: Node, seconds: float) -> None:
        try:
            await self._pipe(node).open(seconds)
        except UNANSWERED as error:
            self._lose(node, error)

    async def _ask(self, node: Node | None, commands: Sequence[Command], seconds: float) -> list[object]:
        if node is None or not node.well:
            return [SKIPPED] * len(commands)
        started = time.perf_counter()
        try:
            answers = await self._pipe(node).run(commands, seconds)
        except TimeoutError:
            node.late(seconds, time.perf_counter() - started)
            self._cluster.doubt()
            return [LOST] * len(commands)
        except UNANSWERED as error:
            self._lose(node, error)
            return [LOST] * len(commands)
        node.answered()
        for place, answer in enumerate(answers):
            if isinstance(answer, HiredisError):
                answers[place] = self._understood(node, commands[place], answer)
        return answers

    def _understood(self, node: Node, command: Command, error: HiredisError) -> Exception:
        text = str(error)
        if text.startswith(ELSEWHERE):
            self._cluster.doubt()
            return NOT_HERE
        if command[0] == LOOKUP and not text.startswith(WRONG_TYPE):  # LOADING, NOAUTH, ...: it talks, and cannot serve
            self._lose(node, error)
            return LOST
        return error

    def _lose(self, node: Node, error: Exception) -> None:
        node.fail(error)
        self._cluster.doubt()

    def _pipe(self, node: Node) -> RedisPipe:
        if node not in self._pipes:
            self._pipes[node] = RedisPipe(node.where)
        return self._pipes[node]
