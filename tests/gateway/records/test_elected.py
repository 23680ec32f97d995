"""There is one writer at any time; the others write through it, and when it goes one of them takes its place."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.records.batch import Batch, LabelState
from gateway.records.elected import LONGEST_ADDRESS, _address, _Follower, _Leader, migrate_unwritten, open_elected
from gateway.records.store import RecordsUnavailable, Retention, RowsRefused
from tests.gateway.records.rows import label, prediction


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


def count(file: Path) -> int:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        return int(connection.execute("SELECT count(*) FROM predictions").fetchone()[0])


def test_the_first_writes_and_the_second_writes_through_it(file: Path) -> None:
    leader, follower = open_elected(file), open_elected(file)
    assert (type(leader), type(follower)) == (_Leader, _Follower)
    row = prediction()
    follower.write(Batch([row]))
    leader.write(Batch([prediction()]))
    [outcome] = follower.write(Batch(labels=[label(row, 4)]))
    assert outcome.state is LabelState.STORED
    assert count(file) == 2
    follower.close()
    leader.close()


def test_two_followers_at_a_time_are_both_told_what_became_of_theirs(file: Path) -> None:
    leader, one, other = (open_elected(file) for _ in range(3))
    rows = [prediction() for _ in range(50)]
    states: list[LabelState] = []

    def send(through: _Follower) -> None:
        for row in rows:
            states.extend(outcome.state for outcome in through.write(Batch([row], [], [label(row, 4)])))

    threads = [threading.Thread(target=send, args=(sink,)) for sink in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == [LabelState.SAME] * 50 + [LabelState.STORED] * 50
    assert count(file) == 50
    for sink in (one, other, leader):
        sink.close()


def test_when_the_leader_leaves_a_follower_is_told_and_can_take_its_place(file: Path) -> None:
    leader, follower = open_elected(file), open_elected(file)
    leader.close()
    with pytest.raises(RecordsUnavailable, match="gone"):
        follower.write(Batch([prediction()]))
    follower.close()
    successor = open_elected(file)
    assert type(successor) is _Leader
    successor.write(Batch([prediction()]))
    successor.close()


LEAD = """
import sys
from pathlib import Path
from gateway.records.elected import open_elected
leader = open_elected(Path(sys.argv[1]))
print("leads", flush=True)
sys.stdin.read()
"""


def test_a_killed_leader_leaves_nothing_in_its_successor_s_way(file: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LEAD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leads\n"
        follower = open_elected(file)
        follower.write(Batch([prediction()]))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with pytest.raises(RecordsUnavailable):
        follower.write(Batch([prediction()]))
    follower.close()
    successor = open_elected(file)
    successor.write(Batch([prediction()]))
    assert count(file) == 2
    successor.close()


def test_a_leader_that_cannot_open_its_file_is_no_leader(file: Path) -> None:
    file.mkdir()
    for _ in range(2):
        with pytest.raises(RecordsUnavailable, match=r"records\.sqlite"):
            open_elected(file)


def test_what_the_leader_cannot_write_the_follower_is_told(file: Path) -> None:
    leader, follower = open_elected(file), open_elected(file)
    with sqlite3.connect(file) as vandal:
        vandal.execute("DROP TABLE labels")
    with pytest.raises(RecordsUnavailable, match="no such table: labels"):
        follower.write(Batch(labels=[label(prediction(), 4)]))
    follower.write(Batch([prediction()]))
    follower.close()
    leader.close()


def test_what_the_leader_refuses_the_follower_refuses(file: Path) -> None:
    leader, follower = open_elected(file), open_elected(file)
    for unwritable in (prediction(caller="half \ud800"), prediction()._replace(latency_us=2**70)):
        with pytest.raises(RowsRefused):
            follower.write(Batch([unwritable]))
    follower.write(Batch([prediction()]))
    follower.close()
    leader.close()


def test_a_door_that_cannot_open_for_a_moment_opens_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leader = open_elected(file)
    door, failed = leader._door, threading.Event()  # type: ignore[attr-defined]

    class Stuck:
        def __getattr__(self, name: str) -> object:
            return getattr(door, name)

        def accept(self) -> object:
            if not failed.is_set():
                failed.set()
                raise OSError(24, "Too many open files")
            return door.accept()

    leader._door = Stuck()  # type: ignore[attr-defined]
    open_elected(file).close()  # the accept that was under way
    assert failed.wait(5)
    follower = open_elected(file)
    follower.write(Batch([prediction()]))
    follower.close()
    leader.close()


def test_only_the_leader_tidies(file: Path) -> None:
    leader, follower = open_elected(file), open_elected(file)
    leader.write(Batch([prediction()]))
    forgetful = Retention(days=1, bytes=2**40)
    assert follower.tidy(forgetful) == 0
    assert leader.tidy(forgetful) == 1
    follower.close()
    leader.close()


def test_a_follower_can_ask_the_leader_to_prune(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.records.store.CHUNK_ROWS", 2)
    leader, follower = open_elected(file), open_elected(file)
    leader.write(Batch([prediction() for _ in range(3)]))
    forgetful = Retention(days=1, bytes=2**40)
    assert [follower.prune(forgetful) for _ in range(3)] == [2, 1, 0]
    assert count(file) == 0
    leader.close()
    with pytest.raises(RecordsUnavailable, match="gone"):
        follower.prune(forgetful)
    follower.close()


def test_only_a_file_that_nobody_writes_is_migrated(file: Path) -> None:
    leader = open_elected(file)
    with pytest.raises(RecordsUnavailable, match="migrates by itself"):
        migrate_unwritten(file)
    leader.close()
    migrate_unwritten(file)
    successor = open_elected(file)
    assert type(successor) is _Leader
    successor.close()


def test_the_socket_s_path_is_short_enough_everywhere_and_one_for_each_file(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    addresses = {_address(deep / "records.sqlite"), _address(deep / "other.sqlite"), _address(Path("/v/records.sqlite"))}
    assert len(addresses) == 3
    assert all(len(address) <= LONGEST_ADDRESS for address in addresses)
    assert "/v/records.sqlite.socket" in addresses


def test_nobody_else_may_speak_to_the_leader(file: Path) -> None:
    leader = open_elected(file)
    assert Path(_address(file)).stat().st_mode & 0o077 == 0
    leader.close()
