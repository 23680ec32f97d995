"""What the caches are worth by how many pictures come again, and what they cost where none does: beside a gateway without any."""

import math
import random
from collections.abc import Iterator
from functools import partial

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Fresh, Upload
from loadtests.bench.runs import Cell, Run
from loadtests.bench.servers import OURS, OURS_UNCACHED
from loadtests.bench.workloads import HIT_RATES, Round

CONNECTIONS = 32
KNOWN = 1_000
"""Pictures that were sent before, of which each that comes again is one."""

BLOCK = 20
"""Each so many pictures hold as many that come again as the whole: any part of them has the same share."""

MOST_PER_SECOND = {0: 8_000, 10: 8_000, 50: 12_000, 95: 30_000}
"""More pictures than are answered by percent; who answers all is measured for less long."""

MEASURED = ((0, OURS_UNCACHED), *((percent, OURS) for percent in HIT_RATES))


def runs(this: Round) -> Iterator[Run]:
    """All of a round, which of the two is first alternating. Raises Failed, also where another share was found in a cache."""
    for percent, name in MEASURED if this.number % 2 == 0 else reversed(MEASURED):
        server = this.servers[name]
        known = this.fresh.take(KNOWN) if percent else []
        go_round(server.url, map(server.ask, known), connections=CONNECTIONS, seconds=math.inf)
        uploads = mixed(this.fresh, known, percent, math.ceil(this.seconds * MOST_PER_SECOND[percent]), seed=this.number)
        made = {upload: server.ask(upload) for upload in dict.fromkeys(uploads)}
        asks = [made[upload] for upload in uploads]
        load = partial(go_round, server.url, asks, connections=CONNECTIONS, seconds=this.seconds)
        yield this.measure(Cell(HIT_RATES[percent], CONNECTIONS, name), load)


def mixed(fresh: Fresh, known: list[Upload], percent: int, count: int, seed: int) -> list[Upload]:
    """At least so many: that percentage out of `known`, each as likely as another, the rest new; in random order within each block."""
    drawn = random.Random(seed)
    again = BLOCK * percent // 100
    uploads = []
    for _ in range(math.ceil(count / BLOCK)):
        block = [*drawn.choices(known, k=again), *fresh.take(BLOCK - again)] if again else fresh.take(BLOCK)
        drawn.shuffle(block)
        uploads += block
    return uploads
