"""Rivals with environments of their own can be installed by the names that they are asked for by, and only whole ones are used."""

import re
from pathlib import Path

import pytest

from loadtests.bench import apart
from loadtests.bench.apart import APART, BENTOML, BY_OPTION, MLSERVER, RAY_SERVE
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed

RIVALS = CHECKOUT / "loadtests" / "bench" / "rivals"


def test_the_makefile_installs_each_by_the_name_that_it_is_asked_for_by() -> None:
    (listed,) = re.findall(r"^APART := (.+)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    assert listed.split() == list(BY_OPTION)


@pytest.mark.parametrize("name", APART)
def test_each_has_a_program_and_a_lock_that_names_no_index_and_no_torch(name: str) -> None:
    rival = APART[name]
    assert (RIVALS / f"{rival.module}.py").is_file()
    (pinned,) = re.findall(r"^([a-z]+)(?:\[[a-z]+\])?==(\S+)$", (RIVALS / f"{rival.option}.in").read_text(), re.MULTILINE)
    lock = (RIVALS / f"{rival.option}.txt").read_text()
    assert f"\n{'=='.join(pinned)} " in lock
    assert not re.search(r"^(-|torch==)", lock, re.MULTILINE)
    assert lock.count("==") <= lock.count("--hash=sha256:")


def test_one_that_is_not_installed_to_its_end_is_told_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "ENVIRONMENTS", tmp_path)
    python = tmp_path / "mlserver" / "bin" / "python"
    python.parent.mkdir(parents=True)
    with pytest.raises(Failed, match="`make bench-mlserver` installs it"):
        APART[MLSERVER].python()
    (tmp_path / "mlserver" / ".ready-torch==0").touch()
    assert APART[MLSERVER].python() == python


def test_none_tells_the_world_and_none_writes_a_token_at_home() -> None:
    assert APART[BENTOML].settings["BENTOML_DO_NOT_TRACK"] == "True"
    assert APART[RAY_SERVE].settings["RAY_USAGE_STATS_ENABLED"] == "0"
    assert len(APART[RAY_SERVE].settings["RAY_AUTH_TOKEN"]) == 64
