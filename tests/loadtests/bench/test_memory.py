"""What is sent while memory is watched is what it says, made little by little, and a process that is not there is no small one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from loadtests.bench.fresh import Fresh
from loadtests.bench.memory import GATEWAY, JVM, PROCESSES, RECENT, WORKER, Mixture, found, weighed
from loadtests.programs import Failed

KNOWN = Path(__file__).parents[3] / "model" / "known" / "digits.npz"


@pytest.fixture
def fresh() -> Fresh:
    with np.load(KNOWN) as known:
        return Fresh(known["pixels"], known["labels"])


def test_one_in_five_is_new_and_the_others_are_recent(fresh: Fresh) -> None:
    mixture = Mixture(fresh)
    sent = [upload for _ in range(10) for upload in mixture.take(1_000)]
    first = {upload: number for number, upload in reversed(list(enumerate(sent)))}
    assert sorted(first.values()) == list(range(0, 10_000, 5))
    since = [number - first[upload] for number, upload in enumerate(sent)]
    assert 4_000 < max(since) <= 5 * RECENT


def test_no_more_pictures_are_made_than_are_asked_for(fresh: Fresh) -> None:
    left = len(fresh)
    Mixture(fresh).take(103)
    assert left - len(fresh) == 21


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python3.11 -m gateway serve", GATEWAY),
        ("python -m gateway run", None),
        ("python -I -S /srv/gateway/embedded/leash.py 4.3 /srv/bin/python -m gateway serve", None),
        ("java -Xmx256m org.pytorch.serve.ModelServer", JVM),
        ("python -I -S /srv/gateway/embedded/leash.py 1.0 /srv/bin/java -Xmx256m", None),
        ("python /srv/ts/model_service_worker.py --sock-type unix", WORKER),
        ("valkey-server 127.0.0.1:6379", None),
    ],
)
def test_each_process_is_known_by_how_its_command_begins(command: str, name: str | None) -> None:
    assert [each for each, pattern in PROCESSES.items() if pattern.match(command)] == ([name] if name else [])


def test_a_process_that_is_not_there_is_an_error() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:  # other tests' servers are our children
        with pytest.raises(Failed, match="0 processes that look like the gateway"):
            found(process.pid)
        process.communicate(b"\n")


def test_a_process_that_ended_voids_the_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        processes = {"worker": psutil.Process(process.pid)}
        assert weighed(processes)["worker"] > 0
        process.communicate(b"\n")
        with pytest.raises(Failed, match="the worker has ended"):
            weighed(processes)
