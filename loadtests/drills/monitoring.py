"""The monitoring drill: a real stack under real Prometheus and Alertmanager goes wrong in every way that an alert is for.

Each alert must arrive at the gateway's webhook, bring its action, and resolve once its cause is gone; what must stay silent must. The
rules are the committed ones, their windows shorter. The handler sleeps 12 ms a request even when all is well, so that what a busy machine
adds is small beside it; delays beyond that are what slows the model down.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from threading import Event
from typing import Any

from loadtests.client import at_once, at_rate
from loadtests.command import say
from loadtests.drills.drill import TOLD_WITHIN_SECONDS, Drill, Form
from loadtests.drills.exit_code import exit_code
from loadtests.drills.slow import Delay, slowable_stack
from loadtests.drills.watch import Windows, watched
from loadtests.meanwhile import meanwhile
from loadtests.pictures import Pixels, Unseen, inverted_and_thickened, png, zipf
from loadtests.programs import Failed, wait_until
from loadtests.stack import Stack

USUAL_DELAY_SECONDS = 0.012
BASELINE_RATE = 12.0
"""New pictures a second while the baseline is measured, and nearly so while the model is slow."""

BASELINE_SECONDS = 20.0
REQUESTS_PER_MISS = 20
"""A hit rate of 95 %."""

SCRAPED = "gateway_ready == 1 and on () digits_feedback_total and on () digits:baseline_latency_seconds:p95"
"""Something where what grows from now on is seen, and the baseline is known."""

DRIFT_FEATURES = 'feature=~"ink|aspect|slant|stroke|polarity"'


SHORT = Form(Windows(day=60, hour=40, five_minutes=20), pictures=600, zipf_requests=12_000, zipf_catalogue=600, labels=2_500)
LONG = Form(
    Windows(day=240, hour=120, five_minutes=60, lasting=10), pictures=1_500, zipf_requests=40_000, zipf_catalogue=2_000, labels=5_000
)


def run(form: Form, folder: Path) -> None:
    """Every scenario, with what was seen on standard output. Raises Failed."""
    unseen = Unseen.fetched()
    with slowable_stack(folder, USUAL_DELAY_SECONDS) as (stack, delay):
        stack.command("baseline", "--rate", str(BASELINE_RATE), "--seconds", str(BASELINE_SECONDS))
        with watched(stack, form.windows) as prometheus:
            drill = Drill(form, stack, prometheus, unseen)
            wait_until(lambda: prometheus.ask(SCRAPED), 30, "the first scrape")
            slow_model(drill, delay)
            delay.set(0)
            clean_pictures(drill)
            degraded_labels(drill)
            drill.resolves("AccuracyBelowBaseline")
            clean_popular_pictures(drill)
            wrong_labels_on_one_digit(drill)
            other_pictures(drill)
            killed(drill, "Redis", "CacheDown")
            killed(drill, "TorchServe", "ModelNotReady")
            drill.resolves()


def slow_model(drill: Drill, delay: Delay) -> None:
    """Three speeds of the model at a hit rate of 95 %: 1.5 times the baseline's p95, 2.2 times, and as usual again."""
    baseline = drill.prometheus.value('digits:baseline_latency_seconds:p95{cache="miss"}')
    judged = drill.form.windows.five_minutes + drill.form.windows.lasting + TOLD_WITHIN_SECONDS

    def slow_down(times: float) -> None:
        delay.set(USUAL_DELAY_SECONDS + (times - 1) * baseline)

    def times_baseline() -> float:
        return drill.prometheus.value('gateway:predict_duration_seconds:p95{cache="miss"}') / baseline

    with steady_traffic(drill):
        begun = drill.scenario("the model takes 1.5 times as long")
        slow_down(1.5)
        time.sleep(judged)
        times = times_baseline()
        say(f"  p95 of misses: {times:.2f} times the baseline's {1000 * baseline:.1f} ms, hit rate {hit_rate(drill):.1%}")
        drill.silent(begun, "SlowMisses", "SlowHits")
        if not 1.35 < times < 1.8:
            raise Failed(f"the p95 of misses is {times:.2f} times its baseline, not 1.5")
        begun = drill.scenario("the model takes 2.2 times as long")
        slow_down(2.2)
        drill.arrives("SlowMisses", begun, "measurement", seeing=lambda: f"p95 of misses {times_baseline():.2f} times the baseline's")
        delay.set(USUAL_DELAY_SECONDS)
        drill.resolves("SlowMisses")


@contextmanager
def steady_traffic(drill: Drill) -> Iterator[None]:
    """One new picture for each 19 repeats, evenly, as many new ones a second as in half of the baseline."""
    popular = [png(pixels) for pixels in drill.unseen.take(40)]
    at_rate(drill.stack.gateway.predict, popular, BASELINE_RATE)
    misses_per_second = BASELINE_RATE / 2 + 0.5

    def send(over: Event) -> None:
        repeats = cycle(popular)
        while not over.is_set():
            (new,) = drill.unseen.take(1)
            block = [png(new), *islice(repeats, REQUESTS_PER_MISS - 1)]
            at_rate(drill.stack.gateway.predict, block, REQUESTS_PER_MISS * misses_per_second)

    with meanwhile(send):
        yield


def hit_rate(drill: Drill) -> float:
    """Of the answers in the window that latency is judged by."""
    answers = drill.prometheus.ask("gateway:predict_answers:increase")
    hits = sum(value for labels, value in answers.items() if "hit" in labels)
    return hits / sum(answers.values())


def clean_pictures(drill: Drill) -> None:
    begun = drill.scenario(f"{drill.form.pictures} clean pictures, each once")
    send_distinct(drill, drill.unseen.take(drill.form.pictures))
    drill.holds("enough pictures for an index", lambda: enough_pictures(drill))
    say(f"  index of distinct pictures: {highest_index(drill):.3f} at most")
    drill.silent(begun, "InputDrift", "PredictionDrift")


def clean_popular_pictures(drill: Drill) -> None:
    """The index over all answers shows the mix of traffic; the one over distinct pictures, which alerts, does not mind it."""
    drained = 'digits:pictures:sum{traffic="distinct"}'
    wait_until(lambda: drill.prometheus.value(drained) < 50, 2 * drill.form.windows.hour, "the end of the window")
    begun = drill.scenario(f"{drill.form.zipf_requests} requests for clean pictures, some of them popular (Zipf, s = 1.1)")
    catalogue = [png(pixels) for pixels in drill.unseen.take(drill.form.zipf_catalogue)]
    requests = [catalogue[place] for place in zipf(drill.form.zipf_requests, len(catalogue))]
    answers = at_once(drill.stack.gateway.predict, requests)
    hits = sum(answer["cache"] == "hit" for answer in answers) / len(answers)
    drill.holds("enough pictures for an index", lambda: enough_pictures(drill))
    every = highest_index(drill, traffic="all")
    say(f"  hit rate {hits:.1%}; index of distinct pictures: {highest_index(drill):.3f} at most, of all answers {every:.3f}")
    if hits < 0.95:
        raise Failed(f"the hit rate is {hits:.1%}, not 95 %")
    drill.silent(begun, "InputDrift", "PredictionDrift")


def other_pictures(drill: Drill) -> None:
    begun = drill.scenario(f"{drill.form.pictures} pictures inverted and thickened")
    send_distinct(drill, [inverted_and_thickened(pixels) for pixels in drill.unseen.take(drill.form.pictures)])
    for feature in ("polarity", "stroke"):
        drill.arrives("InputDrift", begun, "proposal", feature=feature)


def send_distinct(drill: Drill, pictures: Sequence[Pixels]) -> None:
    answers = at_once(drill.stack.gateway.predict, [png(pixels) for pixels in pictures])
    if any(answer["cache"] == "hit" for answer in answers):
        raise Failed("a picture that was to be new was in the cache")


def enough_pictures(drill: Drill) -> bool:
    return drill.prometheus.value('digits:pictures_enough:bool{traffic="distinct"}') == 1


def highest_index(drill: Drill, traffic: str = "distinct") -> float:
    return drill.prometheus.value(f'digits:psi:index{{traffic="{traffic}", {DRIFT_FEATURES}}}')


def wrong_labels_on_one_digit(drill: Drill) -> None:
    """Three in ten of what is labelled 3 was read as 8."""
    begun = drill.scenario("wrong labels on one digit")
    labelled = [(answer, answer["digit"]) for answer in read(drill, 800)]
    eights = [answer for answer, label in labelled if label == 8]
    threes = [answer for answer, label in labelled if label == 3]
    mistaken = len(threes) * 3 // 7
    if len(eights) < mistaken:
        raise Failed(f"{len(eights)} pictures of an 8 are fewer than {mistaken}")
    wrong = {answer["prediction_id"]: 3 for answer in eights[:mistaken]}
    send_labels(drill, [(answer, wrong.get(answer["prediction_id"], label)) for answer, label in labelled])
    drill.arrives("ClassErrorHigh", begun, "audit", label="3")
    drill.silent(begun, "AccuracyBelowBaseline", "InputDrift", "SlowMisses")


def degraded_labels(drill: Drill) -> None:
    """One answer in fifty gets another label, evenly over the digits."""
    begun = drill.scenario("labels degraded overall")
    labelled = [(answer, answer["digit"]) for answer in read(drill, drill.form.labels)]
    labelled.sort(key=lambda pair: pair[1])
    send_labels(drill, [(answer, (label + (place % 50 == 0)) % 10) for place, (answer, label) in enumerate(labelled)])
    drill.arrives("AccuracyBelowBaseline", begun, "proposal")
    drill.silent(begun, "ClassErrorHigh", "InputDrift", "SlowMisses")


def read(drill: Drill, count: int) -> list[dict[str, Any]]:
    """That many answers, to few pictures: most are hits, and each has an id of its own."""
    pictures = [png(pixels) for pixels in drill.unseen.take(200)]
    at_once(drill.stack.gateway.predict, pictures)
    return at_once(drill.stack.gateway.predict, islice(cycle(pictures), count))


def send_labels(drill: Drill, labelled: Sequence[tuple[dict[str, Any], int]]) -> None:
    at_once(lambda pair: drill.stack.gateway.label(pair[0]["prediction_id"], pair[1]), labelled)


def killed(drill: Drill, program: str, alert: str) -> None:
    begun = drill.scenario(f"{program} killed each time it comes back")
    with meanwhile(partial(kill, drill.stack, program.lower())):
        drill.arrives(alert, begun, "none")
    drill.resolves(alert)


def kill(stack: Stack, child: str, over: Event) -> None:
    """Each time that it is there again."""
    while not over.wait(0.2):
        stack.kill(child)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where all was seen, 1 with one line on standard error where not."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.drills.monitoring", description=__doc__)
    parser.add_argument("--short", action="store_true", help="shorter windows and less traffic: some minutes instead of many")
    options = parser.parse_args(arguments)
    return exit_code(partial(run, SHORT if options.short else LONG))


if __name__ == "__main__":
    sys.exit(main())
