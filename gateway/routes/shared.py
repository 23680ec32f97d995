"""What routes over records share: how their refusals are documented, and how long they wait for the database."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from gateway.errors import RecordsProblem
from gateway.records.store import RecordsUnavailable
from gateway.schema import ProblemBody

T = TypeVar("T")


def problems(statuses: dict[int, str]) -> dict[int | str, dict[str, object]]:
    """OpenAPI's responses for these refusals."""
    return {
        status: {"model": ProblemBody, "description": text, "content": {"application/problem+json": {}}}
        for status, text in statuses.items()
    }


async def in_time(asked: Awaitable[T], seconds: float) -> T:
    """What was asked of the records. Raises RecordsProblem where they cannot be used, or not in so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError as error:
        raise RecordsProblem("the records did not answer in time; try again", retry_after_seconds=1) from error
    except RecordsUnavailable as error:
        raise RecordsProblem(f"the records cannot be used now ({error})", retry_after_seconds=1) from error
