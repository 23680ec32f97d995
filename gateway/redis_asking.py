"""Questions to Redis in the background: each on a connection of its own, and of several servers the first that can say."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from redis.exceptions import ResponseError

from gateway.redis_pipe import UNANSWERED, Command, in_words, linked

Said = TypeVar("Said")


async def ask(url: str, command: Command) -> object:
    """What that server answers. Raises one of UNANSWERED, ResponseError for an error of its own."""
    link = await linked(url)
    try:
        [answer] = await link.ask([command])
    finally:
        link.close()
    if isinstance(answer, Exception):
        raise ResponseError(str(answer))
    return answer


async def soonest(asked: Iterable[Coroutine[Any, Any, Said]]) -> Said:
    """The first answer to what is asked side by side. Raises ConnectionError, with what was said last, when nobody can say."""
    tasks = {asyncio.ensure_future(each) for each in asked}
    waiting = tasks
    refusal: Exception | None = None
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                error = each.exception()
                if error is None:
                    return each.result()
                if not isinstance(error, UNANSWERED):
                    raise error
                refusal = error
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise ConnectionError("nobody is there to ask" if refusal is None else in_words(refusal)) from refusal
