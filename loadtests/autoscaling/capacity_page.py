"""The capacity page: from what one core does to a million requests a second, what that costs, and what breaks first."""

from loadtests.autoscaling.capacity import REDIS_BYTES, REPLICAS, RETENTION_BYTES, Assumed, Plan, limits, plan
from loadtests.autoscaling.figures import Figures
from loadtests.autoscaling.pages import MEASURED_COLUMNS, Lines, measured_rows, origin, paragraph, percent, points
from loadtests.autoscaling.service import LOCAL_SHARE
from loadtests.bench.columns import table

OPTIONS = "`python -m loadtests.autoscaling capacity --help` lists the options"


def capacity_page(figures: Figures, assumed: Assumed) -> str:
    """Markdown."""
    plans = [plan(figures, assumed, hit_percent) for hit_percent in assumed.hit_percents]
    lines = [
        "# Capacity",
        "",
        *paragraph(
            f"What {assumed.requests:,.0f} requests a second take, on paper: what one answer was measured to take, times the answers. "
            "Nothing of this size was run."
        ),
        *_planned(plans),
        *_breaking(figures, assumed),
        *_bottom(figures, assumed),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _planned(plans: list[Plan]) -> Lines:
    rows = {
        "gateways, a core each": [f"{each.gateways:,}" for each in plans],
        "TorchServes, a core each": [f"{each.torchserves:,}" for each in plans],
        "Redis shards for the work, a core each": [f"{each.redis_for_work:,}" for each in plans],
        "Redis shards to remember a day's new answers": [f"{each.redis_for_memory:,}" for each in plans],
        "Redis memory for a day's new answers, TB": [f"{each.redis_terabytes:,.2f}" for each in plans],
        "network outside, Gbit/s": [f"{each.outside_gigabits:,.1f}" for each in plans],
        "network inside, Gbit/s": [f"{each.inside_gigabits:,.1f}" for each in plans],
        "databases": [f"{each.databases:,}" for each in plans],
        "records, TB a day": [f"{each.terabytes_a_day:,.1f}" for each in plans],
        "cores together": [f"{each.cores:,}" for each in plans],
        "price an hour": [f"{each.price_an_hour:,.2f}" for each in plans],
    }
    columns = ("of the answers out of a cache", *(f"{each.hit_percent:g} %" for each in plans))
    return [*table(columns, [(what, *told) for what, told in rows.items()]), ""]


def _breaking(figures: Figures, assumed: Assumed) -> Lines:
    lines = ["## What breaks first", ""]
    lines += paragraph("Of what there is one at first, each carries so many requests a second; the first to give way stands first.")
    firsts = []
    for hit_percent in assumed.hit_percents:
        seen = limits(figures, assumed, hit_percent)
        stays = next(limit for limit in seen if limit.then != REPLICAS)
        firsts.append(f"at {hit_percent:g} % {stays.what}, at {stays.requests:,.0f} requests a second")
        rows = [(limit.what, f"{limit.requests:,.0f}", limit.then) for limit in seen]
        lines += [*table((f"at {hit_percent:g} % out of a cache", "requests a second", "then"), rows), ""]
    filled = RETENTION_BYTES / (assumed.requests * figures.row_bytes)
    new = (1 - min(assumed.hit_percents) / 100) * assumed.requests
    forgotten = f"{REDIS_BYTES / (new * figures.redis_entry_bytes):,.1f} s" if new else "no time at all, since nothing is new"
    return lines + points(
        f"The autoscaler makes more gateways and TorchServes. Of what it cannot make more, the first to give way is, {'; '.join(firsts)}.",
        f"Records take a row for every answer, hits included. At {assumed.requests:,.0f} a second the "
        f"default of GATEWAY_RETENTION_BYTES ({RETENTION_BYTES / 2**30:g} GiB) is full after {filled:,.1f} s; from then on the oldest go.",
        f"Redis as `make run` starts it ({REDIS_BYTES / 2**20:g} MiB) forgets its oldest answers after {forgotten} where "
        f"{min(assumed.hit_percents):g} % are out of a cache. Nothing breaks then: hits become fewer, and TorchServe does the work.",
        "One picture that all ask for is no danger to a Redis shard: each gateway remembers it itself.",
    )


def _bottom(figures: Figures, assumed: Assumed) -> Lines:
    return [
        "## What this stands on",
        "",
        *paragraph(f"{origin(figures)} Processor time is an answer's, over {figures.connections} connections."),
        *table(MEASURED_COLUMNS, measured_rows(figures)),
        "",
        *points(
            f"Measured too: {figures.request_bytes:,} bytes a request with a picture of 28x28 pixels and {figures.answer_bytes:,} its "
            f"answer; {figures.redis_entry_bytes:,.0f} bytes of Redis's memory an answer; {figures.redis_hit_bytes:,.0f} bytes to and from "
            f"Redis for an answer found there and {figures.redis_miss_bytes:,.0f} for a new one; {figures.row_bytes:,.0f} bytes a row of "
            "SQLite. Headers of TCP and IP and what TorchServe's HTTP adds are not counted; a row of PostgreSQL takes more.",
            f"Assumed: twice the machines do twice the work; {percent(LOCAL_SHARE)} of the answers out of a cache are remembered by the "
            f"gateway that is asked; every core is {percent(assumed.busy)} busy; a core-hour costs {assumed.core_hour:g}; a machine's "
            f"network carries {assumed.gigabits:g} Gbit/s; one PostgreSQL takes {assumed.database_rows:,.0f} rows a second; a Redis shard "
            f"has {assumed.redis_gigabytes:g} GB for answers. {OPTIONS} that change this.",
            "Not counted: balancers, monitoring, nodes kept free for failures, storage and traffic in the price.",
        ),
    ]
