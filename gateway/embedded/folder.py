"""A folder of its own for each run, so that runs never meet; removed when the run ends well, kept as `failed` when it does not."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gateway.embedded.failure import CannotStart

PREFIX = "run-"


def failed_folder(state_dir: Path) -> Path:
    """Where the logs of the last run that failed, or was killed, are."""
    return state_dir / "run" / "failed"


@contextlib.contextmanager
def run_folder(state_dir: Path) -> Iterator[Path]:
    """A new folder that nobody else uses or may read. Raises CannotStart where none can be made."""
    runs = state_dir / "run"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with locked(runs):
            for left in runs.glob(f"{PREFIX}*"):  # by a parent that was killed
                if (unused := lock(left)) is not None:
                    os.close(unused)
                    keep_as_failed(left)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=runs))
            held = lock(folder)
    except OSError as error:
        raise CannotStart(f"cannot write in {state_dir} ({error.strerror}); set GATEWAY_STATE_DIR to a folder you may write to") from None
    try:
        yield folder
    except BaseException:
        with contextlib.suppress(OSError), locked(runs):
            keep_as_failed(folder)
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        if held is not None:
            os.close(held)


def keep_as_failed(folder: Path) -> None:
    shutil.rmtree(folder.with_name("failed"), ignore_errors=True)
    folder.rename(folder.with_name("failed"))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def lock(folder: Path) -> int | None:
    """A descriptor that holds the folder until it is closed or its process ends; None where another process does."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held
