"""How far a candidate has come beside the version that is served. A change makes the next stage, and says why where there can be none."""

import time
from typing import Literal, NamedTuple

MOST_PERCENT = 100

StageName = Literal["settled", "shadow", "share"]


class StageRefused(ValueError):
    """There is no such change from here; the message says why, in one line."""


class Stage(NamedTuple):
    """In the order of the table's columns. Versions are fingerprints; None: there is none."""

    model: str
    number: int
    """Counts the changes of this model; the highest is the truth."""
    current: str | None
    """Answers what the candidate does not; None: whichever is there."""
    candidate: str | None
    percent: int
    """Of uploads, that the candidate answers, 0 to 100; 0: it only looks on."""
    previous: str | None
    """Was current before the last promotion: a rollback goes back to it."""
    at_ms: int
    """Milliseconds since 1970."""

    @classmethod
    def first(cls, model: str) -> "Stage":
        """Before anything was changed."""
        return cls(model, 0, None, None, 0, None, 0)

    @property
    def name(self) -> StageName:
        if self.candidate is None:
            return "settled"
        return "share" if self.percent else "shadow"

    def shadow(self, version: str, current: str) -> "Stage":
        """`version` sees what `current` answers, and answers nothing. Raises StageRefused."""
        if version == current:
            raise StageRefused(f"version {version} is the one that is served; there is nothing to compare it with")
        if self.candidate not in (None, version):
            raise StageRefused(f"version {self.candidate} is the candidate now; `rollback` ends that")
        return self._next(current=current, candidate=version, percent=0)

    def share(self, percent: int) -> "Stage":
        """The candidate answers so many of a hundred uploads. Raises StageRefused."""
        if not 0 <= percent <= MOST_PERCENT:
            raise StageRefused(f"a share is 0 to {MOST_PERCENT} percent, not {percent}")
        if self.candidate is None:
            raise StageRefused("there is no candidate; `shadow VERSION --report FILE` names one")
        return self._next(percent=percent)

    def promote(self) -> "Stage":
        """The candidate is current from now on. Raises StageRefused."""
        if self.candidate is None:
            raise StageRefused("there is no candidate to promote")
        if not self.percent:
            raise StageRefused(f"version {self.candidate} has answered nothing yet; give it a share first")
        return self._next(current=self.candidate, candidate=None, percent=0, previous=self.current)

    def rollback(self) -> "Stage":
        """Without the candidate or, where there is none, without the last promotion. Raises StageRefused."""
        if self.candidate is not None:
            return self._next(candidate=None, percent=0)
        if self.previous is None:
            raise StageRefused("there is nothing to roll back: no candidate, and no promotion before")
        return self._next(current=self.previous, previous=None)

    def _next(self, **changed: object) -> "Stage":
        return self._replace(number=self.number + 1, at_ms=int(time.time() * 1000), **changed)  # type: ignore[arg-type]
