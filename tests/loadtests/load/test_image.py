"""What the image of Locust holds is enough for the command that it runs, and its web interface starts a load."""

import json
import re
import shutil
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from loadtests.bench.servers import BARE_ASGI, RIVALS
from loadtests.load.__main__ import MOST_ERRORS, USERS
from loadtests.load.shapes import SHAPES
from loadtests.load.swarm import FINISHES_WITHIN_SECONDS, WEB_PORT
from loadtests.pictures import CHECKOUT
from loadtests.programs import program, wait_until
from loadtests.stack import LOOPBACK, clean_environment, free_port

DOCKERFILE = (CHECKOUT / "loadtests" / "Dockerfile").read_text().replace("\\\n", "")
[RUN] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
PROGRAM, OPTIONS = json.loads(RUN)[1:3], dict(zip(json.loads(RUN)[3::2], json.loads(RUN)[4::2], strict=True))
ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def test_it_loads_as_the_command_does_where_nothing_else_is_said() -> None:
    assert float(OPTIONS["--seconds"]) == SHAPES[OPTIONS["--shape"]].seconds
    assert OPTIONS["--users"] == str(USERS)
    assert OPTIONS["--most-errors"] == str(MOST_ERRORS)
    assert OPTIONS["--stop-timeout"] == str(FINISHES_WITHIN_SECONDS)
    assert OPTIONS["--web-port"] == str(WEB_PORT)


@pytest.mark.integration
def test_its_web_interface_starts_a_load_on_whom_the_environment_names(tmp_path: Path) -> None:
    image, seen, port = tmp_path / "image", tmp_path / "seen.json", free_port()
    copy_what_the_image_holds(image)
    here = OPTIONS | {"--web-host": LOOPBACK, "--web-port": str(port), "--seen": str(seen)}
    command = [
        "/bin/sh",
        "-c",
        'cd "$0" && exec "$@"',
        str(image),
        sys.executable,
        *PROGRAM,
        *(word for pair in here.items() for word in pair),
    ]
    with RIVALS[BARE_ASGI](BARE_ASGI, tmp_path, tmp_path) as bare:
        environment = clean_environment() | {"LOCUST_HOST": bare.url, "PYTHONDONTWRITEBYTECODE": "1"}
        with program(command, tmp_path / "locust.log", environment, is_up=lambda: answers(port)):
            start = urllib.parse.urlencode({"user_count": 3, "spawn_rate": 3}).encode()
            assert json.load(ask(f"http://{LOOPBACK}:{port}/swarm", start))["success"]
            wait_until(lambda: requests(port) > 10, 20, "a load")
    assert json.loads(seen.read_text())["requests"] > 10


def copy_what_the_image_holds(image: Path) -> None:
    for sources, target in re.findall(r"^COPY ((?:\S+ )+)/app/(\S+)$", DOCKERFILE, re.MULTILINE):
        for source in map(CHECKOUT.joinpath, sources.split()):
            if source.is_dir():
                shutil.copytree(source, image / target)
            else:
                (image / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, image / target)


def answers(port: int) -> bool:
    try:
        with ask(f"http://{LOOPBACK}:{port}/") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def requests(port: int) -> int:
    with ask(f"http://{LOOPBACK}:{port}/stats/requests") as answer:
        told: dict[str, Any] = json.load(answer)
    return next(int(row["num_requests"]) for row in told["stats"] if row["name"] == "Aggregated")
