"""What waits, how well it is batched, what the model does with it, how many serve, what is written, and what TorchServe says itself."""

from monitoring.dashboards.board import RATE, Board, Row
from monitoring.dashboards.panels import Panel, Query, graph, heat, stat


def _mean_per_request(title: str, description: str, counter: str) -> Panel:
    """Of a counter of microseconds: TorchServe has no histogram."""
    return graph(
        title,
        description,
        "µs",
        Query(
            f"sum by (model_version) (rate({counter}[{RATE}])) / (sum by (model_version) (rate(ts_inference_requests_total[{RATE}])) > 0)",
            "{{model_version}}",
        ),
        width=8,
        runbook="SlowMisses",
    )


BOARD = Board(
    "digitserve-capacity",
    "digitserve / capacity",
    "Queue, batches, model, replicas, records, and TorchServe's own series.",
    [
        Row(
            "What waits for the model?",
            [
                graph(
                    "Queue depth",
                    "Pictures waiting, by gateway, and in all of them. A queue that stays: add workers, or a GPU.",
                    "none",
                    Query("gateway_model_queue_depth", "{{instance}}"),
                    Query("sum(gateway_model_queue_depth)", "all"),
                    width=8,
                    decimals=0,
                    runbook="SlowMisses",
                ),
                heat(
                    "Batch sizes",
                    "Requests to TorchServe by how many pictures they carry, at most 64. Large ones: the model is the bottleneck.",
                    "none",
                    Query(f"sum by (le) (increase(gateway_batch_size_bucket[{RATE}]))", "{{le}}"),
                    width=8,
                    runbook="SlowMisses",
                ),
                graph(
                    "Mean batch size",
                    "Pictures a request to TorchServe; 1 while nothing has to wait.",
                    "none",
                    Query(f"sum(rate(gateway_batch_size_sum[{RATE}])) / (sum(rate(gateway_batch_size_count[{RATE}])) > 0)", "mean"),
                    width=8,
                    decimals=1,
                    runbook="SlowMisses",
                ),
            ],
        ),
        Row(
            "What does the model do?",
            [
                graph(
                    "Requests to TorchServe by outcome",
                    "`gone`: that version is no longer there; `misbehaved`: an answer that cannot be one.",
                    "reqps",
                    Query(f"sum by (outcome) (rate(gateway_model_requests_total[{RATE}]))", "{{outcome}}"),
                    width=6,
                    stack=True,
                    runbook="ModelNotReady",
                ),
                graph(
                    "Pictures computed",
                    "What misses, bypasses and nothing else cost.",
                    "ops",
                    Query(f"sum(rate(gateway_batch_size_sum[{RATE}]))", "pictures"),
                    width=6,
                ),
                graph(
                    "Duration of a request to TorchServe",
                    "As the gateway sees it, a whole batch at a time.",
                    "s",
                    *(
                        Query(
                            f"histogram_quantile({quantile}, sum by (le) (rate(gateway_model_duration_seconds_bucket[{RATE}])))",
                            f"p{quantile * 100:.0f}",
                        )
                        for quantile in (0.5, 0.95, 0.99)
                    ),
                    width=6,
                    runbook="SlowMisses",
                ),
                graph(
                    "TorchServe workers ready",
                    "As each gateway sees them. 0: nothing new can be read.",
                    "none",
                    Query("gateway_model_workers_ready", "{{instance}}"),
                    width=6,
                    decimals=0,
                    thresholds=((None, "red"), (1, "green")),
                    runbook="ModelNotReady",
                ),
            ],
        ),
        Row(
            "How many serve?",
            [
                stat(
                    "Gateways up",
                    "Scraped a moment ago.",
                    "none",
                    Query('sum(up{job="gateway"})'),
                    decimals=0,
                    height=8,
                    thresholds=((None, "red"), (1, "green")),
                    runbook="NothingScraped",
                ),
                graph(
                    "Replicas",
                    "Gateways that are scraped, and of these those that are ready.",
                    "none",
                    Query('sum(up{job="gateway"})', "up"),
                    Query("sum(gateway_ready)", "ready"),
                    width=10,
                    decimals=0,
                    runbook="ModelNotReady",
                ),
                graph(
                    "Predict requests by gateway",
                    "Uneven: something holds on to connections.",
                    "reqps",
                    Query(f'sum by (instance) (rate(gateway_requests_total{{route="/v1/predict"}}[{RATE}]))', "{{instance}}"),
                    width=10,
                    stack=True,
                ),
            ],
        ),
        Row(
            "What does each gateway take?",
            [
                graph(
                    "Processors",
                    "One process uses one at most, and its records' thread a little of another. Near 1: add gateways.",
                    "none",
                    Query(f'rate(process_cpu_seconds_total{{job="gateway"}}[{RATE}])', "{{instance}}"),
                    width=8,
                    decimals=2,
                    runbook="SlowHits",
                ),
                graph(
                    "Memory",
                    "Resident; the in-process cache has its own limit, and rows that wait to be written take some.",
                    "bytes",
                    Query('process_resident_memory_bytes{job="gateway"}', "{{instance}}"),
                    width=8,
                ),
                graph(
                    "Open files",
                    "Connections above all.",
                    "none",
                    Query('process_open_fds{job="gateway"}', "{{instance}}"),
                    width=8,
                    decimals=0,
                ),
            ],
        ),
        Row(
            "Are answers and labels recorded?",
            [
                graph(
                    "Predictions waiting to be written",
                    "By gateway. Growing: the database is slow, locked, full or gone. Past 100,000 they are dropped.",
                    "none",
                    Query("gateway_records_waiting", "{{instance}}"),
                    width=8,
                    decimals=0,
                    runbook="RecordsNotWritten",
                ),
                graph(
                    "Rows written and deleted",
                    "Deleted: by retention.",
                    "wps",
                    Query(
                        f'sum by (kind, outcome) (rate(gateway_records_total{{outcome=~"written|deleted"}}[{RATE}]))',
                        "{{kind}} {{outcome}}",
                    ),
                    width=8,
                    runbook="RecordsNotWritten",
                ),
                graph(
                    "Rows failed and dropped",
                    "Failed is tried again, dropped is lost.",
                    "wps",
                    Query(
                        f'sum by (kind, outcome) (rate(gateway_records_total{{outcome=~"failed|dropped"}}[{RATE}]))',
                        "{{kind}} {{outcome}}",
                    ),
                    width=8,
                    runbook="RecordsLost",
                ),
            ],
        ),
        Row(
            "What does TorchServe say itself?",
            [
                graph(
                    "TorchServe up",
                    "Instances whose metrics are scraped.",
                    "none",
                    Query('up{job="torchserve"}', "{{instance}}"),
                    width=8,
                    decimals=0,
                    most=1,
                    runbook="ModelNotReady",
                ),
                graph(
                    "Requests",
                    "By model version, known digits that look whether it is well included.",
                    "reqps",
                    Query(f"sum by (model_version) (rate(ts_inference_requests_total[{RATE}]))", "{{model_version}}"),
                    width=8,
                ),
                graph(
                    "Answers by status",
                    "4xx are named once there is one; inference and management together.",
                    "reqps",
                    Query(f"sum(rate(Requests2XX[{RATE}]))", "2xx"),
                    Query(f"sum(rate(Requests4XX[{RATE}])) or vector(0)", "4xx"),
                    Query(f"sum(rate(Requests5XX[{RATE}])) or vector(0)", "5xx"),
                    width=8,
                    stack=True,
                    runbook="ModelNotReady",
                ),
                _mean_per_request(
                    "Mean latency", "Of a request inside TorchServe, queue and worker together.", "ts_inference_latency_microseconds"
                ),
                _mean_per_request(
                    "Mean time in its queue",
                    "Before a worker takes a request. It grows before anything else does.",
                    "ts_queue_latency_microseconds",
                ),
                graph(
                    "Last request, and the start of a worker",
                    "The last value alone, in whole milliseconds: waiting, in the worker's thread, and how long each worker took to load.",
                    "ms",
                    Query("QueueTime", "waiting"),
                    Query("WorkerThreadTime", "worker's thread"),
                    Query("max by (WorkerName) (WorkerLoadTime)", "load {{WorkerName}}"),
                    width=8,
                    runbook="ModelNotReady",
                ),
            ],
        ),
    ],
)
