"""README's section on speed, made of what benchmarks measured: `python -m loadtests.bench.readme` keeps the figures and writes them in."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from loadtests.bench.evidence import as_small_json, joined, parsed, read
from loadtests.bench.figure import draw
from loadtests.bench.tables import section
from loadtests.pictures import CHECKOUT

MEASURED = CHECKOUT / "var" / "bench" / "bench.json"
EVIDENCE = Path(__file__).with_name("evidence.json")
README = CHECKOUT / "README.md"
BEGIN, END = "<!-- of loadtests/bench/evidence.json, by make bench-readme -->\n", "<!-- end -->\n"
BEFORE = "## The rooms\n"
"""What the section stands before where there is none yet."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; 1 with a line on standard error where nothing was written."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.readme", description=__doc__)
    parser.add_argument(
        "files", nargs="*", type=Path, default=[MEASURED], metavar="FILE",
        help="what `make bench` left, of one machine and commit (default var/bench/bench.json); what two measured is told of the first",
    )  # fmt: skip
    files = parser.parse_args(arguments).files
    try:
        tell(files, README, EVIDENCE)
    except (OSError, ValueError) as error:
        print(f"README stays as it is: {error}; `make bench` measures what it tells", file=sys.stderr)
        return 1
    return 0


def tell(files: Sequence[Path], readme: Path, evidence: Path) -> None:
    """The figure goes beside the evidence. Raises OSError, ValueError where these are no figures, or README has no place for them."""
    kept = as_small_json(joined([read(file) for file in files]))
    measured = parsed(kept)
    text = with_section(readme.read_text(encoding="utf-8"), section(measured))
    evidence.write_text(kept, encoding="utf-8")
    draw(measured.runs, evidence.with_suffix(".png"))
    readme.write_text(text, encoding="utf-8")


def with_section(readme: str, of: str) -> str:
    """In place of the one that is there, else where it belongs. Raises ValueError where there is no such place."""
    before, begin, rest = readme.partition(BEGIN)
    if begin:
        _, end, after = rest.partition(END)
        if not end:
            raise ValueError("README.md has a section of the benchmark's without an end")
        return before + begin + of + end + after
    before, place, after = readme.partition(BEFORE)
    if not place:
        raise ValueError(f"README.md has no {BEFORE.strip()!r}, which the section stands before")
    return f"{before}{BEGIN}{of}{END}\n{place}{after}"


if __name__ == "__main__":
    sys.exit(main())
