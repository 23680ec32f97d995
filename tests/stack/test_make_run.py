"""The README's first command, as a user gives it: it ends up serving, and the curl that it prints answers the right digit."""

import shlex

import httpx

from tests.stack.conftest import ROOT, Stack

CURLS_OWN = {"Content-Type": "application/x-www-form-urlencoded"}


def test_make_run_prints_a_curl_that_works(stack: Stack) -> None:
    """That Ctrl-C leaves nothing of it, the fixture sees in the end."""
    command = stack.log.read_text().split("try: ")[1].splitlines()[0]
    program, _, _, picture, url = shlex.split(command)
    assert (program, picture[0]) == ("curl", "@")
    answered = httpx.post(url, content=(ROOT / picture[1:]).read_bytes(), headers=CURLS_OWN)  # as curl sends it, which may be absent
    assert answered.json()["digit"] == 7
