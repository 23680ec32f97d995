"""What the records must be, beside what alerts make of them: growth counted and not estimated, shares, intervals, indices, quantiles."""

from collections.abc import Iterator, Mapping

import numpy as np

from tests.monitoring.cases import V1, Series, climb, feedback, hold, jump, then, wilson
from tests.monitoring.promtool import Ask, Scene

FIRST = "digits:feedback_first:increase"
CELL = f'label="3",predicted="3",{V1}'


def equals(at: str, record: str, value: float, within: float) -> Ask:
    """The one sample of this selector is the value, within so much."""
    return Ask(at, f"abs(sum({record}) - {value!r}) <= bool {within!r}", {"{}": 1})


def grown(name: str, values: str | Mapping[str, str], at: str, by: float | None, window: str = "1h", step: str = "1m") -> Scene:
    """One cell's growth; None: there is no such sample."""
    series = {"a": values} if isinstance(values, str) else values
    gives = {} if by is None else {f'{FIRST}{{{CELL},window="{window}"}}': by}
    ask = Ask(at, f'{FIRST}{{window="{window}"}}', gives)
    return Scene(f"growth: {name}", {feedback(3, 3, instance): each for instance, each in series.items()}, [ask], step)


GROWTH = [
    grown("steady", climb((1, 30), (2, 70)), "90m", 120),
    grown("a process born in the window, seen late", "_x20 5+0x30 9+0x20", "60m", 9),
    grown("a process that came and went in the window", "_x50 0 4 6 stale", "100m", 6),
    grown("a process that went away in the window", f"{climb((1, 80))} stale", "100m", 40),
    grown("a process that went away before it", f"{climb((1, 30))} stale", "100m", None),
    grown("a restart in the window", f"{climb((1, 70))} {climb((1, 40))}", "100m", 59),
    grown("a restart in the window, with nothing counted before that", f"{climb((0, 45), (1, 25))} {climb((1, 40))}", "100m", 54),
    grown("two restarts in the window", f"{climb((1, 50))} {climb((1, 9))} {climb((1, 60))}", "100m", 10 + 9 + 39),
    grown("a restart at the window's edge, counting past what was", f"{climb((1, 35))} stale _x8 {climb((2, 60))}", "100m", 110),
    grown("not scraped at the window's edge", f"{climb((1, 35))} stale _x14 {climb((1, 60), start=51.0)}", "100m", 65),
    grown("not scraped at its own end", f"{climb((1, 95))} stale _x30", "100m", 55),
    grown("one sample", "_x99 7", "100m", 7),
    grown("a new replica beside an old one", {"a": climb((1, 110)), "b": f"_x70 {climb((2, 40))}"}, "100m", 60 + 60),
    grown(
        "a replica that restarts beside one that does not",
        {"a": climb((1, 110)), "b": f"{climb((2, 69))} {climb((2, 40))}"},
        "100m",
        118 + 60,
    ),
    grown("a day", climb((10, 70)), "32h", 480, "1d", "30m"),
    grown("a day with a restart at its edge", f"{climb((10, 16))} {climb((10, 60))}", "32h", 470, "1d", "30m"),
]


def _two_processes() -> Scene:
    """Scraped each 15 s at different moments, under random labels from 20 s to 420 s, and judged by a recount of these."""
    random = np.random.default_rng(3)
    seconds = random.uniform(20, 420, 700)
    process, labels, reads = (random.integers(0, most, len(seconds)) for most in (2, 10, 10))
    series: Series = {}
    for number, (instance, offset) in enumerate((("a", 0), ("b", 7))):
        for label in range(10):
            for predicted in range(10):
                times = seconds[(process == number) & (labels == label) & (reads == predicted)]
                scraped = {moment: int((times <= moment).sum()) for moment in range(offset, 465, 15)}
                series[feedback(label, predicted, instance)] = " ".join(str(scraped.get(moment, "_")) for moment in range(465))
    right, threes = int((labels == reads).sum()), reads[labels == 3]
    asks = [
        *(equals("450s", f'digits:accuracy:ratio{{window="{window}"}}', right / len(seconds), 1e-9) for window in ("1h", "1d")),
        equals("450s", 'digits:labels:sum{window="1h"}', len(seconds), 0),
        equals("450s", 'digits:feedback_right:increase{window="1d"}', right, 0),
        equals("450s", 'digits:class_error:ratio{window="1h",label="3"}', float((threes != 3).mean()), 1e-9),
        # The obvious way is beside it.
        Ask("450s", f"abs(sum(increase(digits_feedback_total[6m])) - {len(seconds)}) > bool 1", {"{}": 1}),
    ]
    return Scene("two processes scraped at different moments", series, asks, "1s", evaluated="15s")


def correction(label: int, previous: int, predicted: int) -> str:
    return f'digits_corrections_total{{instance="b",label="{label}",previous="{previous}",predicted="{predicted}",{V1}}}'


def cells(window: str, **counts: float) -> dict[str, float]:
    """`c35=2`: two pictures labelled 3 that were read as 5."""
    return {
        f'digits:feedback:increase{{label="{cell[1]}",predicted="{cell[2]}",window="{window}",{V1}}}': count
        for cell, count in counts.items()
    }


CORRECTIONS = [
    Scene(
        "corrections move labels",
        {feedback(3, 5): jump(10), feedback(5, 5): jump(20), correction(5, 3, 5): "_x5 4+0x20", correction(4, 5, 5): "_x5 1+0x20"},
        [
            Ask("10m", 'digits:feedback:increase{window="1h"}', cells("1h", c35=6, c55=23, c45=1)),
            Ask("10m", 'digits:feedback:increase{window="1d"}', cells("1d", c35=6, c55=23, c45=1)),
            equals("10m", 'digits:labels:sum{window="1h"}', 30, 0),
            equals("10m", 'digits:accuracy:ratio{window="1h"}', 23 / 30, 1e-12),
            equals("10m", 'digits:class_error:ratio{window="1h",label="4"}', 1, 0),
            equals("10m", 'digits:class_labels:sum{window="1h",label="5"}', 23, 0),
        ],
    ),
    Scene(
        "corrections of labels from before the window",
        {
            feedback(3, 5): jump(10, 100),
            feedback(4, 4): jump(10, 100),
            feedback(4, 8): then((0, 80), (2, 20)),
            feedback(3, 3): then((0, 80), (1, 20)),
            correction(5, 3, 5): f"_x80 {hold(4, 20)}",
            correction(6, 4, 4): f"_x80 {hold(1, 20)}",
        },
        [
            Ask("90m", 'digits:feedback:increase{window="1h"}', cells("1h", c35=-4, c44=-1, c48=2, c33=1, c55=4, c64=1)),
            equals("90m", 'digits:labels:sum{window="1h"}', 3, 0),
            equals("90m", 'digits:feedback_right:increase{window="1h"}', 4, 0),
            equals("90m", 'digits:accuracy:ratio{window="1h"}', 1, 0),  # not 4 of 3
            equals("90m", 'digits:class_error:ratio{window="1h",label="4"}', 1, 0),  # not 2 of 1
            Ask("90m", 'digits:class_error:ratio{window="1h",label="3"}', {}),  # fewer than none
        ],
    ),
]


def _intervals() -> Iterator[Scene]:
    for wrong, pictures in ((0, 400), (3, 500), (40, 600)):
        usual = f'digits_baseline_class_pictures{{instance="a",label="3",{V1},read'
        series = {
            feedback(3, 3): jump(pictures - wrong),
            feedback(3, 9): jump(wrong),
            f'{usual}="right"}}': hold(pictures - wrong),
            f'{usual}="wrong"}}': hold(wrong),
        }
        holds = [
            equals("5m", 'digits:class_error:lower{window="1h",label="3"}', wilson(wrong, pictures, -1), 1e-9),
            equals("5m", 'digits:baseline_class_error:upper{label="3"}', wilson(wrong, pictures, 1), 1e-9),
        ]
        yield Scene(f"95 % interval of {wrong} in {pictures}", series, holds)


def psi(expected: np.ndarray, observed: np.ndarray) -> float:
    """Population stability index in nats; shares under 1e-4 count as that."""
    p, q = np.maximum(expected, 1e-4), np.maximum(observed, 1e-4)
    return float(np.sum((q - p) * np.log(q / p)))


def _indices() -> Scene:
    """Random distributions, with buckets that are empty on either side and on both, over two processes."""
    random = np.random.default_rng(4)
    series: Series = {}
    holds = []
    for feature, buckets in (("ink", 10), ("aspect", 8), ("polarity", 2), ("digit", 10)):
        usual = random.dirichlet(np.ones(buckets))
        counts = {
            (instance, cache): random.integers(0, 400, buckets) for instance in "ab" for cache in ("miss", "hit", "coalesced", "bypass")
        }
        if buckets > 2:
            usual[0] = usual[2] = 0
            usual /= usual.sum()
            for each in counts.values():
                each[1] = each[2] = 0
        for bucket in range(buckets):
            of = f'feature="{feature}",bucket="{bucket}",{V1}'
            for (instance, cache), each in counts.items():
                series[f'digits_input_feature_total{{instance="{instance}",cache="{cache}",{of}}}'] = jump(int(each[bucket]))
            for instance in "ab":
                series[f'digits_reference_ratio{{instance="{instance}",{of}}}'] = hold(float(usual[bucket]))
        distinct = counts["a", "miss"] + counts["b", "miss"]
        everything = np.sum(list(counts.values()), axis=0)
        for traffic, seen in (("distinct", distinct), ("all", everything)):
            of = f'{{feature="{feature}",traffic="{traffic}",{V1}'
            holds.append(equals("5m", f"digits:psi:index{of}}}", psi(usual, seen / seen.sum()), 1e-6))
            holds.append(equals("5m", f'digits:input_share:ratio{of},bucket="1"}}', float(seen[1] / seen.sum()), 1e-12))
            if feature == "digit":
                holds.append(equals("5m", f'digits:pictures:sum{{traffic="{traffic}"}}', int(seen.sum()), 0))
    return Scene("population stability index", series, holds)


def buckets(metric: str, labels: str, counts: Mapping[str, float], steps: int = 10) -> Series:
    """A histogram that grows each step by these counts per bucket."""
    edges, each = list(counts), np.cumsum(list(counts.values()))
    return {f'{metric}_bucket{{{labels},le="{edge}"}}': climb((float(count), steps)) for edge, count in zip(edges, each, strict=True)}


ENOUGH = Scene(
    "whether there is enough is told of everything",
    {
        feedback(3, 3): jump(50),
        feedback(4, 4): jump(2250),
        feedback(5, 5): hold(0),
        'digits_input_feature_total{instance="a",feature="digit",bucket="3",cache="miss",model_version="v1"}': jump(500),
        'digits_input_feature_total{instance="a",feature="digit",bucket="3",cache="hit",model_version="v1"}': jump(900),
    },
    [
        Ask("0m", 'digits:labels_enough:bool{window="1h"}', {f'digits:labels_enough:bool{{window="1h",{V1}}}': 0}),
        Ask("5m", 'digits:labels_enough:bool{window="1h"}', {f'digits:labels_enough:bool{{window="1h",{V1}}}': 1}),
        Ask(
            "5m",
            'digits:class_labels_enough:bool{window="1h"}',
            {
                f'digits:class_labels_enough:bool{{window="1h",label="{label}",{V1}}}': enough
                for label, enough in (("3", 1), ("4", 1), ("5", 0))
            },
        ),
        Ask(
            "0m",
            "digits:pictures_enough:bool",
            {f'digits:pictures_enough:bool{{window="1h",traffic="{traffic}",{V1}}}': 0 for traffic in ("distinct", "all")},
        ),
        Ask(
            "5m",
            "digits:pictures_enough:bool",
            {f'digits:pictures_enough:bool{{window="1h",traffic="{traffic}",{V1}}}': 1 for traffic in ("distinct", "all")},
        ),
    ],
)
LABELS = Scene(
    "label delay and coverage",
    {
        **buckets("digits_label_delay_seconds", 'instance="a"', {"1": 0, "10": 5, "60": 0, "600": 5, "+Inf": 0}),
        feedback(3, 3): climb((10, 10)),
        **{f'digits_predictions_total{{instance="{instance}",digit="3",accepted="true",{V1}}}': climb((20, 10)) for instance in "ab"},
    },
    [
        *(
            equals("10m", f'digits:label_delay_seconds:{quantile}{{window="{window}"}}', seconds, 1e-6)
            for window in ("1h", "1d")
            for quantile, seconds in (("p50", 10), ("p95", 60 + 0.9 * 540))
        ),
        *(equals("10m", f'digits:feedback_coverage:ratio{{window="{window}"}}', 0.25, 0) for window in ("1h", "1d")),
    ],
)
SERVICE = Scene(
    "latency, cache and request rates",
    {
        **buckets(
            "gateway_request_duration_seconds",
            'instance="a",route="/v1/predict",cache="miss"',
            {"0.001": 40, "0.002": 20, "0.004": 32, "0.008": 8, "+Inf": 0},
        ),
        'gateway_request_duration_seconds_count{instance="a",route="/v1/predict",cache="miss"}': climb((100, 10)),
        'gateway_request_duration_seconds_count{instance="b",route="/v1/predict",cache="miss"}': climb((20, 10)),
        **{
            f'gateway_cache_lookups_total{{instance="a",tier="redis",outcome="{outcome}"}}': climb((count, 10))
            for outcome, count in (("hit", 30), ("miss", 60), ("invalid", 5), ("error", 5), ("skipped", 900))
        },
        'gateway_requests_total{instance="a",route="/v1/predict",method="POST",status="200"}': climb((54, 10)),
        'gateway_requests_total{instance="b",route="/v1/predict",method="POST",status="200"}': climb((60, 10)),
        'gateway_requests_total{instance="b",route="/v1/predict",method="POST",status="504"}': climb((6, 10)),
        'digits_baseline_latency_seconds{instance="a",quantile="0.95",cache="miss",model_version="v1"}': hold(0.004),
        'gateway_info{instance="a",model_version="v1"}': hold(1),
    },
    [
        equals("10m", 'gateway:predict_duration_seconds:p50{cache="miss",window="5m"}', 0.0015, 1e-9),
        equals("10m", 'gateway:predict_duration_seconds:p95{cache="miss",window="5m"}', 0.004 + 0.004 * 3 / 8, 1e-9),
        equals("10m", 'gateway:predict_duration_seconds:p99{cache="miss",window="5m"}', 0.004 + 0.004 * 7 / 8, 1e-9),
        equals("10m", 'gateway:predict_answers:increase{cache="miss",window="5m"}', 600, 1e-9),
        equals("10m", 'gateway:cache_hits:ratio{tier="redis",window="5m"}', 0.3, 1e-12),
        equals("10m", 'gateway:requests:rate{route="/v1/predict",status="200",window="5m"}', 1.9, 1e-12),
        equals("10m", 'digits:baseline_latency_seconds:p95{cache="miss"}', 0.004, 0),
        *(equals("10m", f'gateway:predict_errors:ratio{{window="{window}"}}', 0.05, 1e-12) for window in ("5m", "30m", "1h", "6h")),
        equals("10m", 'gateway:predict_errors:burn{window="6h"}', 10, 1e-9),
        equals("10m", 'gateway:predict_requests:increase{window="5m"}', 600, 1e-9),
    ],
)

SCENES = [*GROWTH, _two_processes(), *CORRECTIONS, *_intervals(), _indices(), ENOUGH, LABELS, SERVICE]
