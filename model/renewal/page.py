"""The gate's report for people: every criterion with its figures, its interval, what may be lost at most, and the verdict. Markdown."""

from collections.abc import Callable
from typing import Any

from model.wording import percent

Row = dict[str, Any]


def page(report: dict[str, Any]) -> str:
    """Of a report as `model.gate_report` describes it."""
    made, asked = report["made"], report["asked"]
    rows = "\n".join(f"| {' | '.join(line)} |" for row in report["criteria"] for line in _lines(row))
    return "\n".join(
        [
            f"# Gate: {report['decision']}",
            "",
            f"Candidate {report['candidate']['version']} (weights {report['candidate']['weights_sha256'][:12]}) in the place of "
            f"{report['current']['version']} (weights {report['current']['weights_sha256'][:12]}).",
            "",
            "Differences are candidate minus current on the very same pictures; brackets are 95 % intervals. A criterion holds where "
            "the end of\nthe interval that speaks against the candidate is within the margin.",
            "",
            "| criterion | n | candidate | current | difference | margin | holds |",
            "|---|---|---|---|---|---|---|",
            rows,
            "",
            f"Seed {asked['seed']}, {asked['resamples']:,} resamples. Made on {made['date']} by `{made['command']}` in "
            f"{made['seconds']:.0f} s on {made['machine']['processor']} (load {made['machine']['load_average']:.1f}). "
            "`gate-report.json` is what is signed.",
            "",
        ]
    )


def _lines(row: Row) -> list[tuple[str, ...]]:
    made: dict[str, Callable[[Row], list[tuple[str, ...]]]] = {"latency": _latency, "known digits": _known, "labelled records": _labelled}
    if row["name"] in made:
        return made[row["name"]](row)
    each = [_line(f"{row['name']}: {_of(part)}", part, "", "") for part in row.get("each", ())]
    if "difference" not in row:
        return [(row["name"], "", "", "", "", _margin(row), _verdict(row)), *each]
    return [_line(row["name"], row, _margin(row), _verdict(row)), *each]


def _line(name: str, row: Row, margin: str, verdict: str) -> tuple[str, ...]:
    n = f"{row['n']:,}" if "n" in row else ""
    difference = f"{_points(row['difference'])} [{_points(row['low'])}, {_points(row['high'])}]" if "low" in row else ""
    return (name, n, percent(row["candidate"]), percent(row["current"]), difference + _unlikely(row), margin, verdict)


def _latency(row: Row) -> list[tuple[str, ...]]:
    arithmetic = row["arithmetic"]
    return [
        (row["name"], "", arithmetic["candidate"], arithmetic["current"], "", f"{row['limit']:g} times", _verdict(row)),
        *(
            (
                f"latency: {each['batch']} at once",
                f"{each['pairs']:,}",
                f"{each['candidate_ms']:.3f} ms",
                f"{each['current_ms']:.3f} ms",
                f"{each['ratio']:.3f} times [{each['low']:.3f}, {each['high']:.3f}]",
                "",
                "",
            )
            for each in row["each"]
        ),
    ]


def _known(row: Row) -> list[tuple[str, ...]]:
    errors = row["errors"]
    return [(row["name"], f"{row['n']}", f"{errors['candidate']} wrong", f"{errors['current']} wrong", "", "none wrong", _verdict(row))]


def _labelled(row: Row) -> list[tuple[str, ...]]:
    if not row["judged"]:
        return [(row["name"], "", "", "", row["why"], "", _verdict(row))]
    callers = [_line(f"{row['name']}: caller {each['caller']}", each, "", "") for each in row["callers"]]
    return [_line(row["name"], row, _margin(row), _verdict(row)), *callers]


def _of(part: Row) -> str:
    return str(part.get("name") or part.get("who") or f"a {part['digit']}")


def _unlikely(row: Row) -> str:
    return f", {row['gained']} gained and {row['lost']} lost (p = {row['p']:.3g})" if "p" in row else ""


def _margin(row: Row) -> str:
    return f"{100 * row['margin']:g} points"


def _points(value: float) -> str:
    return f"{100 * value:+.2f}"


def _verdict(row: Row) -> str:
    return "yes" if row["passed"] else "**no**"
