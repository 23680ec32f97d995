"""One load replayed: two Deployments, each with its autoscaler, and what that makes of replicas, latency and refusals, step by step."""

import math
from typing import NamedTuple

import numpy as np

from loadtests.autoscaling.curves import Curve, hit_shares, rates
from loadtests.autoscaling.fleet import Fleet
from loadtests.autoscaling.hpa import SYNC_SECONDS
from loadtests.autoscaling.service import DEADLINE_SECONDS, QUEUE_PICTURES, Backlog, Service, late_wait, mean_wait
from loadtests.autoscaling.setting import Setting


class Moment(NamedTuple):
    """A step."""

    second: int
    requests: float
    """A second."""
    hits: float
    """The share that a cache answers."""
    gateways: int
    """Replicas, those that start included."""
    torchserves: int
    hit_p99: float
    """Seconds."""
    miss_p99: float
    refused: float
    """Requests a second that got no answer in time."""


def replay(curve: Curve, service: Service, gateway: Setting, torchserve: Setting) -> list[Moment]:
    """All of it. Metrics are those of the steps before: who decides never sees the present."""
    step, seen = curve.step_seconds, []
    loads = list(zip(rates(curve), hit_shares(curve), strict=True))
    cores = loads[0][0] * service.gateway(loads[0][1])
    front = Fleet(gateway, service.gateway_start, step, cores)
    back = Fleet(torchserve, service.torchserve_start, step, loads[0][0] * (1 - loads[0][1]) * service.model)
    asked, waiting = Backlog(), Backlog()
    drawn = np.random.default_rng(curve.draw).standard_normal((len(loads), 2)).tolist()
    in_flight = queue = 0.0
    for number, (rate, hits) in enumerate(loads):
        now = number * step
        if now % SYNC_SECONDS == 0 and number:
            front.set(now, [front.cpu(now), front.in_flight(now, in_flight)])
            back.set(now, [back.cpu(now), back.queue(queue)])
        gateways, torchserves = front.ready(now), back.ready(now)
        each = service.gateway(hits)
        can = gateways / each
        outside = asked.step(step, rate, can, DEADLINE_SECONDS * can)
        can = torchserves / service.model
        misses = outside.done / step * (1 - hits)
        inside = waiting.step(step, misses, can, min(DEADLINE_SECONDS * can, QUEUE_PICTURES * gateways))
        front.note(outside.busy)
        back.note(inside.busy)

        gateway_wait, model_wait = mean_wait(outside.busy, each), mean_wait(inside.busy, service.model)
        held = rate * (service.alone_miss * (1 - hits) + service.alone_hit * hits + gateway_wait) + misses * model_wait
        in_flight = _glimpsed((held + asked.waiting + waiting.waiting) / gateways, gateways, drawn[number][0])
        queue = torchserves * _glimpsed((misses * model_wait + waiting.waiting) / torchserves, torchserves, drawn[number][1])

        hit_p99 = service.alone_hit + outside.backlog_seconds + late_wait(outside.busy, each)
        miss_p99 = service.alone_miss + hit_p99 - service.alone_hit + inside.backlog_seconds + late_wait(inside.busy, service.model)
        refused = (outside.refused + inside.refused) / step
        late = (min(hit_p99, DEADLINE_SECONDS), min(miss_p99, DEADLINE_SECONDS))
        seen.append(Moment(now, rate, hits, front.replicas, back.replicas, *late, refused))
    return seen


def _glimpsed(mean: float, pods: int, drawn: float) -> float:
    """What a gauge says in each pod on average when it is read: numbers in an M/M/1 queue vary as much as they are large."""
    return max(0.0, mean + drawn * math.sqrt(mean * (mean + 1) / pods))
