"""What a gate decided of a candidate, signed: who holds the installation's secret can tell whether this report is the gate's own word.

The file is `gate-report.json`, in the candidate's folder beside its weights; `gate-report.md` says the same for people and is not signed.

```
{"format": "digitserve gate report 1",
 "made": {"command", "date", "commit", "seconds", "machine"},
 "candidate": {"model": "digits", "version": "ab12cd34ef56", ...}, "current": {"model": "digits", "version": "...", ...},
 "criteria": [{"name": "test set", "passed": true, ...figures}, ...], one for each of CRITERIA, in this order
 "decision": "pass" or "refuse",
 "signature": {"algorithm": "blake2b", "purpose": "gate report", "mac": 64 hex digits}}
```

`model` is the name that the release is served by, the same for both; reports from before it stood there do not say it. `version` is
`model.export.fingerprint` of the folder, which a served model calls its version. The MAC is keyed BLAKE2b (RFC 7693) with the secret that
signs prediction ids (`GATEWAY_SECRET_FILE`, else `secret` in the state folder) and with a purpose of its own, over the report without its
signature as JSON with sorted keys, no blanks and ASCII alone. It keeps out reports that were edited, made for another pair of models, or
made by who cannot read the secret; who can verify one could also make one.

Standard library alone: the model room writes with it what the gateway reads.
"""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

FORMAT = "digitserve gate report 1"
FILE = "gate-report.json"
PAGE = "gate-report.md"
PASS, REFUSE = "pass", "refuse"

CRITERIA = (
    "test set",
    "digits",
    "writer groups",
    "calibration",
    "corrupted pictures",
    "hard pictures",
    "known digits",
    "labelled records",
    "latency",
)
"""A report without one of them is no reason to believe a candidate."""

PURPOSE = b"gate report"
MAC_BYTES = 32
SECRET_BYTES, SECRET_TAKEN = 32, 64
"""What a secret has at least, and how much of it BLAKE2b takes as key; as `gateway.signing` has it."""


class ReportRefused(Exception):
    """This report is no reason to let the candidate serve; the message is one line that says why."""


class SecretUnusable(Exception):
    """The secret cannot be read or is too short; the message is one line that names the file."""


def read_secret(path: Path) -> bytes:
    """The secret as the gateway reads it. Raises SecretUnusable."""
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SecretUnusable(f"the secret file {path} cannot be read: {error.strerror}; a gateway makes one when it starts") from error
    if len(secret) < SECRET_BYTES:
        raise SecretUnusable(f"the secret file {path} holds {len(secret)} bytes; it needs at least {SECRET_BYTES}")
    return secret[:SECRET_TAKEN]


def signed(report: dict[str, Any], secret: bytes) -> dict[str, Any]:
    """The report with its signature."""
    told = {name: value for name, value in report.items() if name != "signature"}
    return {**told, "signature": {"algorithm": "blake2b", "purpose": PURPOSE.decode(), "mac": _mac(told, secret)}}


def passed(folder: Path, secret: bytes, *, model: str, candidate: str, current: str) -> dict[str, Any]:
    """The report in a candidate's folder, where it is a reason to let this candidate take this current version's place.

    Both are versions of the model of this name, as `fingerprint` makes them, computed by who asks and not taken from the report. Raises
    ReportRefused.
    """
    file = folder / FILE
    try:
        report = json.loads(file.read_bytes())
        _check_signature(report, secret, file)
    except FileNotFoundError:
        raise ReportRefused(f"no gate report: {file} is missing; `python -m model gate` makes one") from None
    except (OSError, ValueError, RecursionError) as error:  # ValueError also of what no gate writes: NaN, or half a character
        raise ReportRefused(f"{file} cannot be read: {error}") from error
    for role, version in (("candidate", candidate), ("current", current)):
        if (named := report[role].get("model", model)) != model:
            raise ReportRefused(f"{file} is of a {role} that is called {named!r}, not of a version of {model!r}")
        if report[role]["version"] != version:
            raise ReportRefused(f"{file} is of the {role} {report[role]['version']}, not of {version}")
    _check_decision(report, file)
    return dict(report)


def _check_signature(report: Any, secret: bytes, file: Path) -> None:
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise ReportRefused(f"{file} is no gate report ({FORMAT})")
    signature = report.get("signature")
    if not isinstance(signature, dict) or not isinstance(signature.get("mac"), str):
        raise ReportRefused(f"{file} is not signed")
    told = {name: value for name, value in report.items() if name != "signature"}
    if not hmac.compare_digest(_mac(told, secret).encode(), signature["mac"].encode()):
        raise ReportRefused(f"{file} was not signed with this installation's secret, or was changed since")


def _check_decision(report: dict[str, Any], file: Path) -> None:
    """What is signed may still say no; and a pass that its own criteria do not bear out is none."""
    failed = [str(row["name"]) for row in report["criteria"] if row["passed"] is not True]
    if failed or report["decision"] != PASS:
        raise ReportRefused(f"{file} says no: {', '.join(failed) or report['decision']}")
    if tuple(row["name"] for row in report["criteria"]) != CRITERIA:
        raise ReportRefused(f"{file} does not judge by {', '.join(CRITERIA)}")


def _mac(told: dict[str, Any], secret: bytes) -> str:
    message = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
    return hashlib.blake2b(message, digest_size=MAC_BYTES, key=secret, person=PURPOSE).hexdigest()
