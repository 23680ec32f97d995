"""Every alert has its heading in the runbook, no heading is of none, and every command that it gives is one that there is."""

import re
import shlex

import pytest

import gateway.__main__
import model.__main__
from gateway.alerts import RENEWAL
from gateway.app import create_app
from gateway.settings import Settings
from tests.monitoring.expressions import unknown_in
from tests.monitoring.rules import MONITORING, alerts

RUNBOOK = (MONITORING / "RUNBOOK.md").read_text()
SECTIONS = dict(zip(*[iter(re.split(r"^## (.+)\n", RUNBOOK, flags=re.MULTILINE)[1:])] * 2, strict=True))
ROOT = MONITORING.parent
CLI = {"gateway": gateway.__main__, "model": model.__main__}
PARSERS = {"gateway": gateway.__main__._parser, "model": model.__main__.parser}


def test_alerts_and_headings_are_the_same() -> None:
    assert list(SECTIONS) == list(alerts())


@pytest.mark.parametrize("alert", SECTIONS)
def test_a_heading_says_how_to_see_it_and_how_to_act(alert: str) -> None:
    assert "See it" in SECTIONS[alert]
    assert "Act:" in SECTIONS[alert] or "as there" in SECTIONS[alert]
    assert "causes" in SECTIONS[alert]


@pytest.mark.parametrize("alert", SECTIONS)
def test_expressions_read_what_is_there(alert: str) -> None:
    for block in re.findall(r"^```\n(.*?)^```", SECTIONS[alert], re.MULTILINE | re.DOTALL):
        for expr in block.splitlines():
            assert not unknown_in(expr), expr


def test_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z-]+)`", RUNBOOK)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`python -m (gateway|model) ([a-z ]+)", RUNBOOK))))
def test_commands_are_there(command: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    program, words = command
    with pytest.raises(SystemExit) as ended:
        CLI[program].main([*words.split(), "--help"])
    assert ended.value.code == 0, capsys.readouterr().err


def fenced() -> list[str]:
    """Lines of the blocks that a shell takes, also of those within a list."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", RUNBOOK, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("line", sorted({line for line in fenced() if line.startswith(("python", "make"))}))
def test_commands_in_blocks_are_taken_as_they_stand(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    match shlex.split(line):
        case ["python", "-m", program, *words]:
            try:
                PARSERS[program]().parse_args(words)
            except SystemExit:
                pytest.fail(capsys.readouterr().err)
        case ["make", target, *_]:
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
        case _:
            pytest.fail(line)


def test_what_follows_on_a_proposal_is_what_the_runbook_says() -> None:
    said = RUNBOOK.replace("`", "\n")
    assert [command for command in RENEWAL if command not in [line.strip() for line in said.splitlines()]] == []


def test_calls_of_our_api_are_there() -> None:
    there = set(create_app(Settings()).openapi()["paths"])
    called = re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", RUNBOOK)
    assert {path.replace("PREDICTION_ID", "{prediction_id}") for path in called} <= there


def test_settings_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    for setting in set(re.findall(r"GATEWAY_[A-Z_]+", RUNBOOK)):
        assert f"`{setting}`" in readme, setting
