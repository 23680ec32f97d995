"""Every series of the gateway, in base units and closed label sets, on its own registry. What alerts read exists from the start."""

import asyncio
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from gateway.contract import REJECTIONS, CacheState, Content
from gateway.later import BulkHistogram, Later, Settling
from gateway.merging import Merged, ProcessCells, Statement
from gateway.reference import CLASSES, FEATURES, Reference

CACHE_STATES = (*CacheState, "none")
"""Those of answers, and `none` for what got no answer."""

PREDICT_STATUSES = (200, 400, 404, 408, 413, 415, 422, 429, 500, 502, 503, 504)
BATCH_STATUSES = (200, 400, 404, 408, 413, 429, 500, 503)
"""Of the whole call: what a single picture lacks is told among the results of a 200."""

TIERS = ("local", "redis")
LOOKUP_OUTCOMES = ("hit", "miss", "invalid", "error", "skipped")
"""`invalid`: a value that cannot be believed; `skipped`: not asked, because Redis is known to be unwell."""

MODEL_OUTCOMES = ("ok", "gone", "misbehaved", "timeout", "unavailable")
RECORD_KINDS = ("prediction", "pixels", "label", "alert")
RECORD_OUTCOMES = ("written", "failed", "dropped", "deleted")
"""`failed`: not now, and tried again; `dropped`: never, because too many waited; `deleted`: by retention."""

SHED_REASONS = ("queue_full", "large_uploads")

SETTLE_SECONDS = 1.0
"""How old what a sibling tells of this process may be."""


def _latency_buckets() -> tuple[float, ...]:
    """50 microseconds to 2 seconds by a factor of 1.25: wider ones cannot tell 2x from 1.5x."""
    edges = [0.00005]
    while edges[-1] * 1.25 < 2:
        edges.append(edges[-1] * 1.25)
    return (*(float(f"{edge:.4g}") for edge in edges), 2.0)


LATENCY_BUCKETS = _latency_buckets()


_Request = tuple[str, str, int, str | None, float]
_Answered = tuple[Content, str, CacheState]


class Metrics:
    """The gateway's series; one instance an application, so that tests do not share counts.

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
        self.requests = Counter("gateway_requests", "Requests answered.", ["route", "method", "status"], registry=registry)
        self.request_duration = BulkHistogram(
            "gateway_request_duration_seconds",
            "First byte of the request to last byte of the answer.",
            ["route", "cache"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.inflight = Gauge("gateway_inflight_requests", "Requests being answered.", registry=registry, multiprocess_mode="livesum")
        self.shed = Counter("gateway_shed", "Requests refused to protect the rest.", ["reason"], registry=registry)
        self.ready = Gauge("gateway_ready", "1 when /readyz says 200.", registry=registry, multiprocess_mode="livemin")
        self.cache_lookups = Counter("gateway_cache_lookups", "Cache lookups.", ["tier", "outcome"], registry=registry)
        self.cache_up = Gauge(
            "gateway_cache_up",
            "1 where Redis answers; absent where none is configured.",
            ["tier"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.cache_duration = BulkHistogram(
            "gateway_cache_duration_seconds", "Time of a cache lookup.", ["tier"], buckets=LATENCY_BUCKETS, registry=registry
        )
        self.model_requests = Counter("gateway_model_requests", "Requests to TorchServe.", ["outcome"], registry=registry)
        self.model_duration = Histogram(
            "gateway_model_duration_seconds", "Time of a request to TorchServe.", buckets=LATENCY_BUCKETS, registry=registry
        )
        self.model_queue_depth = Gauge(
            "gateway_model_queue_depth", "Pictures waiting for the model.", registry=registry, multiprocess_mode="livesum"
        )
        self.model_workers_ready = Gauge(
            "gateway_model_workers_ready", "TorchServe workers that are READY.", registry=registry, multiprocess_mode="livemax"
        )
        self.batch_size = Histogram(
            "gateway_batch_size", "Pictures a request to TorchServe.", buckets=(1, 2, 4, 8, 16, 32, 64), registry=registry
        )
        self.info = Statement(
            "gateway_info", "1 for the model version that is served.", ["model_version"], registry=registry, multiprocess_mode="livemax"
        )
        self.predictions = Counter(
            "digits_predictions", "Digits answered, hits included.", ["digit", "model_version", "accepted"], registry=registry
        )
        self.confidence = BulkHistogram(
            "digits_confidence",
            "Probability of the digit that was answered.",
            buckets=(0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0),
            registry=registry,
        )
        self.rejections = Counter(
            "digits_rejections", "Reasons given for answers that were not accepted.", ["reason", "model_version"], registry=registry
        )
        self.input_features = Counter(
            "digits_input_feature",
            "Answered uploads by the bucket of each feature, and by the digit that was answered.",
            ["feature", "bucket", "cache", "model_version"],
            registry=registry,
        )
        self.reference = Gauge(
            "digits_reference_ratio",
            "Share of the training pictures in each bucket.",
            ["feature", "bucket", "model_version"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.baseline_accuracy = Gauge(
            "digits_baseline_accuracy_ratio",
            "Accuracy on the validation pictures.",
            ["model_version"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.baseline_latency = Statement(
            "digits_baseline_latency_seconds",
            "Time of an answer when this installation was well, as it was measured.",
            ["quantile", "cache", "model_version"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.baseline_class = Gauge(
            "digits_baseline_class_pictures",
            "Validation pictures of each digit by how the model read them.",
            ["label", "read", "model_version"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.records = Counter("gateway_records", "Rows of records by what became of them.", ["kind", "outcome"], registry=registry)
        self.records_up = Gauge(
            "gateway_records_up",
            "1 while records are written; absent where they are switched off.",
            ["mode"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.records_waiting = Gauge(
            "gateway_records_waiting", "Predictions that wait to be written.", registry=registry, multiprocess_mode="livesum"
        )
        self.feedback = Counter(
            "digits_feedback", "True labels, the first of each prediction.", ["label", "predicted", "model_version"], registry=registry
        )
        self.label_delay = Histogram(
            "digits_label_delay_seconds",
            "From the answer to its first label.",
            buckets=(1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000),
            registry=registry,
        )
        self.canary = Counter(
            "digits_canary", "Known digits sent past every cache.", ["label", "predicted", "model_version"], registry=registry
        )
        self.corrections = Counter(
            "digits_corrections",
            "Labels that an auditor replaced by another.",
            ["label", "previous", "predicted", "model_version"],
            registry=registry,
        )
        self._prediction_cells: dict[str, list[tuple[Counter, Counter]]] = {}
        """By version and digit: accepted, and not."""
        self._feature_cells: dict[tuple[str, str], list[list[Counter]]] = {}
        """By cache state and version, for each of FEATURES in their order: a cell a bucket."""
        self._requests, self._answers, self._local_lookups = (
            Later(self._add_requests),
            Later(self._add_answers),
            Later(self._add_local_lookups),
        )
        self._followed: dict[Gauge, Callable[[], float]] = {}
        self._born()

    def serve_version(self, version: str, reference: Reference | None) -> None:
        """Make the cells of a model version, say what is usual for it, and name it as the one that is served."""
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
        self.info.say({(version,): 1})

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

    def _born(self) -> None:
        for tier in TIERS:
            self.cache_duration.labels(tier)
            for outcome in LOOKUP_OUTCOMES:
                self.cache_lookups.labels(tier, outcome)
        for outcome in MODEL_OUTCOMES:
            self.model_requests.labels(outcome)
        for status in PREDICT_STATUSES:
            self.requests.labels("/v1/predict", "POST", str(status))
        for status in BATCH_STATUSES:
            self.requests.labels("/v1/predict/batch", "POST", str(status))
        for kind in RECORD_KINDS:
            for outcome in RECORD_OUTCOMES:
                self.records.labels(kind, outcome)
        for reason in SHED_REASONS:
            self.shed.labels(reason)
        for state in CACHE_STATES:
            self.request_duration.labels("/v1/predict", state)
        self.request_duration.labels("/v1/predict/batch", "none")


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    groups: defaultdict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
