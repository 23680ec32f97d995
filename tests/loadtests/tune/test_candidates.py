"""One thing at a time is tried, within what a gateway takes, from what this installation has."""

from dataclasses import asdict, replace

import pytest

from gateway.settings import PREFIX, Settings
from loadtests.programs import Failed
from loadtests.tune.candidates import Setting, candidates, present_setting


def differing(setting: Setting, present: Setting) -> list[str]:
    return [name for name, value in asdict(setting).items() if value != getattr(present, name)]


def test_defaults_are_the_gateway_s() -> None:
    assert asdict(Setting()) == {name: getattr(Settings(), name) for name in asdict(Setting())}


def test_the_present_setting_is_what_a_gateway_would_read(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"GATEWAY_LARGEST_BATCH": "16", "GATEWAY_BATCH_DELAY_MS": "2.5", "GATEWAY_WORKERS": "", "GATEWAY_PORT": "9000"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = present_setting(environment)
    assert found == Setting(largest_batch=16, batch_delay_ms=2.5)
    assert asdict(found) == {name: getattr(Settings(), name) for name in asdict(found)}


@pytest.mark.parametrize("environment", [{"GATEWAY_LARGEST_BATCH": "many"}, {"GATEWAY_BATCH_DELAY_MS": "2 ms"}])
def test_what_is_no_number_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(Failed, match=next(iter(environment))):
        present_setting(environment)


@pytest.mark.parametrize("present", [Setting(), Setting(largest_batch=12, batch_delay_ms=2, workers=2)])
def test_each_has_one_thing_other_than_at_present_and_none_comes_twice(present: Setting) -> None:
    tried = candidates(present, cores=4)
    assert {len(differing(setting, present)) for setting in tried} == {1}
    assert len(set(tried)) == len(tried)
    assert {name for setting in tried for name in differing(setting, present)} == set(asdict(present))


def test_on_two_cores_everything_asked_for_is_tried() -> None:
    assert candidates(Setting(), cores=2) == [
        *(Setting(batch_delay_ms=delay) for delay in (2, 5)),
        *(Setting(largest_batch=largest) for largest in (1, 8, 16, 32)),
        Setting(torchserve_workers=2),
        Setting(torchserve_threads=2),
        Setting(workers=2),
    ]


@pytest.mark.parametrize(
    ("cores", "counts"), [(1, []), (3, [2, 3]), (4, [2, 3, 4]), (6, [2, 3, 4, 6]), (16, [2, 3, 4, 8, 16]), (96, [2, 3, 4, 8, 16, 32, 64])]
)
def test_of_many_cores_doublings_are_tried_as_far_as_a_gateway_takes_them(cores: int, counts: list[int]) -> None:
    for name in ("torchserve_workers", "torchserve_threads", "workers"):
        assert [getattr(setting, name) for setting in candidates(Setting(), cores) if differing(setting, Setting()) == [name]] == counts


def test_the_gateway_takes_every_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in candidates(Setting(), cores=1_000):
        for name, value in setting.variables.items():
            monkeypatch.setenv(name, value)
        read = Settings()
        assert {name: getattr(read, name) for name in asdict(setting)} == asdict(setting)


def test_lines_to_change_are_those_that_differ() -> None:
    present = Setting(largest_batch=16)
    assert present.lines_to_change(present) == []
    changed = replace(present, batch_delay_ms=2.5, workers=2)
    assert changed.lines_to_change(present) == ["GATEWAY_BATCH_DELAY_MS=2.5", "GATEWAY_WORKERS=2"]
    assert all(line.startswith(PREFIX) for line in changed.lines_to_change(present))
