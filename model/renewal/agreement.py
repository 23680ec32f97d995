"""From records to pictures that can be trained on: one label each, and who stands for it. Where labels disagree a picture is set aside."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.data import Digits
from model.renewal.labelled import AUDIT, Record

AUDITORS_DISAGREE, CALLERS_DISAGREE = "auditors disagree", "callers disagree"

UNKNOWN = "-"
"""Whoever labelled without saying who he is: all such are one caller, so that saying nothing gains nothing."""


@dataclass(frozen=True)
class Pictures:
    """What is left: n pictures with their labels, of each its `digest` and the `callers` who stand for its label; by digest."""

    digits: Digits
    digests: tuple[str, ...]
    callers: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.digests)

    def __getitem__(self, chosen: NDArray[np.intp]) -> "Pictures":
        return Pictures(self.digits[chosen], tuple(self.digests[each] for each in chosen), tuple(self.callers[each] for each in chosen))


@dataclass(frozen=True)
class SetAside:
    """A picture that nobody is trained on, until an auditor says what it is."""

    digest: str
    why: str
    ids: tuple[str, ...]
    labels: dict[str, list[int]]
    """By caller."""

    def told(self) -> dict[str, Any]:
        return {"digest": self.digest, "why": self.why, "ids": list(self.ids), "labels": self.labels}


def agreed(records: Sequence[Record]) -> tuple[Pictures, list[SetAside]]:
    """Records of the very same pixels are one picture. An auditor's label supersedes those of feedback, whoever else answered.

    Of labels that have nobody over them all must agree, else the picture is set aside. However often a caller says it, it is said once.
    """
    by_digest: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_digest[record.digest].append(record)
    kept: list[tuple[str, Record, tuple[str, ...]]] = []
    aside: list[SetAside] = []
    for digest, same in sorted(by_digest.items()):
        audited = [record for record in same if record.stands.source == AUDIT]
        heard = audited or same
        if len({record.stands.label for record in heard}) == 1:
            kept.append((digest, heard[0], tuple(sorted({_who(record) for record in heard}))))
        else:
            aside.append(_set_aside(digest, heard, AUDITORS_DISAGREE if audited else CALLERS_DISAGREE))
    pixels = np.stack([record.pixels for _, record, _ in kept]) if kept else np.empty((0, 28, 28), np.uint8)
    labels = np.array([record.stands.label for _, record, _ in kept], np.uint8)
    pictures = Pictures(Digits(pixels, labels), tuple(digest for digest, *_ in kept), tuple(callers for *_, callers in kept))
    return pictures, aside


def _who(record: Record) -> str:
    return record.stands.caller or UNKNOWN


def _set_aside(digest: str, heard: Sequence[Record], why: str) -> SetAside:
    labels: dict[str, list[int]] = defaultdict(list)
    for record in heard:
        labels[_who(record)].append(record.stands.label)
    return SetAside(digest, why, tuple(record.id for record in heard), {who: sorted(set(said)) for who, said in sorted(labels.items())})
