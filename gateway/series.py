"""The gateway's series: names, words, closed label sets, base units. What alerts read exists at 0 from the start."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.contract import CacheState
from gateway.later import BulkHistogram
from gateway.merging import Statement

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

SPAN_OUTCOMES = ("exported", "failed", "dropped")
"""`failed`: the collector did not take them; `dropped`: too many waited for it."""

SHADOW_OUTCOMES = ("compared", "failed", "dropped")
"""`failed`: the candidate gave no answer; `dropped`: never asked, because too many waited."""

EXPLANATION_OUTCOMES = ("computed", "remembered", "failed")
SHED_REASONS = ("queue_full", "large_uploads", "explanations")


def _latency_buckets() -> tuple[float, ...]:
    """50 microseconds to 2 seconds by a factor of 1.25: wider ones cannot tell 2x from 1.5x."""
    edges = [0.00005]
    while edges[-1] * 1.25 < 2:
        edges.append(edges[-1] * 1.25)
    return (*(float(f"{edge:.4g}") for edge in edges), 2.0)


LATENCY_BUCKETS = _latency_buckets()


class Series:
    """All of them on one registry, each as an attribute. `multiprocess_mode`: what they are together in several processes."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
            "1 where Redis answers, all of it where it is several servers; absent where none is configured.",
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
        self.explanations = Counter("gateway_explanations", "Explanations asked for.", ["outcome"], registry=registry)
        self.info = Statement(
            "gateway_info", "1 for the model version that is served.", ["model_version"], registry=registry, multiprocess_mode="livemax"
        )
        self.candidate = Statement(
            "gateway_candidate_ratio",
            "Share of uploads that the candidate beside the served version answers; 0 while it only looks on, absent where there is none.",
            ["model_version"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.shadowed = Counter(
            "gateway_shadow", "Pictures for the candidate to look at, by what became of them.", ["outcome"], registry=registry
        )
        self.shadow_duration = Histogram(
            "gateway_shadow_duration_seconds",
            "Time of a request to a candidate that looks on.",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.shadow = Counter(
            "digits_shadow",
            "Pictures by what was answered and what the candidate reads in them.",
            ["digit", "candidate_digit", "model_version"],
            registry=registry,
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
        self.spans = Counter("gateway_spans", "Spans of traced requests by what became of them.", ["outcome"], registry=registry)
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
        self._born()

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
        for outcome in SPAN_OUTCOMES:
            self.spans.labels(outcome)
        for outcome in SHADOW_OUTCOMES:
            self.shadowed.labels(outcome)
        for outcome in EXPLANATION_OUTCOMES:
            self.explanations.labels(outcome)
        for reason in SHED_REASONS:
            self.shed.labels(reason)
        for state in CACHE_STATES:
            self.request_duration.labels("/v1/predict", state)
        self.request_duration.labels("/v1/predict/batch", "none")
