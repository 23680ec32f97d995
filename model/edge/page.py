"""EDGE.md: the exports in one table, out of what `python -m model edge` measured. No number of it is typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.articles.claims import FIRST, RASPBERRY_MS
from model.articles.document import Heading, Paragraph, Part, Table, to_markdown, write_markdown
from model.articles.results import percent, source
from model.edge.agreement import INT8_LOSES_AT_MOST, SAME_DIGITS_AT_LEAST
from model.edge.table import HEADER, article_row, megs, row_of

NAME = "EDGE.md"


def write_page(evidence: Path, out: Path) -> Path:
    """Write the page of the results in `evidence` into `out`."""
    return write_markdown(_parts(evidence), out / NAME)


def page(evidence: Path) -> str:
    """The page as Markdown: a table for each `edge*.json`, the released network's first."""
    return to_markdown(_parts(evidence))


def _parts(evidence: Path) -> Iterator[Part]:
    yield Heading(1, "The network on small devices")
    yield Paragraph(
        "`python -m model edge` exports the released network by every runtime that is installed and measures the files. "
        "`python -m model edge-bench` prints the rows of the device that it runs on: carry `model/` and the folder of exports there, "
        "and install numpy, tqdm and one runtime. `python -m gateway edge --network FILE` serves one of the ONNX files by the gateway's "
        "contract of predict. This page is made of the results in `evidence/`; no number here is typed."
    )
    for file in sorted(evidence.glob("edge*.json"), key=lambda file: (len(file.name), file.name)):
        yield from _network(json.loads(file.read_text(encoding="utf-8")), file)


def _network(result: dict[str, Any], file: Path) -> Iterator[Part]:
    measured = [row for row in result["rows"] if "test" in row]
    exports, machine = [row for row in measured if "kept" in row], result["generated"]["machine"]
    yield Heading(2, f"`{result['network']}`, weights {result['weights_sha256'][:12]}")
    yield Paragraph(
        f"{result['parameters']:,} parameters, {megs(result['operations'])} multiply-accumulate operations for a picture. Held to: the "
        f"torch network's digit on at least {percent(SAME_DIGITS_AT_LEAST)} of the test pictures, and int8 loses at most "
        f"{INT8_LOSES_AT_MOST:g} points. {sum(row['kept'] for row in exports)} of {len(exports)} exports keep that."
    )
    yield Table(HEADER, [row_of(row) for row in result["rows"]] + [article_row(RASPBERRY_MS, FIRST["test_accuracy"])])
    yield Paragraph(
        f"{result['panel']}, n = {result['n']:,}; times are of one picture on one thread of {machine['processor']}, "
        f"beside whatever else it did: the load average of its {machine['cores']} cores was {machine['load_average']:.1f} at the start. "
        f"int8 is calibrated on {result['calibration_n']:,} training pictures (seed {result['seed']}); of the ways to spread its levels "
        f"that one is kept which agrees with the torch network on most of the {result['validation_n']:,} validation pictures, and at a tie "
        "has the smaller mean difference of a probability. The test set is read after that, once by each."
    )
    tried = [
        (row["title"], way["levels"], f"{way['same_digits']:,} of {way['n']:,}", f"{way['mean_difference']:.6f}", percent(way["accuracy"]))
        for row in exports
        for way in row["tried"]
    ]
    yield Heading(3, "Ways to spread int8, on validation pictures")
    yield Table(("runtime", "levels from", "same digits", "mean difference of a probability", "accuracy"), tried)
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    yield Paragraph(f"`{file.parent.name}/{file.name}`: {source(result)}; {versions}.")
