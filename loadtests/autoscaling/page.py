"""The page on autoscaling: what the manifests carry, why, and what that is known from."""

from collections.abc import Sequence

from loadtests.autoscaling.choose import (
    ALIKE,
    AS_KUBERNETES,
    CPU_PERCENTS,
    FULL,
    LEAST,
    NEARLY,
    OTHER_DRAWS,
    SLOW_BUDGET,
    Choice,
    Tried,
)
from loadtests.autoscaling.curves import (
    CATALOGUE,
    COLLAPSE,
    CURVES,
    DAY,
    EXPONENT,
    NOISE,
    NOISE_SECONDS,
    PEAK,
    QUIET,
    STEADY_HITS,
    known_share,
    rates,
)
from loadtests.autoscaling.figures import Figures
from loadtests.autoscaling.fleet import CPU_WINDOW_SECONDS, SCRAPED_AFTER_SECONDS
from loadtests.autoscaling.hpa import Rules
from loadtests.autoscaling.outcome import MOST_TURNS, SLOW_SECONDS, TURNS_WITHIN_SECONDS
from loadtests.autoscaling.pages import MEASURED_COLUMNS, Lines, measured_rows, origin, paragraph, percent, points
from loadtests.autoscaling.service import DEADLINE_SECONDS, LOCAL_SHARE, POD_SECONDS, QUEUE_PICTURES, Service, late_wait
from loadtests.autoscaling.setting import Setting
from loadtests.bench.columns import table

REPLICAS = (1, 2, 4, 8, 16)
BUSY = (0.5, 0.7, 0.9, 0.95)
TIMES = {1: "once", 2: "twice"}
FIGURE = "figures/autoscaling-{}.png"


def page(figures: Figures, choice: Choice) -> str:
    """Markdown."""
    lines = [
        "# Autoscaling",
        "",
        *paragraph(
            "When the gateway and TorchServe get more replicas, and why then. A cache hit costs no model work, so they scale apart: the "
            "gateway on its CPU and on the requests in flight in it, TorchServe on its CPU and on the pictures that wait for it. "
            "[autoscaling.yaml](overlays/production/autoscaling.yaml) carries the numbers; `make autoscaling` replays Kubernetes' "
            "published algorithm with them and others on measured figures, picks, and writes that file and this page. Nothing here ran in "
            "a cluster."
        ),
        *_carried(choice),
        *_loads(choice),
        *_compared(choice),
        *_curve(figures),
        *_known_from(figures),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _carried(choice: Choice) -> Lines:
    def row(name: str, waiting: str, tried: Tried) -> tuple[str, ...]:
        setting = tried.setting
        behavior = setting.behavior
        return (
            name,
            f"{setting.cpu_percent} %",
            f"{setting.waiting} {waiting}",
            f"{setting.least} to {setting.most}",
            _ruled(behavior.up),
            _ruled(behavior.down),
        )

    rows = (row("gateway", "requests in flight", choice.gateway), row("TorchServe", "pictures waiting", choice.torchserve))
    columns = ("", "CPU", "a pod", "replicas", "up", "down")
    return [
        *table(columns, rows),
        "",
        *paragraph(
            f"Under none of the loads, but for the sudden one, does either change direction more than {TIMES[MOST_TURNS]} in "
            f"{TURNS_WITHIN_SECONDS // 60} minutes. {LEAST} replicas at least, so that one may be lost; at most as many as the busiest "
            f"moment takes with no cache at all, {percent(FULL)} busy."
        ),
    ]


def _ruled(rules: Rules) -> str:
    policies = " or ".join(
        f"{policy.value}{' %' if policy.kind == 'Percent' else ' pods' if policy.value > 1 else ' pod'} in {policy.period_seconds} s"
        for policy in rules.policies
    )
    which = {"Max": "whichever is more", "Min": "whichever is less", "Disabled": "not at all"}[rules.select]
    chosen = f", {which}" if len(rules.policies) > 1 else ""
    return f"{policies}{chosen}; looks back {rules.window_seconds} s"


def _loads(choice: Choice) -> Lines:
    rows = []
    for curve in CURVES:
        seen = choice.outcomes[curve.name]
        rows.append(
            (
                curve.name,
                f"{max(rates(curve)):,.0f}",
                f"{seen.most_gateways}, {seen.most_torchserves}",
                f"{seen.gateway_turns}, {seen.torchserve_turns}",
                percent(seen.slow, 2),
                percent(seen.refused, 2),
                f"{seen.gateway_hours + seen.torchserve_hours:,.1f}",
            )
        )
    columns = ("load", "most requests a second", "most replicas", "changes of direction in ten minutes", "slow", "refused", "core-hours")
    lines = ["## Under each load", "", *table(columns, rows), ""]
    lines += paragraph(
        f"Where there are two numbers, the gateway's is first. Slow: the share of requests that came while the p99 of their kind was past "
        f"{1e3 * SLOW_SECONDS:g} ms, or were refused. A core-hour is a replica for an hour, which requests one core."
    )
    for curve in CURVES:
        lines += [f"![{curve.name}: {curve.told}]({FIGURE.format(curve.name)})", ""]
    return lines + _sudden(choice)


def _sudden(choice: Choice) -> Lines:
    moments = choice.replays[COLLAPSE.name]
    assert COLLAPSE.model_changes_at is not None
    at = COLLAPSE.model_changes_at // COLLAPSE.step_seconds
    after = [
        f"{percent(moments[at + seconds // COLLAPSE.step_seconds].hits)} after {told}" for seconds, told in ((60, "a minute"), (600, "ten"))
    ]
    slow_until = max((moment.second for moment in moments if moment.miss_p99 > SLOW_SECONDS), default=COLLAPSE.model_changes_at)
    return points(
        f"No autoscaler helps in the first moments of what comes at once: {CPU_WINDOW_SECONDS} s until CPU tells it whole, and then a pod "
        "has to start. What bridges them is the gateway's own protection: hits are answered, and what cannot be in time is refused with "
        "Retry-After.",
        "A request that waits for the model is in flight in its gateway too: where TorchServe falls behind, gateways become more as well. "
        "The most that there may be bounds what that costs.",
        f"After a change of model hits are {', '.join(after)}, of {percent(moments[0].hits)} before; the last slow moment is "
        f"{slow_until - COLLAPSE.model_changes_at} s after it.",
    )


def _compared(choice: Choice) -> Lines:
    lines = ["## What was compared", ""]
    lines += paragraph(
        f"Each CPU target ({', '.join(f'{target} %' for target in CPU_PERCENTS)}) with each behaviour, then the best of these with other "
        f"numbers that may wait. Out go those that change direction more than {TIMES[MOST_TURNS]} in ten minutes on any curve but the "
        f"sudden one; then, load by load, those with more slow moments than {percent(SLOW_BUDGET, 1)} and {NEARLY:g} times the fewest; of "
        f"the rest the cheapest over a day stays or, of several that cost alike within {percent(ALIKE - 1)}, the one with the fewest slow "
        "moments in all, and of equals the gentlest. If that changes direction more often under other draws of the loads, it is out too, "
        "and the next is looked at. "
        f'"{AS_KUBERNETES}" is what a manifest without `behavior` gets. '
        "Turns are changes of direction in ten minutes; in the gateway's table those of either, since it is compared last."
    )
    for name, waiting, chosen, tried in (
        ("gateway", "in flight", choice.gateway, choice.gateways),
        ("TorchServe", "waiting", choice.torchserve, choice.torchserves),
    ):
        lines += [*table(_columns(name, waiting), [_tried(each, chosen.setting) for each in tried]), ""]
    return lines


def _columns(name: str, waiting: str) -> Sequence[str]:
    return (
        f"{name}: behaviour",
        "CPU",
        waiting,
        *(f"turns, {curve.name}" for curve in CURVES),
        "turns, other draws",
        *(f"slow, {curve.name}" for curve in CURVES),
        "core-hours a day",
    )


def _tried(each: Tried, chosen: Setting) -> tuple[str, ...]:
    mark = "**" if each.setting == chosen else ""
    return (
        f"{mark}{each.behavior}{mark}",
        f"{each.setting.cpu_percent} %",
        str(each.setting.waiting),
        *(str(each.judged[curve.name].turns) for curve in CURVES),
        "" if each.elsewhere is None else str(each.elsewhere),
        *(percent(each.judged[curve.name].slow, 2) for curve in CURVES),
        f"{each.judged[DAY.name].hours:,.1f}",
    )


def _curve(figures: Figures) -> Lines:
    service = Service.of(figures)
    carried = [
        (
            str(replicas),
            *(f"{FULL * replicas / service.gateway(hits):,.0f}" for hits in (0.0, 0.5, STEADY_HITS)),
            f"{FULL * replicas / service.model:,.0f}",
        )
        for replicas in REPLICAS
    ]
    hits = ("no hits", "50 % hits", f"{percent(STEADY_HITS)} hits")
    late = [
        (
            f"{percent(busy)}",
            f"{1e3 * (service.alone_hit + late_wait(busy, service.gateway(STEADY_HITS))):,.1f}",
            f"{1e3 * (service.alone_miss + late_wait(busy, service.gateway(STEADY_HITS)) + late_wait(busy, service.model)):,.1f}",
        )
        for busy in BUSY
    ]
    return [
        "## The service curve",
        "",
        *paragraph(
            f"Requests a second that so many replicas carry {percent(FULL)} busy, and how late one in a hundred is by how busy they are."
        ),
        *table(("replicas", *(f"gateways, {told}" for told in hits), "TorchServes, new pictures"), carried),
        "",
        *table(("busy", "p99 of a hit, ms", "p99 of a new picture, ms"), late),
        "",
    ]


def _known_from(figures: Figures) -> Lines:
    law = _mean_known_share(figures.popular, figures.catalogue)
    return [
        "## What is measured, and what is assumed",
        "",
        *paragraph(
            f"{origin(figures)} Processor time is an answer's, over {figures.connections} connections, {figures.seconds:g} s a round."
        ),
        *table(MEASURED_COLUMNS, measured_rows(figures)),
        "",
        *points(
            f"Hit rates follow Zipf's law with the exponent {EXPONENT:g}. Of {figures.popular:,} requests for {figures.catalogue:,} "
            f"pictures to caches that knew none of them, {percent(figures.popular_hits, 1)} were found in a cache; the law says "
            f"{percent(law, 1)}. The replays have {CATALOGUE:,} pictures, and {percent(1 - STEADY_HITS)} of the requests for pictures that "
            "come only once, which is assumed.",
            f"The loads are assumed: {QUIET * PEAK:,.0f} to {PEAK:,.0f} requests a second, with deviations of {percent(NOISE)} that fade "
            f"within {NOISE_SECONDS:g} s, drawn from a seed; what was picked keeps still under {len(OTHER_DRAWS)} other draws too.",
            "Latency is a model: each pod is an M/M/1 queue of its own, since callers do not know each other and a connection stays with "
            "its pod; what cannot be done at once is a backlog beside that. The two waits of a new picture are added at their p99, which "
            "is cautious. That TorchServe's work comes in batches is in its time a picture, and nowhere else.",
            f"Refused is what would wait longer than {DEADLINE_SECONDS:g} s, or find {QUEUE_PICTURES} pictures waiting in its gateway.",
            f"{percent(LOCAL_SHARE)} of the hits are remembered by the gateway that is asked, the others by Redis: assumed. So is that the "
            "work spreads evenly over pods, that twice the pods do twice the work on nodes that are there, that a pod uses its one core "
            "and no more, and that Redis and the database keep up.",
            f"A new pod needs {POD_SECONDS:g} s besides its start, assumed. metrics-server tells CPU as the mean of {CPU_WINDOW_SECONDS} "
            f"s, and Prometheus a new pod's gauges {SCRAPED_AFTER_SECONDS} s after it is ready. Gauges are read at one moment, and vary as "
            "M/M/1 queues do.",
            "The algorithm is that of Kubernetes' documentation and source: the ceiling of replicas times the ratio, a tolerance of a "
            "tenth, the highest of several metrics, nothing downwards while one cannot be had, pods that are missing or too young taken "
            "for idle upwards and for busy downwards, stabilization, policies; every 15 s.",
        ),
    ]


def _mean_known_share(asked: int, catalogue: int, steps: int = 200) -> float:
    """Over so many requests from the first."""
    return sum(known_share(asked * (number + 0.5) / steps, catalogue) for number in range(steps)) / steps
