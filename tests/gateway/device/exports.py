"""A folder of exports as `python -m model edge` leaves it, made by what makes those."""

import hashlib
from pathlib import Path

from model.committed import RELEASED
from model.edge.manifest import Exported, Manifest, write_manifest
from model.export import serving_facts


def folder_of(folder: Path, content: bytes, runtime: str = "onnx", arithmetic: str = "float32") -> Path:
    """The one file in it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"digits-{arithmetic}.{runtime}"
    file.write_bytes(content)
    exported = Exported(runtime, arithmetic, file.name, len(content), hashlib.sha256(content).hexdigest())
    write_manifest(Manifest("residual-deep", "ab" * 32, 100, 1_000, serving_facts(RELEASED), [exported]), folder)
    return file
