"""Labelled predictions whose pixels we may keep, in one file that a network can be trained on: what was answered, and who said what it is.

The file is gzip'd JSON lines, and `model.renewal.labelled` reads it: what it is; a line for each prediction, in the order of time; and at
its end how many there are, how many more were labelled whose pixels nobody let us keep, and the SHA-256 of all lines before it.

```
{"format": "digitserve labelled records 1", "at": "2026-11-26T12:00:00+00:00"}
{"id", "digest", "pixels", "predicted", "model_version", "answered_ms", "caller", "labels": [{"label", "source", "caller", "at_ms"}, ...]}
{"rows": 2000, "without_pixels": 15, "sha256": "..."}
```

`pixels` are the 784 canonical bytes in hexadecimal and `digest` is their SHA-256; `labels` are oldest first, and the last one stands; its
`source` is feedback or audit. A caller that is not known is null.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.engine import URL

from gateway.records.backup import line, new_file, snapshot
from gateway.records.store import SECONDS_A_DAY
from gateway.records.tables import label_changes, labels, pixels, predictions

FORMAT = "digitserve labelled records 1"


def export(url: URL, file: Path, days: float | None = None, progressed: Callable[[int], object] = lambda rows: None) -> dict[str, int]:
    """How many labelled predictions are in `file` now, and how many are not for want of pixels. It must not be there before.

    `days`: only those whose label was given, or corrected, since so long ago. Raises RecordsUnavailable.
    """
    with new_file(file) as packed, snapshot(url) as connection:
        digest = hashlib.sha256()
        counts = {"rows": 0, "without_pixels": 0}

        def put(told: dict[str, Any]) -> None:
            text = line(told)
            digest.update(text)
            packed.write(text)

        put({"format": FORMAT, "at": datetime.now(UTC).isoformat(timespec="seconds")})
        for changes in _labelled(connection, None if days is None else int((time.time() - days * SECONDS_A_DAY) * 1000)):
            if changes[0].pixels is None:
                counts["without_pixels"] += 1
                continue
            put(_told(changes))
            counts["rows"] += 1
            progressed(1)
        packed.write(line(counts | {"sha256": digest.hexdigest()}))
    return counts


def _labelled(connection: Connection, since_ms: int | None) -> Iterator[list[Any]]:
    """Of each labelled prediction a row for each label that was given, oldest first."""
    joined = (
        labels.join(label_changes, label_changes.c.id == labels.c.id)
        .outerjoin(predictions, predictions.c.id == labels.c.id)
        .outerjoin(pixels, pixels.c.digest == predictions.c.digest)
    )
    query = (
        select(
            labels.c.id,
            labels.c.predicted,
            labels.c.model_version,
            predictions.c.at_ms.label("answered_ms"),
            predictions.c.caller.label("asked_by"),
            pixels.c.digest,
            pixels.c.pixels,
            label_changes.c.label,
            label_changes.c.source,
            label_changes.c.caller,
            label_changes.c.at_ms,
        )
        .select_from(joined)
        .order_by(labels.c.id, label_changes.c.at_ms, label_changes.c.previous.is_not(None))
    )
    if since_ms is not None:
        query = query.where(labels.c.at_ms >= since_ms)
    for _, changes in groupby(connection.execute(query), key=attrgetter("id")):
        yield list(changes)


def _told(changes: list[Any]) -> dict[str, Any]:
    first = changes[0]
    return {
        "id": first.id,
        "digest": first.digest.hex(),
        "pixels": first.pixels.hex(),
        "predicted": first.predicted,
        "model_version": first.model_version,
        "answered_ms": first.answered_ms,
        "caller": first.asked_by,
        "labels": [{"label": each.label, "source": each.source, "caller": each.caller, "at_ms": each.at_ms} for each in changes],
    }
