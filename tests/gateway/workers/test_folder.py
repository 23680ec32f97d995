"""A folder for each parent, gone with it, and what a killed one left is gone with the next."""

from pathlib import Path

from gateway.embedded.folder import run_folder
from gateway.workers.folder import shared_folder


def test_each_parent_has_its_own_while_it_lives(tmp_path: Path) -> None:
    with shared_folder(tmp_path) as one, shared_folder(tmp_path) as other:
        assert one != other
        assert one.is_dir()
        assert other.is_dir()
        assert one.stat().st_mode & 0o077 == 0
    assert list((tmp_path / "run").iterdir()) == []


def test_what_a_killed_parent_left_is_removed_and_logs_are_not(tmp_path: Path) -> None:
    left, failed = tmp_path / "run" / "workers-killed", tmp_path / "run" / "failed"
    for folder in (left, failed):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    with run_folder(tmp_path) as run, shared_folder(tmp_path) as folder:
        assert set((tmp_path / "run").iterdir()) == {run, folder, failed}
    assert [file.name for file in failed.iterdir()] == ["file"]
