"""What this device calls itself."""

from pathlib import Path

from model.timing import processor

DEVICE_TREE = Path("/proc/device-tree/model")
"""Where Linux has the name of a board, as `Raspberry Pi 5 Model B Rev 1.0`, with a zero byte at its end."""


def device_name(told: Path = DEVICE_TREE) -> str:
    """The board's own name where the system tells it, else the processor's."""
    try:
        board = told.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        board = ""
    return board or processor()
