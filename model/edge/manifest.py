"""What a folder of exports says of itself in `exports.json`: enough to carry it to a device and to see there that it arrived whole."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.refused import Refused

NAME = "exports.json"


@dataclass(frozen=True)
class Exported:
    """One file of the folder."""

    runtime: str
    arithmetic: str
    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The network that was exported, with its multiply-accumulate operations for a picture, and its files."""

    network: str
    weights_sha256: str
    parameters: int
    operations: int
    facts: dict[str, Any]
    """What serving must know besides: `model.export.serving_facts`."""
    exports: list[Exported]


def write_manifest(manifest: Manifest, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Raises Refused where there is none, or one that is damaged."""
    file = folder / NAME
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Manifest(**{**told, "exports": [Exported(**each) for each in told["exports"]]})
    except FileNotFoundError:
        raise Refused(f"no exports: {file} is missing; `python -m model edge` makes it, with the files that it names") from None
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(f"{file} is damaged: {error}") from error


def whole(exported: Exported, folder: Path) -> Path:
    """The file, once its digest is seen to be right. Raises Refused."""
    file = folder / exported.file
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise Refused(f"{file} is missing, though {NAME} names it") from None
    if found != exported.sha256:
        raise Refused(f"{file} is not what was exported: its SHA-256 begins with {found[:12]}, not {exported.sha256[:12]}")
    return file
