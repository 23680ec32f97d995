"""`python -m gateway edge`: reads the settings as every command does, and becomes the small process that serves by them."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.device.settings import DeviceSettings
from gateway.settings import Settings

FRUGAL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(128 * 2**10),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Variables for the process that serves, where the environment does not set them: the C library then gives back what is free, and
numpy keeps no memory for threads that nothing here uses. They are read when a process begins, hence a new one."""

Replace = Callable[[str, list[str], dict[str, str]], Any]


def serve_on_device(settings: Settings, network: Path, replace: Replace = os.execve) -> None:
    """Become the server; this returns no more. Raises SettingsError."""
    told = DeviceSettings.of(settings, network).to_text()
    sys.stdout.flush()
    replace(sys.executable, [sys.executable, "-m", "gateway.device", told], {**FRUGAL, **os.environ})
