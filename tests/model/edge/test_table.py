"""Rows in words: a figure with its unit, a dash where there is none, columns that line up in a terminal."""

from model.edge.bench import Timed
from model.edge.table import BENCH_HEADER, HEADER, article_row, bench_rows, kibibytes, markdown, megs, row_of

LATENCY = {"batch": 1, "runs": 10, "median_ms": 0.512, "p95_ms": 0.75}
TEST = {"n": 10_000, "same_digits": 9_998, "accuracy": 0.9967, "points_lost": 0.01, "largest_difference": 0.0321}


def test_a_measured_row_has_a_cell_for_each_heading() -> None:
    row = {"title": "Fake", "arithmetic": "int8", "bytes": 2_048, "test": TEST, "latency": {"batches": [LATENCY]}, "kept": True}
    assert row_of(row) == ("Fake", "int8", "2 KiB", "99.67 %", "0.01", "9,998 of 10,000", "0.032100", "0.51 ms (0.75)", "kept")
    assert row_of({**row, "kept": False})[-1] == "broken"
    assert len(row_of(row)) == len(HEADER) == len(article_row(6, 0.997))


def test_what_serves_here_has_no_file_and_promised_nothing() -> None:
    cells = row_of({"title": "Fake", "arithmetic": "int8", "test": TEST, "latency": {"batches": [LATENCY]}})
    assert (cells[2], cells[-1]) == ("no file", "-")


def test_a_missing_runtime_has_its_line_and_no_figure() -> None:
    cells = row_of({"title": "Fake", "arithmetic": "int8", "not_installed": "pip install fake"})
    assert cells == ("Fake", "int8", "-", "-", "-", "-", "-", "pip install fake", "-")


def test_a_device_s_rows_say_its_name_first() -> None:
    rows = bench_rows(
        [Timed("onnx", "int8", 2_048, 99, 100, LATENCY), Timed("litert", "int8", 9, not_installed="pip x")], "a board", 12_400_000
    )
    assert rows[0] == ("a board", "onnx", "int8", "2 KiB", "12.4 million", "99 of 100", "0.51 ms (0.75)")
    assert rows[1][-2:] == ("-", "pip x")
    assert all(len(row) == len(BENCH_HEADER) for row in rows)


def test_columns_line_up() -> None:
    lines = markdown(("a", "bbb"), [("cc", "d"), ("e", "f")]).splitlines()
    assert lines == ["| a  | bbb |", "| -- | --- |", "| cc | d   |", "| e  | f   |"]


def test_units() -> None:
    assert kibibytes(1_536_000) == "1,500 KiB"
    assert megs(12_427_776) == "12.4 million"
