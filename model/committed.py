"""Where what is committed of the model lies: the released network, the evidence for it, and the log of every reading of the test set."""

from pathlib import Path

HERE = Path(__file__).parent
RELEASED = HERE / "released"
"""`model.distil` says it again: what teachers said is kept under a digest of that file, and would be asked for anew where it changed."""

EVIDENCE = HERE / "evidence"
LOG = HERE / "LOG.md"
