"""What the model card says of corrupted pictures, from the results file alone. Needs no torch."""

from typing import Any

from model.wording import percent, share


def section(result: dict[str, Any]) -> str:
    """A section of the card, as Markdown, from what `python -m model corruptions` wrote."""
    made, ways = result["generated"], ("network", "upload")
    rows = "\n".join(_row(row, result["n"]) for row in (result["clean"], *result["corruptions"]))
    count, seen = len(result["corruptions"]), result["seen"]
    means = "\n".join(
        f"| {name} | {' | '.join(share(result[key][way]) for way in ways)} | | |"
        for name, key in ((f"mean of the {count}", "mean"), (f"mean of the {count - len(seen)} not trained with", "mean_unseen"))
    )
    varied = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in result["trained_with"].items()) or "nothing"
    return f"""## Corrupted pictures

MNIST-C (Mu and Gilmer 2019) made again from its published parameters, seed {result["seed"]}, of {result["n"]:,} pictures of the
{result["panel"]} by {result["writers"]} writers: straight into the network, as others score it, and as an upload, through the
preprocessing. Brackets are 95 % intervals. Training varied its pictures by: {varied};
which {", ".join(seen) or "no corruption"} of the table is like.

| corruption | accuracy, straight | accuracy, as an upload | uploads accepted | wrong among these |
|---|---|---|---|---|
{rows}
{means}

Figure: [each corruption](evidence/corruptions.png). Measured on {made["date"]} by `{made["command"]}` on {made["machine"]["processor"]}
in {made["seconds"]:,.0f} s, arithmetic {result["arithmetic"]}."""


def _row(row: dict[str, Any], n: int) -> str:
    upload = row["upload"]
    wrong = "-" if upload["accepted"] == 0 else percent(upload["errors_accepted"] / upload["accepted"])
    cells = (row["name"], share(row["network"]), share(upload), percent(upload["accepted"] / n), wrong)
    return f"| {' | '.join(cells)} |"
