"""Several acts at once, until the first of them is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*acts: Coroutine[Any, Any, Any]) -> None:
    """Until one is done, its exception raised; the others are cancelled."""
    tasks = [asyncio.create_task(act) for act in acts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    next(task for task in tasks if task.done() and not task.cancelled()).result()
