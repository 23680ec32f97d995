"""One at a time has the turn, it passes on when its holder gives it up or dies, and who is alone always has it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from gateway.turn import Turn

HOLDER = """
import sys, time
from pathlib import Path
from gateway.turn import Turn
assert Turn(Path(sys.argv[1])).take()
print("mine", flush=True)
time.sleep(300)
"""


def test_who_is_alone_always_has_it() -> None:
    turn = Turn()
    assert turn.take()
    turn.give_up()
    assert turn.take()


def test_one_at_a_time_has_it_until_it_gives_it_up(tmp_path: Path) -> None:
    one, other = Turn(tmp_path / "turn"), Turn(tmp_path / "turn")
    assert one.take()
    assert one.take()
    assert not other.take()
    other.give_up()
    assert not other.take()
    one.give_up()
    assert other.take()
    assert not one.take()
    other.give_up()


def test_it_passes_on_from_the_dead(tmp_path: Path) -> None:
    turn = Turn(tmp_path / "turn")
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "turn")], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        assert not turn.take()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(10)
        assert turn.take()
    turn.give_up()
