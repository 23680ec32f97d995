"""Runtimes have names and files of their own, and naming them loads nothing."""

import subprocess
import sys
from pathlib import Path

from model.edge.runtimes import NAMES, RUNTIMES, chosen

ROOT = Path(__file__).parents[3]


def test_names_and_files_are_each_runtime_s_own() -> None:
    assert len(set(NAMES)) == len(RUNTIMES) == len({runtime.suffix for runtime in RUNTIMES})
    assert [runtime.name for runtime in chosen(["litert", "onnx"])] == ["onnx", "litert"]


def test_naming_them_imports_neither_torch_nor_a_runtime() -> None:
    script = """
import sys
from model.edge.runtimes import RUNTIMES
heavy = {"torch", *(module for runtime in RUNTIMES for module in (*runtime.reads_with, *runtime.writes_with))}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
