"""How much of everything it takes to answer so many requests a second, on paper: measured processor time an answer, times answers."""

import math
from dataclasses import dataclass

from loadtests.autoscaling.figures import Figures
from loadtests.autoscaling.service import LOCAL_SHARE

DAY_SECONDS = 86_400
CACHE_TTL_SECONDS = 86_400
"""How long an answer may be reused, GATEWAY_CACHE_TTL_SECONDS."""
RETENTION_BYTES = 10 * 2**30
"""How much records may take, GATEWAY_RETENTION_BYTES."""
REDIS_BYTES = 256 * 2**20
"""What `make run` gives to Redis."""
MODEL_BYTES = 28 * 28 + 10 * 4
"""A picture on its way to TorchServe, and ten logits back."""


REPLICAS = "more replicas, which is the autoscaler's business"


@dataclass(frozen=True)
class Assumed:
    """What nothing here measured, and the reader can change."""

    requests: float = 1_000_000
    """A second."""
    hit_percents: tuple[float, ...] = (0, 50, 90, 99)
    busy: float = 0.7
    """How busy every core is to be: the rest is for what comes at once."""
    core_hour: float = 0.04
    """Price, in whatever currency."""
    gigabits: float = 10
    """A second, of one machine's network."""
    database_rows: float = 50_000
    """A second, that one PostgreSQL takes in batches, with one core of its own in the sums here."""
    redis_gigabytes: float = 16
    """Memory of one Redis shard for answers."""


@dataclass(frozen=True)
class Work:
    """Of whom an answer takes how much on average, at a hit rate: microseconds of a processor, bytes inside of the cluster."""

    gateway_us: float
    torchserve_us: float
    redis_us: float
    inside_bytes: float

    @classmethod
    def of(cls, figures: Figures, hit_percent: float) -> "Work":
        misses = 1 - hit_percent / 100
        local, redis = LOCAL_SHARE * (1 - misses), (1 - LOCAL_SHARE) * (1 - misses)
        return cls(
            gateway_us=local * figures.gateway_hit_us.median
            + redis * figures.gateway_redis_hit_us.median
            + misses * figures.gateway_miss_us.median,
            torchserve_us=misses * figures.model_us.median,
            redis_us=redis * figures.redis_hit_us.median + misses * figures.redis_miss_us.median,
            inside_bytes=redis * figures.redis_hit_bytes + misses * (figures.redis_miss_bytes + MODEL_BYTES) + figures.row_bytes,
        )


@dataclass(frozen=True)
class Plan:
    """At one hit rate."""

    hit_percent: float
    gateways: int
    torchserves: int
    redis_for_work: int
    """Shards."""
    redis_for_memory: int
    """Shards in which a day's new answers have room; fewer forget, which costs model work."""
    redis_terabytes: float
    """What a day's new answers take."""
    outside_gigabits: float
    """A second."""
    inside_gigabits: float
    databases: int
    terabytes_a_day: float
    """Of records."""
    cores: int
    price_an_hour: float


def plan(figures: Figures, assumed: Assumed, hit_percent: float) -> Plan:
    """For `assumed.requests`, of which that share is answered out of a cache."""
    work, asked = Work.of(figures, hit_percent), assumed.requests

    def cores(microseconds: float) -> int:
        return math.ceil(1e-6 * microseconds * asked / assumed.busy)

    remembered = asked * (1 - hit_percent / 100) * CACHE_TTL_SECONDS * figures.redis_entry_bytes
    shards, remembering = cores(work.redis_us), math.ceil(remembered / (assumed.redis_gigabytes * 1e9))
    gateways, torchserves, databases = cores(work.gateway_us), cores(work.torchserve_us), math.ceil(asked / assumed.database_rows)
    together = gateways + torchserves + max(shards, remembering) + databases
    return Plan(
        hit_percent=hit_percent,
        gateways=gateways,
        torchserves=torchserves,
        redis_for_work=shards,
        redis_for_memory=remembering,
        redis_terabytes=remembered / 1e12,
        outside_gigabits=8e-9 * asked * (figures.request_bytes + figures.answer_bytes),
        inside_gigabits=8e-9 * asked * work.inside_bytes,
        databases=databases,
        terabytes_a_day=asked * figures.row_bytes * DAY_SECONDS / 1e12,
        cores=together,
        price_an_hour=together * assumed.core_hour,
    )


@dataclass(frozen=True)
class Limit:
    """What there is one of at first, and how many requests a second it carries alone."""

    what: str
    requests: float
    then: str
    """What to do past that."""


def limits(figures: Figures, assumed: Assumed, hit_percent: float) -> list[Limit]:
    """The first to break first."""
    work = Work.of(figures, hit_percent)

    def of_a_core(microseconds: float) -> float:
        return 1e6 * assumed.busy / microseconds if microseconds else math.inf

    bits = 8e-9 * (figures.request_bytes + figures.answer_bytes)
    found = (
        Limit("the core of one gateway", of_a_core(work.gateway_us), REPLICAS),
        Limit("the core of one TorchServe", of_a_core(work.torchserve_us), REPLICAS),
        Limit("the core of one Redis", of_a_core(work.redis_us), "a Redis Cluster, of as many shards as the table says"),
        Limit("the rows of one PostgreSQL (assumed)", assumed.database_rows, "a database for each group of gateways, or no records"),
        Limit("the network of one machine (assumed)", assumed.gigabits / bits, "gateways on more machines behind a balancer"),
    )
    return sorted((limit for limit in found if math.isfinite(limit.requests)), key=lambda limit: limit.requests)
