"""Where `make edge-tools` puts what exports to ONNX and runs it."""

from pathlib import Path

TOOLS = Path(__file__).parents[3] / "var" / "edge-tools"


def edge_tools() -> Path:
    """Fails with the command that makes it."""
    assert (TOOLS / ".ready").is_file(), "this test needs onnx, onnxruntime and onnxscript: make edge-tools"
    return TOOLS
