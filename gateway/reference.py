"""What is usual for a model version, out of the facts that it ships: the buckets that live traffic is counted in, and what is usual."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.preprocess import Features

CLASSES = 10
DIGIT, POLARITY = "digit", "polarity"
MEASURED = ("ink", "aspect", "slant", "stroke")
FEATURES = (*MEASURED, POLARITY, DIGIT)


class ReferenceUnusable(ValueError):
    """The facts hold no reference, or one that cannot be; the message says what is wrong with it."""


@dataclass(frozen=True)
class Reference:
    """`edges` between the buckets of each feature but the digit, ascending; `ratios` of all FEATURES, one a bucket, summing to 1."""

    edges: Mapping[str, tuple[float, ...]]
    ratios: Mapping[str, tuple[float, ...]]
    validated: tuple[int, ...]
    """Validation pictures of each digit."""
    misread: tuple[int, ...]
    """How many of these the model read wrong."""

    @property
    def accuracy(self) -> float:
        """On all validation pictures, 0 to 1."""
        return 1 - sum(self.misread) / sum(self.validated)

    def buckets(self, features: Features, inverted: bool) -> tuple[int, ...]:
        """The bucket of each feature of an upload, in the order of FEATURES without the digit."""
        measured = [bisect_right(self.edges[name], getattr(features, name)) for name in MEASURED]
        return (*measured, bisect_right(self.edges[POLARITY], inverted))

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Reference":
        """Raises ReferenceUnusable."""
        try:
            said = facts["reference"]
            features, validation = said["features"], said["validation"]
            reference = cls(
                edges={name: tuple(map(float, features[name]["edges"])) for name in (*MEASURED, POLARITY)},
                ratios={
                    **{name: tuple(map(float, features[name]["ratios"])) for name in (*MEASURED, POLARITY)},
                    DIGIT: tuple(map(float, said["digits"])),
                },
                validated=tuple(map(int, validation["pictures"])),
                misread=tuple(map(int, validation["errors"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ReferenceUnusable(f"the model ships no reference that can be used: {error!r}") from error
        reference._check()
        return reference

    def _check(self) -> None:
        for name, ratios in self.ratios.items():
            buckets = len(self.edges[name]) + 1 if name in self.edges else CLASSES
            if len(ratios) != buckets or min(ratios) < 0 or not 0.999 < sum(ratios) < 1.001:
                raise ReferenceUnusable(f"the model's reference of {name} is no distribution over {buckets} buckets")
        for name, edges in self.edges.items():
            if sorted(set(edges)) != list(edges):
                raise ReferenceUnusable(f"the model's reference of {name} has edges that do not ascend")
        counts = zip(self.validated, self.misread, strict=False)
        if not len(self.validated) == len(self.misread) == CLASSES or not all(0 <= wrong <= n > 0 for n, wrong in counts):
            raise ReferenceUnusable("the model's reference does not say how many validation pictures of each digit it misreads")
