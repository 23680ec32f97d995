"""A trial, which is of fewer pictures or of a part of what is measured, never replaces committed results."""

from pathlib import Path

from model.refused import Refused


def keep_committed(out: Path, committed: Path, cut: str, *, elsewhere: str) -> None:
    """Raises Refused where `out` is `committed`. `cut`: the options that cut; `elsewhere`: the one that names another place."""
    if out.resolve() == committed.resolve():
        place = f"{committed.parent.name}/{committed.name}"
        raise Refused(f"{cut} cuts what is measured, and {place} is committed; name another place: {elsewhere}")
