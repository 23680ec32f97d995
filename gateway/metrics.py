"""What the gateway counts and tells, in its series, on a registry of its own or together with its siblings."""

import asyncio
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from gateway.contract import REJECTIONS, CacheState, Content
from gateway.later import Later, Settling
from gateway.merging import Merged, ProcessCells
from gateway.reference import CLASSES, FEATURES, Reference
from gateway.series import Series

SETTLE_SECONDS = 1.0
"""How old what a sibling tells of this process may be."""


_Request = tuple[str, str, int, str | None, float]
_Answered = tuple[Content, str, CacheState]


class Metrics(Series):
    """The gateway's series, counted and told; one instance an application, so that tests do not share counts.

    `siblings` is the folder in which processes behind one port keep theirs, and `registry` tells of them all, of this one as it was
    when it settled last; None: this one is alone, and settles by itself when it is asked.
    """

    def __init__(self, siblings: Path | None = None) -> None:
        self.registry = registry = CollectorRegistry()
        self._process: ProcessCells | None = None
        if siblings is None:
            registry.register(Settling(self.settle))
            ProcessCollector(registry=registry)
        else:
            registry.register(Merged(siblings))
            registry = CollectorRegistry()  # nobody looks at it: what is told is in the files
            self._process = ProcessCells(registry)
        super().__init__(registry)
        self._prediction_cells: dict[str, list[tuple[Counter, Counter]]] = {}
        """By version and digit: accepted, and not."""
        self._feature_cells: dict[tuple[str, str], list[list[Counter]]] = {}
        """By cache state and version, for each of FEATURES in their order: a cell a bucket."""
        self._compared: set[str] = set()
        """Versions that were a candidate."""
        self._candidates: dict[str, tuple[str, float] | None] = {}
        """By model, as it was told last: version and share."""
        self._requests, self._answers, self._local_lookups = (
            Later(self._add_requests),
            Later(self._add_answers),
            Later(self._add_local_lookups),
        )
        self._followed: dict[Gauge, Callable[[], float]] = {}

    def serve_version(self, version: str, reference: Reference | None) -> None:
        """Name a model version as the one that is served; see `know_version`."""
        self.know_version(version, reference)
        self.info.say({(version,): 1})

    def tell_candidate(self, model: str, version: str | None, percent: int) -> None:
        """The version that stands beside a model's served one, and of how many of a hundred uploads it answers; None: there is none."""
        if version is not None and version not in self._compared:
            self._compared.add(version)
            for digit in range(CLASSES):
                for candidate_digit in range(CLASSES):
                    self.shadow.labels(str(digit), str(candidate_digit), version)
        told = None if version is None else (version, percent / 100)
        if told != self._candidates.get(model):
            self._candidates[model] = told
            self.candidate.say({(candidate,): ratio for candidate, ratio in filter(None, self._candidates.values())})

    def know_version(self, version: str, reference: Reference | None) -> None:
        """Make the cells of a model version that may answer, and say what is usual for it."""
        if version in self._prediction_cells:
            return
        self._prediction_cells[version] = [
            (self.predictions.labels(str(digit), version, "true"), self.predictions.labels(str(digit), version, "false"))
            for digit in range(CLASSES)
        ]
        for digit in range(CLASSES):
            for predicted in range(CLASSES):
                self.feedback.labels(str(digit), str(predicted), version)
                self.canary.labels(str(digit), str(predicted), version)
        for reason in REJECTIONS:
            self.rejections.labels(reason, version)
        if reference is not None:
            self._tell_usual(version, reference)

    def follow(self, gauge: Gauge, told: Callable[[], float]) -> None:
        """Have the gauge say what `told` does, each time that somebody may look."""
        self._followed[gauge] = told
        gauge.set(told())

    def count_request(self, route: str, method: str, status: int, cache: str | None, seconds: float) -> None:
        """An answered request; of a prediction also how long it took, by where it came from."""
        self._requests.note((route, method, status, cache, seconds))

    def count_answer(self, content: Content, version: str, cache: CacheState) -> None:
        """Hits as much as misses, so that traffic is seen whole."""
        self._answers.note((content, version, cache))

    def count_local_lookup(self, hit: bool, seconds: float) -> None:
        """A lookup in the in-process cache."""
        self._local_lookups.note((hit, seconds))

    async def text(self) -> bytes:
        """All series as Prometheus reads them."""
        if self._process is None:
            return generate_latest(self.registry)
        self.settle()
        return await asyncio.to_thread(generate_latest, self.registry)  # several milliseconds for each sibling

    def settle(self) -> None:
        """Add up what was counted since the last time and tell what is; a scrape does it before it reads."""
        self._requests.settle()
        self._answers.settle()
        self._local_lookups.settle()
        for gauge, told in self._followed.items():
            gauge.set(told())
        if self._process is not None:
            self._process.settle()

    async def keep_settled(self) -> None:
        """Settle again and again, for scrapes that a sibling answers. Never returns; cancel it."""
        while True:
            self.settle()
            await asyncio.sleep(SETTLE_SECONDS)

    def count_label(self, version: str, predicted: int, label: int, previous: int | None, delay_seconds: float) -> None:
        """A label that was stored: the first of its prediction, or one in the place of another."""
        if previous is None:
            self.feedback.labels(str(label), str(predicted), version).inc()
            self.label_delay.observe(delay_seconds)
        else:
            self.corrections.labels(str(label), str(previous), str(predicted), version).inc()

    def tell_baseline_latency(self, version: str, seconds: Mapping[str, Mapping[str, float]]) -> None:
        """By cache state and quantile; in the place of what was told before."""
        self.baseline_latency.say(
            {(quantile, cache, version): value for cache, quantiles in seconds.items() for quantile, value in quantiles.items()}
        )

    def _add_requests(self, notes: "list[_Request]") -> None:
        for (route, method, status), count in Tally(note[:3] for note in notes).items():
            self.requests.labels(route, method, str(status)).inc(count)
        for (route, cache), seconds in _grouped(((note[0], note[3]), note[4]) for note in notes if note[3] is not None).items():
            self.request_duration.labels(route, cache).observe_all(seconds)

    def _add_answers(self, notes: "list[_Answered]") -> None:
        self.confidence.observe_all(content.confidence for content, _, _ in notes)
        for (version, digit, doubted), count in Tally(
            (version, content.digit, bool(content.reasons)) for content, version, _ in notes
        ).items():
            self._prediction_cells[version][digit][doubted].inc(count)
        for (version, reason), count in Tally((version, reason) for content, version, _ in notes for reason in content.reasons).items():
            self.rejections.labels(reason, version).inc(count)
        for (version, cache), contents in _grouped(
            ((version, cache), content) for content, version, cache in notes if content.buckets
        ).items():
            cells = self._feature_cells[cache, version]
            each = zip(*((*content.buckets, content.digit) for content in contents), strict=True)
            for of_feature, buckets in zip(cells, each, strict=True):
                for bucket, count in Tally(buckets).items():
                    of_feature[bucket].inc(count)

    def _add_local_lookups(self, notes: list[tuple[bool, float]]) -> None:
        self.cache_duration.labels("local").observe_all(seconds for _, seconds in notes)
        for hit, count in Tally(hit for hit, _ in notes).items():
            self.cache_lookups.labels("local", "hit" if hit else "miss").inc(count)

    def _tell_usual(self, version: str, reference: Reference) -> None:
        for cache in CacheState:
            self._feature_cells[cache, version] = [
                [self.input_features.labels(feature, str(bucket), cache, version) for bucket in range(len(reference.ratios[feature]))]
                for feature in FEATURES
            ]
        for feature, ratios in reference.ratios.items():
            for bucket, ratio in enumerate(ratios):
                self.reference.labels(feature, str(bucket), version).set(ratio)
        self.baseline_accuracy.labels(version).set(reference.accuracy)
        for digit, (pictures, misread) in enumerate(zip(reference.validated, reference.misread, strict=True)):
            self.baseline_class.labels(str(digit), "right", version).set(pictures - misread)
            self.baseline_class.labels(str(digit), "wrong", version).set(misread)


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    groups: defaultdict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
