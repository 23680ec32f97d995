"""The rows of exports as words, for the page and for a terminal."""

from collections.abc import Sequence
from typing import Any

from model.edge.bench import Timed

HEADER = (
    "runtime",
    "arithmetic",
    "size",
    "test accuracy",
    "points lost",
    "same digits as torch",
    "largest difference of a probability",
    "one picture, one thread (95th percentile)",
    "promise",
)
BENCH_HEADER = ("device", "runtime", "arithmetic", "size", "operations", "known digits right", "one picture, one thread (95th percentile)")
NONE = "-"


def row_of(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of `model.edge.measuring.measure`."""
    if "not_installed" in row:
        return (row["title"], row["arithmetic"], *([NONE] * 5), row["not_installed"], NONE)
    test = row["test"]
    return (
        row["title"],
        row["arithmetic"],
        kibibytes(row["bytes"]) if "bytes" in row else "no file",
        f"{100 * test['accuracy']:.2f} %",
        f"{test['points_lost']:.2f}",
        f"{test['same_digits']:,} of {test['n']:,}",
        f"{test['largest_difference']:.6f}",
        milliseconds(row["latency"]["batches"][0]),
        NONE if "kept" not in row else "kept" if row["kept"] else "broken",
    )


def article_row(milliseconds: float, accuracy: float) -> tuple[str, ...]:
    """What the first article says of its network on a Raspberry Pi."""
    return (
        "the first article's, on a Raspberry Pi",
        *([NONE] * 2),
        f"{100 * accuracy:.1f} %",
        *([NONE] * 3),
        f"{milliseconds:g} ms",
        "theirs, not measured here",
    )


def bench_rows(rows: Sequence[Timed], device: str, operations: int) -> list[tuple[str, ...]]:
    """Of `model.edge.bench.bench`."""
    return [
        (
            device,
            row.runtime,
            row.arithmetic,
            kibibytes(row.bytes),
            megs(operations),
            NONE if row.right is None else f"{row.right} of {row.n}",
            milliseconds(row.latency) if row.latency is not None else str(row.not_installed),
        )
        for row in rows
    ]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of one width, so that it reads well in a terminal too."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    padded.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in padded)


def kibibytes(held: int) -> str:
    return f"{held / 2**10:,.0f} KiB"


def megs(operations: int) -> str:
    return f"{operations / 1e6:.1f} million"


def milliseconds(batch: dict[str, Any]) -> str:
    return f"{batch['median_ms']:.2f} ms ({batch['p95_ms']:.2f})"
