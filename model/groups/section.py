"""The card's section on groups: what each form series gets, by how much they differ, and what is not known."""

from typing import Any

from model.wording import percent, points, share, within


def section(measured: dict[str, Any] | None) -> str:
    """Markdown from what `python -m model groups` wrote; None: it was not run for these weights."""
    return "\n\n".join(["## Groups", *(_measured(measured) if measured else ["Not measured; `python -m model groups` does."]), UNKNOWN])


UNKNOWN = (
    "HSF 0 is census staff and HSF 4 is students; nothing else is known of the writers: not age, sex, origin, handedness or language. That "
    "no\ngroup is read worse cannot be claimed."
)


def _measured(e: dict[str, Any]) -> list[str]:
    test, held_out, made = e["test"], e["validation"], e["generated"]
    rows = "\n".join(_row(group) for group in test["groups"])
    return [
        f"{test['panel']}, n = {test['n']:,} by {test['writers']} writers. Brackets are 95 % intervals by a bootstrap that draws whole "
        f"writers ({e['resamples']:,} resamples, seed {e['seed']}).",
        "| written by | writers | n | accuracy | errors | accepted | wrong among the accepted | mean of a writer |\n"
        f"|---|---|---|---|---|---|---|---|\n{rows}",
        _differences(test["groups"], test["difference"]),
        *([_again(held_out)] if held_out["difference"] else []),
        "\n".join(_lowest(group) for group in test["groups"]),
        "A writer has few pictures, so no ranking of writers is given.",
        f"Measured on {made['date']} by `{made['command']}` in {made['seconds']:.0f} s on {made['machine']['processor']}.",
    ]


def _row(group: dict[str, Any]) -> str:
    accepted, writer = group["accepted"], group["writer"]
    wrong = "-" if accepted["error"] is None else within(accepted["error"], accepted["error_interval"])
    cells = (
        f"{group['who']} (HSF {group['series']})",
        f"{group['writers']}",
        f"{group['n']:,}",
        share(group),
        f"{group['errors']}",
        within(accepted["coverage"], accepted["coverage_interval"]),
        wrong,
        within(writer["mean_accuracy"], writer["interval"]),
    )
    return f"| {' | '.join(cells)} |"


def _differences(groups: list[dict[str, Any]], difference: dict[str, Any] | None) -> str:
    if difference is None:
        return "The form series differ: not measured, for want of one of them."
    first, second = (group["who"] for group in groups)
    accuracy = difference["accuracy"]
    differ = accuracy["low"] > 0 or accuracy["high"] < 0
    verdict = "The form series differ by more than chance" if differ else "The form series differ within their interval"
    return (
        f"{verdict}: accuracy of {first} minus that of {second} is {points(accuracy)},\n"
        f"and {points(difference['same_digits'])} with each digit weighed as if both had written it as often. "
        f"Accepted: {points(difference['coverage'])};\nwrong among the accepted: {points(difference['accepted_error'])}."
    )


def _again(held_out: dict[str, Any]) -> str:
    return (
        f"On the {held_out['n']:,} {held_out['panel']} by {held_out['writers']} other writers, which choices were made by, "
        f"the difference in\naccuracy is {points(held_out['difference']['accuracy'])}."
    )


def _lowest(group: dict[str, Any]) -> str:
    writer, lowest = group["writer"], group["writer"]["lowest_tenth"]
    chance = lowest["by_chance"]
    return (
        f"- HSF {group['series']}: {writer['without_error']} of {group['writers']} writers had every digit read right; the most errors on "
        f"one were {writer['most_errors']}.\n  The tenth read worst ({lowest['writers']}) had {percent(lowest['accuracy'])} on average; "
        f"were all read alike it would be {within(chance['mean'], chance['interval'])} by chance."
    )
