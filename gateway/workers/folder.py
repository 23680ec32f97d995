"""The folder in which the workers of one parent keep what they share: new for each parent, and gone with it.

It is not in the system's folder for temporary files, which is tidied while a gateway runs.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gateway.embedded.folder import lock, locked

PREFIX = "workers-"


@contextlib.contextmanager
def shared_folder(state_dir: Path) -> Iterator[Path]:
    """Raises OSError where none can be made. What a parent that was killed left is removed."""
    runs = state_dir.resolve() / "run"
    runs.mkdir(parents=True, exist_ok=True)
    with locked(runs):
        for left in runs.glob(f"{PREFIX}*"):
            if (unused := lock(left)) is not None:
                os.close(unused)
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=runs))
        held = lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)
