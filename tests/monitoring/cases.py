"""What every alert must do: fire just past its threshold, be silent at it, on little traffic and after restarts, and end on recovery."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

Labels = dict[str, str]
Series = dict[str, str]
V1 = 'model_version="v1"'
HOUR, DAY = {"window": "1h"}, {"window": "1d"}


class Kind(Enum):
    """What a case shows. Every alert but Watchdog has all of these."""

    FIRES = "fires just past the threshold"
    AT = "is silent at the threshold"
    IN_TIME = "waits as long as it says"
    FEW = "is silent on low traffic"
    RESTART = "is right after a counter reset"
    RECOVERY = "ends on recovery"


@dataclass(frozen=True)
class Case:
    """Series, one value each `step`, and at which times which alerts fire: their labels without alertname and severity."""

    alert: str
    kind: Kind
    name: str
    series: Mapping[str, str]
    fires: Mapping[str, tuple[Labels, ...]]
    step: str = "1m"
    says: Mapping[str, str] = field(default_factory=dict)
    """At a time, the description of the one alert that fires."""


def hold(value: float, steps: int = 30) -> str:
    return f"{value!r}+0x{steps}"


def then(*parts: tuple[float, int]) -> str:
    """Each value for so many steps."""
    return " ".join(f"{value!r}+0x{steps - 1}" for value, steps in parts)


def climb(*parts: tuple[float, int], start: float = 0.0) -> str:
    """A counter from `start` on: so much more with each of so many steps, part after part."""
    values, total = [start], start
    for each, steps in parts:
        for _ in range(steps):
            total += each
            values.append(total)
    return " ".join(map(repr, values))


def jump(count: float, steps: int = 30) -> str:
    """A counter that is born at 0 and has its count one step later."""
    return then((0, 1), (count, steps))


def feedback(label: int, predicted: int, instance: str = "a") -> str:
    return f'digits_feedback_total{{instance="{instance}",label="{label}",predicted="{predicted}",{V1}}}'


# Accuracy: baseline 99 %, so 98.5 % is the threshold.


def accuracy(right: str, wrong: str, baseline: float = 0.99) -> Series:
    return {
        feedback(3, 3): right,
        feedback(3, 5): wrong,
        f'digits_baseline_accuracy_ratio{{instance="a",{V1}}}': hold(baseline, 100),
        f'digits_baseline_accuracy_ratio{{instance="b",{V1}}}': hold(baseline, 100),
    }


def both(**labels: str) -> tuple[Labels, ...]:
    return ({"model_version": "v1", **labels, **HOUR}, {"model_version": "v1", **labels, **DAY})


ACCURACY = [
    Case("AccuracyBelowBaseline", Kind.FIRES, "0.53 points under", accuracy(jump(2954), jump(46)), {"10m": both()}),
    Case("AccuracyBelowBaseline", Kind.FIRES, "2300 labels", accuracy(jump(2000), jump(300)), {"10m": both()}),
    Case(
        "AccuracyBelowBaseline",
        Kind.FIRES,
        "labels over the hour, aged out of it",
        accuracy(then((0, 1), (2000, 80)), then((0, 1), (500, 80))),
        {"50m": both(), "70m": both()[1:]},
        says={"70m": "Of the labels of the last 1d, model v1 read 80% right; that is more than 0.5 points under its baseline."},
    ),
    Case("AccuracyBelowBaseline", Kind.AT, "0.5 points under", accuracy(jump(2955), jump(45)), {"10m": ()}),
    Case("AccuracyBelowBaseline", Kind.AT, "0.47 points under", accuracy(jump(2956), jump(44)), {"10m": ()}),
    Case(
        "AccuracyBelowBaseline",
        Kind.IN_TIME,
        "two minutes",
        accuracy(jump(2000), jump(500)),
        {"120s": (), "140s": both()},
        step="20s",
    ),
    Case("AccuracyBelowBaseline", Kind.FEW, "2299 labels", accuracy(jump(1999), jump(300)), {"10m": ()}),
    Case(
        "AccuracyBelowBaseline",
        Kind.RESTART,
        "good before and after",
        accuracy(then((0, 1), (3000, 9), (0, 1), (40, 20)), then((0, 1), (20, 9), (0, 20))),
        {"12m": (), "25m": ()},
    ),
    Case(
        "AccuracyBelowBaseline",
        Kind.RESTART,
        "bad before counts after",
        accuracy(then((0, 1), (3000, 9), (0, 1), (40, 20)), then((0, 1), (300, 9), (0, 20))),
        {"25m": both()},
    ),
    Case(
        "AccuracyBelowBaseline",
        Kind.RECOVERY,
        "many right ones",
        accuracy(then((0, 1), (2950, 9), (20_000, 20)), jump(50)),
        {"9m": both(), "15m": ()},
    ),
]

# One digit's error. Its baseline: 10 of 1,000 read wrong, Wilson's upper bound 1.83 %.


def one_class(right: str, wrong: str) -> Series:
    return {
        feedback(3, 3): right,
        feedback(3, 8): wrong,
        feedback(4, 4): hold(0),
        **{
            f'digits_baseline_class_pictures{{instance="{instance}",label="3",read="{read}",{V1}}}': hold(count, 100)
            for instance in ("a", "b")
            for read, count in (("right", 990), ("wrong", 10))
        },
    }


def wilson(wrong: float, pictures: float, sign: int, z: float = 1.959964) -> float:
    """A bound of the 95 % interval of an error rate (Wilson 1927)."""
    spread = z * math.sqrt(wrong * (pictures - wrong) / pictures + z**2 / 4)
    return (wrong + z**2 / 2 + sign * spread) / (pictures + z**2)


FIRST_BEYOND = next(wrong for wrong in range(501) if wilson(wrong, 500, -1) > wilson(10, 1000, 1))
THREE = both(label="3")

CLASSES = [
    Case("ClassErrorHigh", Kind.FIRES, "11 of 100", one_class(jump(89), jump(11)), {"10m": THREE}),
    Case("ClassErrorHigh", Kind.FIRES, "50 labels", one_class(jump(40), jump(10)), {"10m": THREE}),
    Case(
        "ClassErrorHigh",
        Kind.FIRES,
        "an hour later, of the day",
        one_class(jump(60, 80), jump(20, 80)),
        {"70m": THREE[1:]},
        says={"70m": "Model v1 read 25% of the pictures labelled 3 in the last 1d wrong."},
    ),
    Case("ClassErrorHigh", Kind.AT, "10 of 100", one_class(jump(90), jump(10)), {"10m": ()}),
    Case("ClassErrorHigh", Kind.AT, "9 of 100", one_class(jump(91), jump(9)), {"10m": ()}),
    Case("ClassErrorHigh", Kind.IN_TIME, "two minutes", one_class(jump(60), jump(20)), {"120s": (), "140s": THREE}, step="20s"),
    Case("ClassErrorHigh", Kind.FEW, "49 labels", one_class(jump(29), jump(20)), {"10m": ()}),
    Case(
        "ClassErrorHigh",
        Kind.RESTART,
        "good before and after",
        one_class(then((0, 1), (200, 9), (0, 1), (60, 20)), then((0, 1), (5, 9), (0, 20))),
        {"12m": (), "25m": ()},
    ),
    Case(
        "ClassErrorHigh",
        Kind.RESTART,
        "bad before counts after",
        one_class(then((0, 1), (200, 9), (0, 21)), then((0, 1), (50, 9), (0, 21))),
        {"25m": THREE},
    ),
    Case(
        "ClassErrorHigh", Kind.RECOVERY, "many right ones", one_class(then((0, 1), (80, 9), (800, 20)), jump(20)), {"9m": THREE, "12m": ()}
    ),
    Case(
        "ClassErrorAboveBaseline",
        Kind.FIRES,
        "one more than chance explains",
        one_class(jump(500 - FIRST_BEYOND), jump(FIRST_BEYOND)),
        {"10m": THREE},
    ),
    Case("ClassErrorAboveBaseline", Kind.FIRES, "50 labels", one_class(jump(40), jump(10)), {"10m": THREE}),
    Case(
        "ClassErrorAboveBaseline",
        Kind.FIRES,
        "an hour later, of the day",
        one_class(jump(450, 80), jump(50, 80)),
        {"70m": THREE[1:]},
        says={
            "70m": "At least 7.668% of the pictures labelled 3 in the last 1d are read wrong by model v1 (95 % interval); "
            "its own baseline lies under that."
        },
    ),
    Case(
        "ClassErrorAboveBaseline",
        Kind.AT,
        "what chance explains",
        one_class(jump(501 - FIRST_BEYOND), jump(FIRST_BEYOND - 1)),
        {"10m": ()},
    ),
    Case("ClassErrorAboveBaseline", Kind.IN_TIME, "two minutes", one_class(jump(60), jump(20)), {"120s": (), "140s": THREE}, step="20s"),
    Case("ClassErrorAboveBaseline", Kind.FEW, "49 labels", one_class(jump(29), jump(20)), {"10m": ()}),
    Case(
        "ClassErrorAboveBaseline",
        Kind.RESTART,
        "good before and after",
        one_class(then((0, 1), (500, 9), (0, 1), (60, 20)), then((0, 1), (6, 9), (0, 20))),
        {"12m": (), "25m": ()},
    ),
    Case(
        "ClassErrorAboveBaseline",
        Kind.RECOVERY,
        "many right ones",
        one_class(then((0, 1), (470, 9), (9000, 20)), jump(30)),
        {"9m": THREE, "12m": ()},
    ),
]

# Known digits, one each 10 s; a misread one again next.


def canary(wrong: str, right: str = climb((1, 60)), other: str = hold(0, 60), instance: str = "a") -> Series:
    return {
        f'digits_canary_total{{instance="{instance}",label="7",predicted="7",{V1}}}': right,
        f'digits_canary_total{{instance="{instance}",label="7",predicted="1",{V1}}}': wrong,
        f'digits_canary_total{{instance="{instance}",label="2",predicted="3",{V1}}}': other,
    }


SEVEN = ({"instance": "a", "label": "7", "model_version": "v1", "window": "2m"},)

CANARY = [
    Case(
        "CanaryMisread",
        Kind.FIRES,
        "twice in a row, with no other misread for long",
        canary(then((5, 13), (6, 1), (7, 40))),
        {"120s": (), "130s": (), "140s": SEVEN, "240s": SEVEN},
        step="10s",
        says={"140s": "a read a known 7 wrong 2 times within 2 minutes (model v1)."},
    ),
    Case("CanaryMisread", Kind.AT, "once", canary(then((0, 13), (1, 40))), {"140s": (), "200s": ()}, step="10s"),
    # No process counts fractions; that is how close to 2 it is held.
    Case("CanaryMisread", Kind.AT, "a little less than twice", canary(then((0, 13), (1.8, 40))), {"140s": ()}, step="10s"),
    Case("CanaryMisread", Kind.AT, "two digits once", canary(then((0, 13), (1, 40)), other=jump(1)), {"140s": ()}, step="10s"),
    Case("CanaryMisread", Kind.AT, "twice in three minutes", canary(then((0, 5), (1, 18), (2, 30))), {"230s": (), "300s": ()}, step="10s"),
    Case("CanaryMisread", Kind.AT, "once, while scrapes fail", canary("5 _x11 6 _x40"), {"115s": ()}, step="5s"),
    Case(
        "CanaryMisread",
        Kind.AT,
        "two processes once",
        {**canary(jump(1)), **canary(jump(1), instance="b")},
        {"30s": (), "60s": ()},
        step="10s",
    ),
    Case("CanaryMisread", Kind.IN_TIME, "at once", canary(then((0, 6), (2, 20))), {"50s": (), "60s": SEVEN}, step="10s"),
    Case("CanaryMisread", Kind.FEW, "a Prometheus that is new, of misreads long over", canary(hold(12)), {"0s": (), "60s": ()}, step="10s"),
    Case("CanaryMisread", Kind.RESTART, "misreads of the life before", canary(then((9, 8), (0, 20))), {"80s": (), "120s": ()}, step="10s"),
    Case(
        "CanaryMisread",
        Kind.RESTART,
        "one misread after it, twelve long before",
        canary(then((12, 8), (0, 2), (1, 20))),
        {"110s": (), "150s": ()},
        step="10s",
    ),
    Case("CanaryMisread", Kind.RESTART, "two misreads after it", canary(then((12, 8), (0, 2), (2, 20))), {"110s": SEVEN}, step="10s"),
    Case(
        "CanaryMisread",
        Kind.RECOVERY,
        "two minutes later",
        canary(then((0, 6), (2, 40))),
        {"60s": SEVEN, "170s": SEVEN, "180s": ()},
        step="10s",
    ),
]

# Baselines of the version that is served.


def served(**baselines: str) -> Series:
    """`v0` stands for a version that is no longer served."""
    names = {
        "accuracy": ("digits_baseline_accuracy_ratio", ""),
        "reference": ("digits_reference_ratio", 'feature="ink",bucket="0",'),
        "hit": ("digits_baseline_latency_seconds", 'quantile="0.95",cache="hit",'),
        "miss": ("digits_baseline_latency_seconds", 'quantile="0.95",cache="miss",'),
    }
    series = {f'gateway_info{{instance="a",{V1}}}': hold(1), f'gateway_info{{instance="b",{V1}}}': hold(1)}
    for name, (metric, labels) in names.items():
        series[f'{metric}{{instance="a",{labels}model_version="v0"}}'] = hold(1)
        series[f'{metric}{{instance="a",{labels}{V1}}}'] = baselines.get(name, hold(1))
    return series


def missing(*names: str) -> tuple[Labels, ...]:
    return tuple({"model_version": "v1", "baseline": name} for name in names)


LATE = "_x7 1+0x20"
"""A baseline that appears after 7 minutes."""
GONE = "_x30"

BASELINES = [
    Case(
        "BaselineMissing",
        Kind.FIRES,
        "no accuracy",
        served(accuracy=GONE),
        {"10m": missing("accuracy")},
        says={"10m": "Model v1 is served without its accuracy baseline."},
    ),
    Case("BaselineMissing", Kind.FIRES, "no reference", served(reference=GONE), {"10m": missing("reference")}),
    Case("BaselineMissing", Kind.FIRES, "no latency", served(hit=GONE, miss=GONE), {"10m": missing("latency")}),
    Case("BaselineMissing", Kind.FIRES, "no latency of hits", served(hit=GONE), {"10m": missing("latency")}),
    Case("BaselineMissing", Kind.FIRES, "no latency of misses", served(miss=GONE), {"10m": missing("latency")}),
    Case("BaselineMissing", Kind.AT, "all there", served(), {"10m": ()}),
    Case("BaselineMissing", Kind.IN_TIME, "five minutes", served(accuracy=GONE), {"4m": (), "5m": missing("accuracy")}),
    Case("BaselineMissing", Kind.FEW, "no version is served yet", {"up": hold(1)}, {"10m": ()}),
    Case(
        "BaselineMissing",
        Kind.RESTART,
        "all gone for a while",
        {series: "1+0x5 stale _x2 1+0x20" for series in served()},
        {"8m": (), "15m": ()},
    ),
    Case(
        "BaselineMissing",
        Kind.RECOVERY,
        "measured at last",
        served(hit=LATE, miss=LATE),
        {"6m": missing("latency"), "7m": ()},
    ),
]

# Drift: two buckets, each usually half, so that an index is a share.


def share(index: float) -> float:
    """Of the first of two buckets that are usually alike, where the population stability index is this."""
    low, high = 0.5, 0.999
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (middle - 0.5) * math.log(middle / (1 - middle)) < index else (low, middle)
    return low


def pictures(feature: str, first: str, second: str, cache: str = "miss") -> Series:
    cells = {
        f'digits_input_feature_total{{instance="a",feature="{feature}",bucket="{b}",cache="{cache}",{V1}}}': v
        for b, v in (("0", first), ("1", second))
    }
    usual = {f'digits_reference_ratio{{instance="{i}",feature="{feature}",bucket="{b}",{V1}}}': hold(0.5, 100) for i in "ab" for b in "01"}
    return {**cells, **usual}


def drifted(feature: str, index: float, count: float, cache: str = "miss") -> Series:
    """So many pictures with this index of one feature, and 0 of the other."""
    first = share(index) * count
    other = "ink" if feature == "digit" else "digit"
    return {
        **pictures(other, jump(count / 2, 90), jump(count / 2, 90), cache),
        **pictures(feature, jump(first, 90), jump(count - first, 90), cache),
    }


def drift_of(feature: str) -> tuple[Labels, ...]:
    return ({"feature": feature, "traffic": "distinct", "model_version": "v1"},)


def drift_cases(alert: str, feature: str, says: str) -> list[Case]:
    fires = drift_of(feature)
    clean, other = then((0, 1), (500, 4), (0, 1), (300, 20)), "ink" if feature == "digit" else "digit"
    return [
        Case(alert, Kind.FIRES, "an index of 0.21", drifted(feature, 0.21, 1000), {"10m": fires}, says={"10m": says}),
        Case(alert, Kind.FIRES, "500 pictures", drifted(feature, 0.5, 500), {"10m": fires}),
        Case(alert, Kind.AT, "an index of 0.19", drifted(feature, 0.19, 1000), {"10m": ()}),
        Case(alert, Kind.IN_TIME, "two minutes", drifted(feature, 0.5, 1000), {"120s": (), "140s": fires}, step="20s"),
        Case(alert, Kind.FEW, "499 pictures", drifted(feature, 1.0, 499), {"10m": ()}),
        Case(alert, Kind.FEW, "one hot picture out of the cache", drifted(feature, 1.0, 5000, cache="hit"), {"10m": ()}),
        Case(
            alert, Kind.RESTART, "clean before and after", {**pictures(feature, clean, clean), **pictures(other, clean, clean)}, {"20m": ()}
        ),
        Case(alert, Kind.RECOVERY, "the hour is over", drifted(feature, 0.5, 1000), {"50m": fires, "62m": ()}),
    ]


DRIFT = [
    *drift_cases(
        "InputDrift",
        "ink",
        "The ink of distinct pictures in the last hour has a population stability index of 0.21 against what model v1 was trained on; "
        "over 0.2 is drift.",
    ),
    *(
        Case("InputDrift", Kind.FIRES, f"by {feature}", drifted(feature, 0.5, 1000), {"10m": drift_of(feature)})
        for feature in ("aspect", "slant", "stroke", "polarity")
    ),
    *drift_cases(
        "PredictionDrift",
        "digit",
        "The digits answered to distinct pictures in the last hour have a population stability index of 0.21 against those that model v1 "
        "was trained on; over 0.2 is drift.",
    ),
]

# Latency: all requests within a thousandth of the time that is said.


def latency(cache: str, seconds: float, count: str, baseline: float) -> Series:
    """Usual figures of another quantile and of a version that is not served are there to be taken by mistake."""
    of = f'instance="a",route="/v1/predict",cache="{cache}"'
    usual = f'digits_baseline_latency_seconds{{instance="a",cache="{cache}"'
    return {
        f'gateway_request_duration_seconds_bucket{{{of},le="{seconds * 0.999:.7g}"}}': hold(0),
        f'gateway_request_duration_seconds_bucket{{{of},le="{seconds * 1.001:.7g}"}}': count,
        f'gateway_request_duration_seconds_bucket{{{of},le="+Inf"}}': count,
        f"gateway_request_duration_seconds_count{{{of}}}": count,
        f'{usual},quantile="0.95",{V1}}}': hold(baseline),
        f'{usual},quantile="0.99",{V1}}}': hold(5),
        f'{usual},quantile="0.95",model_version="v0"}}': hold(5),
        f'gateway_info{{instance="a",{V1}}}': hold(1),
    }


def latency_cases(alert: str, cache: str, floor: float, says: str) -> list[Case]:
    fires = ({"cache": cache},)
    busy = climb((100, 30))
    usual = 2 * floor
    other = "hit" if cache == "miss" else "miss"
    return [
        Case(alert, Kind.FIRES, "2.1 times as slow", latency(cache, 2.1 * usual, busy, usual), {"10m": fires}, says={"10m": says}),
        Case(alert, Kind.FIRES, "above the floor", latency(cache, 1.1 * floor, busy, floor / 4), {"10m": fires}),
        Case(alert, Kind.FIRES, "100 requests", latency(cache, 3 * usual, climb((20, 30)), usual), {"10m": fires}),
        Case(alert, Kind.AT, "1.9 times as slow", latency(cache, 1.9 * usual, busy, usual), {"10m": ()}),
        Case(alert, Kind.AT, "under the floor", latency(cache, 0.95 * floor, busy, floor / 4), {"10m": ()}),
        Case(alert, Kind.AT, "the others are slow", latency(other, 3 * usual, busy, usual), {"10m": ()}),
        Case(
            alert,
            Kind.IN_TIME,
            "two minutes",
            latency(cache, 3 * usual, climb((500, 30)), usual),
            {"120s": (), "140s": fires},
            step="20s",
        ),
        Case(alert, Kind.FEW, "99 requests", latency(cache, 3 * usual, climb((19.8, 30)), usual), {"10m": ()}),
        Case(
            alert,
            Kind.RESTART,
            "as fast as ever",
            latency(cache, usual, f"{climb((100, 10), start=5000.0)} {climb((100, 20))}", usual),
            {"12m": (), "14m": ()},
        ),
        Case(
            alert,
            Kind.RESTART,
            "as slow as before",
            latency(cache, 3 * usual, f"{climb((100, 10), start=5000.0)} {climb((100, 20))}", usual),
            {"12m": fires, "14m": fires},
        ),
        Case(
            alert,
            Kind.RECOVERY,
            "nobody asks any more",
            latency(cache, 3 * usual, climb((100, 10), (0, 20)), usual),
            {"10m": fires, "16m": ()},
        ),
    ]


LATENCY = [
    *latency_cases(
        "SlowMisses", "miss", 0.005, "The p95 of cache misses over 5 minutes is 21.02ms, past twice this installation's baseline."
    ),
    *latency_cases("SlowHits", "hit", 0.002, "The p95 of cache hits over 5 minutes is 8.408ms, past twice this installation's baseline."),
]

# Availability: so many of 100 requests each step fail. 14.4 times 0.5 % is 7.2 %, 6 times is 3 %.


def failing(*parts: tuple[float, int], requests: float = 100, **more: str) -> Series:
    """Of `requests` each step, so many with status 503, for so many steps, part after part."""
    of = 'instance="a",route="/v1/predict",method="POST",status'
    return {
        f'gateway_requests_total{{{of}="503"}}': climb(*parts),
        f'gateway_requests_total{{{of}="200"}}': climb(*((requests - failed, steps) for failed, steps in parts)),
        'gateway_requests_total{instance="a",route="/v1/explain",method="POST",status="200"}': climb((1000, 100)),
        **more,
    }


def burn_cases(alert: str, limit: float, long: int, short: int, step: str, waits: tuple[str, str], says: str) -> list[Case]:
    """`long` and `short` are the windows in steps."""
    minutes = int(step[:-1])
    fires = ({"window": "1h" if minutes == 1 else "6h"},)
    first = long - short
    end, after = f"{long * minutes}m", f"{(long + 1) * minutes}m"

    def over(burn: float, last: float) -> Series:
        """The long window's burn at `end`, with so many of 100 failing in the short one."""
        return failing(((burn * 0.5 * long - last * short) / first, first), (last, short + 10))

    each = 100 / long
    return [
        Case(alert, Kind.FIRES, "over the long window", over(limit * 1.014, limit * 2), {after: fires}, step=step),
        Case(
            alert,
            Kind.FIRES,
            "over the short window",
            failing((20, first), (limit * 1.014 / 2, short + 10)),
            {end: fires},
            step=step,
            says={end: says},
        ),
        Case(alert, Kind.FIRES, "105 requests", failing((each / 2, long + 5), requests=each * 1.05), {end: fires}, step=step),
        Case(alert, Kind.AT, "over the long window", over(limit * 0.986, limit * 2), {end: ()}, step=step),
        Case(alert, Kind.AT, "over the short window", failing((20, first), (limit * 0.986 / 2, short + 10)), {end: ()}, step=step),
        Case(
            alert, Kind.IN_TIME, "as long as it says", failing((50, 30), requests=500), {waits[0]: (), waits[1]: fires}, step=WAITS[alert]
        ),
        Case(alert, Kind.FEW, "99 requests", failing((each / 2, long + 5), requests=each * 0.99), {end: ()}, step=step),
        Case(
            alert,
            Kind.RESTART,
            "hardly any fail",
            {series: f"{values} {values}" for series, values in failing((0.5, long // 2)).items()},
            {end: ()},
            step=step,
        ),
        Case(
            alert,
            Kind.RESTART,
            "many fail",
            {series: f"{values} {values}" for series, values in failing((20, long // 2)).items()},
            {end: fires},
            step=step,
        ),
        Case(
            alert,
            Kind.RECOVERY,
            "none fails any more",
            failing((20, first), (0, short + 10)),
            {f"{first * minutes}m": fires, end: ()},
            step=step,
        ),
    ]


WAITS = {"AvailabilityFastBurn": "10s", "AvailabilitySlowBurn": "1m"}

AVAILABILITY = [
    *burn_cases(
        "AvailabilityFastBurn",
        14.4,
        60,
        5,
        "1m",
        ("60s", "70s"),
        "Requests to /v1/predict failed over the last hour at 37.9 times the rate that 99.5 % availability allows, and still do.",
    ),
    *burn_cases(
        "AvailabilitySlowBurn",
        6.0,
        72,
        6,
        "5m",
        ("5m", "6m"),
        "Requests to /v1/predict failed over the last 6 hours at 37.2 times the rate that 99.5 % availability allows, and still do.",
    ),
]

# States.

REDIS = 'gateway_cache_up{instance="a",tier="redis"}'
DOWN = ({"instance": "a", "tier": "redis"},)
READY = 'gateway_ready{instance="a"}'
UNREADY = ({"instance": "a"},)


def state_cases(alert: str, series: str, fires: tuple[Labels, ...], says: str) -> list[Case]:
    """Of a gauge that is 0 where something is wrong."""
    return [
        Case(alert, Kind.FIRES, "down", {series: then((1, 3), (0, 20))}, {"10m": fires}, says={"10m": says}),
        Case(alert, Kind.AT, "up", {series: hold(1)}, {"10m": ()}),
        # No gauge of ours is between; that is how close to 0 it is held.
        Case(alert, Kind.AT, "not quite down", {series: hold(0.2)}, {"10m": ()}),
        Case(alert, Kind.IN_TIME, "a minute", {series: hold(0)}, {"50s": (), "60s": fires}, step="10s"),
        Case(alert, Kind.FEW, "up, and nobody asks", {series: hold(1), **failing((0, 20), requests=0)}, {"10m": ()}),
        Case(alert, Kind.RESTART, "gone and up again", {series: "1+0x5 stale _x3 1+0x10"}, {"7m": (), "12m": ()}),
        Case(alert, Kind.RECOVERY, "up again", {series: then((0, 5), (1, 20))}, {"4m": fires, "5m": ()}),
    ]


def rows(outcome: str, values: str, instance: str = "a") -> Series:
    return {f'gateway_records_total{{instance="{instance}",kind="prediction",outcome="{outcome}"}}': values}


LOST: tuple[Labels, ...] = ({"instance": "a", "kind": "prediction"},)
RECORDS = 'gateway_records_up{instance="a",mode="buffered"}'
UNWRITTEN: tuple[Labels, ...] = ({"instance": "a", "mode": "buffered"},)

UP = 'up{job="gateway",instance="a"}'
OTHER_UP = 'up{job="gateway",instance="b"}'
NOTHING: tuple[Labels, ...] = ({},)

STATES = [
    *state_cases("CacheDown", REDIS, DOWN, "The cache tier redis is down for a (gateway_cache_up is 0)."),
    Case("CacheDown", Kind.FEW, "no Redis is configured", {READY: hold(1)}, {"10m": ()}),
    *state_cases("ModelNotReady", READY, UNREADY, "a has not been ready for a minute (gateway_ready is 0); its /readyz says why."),
    *state_cases(
        "RecordsNotWritten",
        RECORDS,
        UNWRITTEN,
        "a has not written records for a minute (gateway_records_up is 0); its /readyz says why.",
    ),
    Case("RecordsNotWritten", Kind.FEW, "records are switched off", {READY: hold(1)}, {"10m": ()}),
    Case(
        "RecordsLost",
        Kind.FIRES,
        "one row lost",
        rows("dropped", then((0, 5), (1, 20))),
        {"6m": LOST},
        says={"6m": "1 rows of the kind prediction were dropped by a within 5 minutes."},
    ),
    Case(
        "RecordsLost",
        Kind.AT,
        "all are written in the end",
        {
            **rows("written", climb((100, 20))),
            **rows("deleted", climb((50, 20))),
            **rows("failed", climb((3, 20))),
            **rows("dropped", hold(7)),
        },
        {"6m": (), "10m": ()},
    ),
    Case("RecordsLost", Kind.IN_TIME, "at once", rows("dropped", then((0, 5), (9, 20))), {"4m": (), "5m": LOST}),
    Case("RecordsLost", Kind.FEW, "nothing to write", rows("dropped", hold(0)), {"10m": ()}),
    Case("RecordsLost", Kind.RESTART, "losses of the life before", rows("dropped", then((9, 8), (0, 20))), {"8m": (), "10m": ()}),
    Case("RecordsLost", Kind.RESTART, "losses after it", rows("dropped", then((9, 8), (0, 2), (3, 20))), {"11m": LOST}),
    Case("RecordsLost", Kind.RECOVERY, "five minutes later", rows("dropped", jump(3, 20)), {"3m": LOST, "7m": ()}),
    Case(
        "NothingScraped",
        Kind.FIRES,
        "none is up",
        {UP: then((1, 3), (0, 20)), OTHER_UP: hold(0)},
        {"6m": NOTHING},
        says={"6m": "No target of the job gateway has been up for a minute (absent is 1)."},
    ),
    Case("NothingScraped", Kind.FIRES, "none is known", {'up{job="torchserve"}': hold(1)}, {"5m": NOTHING}),
    Case("NothingScraped", Kind.AT, "one of two is up", {UP: hold(1), OTHER_UP: hold(0)}, {"5m": ()}),
    Case("NothingScraped", Kind.IN_TIME, "a minute", {UP: hold(0)}, {"50s": (), "60s": NOTHING}, step="10s"),
    Case("NothingScraped", Kind.FEW, "up, and nobody asks", {UP: hold(1), **failing((0, 20), requests=0)}, {"10m": ()}),
    Case(
        "NothingScraped", Kind.RESTART, "away for half a minute", {UP: then((1, 5), (0, 3), (1, 20))}, {"70s": (), "100s": ()}, step="10s"
    ),
    Case("NothingScraped", Kind.RECOVERY, "up again", {UP: then((0, 5), (1, 20))}, {"4m": NOTHING, "5m": ()}),
    Case(
        "Watchdog",
        Kind.FIRES,
        "always",
        {"up": hold(0)},
        {"0s": ({},), "10m": ({},)},
        says={"10m": "Rules are evaluated and alerts are sent (value 1). When this stops coming, nobody is told anything."},
    ),
]

CASES = [*ACCURACY, *CLASSES, *CANARY, *BASELINES, *DRIFT, *LATENCY, *AVAILABILITY, *STATES]
