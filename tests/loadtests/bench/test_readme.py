"""README tells what was measured, as it was measured, and nothing else."""

from pathlib import Path

import pytest

from loadtests.bench.evidence import as_small_json, read
from loadtests.bench.readme import BEFORE, BEGIN, END, EVIDENCE, README, main, tell, with_section
from loadtests.bench.report import as_json
from loadtests.bench.runs import Cell
from loadtests.bench.servers import OURS
from loadtests.bench.tables import section
from loadtests.bench.workloads import DISTINCT
from tests.loadtests.bench.test_evidence import MACHINE
from tests.loadtests.bench.test_runs import run

FIGURE = EVIDENCE.with_suffix(".png")
MOST_FIGURE_BYTES = 100_000


def test_readme_tells_what_was_measured_and_without_that_nothing() -> None:
    readme = README.read_text(encoding="utf-8")
    assert EVIDENCE.is_file() == (BEGIN in readme)
    assert FIGURE.is_file() == (FIGURE.name in readme)
    if EVIDENCE.is_file():
        evidence = read(EVIDENCE)
        assert with_section(readme, section(evidence)) == readme
        assert as_small_json(evidence) == EVIDENCE.read_text(encoding="utf-8")
        assert FIGURE.stat().st_size <= MOST_FIGURE_BYTES


def test_the_section_has_a_place_in_this_readme() -> None:
    assert with_section(README.read_text(encoding="utf-8"), "new\n").count(f"{BEGIN}new\n{END}\n{BEFORE}") == 1


def test_only_the_section_is_written_anew() -> None:
    once = with_section(f"before\n\n{BEFORE}after\n", "old\n")
    assert once == f"before\n\n{BEGIN}old\n{END}\n{BEFORE}after\n"
    assert with_section(once, "new\n") == once.replace("old", "new")


@pytest.mark.parametrize(("readme", "said"), [("before\n", "no '## The rooms'"), (f"{BEGIN}old\n{BEFORE}", "without an end")])
def test_a_readme_without_a_place_is_not_touched(readme: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        with_section(readme, "new\n")


def test_figures_are_kept_drawn_and_told(tmp_path: Path) -> None:
    bench, readme, evidence = tmp_path / "bench.json", tmp_path / "README.md", tmp_path / "evidence.json"
    bench.write_text(as_json(MACHINE, 5.0, [run(Cell(DISTINCT, 32, OURS), number, 1_234.56789) for number in range(3)]))
    readme.write_text(f"before\n\n{BEFORE}")
    tell([bench], readme, evidence)
    assert "1,235 (1,235 to 1,235)" in readme.read_text()
    assert with_section(readme.read_text(), section(read(evidence))) == readme.read_text()
    assert evidence.with_suffix(".png").is_file()


def test_without_figures_one_line_says_how_to_get_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "make bench" in line
