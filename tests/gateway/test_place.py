"""Each process has the lowest number that is free, who was killed gives its own up, and what cannot be used says so."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.place import Place

HOLDER = """
import sys, time
from pathlib import Path
from gateway.place import Place
place = Place(Path(sys.argv[1]))
place.socket.listen()
print(place.path.name, flush=True)
time.sleep(300)
"""


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True


def test_each_has_a_number_of_its_own_and_anybody_may_ask_it(tmp_path: Path) -> None:
    one, other = Place(tmp_path), Place(tmp_path)
    assert [place.path.name for place in (one, other)] == ["1.sock", "2.sock"]
    assert one.path.stat().st_mode & 0o777 == 0o666
    assert not connects(one.path)  # it is refused at once while nobody listens
    one.socket.listen()
    assert connects(one.path)
    one.leave()
    assert not connects(one.path)
    third = Place(tmp_path)
    assert third.path.name == "3.sock"  # who has left still has its number until it ends
    for place in (one, other, third):
        place.socket.close()


def test_the_place_of_one_that_was_killed_is_taken_by_the_next(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1.sock\n"
        assert connects(tmp_path / "1.sock")
        holder.send_signal(signal.SIGKILL)
    assert not connects(tmp_path / "1.sock")
    place = Place(tmp_path)
    place.socket.listen()
    assert place.path.name == "1.sock"
    assert connects(place.path)
    place.socket.close()


@pytest.mark.parametrize("folder", ["absent", "x" * 120])
def test_a_folder_that_cannot_be_used_is_an_error_of_the_system(tmp_path: Path, folder: str) -> None:
    if folder != "absent":
        (tmp_path / folder).mkdir()  # too long for the path of a socket
    with pytest.raises(OSError, match=r"No such file|path too long"):
        Place(tmp_path / folder)
