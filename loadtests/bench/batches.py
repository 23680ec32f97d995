"""Sixteen new pictures a request, as JSON and as multipart: what asking for several at once is worth. Counted in pictures."""

import base64
import json
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Upload
from loadtests.bench.runs import Cell, Run
from loadtests.bench.servers import OURS
from loadtests.bench.wire import Ask, Digits, post
from loadtests.bench.workloads import BATCH, BATCH_JSON, BATCH_MULTIPART, Round

PATH = "/v1/predict/batch"
CONNECTIONS = 8
MOST_PER_SECOND = 600
"""More requests than are answered; who answers all is measured for less long."""

BOUNDARY = "digitserve-bench-7MA4YWxk"
"""What no picture holds."""


def runs(this: Round) -> Iterator[Run]:
    """All of a round, which of the two is first alternating. Raises Failed."""
    server = this.servers[OURS]
    for workload in list(FORMS)[:: 1 if this.number % 2 == 0 else -1]:
        batches = (this.fresh.take(BATCH) for _ in range(math.ceil(this.seconds * MOST_PER_SECOND)))
        asks = [ask(server.url, FORMS[workload], uploads) for uploads in batches]
        load = partial(go_round, server.url, asks, connections=CONNECTIONS, seconds=this.seconds)
        yield this.measure(Cell(workload, CONNECTIONS, OURS), load, BATCH)


def ask(url: str, form: Callable[[Sequence[bytes]], tuple[bytes, str]], uploads: Sequence[Upload]) -> Ask:
    """The whole request, and every digit of its answer."""
    body, kind = form([upload.png for upload in uploads])
    return post(url, PATH, body, kind), Digits.of(upload.digit for upload in uploads)


def as_json(pictures: Sequence[bytes]) -> tuple[bytes, str]:
    """A body, and its media type."""
    return json.dumps({"images": [base64.b64encode(picture).decode() for picture in pictures]}).encode(), "application/json"


def as_multipart(pictures: Sequence[bytes]) -> tuple[bytes, str]:
    """As `as_json`."""
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="image"; filename="%d.png"\r\nContent-Type: image/png\r\n\r\n%b\r\n'
        % (BOUNDARY.encode(), number, picture)
        for number, picture in enumerate(pictures)
    ]
    return b"".join((*parts, b"--%b--\r\n" % BOUNDARY.encode())), f"multipart/form-data; boundary={BOUNDARY}"


FORMS = {BATCH_JSON: as_json, BATCH_MULTIPART: as_multipart}
