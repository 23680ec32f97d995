"""Is it up, how much is asked, what fails, how long it takes, what is full, what the caches save: in that order."""

from monitoring.dashboards.board import RATE, Board, Row
from monitoring.dashboards.panels import BASELINE, LIMIT, Panel, Query, graph, stat

OBJECTIVE_ERRORS = 0.005
"""99.5 % of requests to predict do not fail."""

FAST_BURN, SLOW_BURN = 14.4, 6
TIMES_ALLOWED = 2
"""The baseline's p95, past which an answer is slow."""

PREDICT = 'route="/v1/predict"'


def _times_baseline(cache: str, plural: str) -> Panel:
    return stat(
        f"{plural}: p95, times the baseline",
        f"The p95 of cache {plural.lower()} over 5 minutes by what it was when this installation was measured well. Past 2 it alerts.",
        "suffix: x",
        Query(f'gateway:predict_duration_seconds:p95{{cache="{cache}"}} / on (cache) digits:baseline_latency_seconds:p95'),
        decimals=2,
        thresholds=((None, "green"), (1.5, "orange"), (TIMES_ALLOWED, "red")),
        runbook=f"Slow{plural}",
    )


def _duration(cache: str, plural: str, floor: str, act: str) -> Panel:
    baseline = f'digits:baseline_latency_seconds:p95{{cache="{cache}"}}'
    return graph(
        f"Duration of {plural.lower()}",
        f"From the first byte of a request to the last of its answer, over 5 minutes, for cache {plural.lower()}. The p95 past the red "
        f"line and over {floor} alerts: {act}. Without the two lines no baseline was measured (`python -m gateway baseline`).",
        "s",
        *(Query(f'gateway:predict_duration_seconds:{quantile}{{cache="{cache}"}}', quantile) for quantile in ("p50", "p95", "p99")),
        Query(baseline, "p95 when measured well", BASELINE),
        Query(f"{TIMES_ALLOWED} * {baseline}", "its double", LIMIT),
        height=9,
        runbook=f"Slow{plural}",
    )


BOARD = Board(
    "digitserve-service",
    "digitserve / service",
    "Rate, errors, duration, saturation and caches of the gateways.",
    [
        Row(
            "Is it well?",
            [
                stat(
                    "Gateways ready",
                    "Gateways that have a model that reads a known digit right, of those that are scraped.",
                    "none",
                    Query("sum(gateway_ready)", "ready"),
                    Query('count(up{job="gateway"})', "scraped"),
                    thresholds=((None, "red"), (1, "green")),
                    runbook="ModelNotReady",
                ),
                stat(
                    "Alerts firing",
                    "Without the Watchdog, which fires always.",
                    "none",
                    Query('count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)'),
                    thresholds=((None, "green"), (1, "red")),
                ),
                stat(
                    "Model served",
                    "The version that gateways serve; two of them only while one takes the place of the other.",
                    "none",
                    Query("max by (model_version) (gateway_info)", "{{model_version}}"),
                    names=True,
                    runbook="BaselineMissing",
                ),
                stat(
                    "Requests failed, last hour",
                    "Share of requests to /v1/predict that were answered 5xx. The objective allows 0.5 %.",
                    "percentunit",
                    Query('gateway:predict_errors:ratio{window="1h"}'),
                    decimals=2,
                    thresholds=((None, "green"), (OBJECTIVE_ERRORS, "red")),
                    runbook="AvailabilityFastBurn",
                ),
                _times_baseline("miss", "Misses"),
                _times_baseline("hit", "Hits"),
            ],
        ),
        Row(
            "Rate: how much is asked?",
            [
                graph(
                    "Answers to predict by cache state",
                    "`none` got no answer: refused, failed, or gone before.",
                    "reqps",
                    Query(f"sum by (cache) (rate(gateway_request_duration_seconds_count{{{PREDICT}}}[{RATE}]))", "{{cache}}"),
                    stack=True,
                ),
                graph(
                    "Requests by route",
                    "Everything that is asked, health and metrics too.",
                    "reqps",
                    Query("sum by (route) (gateway:requests:rate)", "{{route}}"),
                ),
            ],
        ),
        Row(
            "Errors: what fails?",
            [
                graph(
                    "Share of predict requests that fail, by window",
                    "Answered 5xx. The dashed line is what the objective of 99.5 % allows.",
                    "percentunit",
                    Query("gateway:predict_errors:ratio", "last {{window}}"),
                    Query(f"vector({OBJECTIVE_ERRORS})", "allowed", LIMIT),
                    width=8,
                    decimals=2,
                    runbook="AvailabilitySlowBurn",
                ),
                graph(
                    "Speed at which the error budget burns",
                    "1 uses it up in a month. Over 14.4 in 1 h and 5 m it is urgent, over 6 in 6 h and 30 m it is worth a look.",
                    "suffix: x",
                    Query("gateway:predict_errors:burn", "last {{window}}"),
                    width=8,
                    decimals=1,
                    thresholds=((None, "green"), (SLOW_BURN, "orange"), (FAST_BURN, "red")),
                    runbook="AvailabilityFastBurn",
                ),
                graph(
                    "Refused and failed requests by status",
                    "4xx are the client's to mend, 429 and 503 are asked to come back, other 5xx are ours.",
                    "reqps",
                    Query(
                        f'sum by (status) (rate(gateway_requests_total{{{PREDICT}, status=~"[45].."}}[{RATE}]))',
                        "{{status}}",
                    ),
                    width=8,
                    stack=True,
                    runbook="AvailabilityFastBurn",
                ),
            ],
        ),
        Row(
            "Duration: how long does an answer take?",
            [
                _duration("miss", "Misses", "5 ms", "tune batches and workers (make tune), add TorchServe instances, use a GPU"),
                _duration("hit", "Hits", "2 ms", "look at the gateway's processor and at Redis, add gateways"),
            ],
        ),
        Row(
            "Saturation: what is full?",
            [
                graph(
                    "Requests in flight",
                    "Being answered now, by gateway.",
                    "none",
                    Query("gateway_inflight_requests", "{{instance}}"),
                    width=8,
                    decimals=0,
                ),
                graph(
                    "Pictures waiting for the model",
                    "By gateway. Past GATEWAY_QUEUE_PICTURES (512) a new one is a 429.",
                    "none",
                    Query("gateway_model_queue_depth", "{{instance}}"),
                    width=8,
                    decimals=0,
                    runbook="SlowMisses",
                ),
                graph(
                    "Requests refused to protect the rest",
                    "By reason: the queue to the model is full, or too many large uploads at a time.",
                    "reqps",
                    Query(f"sum by (reason) (rate(gateway_shed_total[{RATE}]))", "{{reason}}"),
                    width=8,
                ),
            ],
        ),
        Row(
            "Caches: what do they save?",
            [
                stat(
                    "Redis",
                    "Whether every gateway that has one reaches it. Without it answers cost the model, and are answers.",
                    "none",
                    Query("min by (tier) (gateway_cache_up)"),
                    height=8,
                    says={1: ("up", "green"), 0: ("down", "red")},
                    runbook="CacheDown",
                ),
                graph(
                    "Hit ratio by tier",
                    "Of lookups over 5 minutes. `local` sees raw bytes first; `redis` sees what is left, by canonical pixels.",
                    "percentunit",
                    Query("gateway:cache_hits:ratio", "{{tier}}"),
                    width=7,
                    most=1,
                    runbook="CacheDown",
                ),
                graph(
                    "Lookups by outcome",
                    "`invalid`: a value that cannot be believed; `skipped`: not asked, because Redis is known to be unwell.",
                    "ops",
                    Query(
                        f"sum by (tier, outcome) (rate(gateway_cache_lookups_total[{RATE}]))",
                        "{{tier}} {{outcome}}",
                    ),
                    width=7,
                    stack=True,
                    runbook="CacheDown",
                ),
                graph(
                    "Time of a lookup",
                    "p50 and p95 by tier.",
                    "s",
                    *(
                        Query(
                            f"histogram_quantile({quantile}, sum by (tier, le) (rate(gateway_cache_duration_seconds_bucket[{RATE}])))",
                            f"{{{{tier}}}} p{quantile * 100:.0f}",
                        )
                        for quantile in (0.5, 0.95)
                    ),
                    width=6,
                    runbook="SlowHits",
                ),
            ],
        ),
    ],
)
