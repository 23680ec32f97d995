"""What has to go on for as long as the process does goes on, whatever a time of it raises."""

import asyncio
from collections.abc import Awaitable, Callable


async def again_and_again(step: Callable[[], Awaitable[None]], pause_seconds: float, failed: Callable[[Exception, int], None]) -> None:
    """Take this step for ever, so long after each time. `failed` is told what a time raised, and how many in a row did by then."""
    in_a_row = 0
    while True:
        try:
            await step()
            in_a_row = 0
        except Exception as error:  # a watcher that ends would leave its last word standing for ever
            in_a_row += 1
            failed(error, in_a_row)
        await asyncio.sleep(pause_seconds)
