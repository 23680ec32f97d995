"""Folders of runs that end well, fail, are killed, or go on side by side."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.embedded.failure import CannotStart
from gateway.embedded.folder import failed_folder, run_folder

KILLED = """
import sys, time
from pathlib import Path
from gateway.embedded.folder import run_folder
with run_folder(Path(sys.argv[1])) as folder:
    (folder / "log").write_text("killed")
    print(folder, flush=True)
    time.sleep(300)
"""


def leave_one_that_was_killed(state_dir: Path) -> Path:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(state_dir)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        process.kill()
    return folder


def fail(state_dir: Path, words: str) -> None:
    with run_folder(state_dir) as folder:
        (folder / "log").write_text(words)
        raise CannotStart(words)


def test_a_run_that_ends_well_leaves_no_folder(tmp_path: Path) -> None:
    with run_folder(tmp_path / "state") as folder:
        assert folder.parent == tmp_path / "state" / "run"
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "state" / "run").iterdir()) == []


def test_only_the_last_failed_run_is_kept(tmp_path: Path) -> None:
    for words in ("first", "second"):
        with pytest.raises(CannotStart, match=words):
            fail(tmp_path, words)
    assert [path.read_text() for path in (tmp_path / "run").rglob("log")] == ["second"]
    assert (failed_folder(tmp_path) / "log").read_text() == "second"


def test_what_a_killed_run_left_is_kept_as_the_failed_one_by_the_next(tmp_path: Path) -> None:
    left = leave_one_that_was_killed(tmp_path)
    assert left.is_dir()
    with run_folder(tmp_path) as folder:
        assert not left.exists()
        assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(["failed", folder.name])
    assert (failed_folder(tmp_path) / "log").read_text() == "killed"


def test_two_runs_side_by_side_have_two_folders(tmp_path: Path) -> None:
    with run_folder(tmp_path) as first, run_folder(tmp_path) as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()


def test_a_state_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(CannotStart, match=r"^cannot write in .*; set GATEWAY_STATE_DIR to a folder you may write to$"),
        run_folder(tmp_path / "file"),
    ):
        pass
