"""A drill run as a command ends with all seen or in one line, and leaves a folder behind only where its logs are to be read."""

import http.client
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from loadtests.client import Refused
from loadtests.command import end_on, say
from loadtests.programs import Failed


def exit_code(run: Callable[[Path], None]) -> int:
    """Of `run` in a folder of its own: 0 where all was seen, 1 with one line on standard error where not. SIGTERM ends it too."""
    end_on(signal.SIGTERM)
    folder = Path(tempfile.mkdtemp(prefix="digitserve-drill-"))
    started = time.monotonic()
    try:
        run(folder)
    except (Failed, Refused, OSError, http.client.HTTPException, subprocess.CalledProcessError) as error:
        print(f"drill failed: {error}; what ran left its logs in {folder}", file=sys.stderr)
        return 1
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)
    say(f"\nall seen, in {time.monotonic() - started:.0f} s")
    return 0
