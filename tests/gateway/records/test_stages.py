import asyncio
from functools import partial
from pathlib import Path

import pytest

from gateway.records.database import database_url, open_existing
from gateway.records.elected import open_elected
from gateway.records.stages import StageReader, read_stage, write_stage
from gateway.records.store import RecordsUnavailable, Sink
from gateway.stage import Stage, StageRefused
from tests.gateway.records.conftest import Database

OLD, NEW = "00000000000a", "00000000000b"
SHADOW = Stage.first("digits").shadow(NEW, OLD)


def write(database: Database, stage: Stage) -> None:
    url = database_url(database.text)
    write_stage(partial(open_existing, url), url, stage)


def test_the_newest_change_of_each_model_is_its_stage(database: Database) -> None:
    database.open().close()
    url = database_url(database.text)
    assert read_stage(url, "digits") == Stage.first("digits")
    other = Stage.first("letters").shadow(NEW, OLD)
    for stage in (SHADOW, other, SHADOW.share(10)):
        write(database, stage)
    assert read_stage(url, "digits")[:-1] == SHADOW.share(10)[:-1]
    reader = StageReader(url)
    assert {model: stage.number for model, stage in asyncio.run(reader.newest()).items()} == {"digits": 2, "letters": 1}
    reader.close()


def test_of_two_changes_at_the_same_time_the_first_counts_and_the_other_is_told(database: Database) -> None:
    database.open().close()
    write(database, SHADOW)
    with pytest.raises(StageRefused, match="somebody else"):
        write(database, Stage.first("digits").shadow("00000000000c", OLD))
    assert read_stage(database_url(database.text), "digits") == SHADOW


def test_a_change_goes_through_the_process_that_writes_the_file(tmp_path: Path) -> None:
    url = database_url(f"sqlite:///{tmp_path / 'records.sqlite'}")
    leader = open_elected(tmp_path / "records.sqlite")
    write_stage(partial(open_existing, url), url, SHADOW)
    assert read_stage(url, "digits") == SHADOW
    leader.close()


def test_the_moment_without_a_writer_is_waited_for(tmp_path: Path) -> None:
    url = database_url(f"sqlite:///{tmp_path / 'records.sqlite'}")
    leader = open_elected(tmp_path / "records.sqlite")
    address = tmp_path / "records.sqlite.socket"
    moved = address.rename(tmp_path / "elsewhere")
    tried: list[bool] = []

    def open_now() -> Sink:
        tried.append(True)
        if len(tried) == 3:
            moved.rename(address)
        return open_existing(url)

    write_stage(open_now, url, SHADOW)
    assert len(tried) == 3
    assert read_stage(url, "digits") == SHADOW
    leader.close()


def test_a_database_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    url = database_url(f"sqlite:///{tmp_path / 'records.sqlite'}")
    with pytest.raises(RecordsUnavailable):
        read_stage(url, "digits")
    with pytest.raises(RecordsUnavailable):
        write_stage(partial(open_existing, url), url, SHADOW, patience_seconds=0)
    assert not list(tmp_path.iterdir())
