"""No threshold, guard or waiting time can be a fifth less or more without a test that fails."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.monitoring.cases import CASES, Kind
from tests.monitoring.promtool import Scene, failures, installed
from tests.monitoring.rules import Mutant, alerts, groups, mutants, only, read_by
from tests.monitoring.scenes import SCENES
from tests.monitoring.test_alerts import scene
from tests.monitoring.test_recording import asked_of

TOGETHER = 2
"""Programs at a time; each takes a core."""

MUTANTS: dict[str, list[Mutant]] = defaultdict(list)
for _mutant in mutants():
    MUTANTS[_mutant.rule].append(_mutant)


def trials(rule: str) -> list[tuple[set[str], Sequence[Scene]]]:
    """What could notice a change of this rule, the quickest first: which rules are looked at, in which scenes."""
    if rule in alerts():
        return [({rule}, at_the_edge(rule))]
    asked = [(asked_of(each), [each]) for each in SCENES]
    fired = [({alert}, at_the_edge(alert)) for alert in alerts()]
    return [(names, scenes) for names, scenes in [*asked, *fired] if rule in read_by(names, groups())]


def at_the_edge(alert: str) -> list[Scene]:
    """The scenes of an alert that hold its numbers from both sides; restarts and recoveries are not about numbers."""
    return [scene(case) for case in CASES if case.alert == alert and case.kind not in (Kind.RESTART, Kind.RECOVERY)]


def survives(mutant: Mutant, folder: Path) -> bool:
    return not any(
        failures(installed("promtool"), only(read_by(names, groups()), mutant.groups), scenes, folder / str(index))
        for index, (names, scenes) in enumerate(trials(mutant.rule))
    )


@pytest.mark.system
@pytest.mark.parametrize("rule", MUTANTS)
def test_no_number_can_change_unnoticed(rule: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(TOGETHER) as pool:
        folders = (tmp_path / str(index) for index in range(len(MUTANTS[rule])))
        alive = list(pool.map(survives, MUTANTS[rule], folders))
    assert not [mutant.change for mutant, survived in zip(MUTANTS[rule], alive, strict=True) if survived]


@pytest.mark.system
def test_rules_that_are_not_changed_survive(tmp_path: Path) -> None:
    """Otherwise the changed ones would fail for another reason than their change."""
    assert survives(Mutant("digits:labels_enough:bool", "nothing", groups()), tmp_path)


def test_numbers_are_found() -> None:
    changes = " ".join(mutant.change for each in MUTANTS.values() for mutant in each)
    for known in ("0.005 -> 0.004", "2300 -> 1840", "50 -> 60", "500 -> 400", "14.4 -> 17.28", "for 2m -> 96 s", "1e-4 -> 8e-05"):
        assert known in changes
