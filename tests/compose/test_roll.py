"""roll.sh replaces one after the other, goes on only when the new one is well, and says in one line why it stopped. Needs no engine."""

import subprocess
from pathlib import Path

import pytest

ROLL = Path(__file__).parents[2] / "gateway" / "edge" / "roll.sh"

DOCKER = """#!/bin/sh
# Plays the engine and Compose: containers are lines of a file, a new one has the next number, those named in `ill` are never well,
# and those in `stopped` do not run. Compose is 2, a word to `docker`; or 1.29, a command of its own, where there is one.
[ "${0##*/}" = docker ] || set -- compose "$@"
cd "$(dirname "$0")"
echo "$TORCHSERVE $*" >>said
case "$*" in
"compose version") [ ! -e docker-compose ] ;;
"inspect -f {{.State.Status}} "*) if grep -qx "$4" stopped; then echo exited; else echo running; fi ;;
*" up "*gateway) count=$(($(cat count) + 1)) && echo "$count" >count && echo "gateway-$count" >>gateways ;;
*"ps -q gateway") cat gateways ;;
*"ps -q "*) for last; do :; done && echo "$last-1" ;;
rm*) for last; do :; done && sed -i "/^$last\\$/d" gateways ;;
exec*) ! grep -qx "$2" ill || { echo "reason one"; echo "reason two"; exit 1; } ;;
*" up "*) [ ! -e broken ] || { echo "a line"; echo "no such image"; exit 1; } ;;
esac
"""

ALONE = (
    "roll: one gateway alone runs, nobody would answer while it is replaced; "
    "first `docker compose up -d --scale gateway=2 --no-recreate`, or more\n"
)

ONE_BY_ONE = [
    *("stop gateway-1", "rm gateway-1", "up gateway", "asked gateway-3"),
    *("stop gateway-2", "rm gateway-2", "up gateway", "asked gateway-3", "asked gateway-4"),
]


class Engine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {"docker": DOCKER, "ill": "", "stopped": "", "said": ""}.items():
            (folder / name).write_text(text)
        (folder / "docker").chmod(0o755)
        self.scale(2)

    def scale(self, gateways: int) -> None:
        (self.folder / "gateways").write_text("".join(f"gateway-{number}\n" for number in range(1, gateways + 1)))
        (self.folder / "count").write_text(f"{gateways}\n")

    def roll(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "WELL_SECONDS": "1", "TORCHSERVE": "", **settings}
        return subprocess.run(["sh", str(ROLL), *words], env=environment, capture_output=True, text=True, timeout=30, check=False)

    def done(self) -> list[str]:
        """What was done to which, in order."""
        steps = []
        for line in (self.folder / "said").read_text().splitlines():
            asked, words = line.partition(" ")[0], line.partition(" ")[2].split()
            if words[0] in ("stop", "rm"):
                steps.append(f"{words[0]} {words[-1]}")
            elif words[0] == "exec":
                steps.append(f"asked {words[1]}")
            elif "up" in words or "rm" in words:
                steps.append(" ".join(filter(None, ("up" if "up" in words else "rm", words[-1], f"for {asked}" if asked else ""))))
        return steps


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def test_gateways_are_replaced_one_after_the_other(engine: Engine) -> None:
    ended = engine.roll("gateways")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["gateway 1 of 2 is new", "gateway 2 of 2 is new"]
    assert engine.done() == ONE_BY_ONE


def test_at_most_one_of_three_is_away_and_each_successor_is_well_before_the_next_goes(engine: Engine) -> None:
    engine.scale(3)
    ended = engine.roll("gateways")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert engine.done() == [
        *("stop gateway-1", "rm gateway-1", "up gateway", "asked gateway-4"),
        *("stop gateway-2", "rm gateway-2", "up gateway", "asked gateway-4", "asked gateway-5"),
        *("stop gateway-3", "rm gateway-3", "up gateway", "asked gateway-4", "asked gateway-5", "asked gateway-6"),
    ]


def test_compose_1_29_is_told_the_same(engine: Engine) -> None:
    (engine.folder / "docker-compose").symlink_to("docker")
    ended = engine.roll("gateways")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert engine.done() == ONE_BY_ONE


@pytest.mark.parametrize("what", ["gateways", "model"])
def test_one_gateway_alone_is_not_stopped_and_nothing_else_is_touched(engine: Engine, what: str) -> None:
    engine.scale(1)
    ended = engine.roll(what)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", ALONE)
    assert engine.done() == []


@pytest.mark.parametrize("what", ["gateways", "model"])
def test_a_gateway_that_does_not_run_answers_for_no_other(engine: Engine, what: str) -> None:
    (engine.folder / "stopped").write_text("gateway-2\n")
    ended = engine.roll(what)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", ALONE)
    assert engine.done() == []


def test_a_model_is_beside_the_other_before_gateways_go_over(engine: Engine) -> None:
    ended = engine.roll("model")
    assert (ended.returncode, ended.stderr) == (0, "")
    done = engine.done()
    assert done[:2] == ["up torchserve-next", "asked torchserve-next-1"]
    assert [step for step in done if step.startswith("up ")] == [
        *("up torchserve-next", "up gateway for torchserve-next", "up gateway for torchserve-next"),
        *("up torchserve", "up gateway", "up gateway"),
    ]
    assert done[done.index("up torchserve") + 1] == "asked torchserve-1"
    assert done[-1] == "rm torchserve-next"


def test_a_candidate_is_not_taken_for_a_model_on_its_way(engine: Engine) -> None:
    ended = engine.roll("model", CANDIDATE_URL=",http://torchserve-next:8080")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith("roll: CANDIDATE_URL is set: torchserve-next is a candidate's; ")
    assert engine.done() == []
    assert engine.roll("gateways", CANDIDATE_URL=",http://torchserve-next:8080").returncode == 0


def test_what_does_not_get_well_ends_it_and_the_others_stay(engine: Engine) -> None:
    (engine.folder / "ill").write_text("gateway-3\n")
    ended = engine.roll("gateways")
    assert ended.returncode == 1
    assert ended.stderr == "roll: gateway-3 is not well, nothing else was touched: reason two\n"
    assert "stop gateway-2" not in engine.done()


def test_a_model_that_does_not_get_well_is_asked_by_nobody(engine: Engine) -> None:
    (engine.folder / "ill").write_text("torchserve-next-1\n")
    ended = engine.roll("model")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert engine.done() == ["up torchserve-next", "asked torchserve-next-1"]


def test_what_compose_said_last_is_the_one_line(engine: Engine) -> None:
    (engine.folder / "broken").touch()
    ended = engine.roll("model")
    assert ended.returncode == 1
    assert ended.stderr.endswith("torchserve-next failed: no such image\n")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("what", ["gateways", "model"])
def test_where_no_gateway_runs_there_is_nothing_to_replace(engine: Engine, what: str) -> None:
    engine.scale(0)
    ended = engine.roll(what)
    assert (ended.returncode, ended.stderr) == (1, "roll: no gateway runs; `docker compose up -d` starts all\n")
    assert engine.done() == []


@pytest.mark.parametrize("words", [(), ("everything",)])
def test_a_word_that_it_does_not_know_is_one_line(engine: Engine, words: tuple[str, ...]) -> None:
    ended = engine.roll(*words)
    assert (ended.returncode, ended.stderr) == (1, "roll: what? Give `gateways` or `model`\n")
    assert engine.done() == []
