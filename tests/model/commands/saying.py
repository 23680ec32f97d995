"""What a command printed."""

import pytest

Printed = pytest.CaptureFixture[str]


def complaint(capsys: Printed) -> str:
    """The one line on stderr."""
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert "Traceback" not in line
    return line
