"""How log lines look and which are written: set up in one place, by whoever runs something. One event is one line, whatever is in it."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["text", "json"]

FIELDS = ("request_id", "trace_id")
"""Of a line that is about a request."""

ESCAPED = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(0x80, 0xA0))} | {0x2028: "\\u2028", 0x2029: "\\u2029"}
"""What would end a line, or do things to a terminal."""


def set_up(level: Level, form: Form) -> None:
    """Lines of this process go to standard error: ours from this level on, those of libraries from warnings on at the earliest."""
    own = getattr(logging, level.upper())
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=max(own, logging.WARNING), handlers=[handler])
    logging.getLogger("gateway").setLevel(own)
    logging.captureWarnings(True)


class TextLines(logging.Formatter):
    """For people. What follows an exception's line is its traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).rstrip().translate(ESCAPED)


class JsonLines(logging.Formatter):
    """For machines: an object a line, in ASCII, in which nothing else ends a line either."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            told["exc_info"] = self.formatException(record.exc_info)
        return json.dumps({name: _sendable(text) for name, text in told.items()})


def _sendable(text: str) -> str:
    """Without halves of characters, of which no UTF-8 can be made."""
    return text.encode(errors="backslashreplace").decode()
