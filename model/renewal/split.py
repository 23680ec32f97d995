"""Which labelled pictures are trained on, which a candidate is chosen by, and which are kept from both for the gate."""

import hashlib
from dataclasses import dataclass

import numpy as np

from model.renewal.agreement import Pictures

CALLERS_NEEDED = 5
"""With so many callers whole ones are held out, since a caller's pictures are alike; with fewer, pictures of each."""

CHOSEN_BY, KEPT = 0.1, 0.2
"""Shares of the groups, callers or pictures: for the choice and for the gate."""


@dataclass(frozen=True)
class Split:
    """`by` is what was drawn, callers or pictures. No group is in two parts."""

    by: str
    training: Pictures
    choice: Pictures
    gate: Pictures


def split(pictures: Pictures) -> Split:
    """The same for the same pictures, in any order: groups are drawn by the hash of their names and nothing else.

    A picture that several callers stand for goes with the first of them by name.
    """
    first = [callers[0] for callers in pictures.callers]
    by_caller = len(set(first)) >= CALLERS_NEEDED
    groups = first if by_caller else list(pictures.digests)
    order = sorted(set(groups), key=lambda name: hashlib.sha256(name.encode()).digest())
    kept, chosen_by = (max(1, round(share * len(order))) for share in (KEPT, CHOSEN_BY))
    part = {name: 0 if place < kept else 1 if place < kept + chosen_by else 2 for place, name in enumerate(order)}
    parts = np.array([part[name] for name in groups], np.intp)
    gate, choice, training = (pictures[np.flatnonzero(parts == number)] for number in range(3))
    return Split("callers" if by_caller else "pictures", training, choice, gate)
