"""The card's section on other digits: a row for each set that was measured, a line for each that was not."""

from typing import Any

from model.others.wanted import WANTED
from model.wording import percent, share


def section(measured: dict[str, dict[str, Any]]) -> str:
    """Markdown from what `python -m model evaluate --data` wrote, by name."""
    parts = ["## Other digits"]
    if measured:
        ordered = sorted(measured, key=lambda name: ([*WANTED, name].index(name), name))
        rows = "\n".join(_row(name, measured[name]) for name in ordered)
        parts += [
            "Nothing was trained on them or chosen by them. Each set is read through our preprocessing, as an upload is, and raw: the\n"
            "whole picture resized straight to 28 x 28. Brackets are 95 % intervals (Wilson) that take pictures to be independent; these\n"
            "files do not say who wrote what, and the errors of one writer come together, so they are too narrow.",
            f"| digits | n | preprocessed | raw | accepted | of these wrong |\n|---|---|---|---|---|---|\n{rows}",
            "Accepted: as the service accepts an upload, by its look and the confidence.",
            "\n".join(_source(name, measured[name]) for name in ordered),
        ]
    missing = [f"- {each.title}: {each.told}" for name, each in WANTED.items() if name not in measured]
    if missing:
        parts.append("Not evaluated, for want of the files; `python -m model evaluate --data FILE` reads them where they are:")
        parts.append("\n".join(missing))
    return "\n\n".join(parts)


def _row(name: str, e: dict[str, Any]) -> str:
    through, raw = e["preprocessed"], e["raw"]
    accepted = through["accepted"]
    wrong = "-" if accepted["accuracy"] is None else f"{percent(1 - accepted['accuracy'])} ({accepted['errors']} of {accepted['n']:,})"
    return f"| {_title(name)} | {e['n']:,} | {share(through)} | {share(raw)} | {percent(accepted['coverage'])} | {wrong} |"


def _source(name: str, e: dict[str, Any]) -> str:
    made = e["generated"]
    what = f" {WANTED[name].told}." if name in WANTED else ""
    return (
        f"- {_title(name)}:{what} Read as {e['form']} on {made['date']} by `{made['command']}` in {made['seconds']:.0f} s on "
        f"{made['machine']['processor']}."
    )


def _title(name: str) -> str:
    return WANTED[name].title if name in WANTED else name
