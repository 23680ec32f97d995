"""An exported network as the folder of exports tells of it: the file, whole, and what serving must know of it besides."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.refusal import SettingsError

MANIFEST = "exports.json"
RUNTIME = "onnx"
"""Whose files are served here."""

ARITHMETIC = "float32"
"""What cache keys and clients call an export that computes as it was trained."""


@dataclass(frozen=True)
class Exported:
    """`content` is the file; `facts` are those of an archive: version, digest, arithmetic, accept_threshold, reference and more."""

    content: bytes
    facts: dict[str, Any]

    @property
    def version(self) -> str:
        return str(self.facts["version"])


def read_exported(file: Path) -> Exported:
    """The network in `file`, as `exports.json` beside it describes it. Raises SettingsError where it is missing, damaged or another's.

    Its version is a fingerprint of the file and of what is said of it.
    """
    manifest = file.with_name(MANIFEST)
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
        [entry] = [each for each in told["exports"] if each["file"] == file.name]
        facts, runtime, arithmetic, digest = dict(told["facts"]), entry["runtime"], str(entry["arithmetic"]), entry["sha256"]
        float(facts["accept_threshold"]), str(facts["model"])
    except FileNotFoundError:
        raise SettingsError(f"no exports: {manifest} is missing; `python -m model edge` makes it, with the files that it names") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(
            f"{manifest} does not describe {file.name} as it should ({error!r}); make it again: python -m model edge"
        ) from error
    if runtime != RUNTIME:
        raise SettingsError(f"{file} is not for ONNX Runtime but for {runtime}; the edge server reads .onnx files")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror or error})") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise SettingsError(f"{file} is not what was exported: its SHA-256 is not the one in {MANIFEST}")
    said = json.dumps(facts, sort_keys=True).encode()
    version = hashlib.sha256(content + b"\0" + said).hexdigest()[:12]
    return Exported(content, {**facts, "version": version, "digest": digest, "arithmetic": arithmetic})
