"""What the README, the Makefile and CI say of each other, and of the code, is true."""

import re
from pathlib import Path

import orjson

from gateway.schema import PredictAnswer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_make_target_that_the_readme_names_is_there() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", README))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"README names `make {target}`, which is no target"


def test_ci_runs_what_the_readme_says() -> None:
    steps = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"^make test$", steps, re.MULTILINE)
    assert re.search(r"^make test-system$", steps, re.MULTILINE)
    recipe = MAKEFILE.split("\ntest:")[1].split("\n\n")[0]
    assert "check" in recipe
    assert "pytest" in recipe
    check = MAKEFILE.split("\ncheck:")[1].split("\n\n")[0]
    assert all(tool in check for tool in ("ruff format --check", "ruff check", "mypy"))


def test_the_answer_in_the_readme_is_one_that_the_gateway_gives() -> None:
    shown = README.split("```json\n")[1].split("```")[0]
    answer = PredictAnswer.model_validate(orjson.loads(shown), strict=False)
    assert answer.digit == 7
    assert set(orjson.loads(shown)) == set(PredictAnswer.model_fields)


def test_the_map_of_the_rooms_names_rooms_that_are_there() -> None:
    rooms = re.findall(r"^\| \[([a-z0-9]+)/\]\(\1\) \|", README, re.MULTILINE)
    assert {"model", "handler", "gateway", "monitoring", "loadtests", "k8s", "tests"} <= set(rooms)
    assert all((ROOT / room).is_dir() for room in rooms)


def test_no_file_of_the_repository_is_large() -> None:
    for room in ("model", "handler", "gateway", "monitoring", "loadtests", "k8s", "tests"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.stat().st_size < 2**20, path


def test_the_lock_names_no_index_and_no_torch() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^(-i|--index-url|--extra-index-url|--find-links)", lock, re.MULTILINE)
    assert not re.search(r"^torch==", lock, re.MULTILINE)
    assert "--hash=sha256:" in lock
