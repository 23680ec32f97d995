"""One event is one line, whatever somebody gets into it."""

import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from gateway.logs import JsonLines, TextLines

HOSTILE = 'a "digit"\r\n2026-01-01 INFO gateway: forged\x1b[2J\u2028\x85\ud800 é'
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def record(message: str, *arguments: object, exc_info: Any = None, **fields: object) -> logging.LogRecord:
    made = logging.getLogger("gateway.some").makeRecord(
        "gateway.some", logging.WARNING, "some.py", 1, message, arguments, exc_info, extra=fields
    )
    made.created = 1_767_225_600.000_25
    return made


def raised(words: str) -> Any:
    try:
        raise RuntimeError(words)
    except RuntimeError:
        return sys.exc_info()


def test_json_says_when_how_severe_who_and_what() -> None:
    line = JsonLines().format(record("read %d of %s", 7, "digits"))
    assert json.loads(line) == {
        "time": "2026-01-01T00:00:00.000250Z",
        "level": "warning",
        "logger": "gateway.some",
        "message": "read 7 of digits",
    }


def test_json_has_the_ids_that_there_are() -> None:
    of_request = json.loads(JsonLines().format(record("failed", request_id="mine", trace_id=None, other=1)))
    assert of_request["request_id"] == "mine"
    assert not {"trace_id", "other", "exc_info"} & of_request.keys()
    assert json.loads(JsonLines().format(record("failed", request_id="mine", trace_id="4bf9")))["trace_id"] == "4bf9"


def test_json_has_the_traceback_as_text() -> None:
    line = JsonLines().format(record("failed", exc_info=raised(HOSTILE)))
    assert len(line.splitlines()) == 1
    told = json.loads(line)["exc_info"]
    assert told.startswith("Traceback (most recent call last):\n")
    assert "RuntimeError: a " in told


@pytest.mark.parametrize("form", [JsonLines(), TextLines()])
def test_nothing_in_a_message_ends_its_line_or_reaches_the_terminal(form: logging.Formatter) -> None:
    line = form.format(record("%s", HOSTILE))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


def test_json_is_utf_8_whatever_is_in_it() -> None:
    assert json.loads(JsonLines().format(record("%s", HOSTILE)).encode())["message"] == HOSTILE.replace("\ud800", "\\ud800")


def test_text_is_for_people() -> None:
    lines = TextLines().format(record("failed\n", exc_info=raised("no"))).splitlines()
    assert lines[0].endswith(" WARNING gateway.some: failed")
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "RuntimeError: no"


SAYING = """
import logging, sys, warnings
from gateway.logs import set_up
set_up(*sys.argv[1:])
for logger in ("gateway.some", "uvicorn.error", "httpx"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(logger).log(level, "%s of %s", logging.getLevelName(level).lower(), logger)
warnings.warn("a warning", UserWarning)
try:
    raise RuntimeError("broken")
except RuntimeError:
    logging.getLogger("gateway.some").exception("failed", extra={"request_id": "mine", "trace_id": "4bf9"})
"""


def said(level: str, form: str) -> list[str]:
    program = subprocess.run([sys.executable, "-c", SAYING, level, form], capture_output=True, text=True, check=True)
    assert program.stdout == ""
    return program.stderr.splitlines()


@pytest.mark.parametrize(
    ("level", "ours", "others"),
    [
        ("debug", {"debug", "info", "warning", "error"}, {"warning", "error"}),
        ("info", {"info", "warning", "error"}, {"warning", "error"}),
        ("warning", {"warning", "error"}, {"warning", "error"}),
        ("error", {"error"}, {"error"}),
    ],
)
def test_a_level_is_for_our_lines_and_libraries_speak_from_warnings_on(level: str, ours: set[str], others: set[str]) -> None:
    lines = [json.loads(line) for line in said(level, "json")]
    assert all(RFC_3339.fullmatch(line["time"]) for line in lines)
    for logger, levels in (("gateway.some", ours), ("uvicorn.error", others), ("httpx", others)):
        assert {line["level"] for line in lines if line["logger"] == logger} == levels
    assert [line["logger"] for line in lines if "a warning" in line["message"]] == (["py.warnings"] if level != "error" else [])
    assert (lines[-1]["message"], lines[-1]["request_id"], lines[-1]["trace_id"]) == ("failed", "mine", "4bf9")


def test_text_has_a_line_an_event() -> None:
    lines = said("warning", "text")
    assert [line.split(" ", 3)[2:] for line in lines[:2]] == [
        ["WARNING", "gateway.some: warning of gateway.some"],
        ["ERROR", "gateway.some: error of gateway.some"],
    ]
