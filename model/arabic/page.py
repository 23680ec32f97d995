"""ARABIC.md: the reader of Arabic-Indic digits in one table, out of what its commands measured. No number of it is typed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.arabic.reading import BY_ONE_WRITER
from model.articles.document import Figure, Heading, Paragraph, Part, Table, to_markdown, write_markdown
from model.articles.results import source
from model.refused import Refused
from model.results import read_result
from model.wording import percent, within

NAME = "ARABIC.md"
FIGURE = "arabic-folds.png"
WANTED = 0.985
"""What was asked of the mean."""

HEADER = (
    "shape",
    "pictures",
    "parameters",
    "accuracy, mean of the folds",
    "all pictures",
    "errors",
    "us a picture",
    "training, one thread",
)


def write_page(evidence: Path, out: Path) -> Path:
    """Write the page of the results in `evidence` into `out`. Raises Refused where there are none."""
    return write_markdown(_parts(evidence), out / NAME)


def page(evidence: Path) -> str:
    """The page as Markdown. Raises Refused where there are no results."""
    return to_markdown(_parts(evidence))


def _parts(evidence: Path) -> Iterator[Part]:
    result = read_result(evidence / "arabic.json")
    if result is None:
        raise Refused(f"{evidence / 'arabic.json'} is missing; `python -m model arabic --data ZIP` makes it")
    first = result["cells"][0]
    folds = first["accuracy"]["n"]
    yield Heading(1, "Arabic-Indic digits")
    yield Paragraph(
        "A network of its own reads \u0660 to \u0669. `python -m model arabic --data ZIP` measures it on MADBase's pictures, wherever "
        "the user has them, and with `--out DIR` releases it there; `python -m model archive --released DIR` packs that for TorchServe. "
        "Neither pictures nor weights are in this project: MADBase is free for research, and what else its licence allows is not settled."
    )
    yield Paragraph(
        f"Claimed: accuracy of {folds}-fold cross-validation on {result['n']:,} pictures by {result['writers']} writers, which are the "
        f"test set of MADBase, whole writers held out (on both sides of a fold: {result['writers_on_both_sides']}). That is not the "
        "published protocol, which trains on 60,000 other pictures and measures on these, and is no record of it."
    )
    yield Table(HEADER, [_row(cell) for cell in result["cells"]])
    yield Paragraph(
        f"Equal folds, seeds and recipe; the deviation has ddof {first['accuracy']['ddof']}, n = {folds} folds. Brackets are 95 % "
        "intervals by a bootstrap that draws whole writers. us: median of one picture on one thread, single precision, uncompiled. "
        "Pictures go through the service's preprocessing, which at a side of 48 gives ink the same share of the picture. They hold no "
        "more than their 28 x 28 did: what 48 x 48 may gain is that the network pools later."
    )
    yield Figure(f"{evidence.name}/{FIGURE}", "Accuracy of each fold, a point each, by cell.")
    yield Paragraph("Fold by fold, in points: " + "; ".join(_difference(row, result["cells"]) for row in result["differences"]) + ".")
    yield from _served(next(cell for cell in result["cells"] if cell["network"] == result["served"]))
    yield from _writers(result["repetitions_apart"])
    yield from _choice(read_result(evidence / "arabic-choice.json"), first["recipe"]["epochs"])
    machine = result["generated"]["machine"]
    yield Paragraph(
        f"`{evidence.name}/arabic.json`: {source(result)}, without what an earlier call had trained, for which see the table; pictures "
        f"{result['pictures_sha256'][:12]}. The load average of {machine['cores']} cores was {machine['load_average']:.1f} at the start."
    )


def _row(cell: dict[str, Any]) -> tuple[str, ...]:
    accuracy, right = cell["accuracy"], 1 - cell["errors"] / sum(row["n"] for row in cell["by_digit"])
    return (
        f"{cell['shape']} (`{cell['network']}`)",
        f"{cell['side']} x {cell['side']}",
        f"{cell['parameters']:,}",
        f"{percent(accuracy['mean'])} +- {100 * accuracy['sd']:.2f}, {percent(accuracy['lowest'])} to {percent(accuracy['highest'])}",
        within(right, cell["interval"]),
        f"{cell['errors']}",
        f"{1000 * cell['latency']['batches'][0]['median_ms']:.0f}",
        f"{cell['processor_seconds']:,.0f} s ({cell['seconds']:,.0f} s by the clock)",
    )


def _difference(row: dict[str, Any], cells: list[dict[str, Any]]) -> str:
    named = {cell["network"]: f"{cell['shape']} at {cell['side']}" for cell in cells}
    later, earlier = (named[network] for network in row["of"])
    return f"{later} minus {earlier} {100 * row['mean']:+.2f} +- {100 * row['sd']:.2f}"


def _served(cell: dict[str, Any]) -> Iterator[Part]:
    accuracy, doubted = cell["accuracy"], cell["doubted"]
    n = sum(row["n"] for row in cell["by_digit"])
    verdict = "is met" if accuracy["mean"] >= WANTED else "is not met"
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in doubted.items() if reason != "n") or "none"
    confusions = ", ".join(f"{row['label']} read as {row['predicted']} ({row['count']})" for row in cell["confusions"]) or "none"
    yield Heading(2, f"What is served: {cell['shape']}, {cell['side']} x {cell['side']}")
    yield Paragraph(
        f"Said beforehand, not chosen from the table. A mean of at least {percent(WANTED)} was asked for, which {verdict}: "
        f"{percent(accuracy['mean'])}. {cell['writers_without_error']} writers had every digit read right; the most errors on one were "
        f"{cell['most_errors_of_a_writer']}. Most frequent confusions: {confusions}."
    )
    yield Table(("digit", "n", "errors"), [(f"{row['digit']}", f"{row['n']:,}", f"{row['errors']}") for row in cell["by_digit"]])
    yield Paragraph(
        f"Preprocessing, whose doubts were made for Western digits, doubts {doubted['n']:,} of these {n:,} pictures ({reasons}). Their "
        "digit is answered all the same, and `accepted` is false. What is served has seen all these writers: its temperature and threshold "
        "are of what the networks of the folds say of writers that they never saw."
    )


def _writers(apart: dict[str, Any]) -> Iterator[Part]:
    yield Heading(2, "Who wrote which")
    yield Paragraph(
        f"An assumption: pictures are numbered from 1, and each {BY_ONE_WRITER} in a row, ten times all digits in order, are one "
        "writer's. Nothing in the file says so. What the pictures say: the same digit ten numbers on differs by "
        f"{apart['within']:.1f} of 255 levels (root mean square, blurred) within a hundred, and by {apart['between']:.1f} from the last "
        "of a hundred to the first of the next."
    )


def _choice(choice: dict[str, Any] | None, epochs: int) -> Iterator[Part]:
    if choice is None:
        return
    validation, tried = choice["validation_writers"], choice["candidates"][0]["recipe"]["epochs"]
    yield Heading(2, "The recipe")
    yield Paragraph(
        f"One for every cell: the candidate with the lowest loss on {choice['validation_n']:,} pictures by {validation} of the writers "
        f"that the first fold trains on, learnt from its other {choice['training_writers']}, with `{choice['network']}`, seed "
        f"{choice['seed']}. Later candidates were made up after a look at the earlier ones. Those {validation} writers are held out by "
        f"other folds, which so are not wholly free of the choice; the first is. Candidates had {tried} epochs and what is measured has "
        f"{epochs}: as many as there was time for on a busy machine, set before any fold was read."
    )
    yield Table(
        ("candidate", "validation loss, nats", "accuracy", "training, one thread"),
        [
            (
                row["name"] + (", chosen" if row["name"] == choice["chosen"] else ""),
                f"{row['validation_loss']:.4f}",
                percent(row["validation_accuracy"]),
                f"{row['processor_seconds']:.0f} s",
            )
            for row in choice["candidates"]
        ],
    )
    yield Paragraph(f"`arabic-choice.json`: {source(choice)}, without what an earlier call had trained.")
