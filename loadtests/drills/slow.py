"""A stack whose handler sleeps as long as it is told, so that the model can be made slow and well again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed
from loadtests.stack import Stack, running_stack

HANDLES = '    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:\n        """'
"""The place in the handler where a delay goes."""


@dataclass(frozen=True)
class Delay:
    """How long the handler sleeps each time that it is asked, in a file that it reads."""

    file: Path

    def set(self, seconds: float) -> None:
        """From now on."""
        partial = self.file.with_suffix(".partial")
        partial.write_text(repr(seconds))
        partial.replace(self.file)


@contextmanager
def slowable_stack(folder: Path, seconds: float, **settings: str) -> Iterator[tuple[Stack, Delay]]:
    """It serves, its handler sleeping that long. Another model version, since what ships with the weights differs. Raises Failed."""
    delay = Delay(folder / "delay")
    delay.set(seconds)
    source = folder / "source"
    for room in ("model", "handler"):
        shutil.copytree(CHECKOUT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    handler = source / "handler" / "digit_handler.py"
    handler.write_text(_slowable(handler.read_text(), delay.file))
    with running_stack(folder, source, **settings) as stack:
        yield stack, delay


def _slowable(handler: str, file: Path) -> str:
    if handler.count(HANDLES) != 1:
        raise Failed("the handler has no place for a delay any more; mend HANDLES")
    end = handler.index("\n", handler.index('"""', handler.index(HANDLES) + len(HANDLES))) + 1
    return f"{handler[:end]}        __import__('time').sleep(float(Path({str(file)!r}).read_text()))\n{handler[end:]}"
