"""The model card's section on trust: every number in it is read from `trust.json`."""

from typing import Any

from model.wording import percent, within

WANTED_AUROC = 0.99
"""What was asked of Fashion-MNIST against digits, as served."""

CLOTHES = {"through preprocessing, as served": "Fashion-MNIST", "on pixels as they are": "Fashion-MNIST, its pixels as they are"}
"""Both ways of reading it, and what the results call them."""


def trust_section(trust: dict[str, Any]) -> str:
    """As Markdown, from what `python -m model trust` wrote."""
    return "\n\n".join([_confidence(trust), _rejection(trust), _sets(trust), _served(trust), _source(trust)])


def _confidence(trust: dict[str, Any]) -> str:
    told = trust["calibration"]
    curve = told["risk_coverage"]
    points = ", ".join(f"{percent(point['risk'])} of the surest {100 * point['coverage']:g} %" for point in curve["points"])
    return f"""## Trust

{trust["panel"]}, n = {trust["n"]:,}; brackets are 95 % intervals.

| | |
|---|---|
| calibration error, {told["bins"]} bins of equal width | {_bracketed(told["ece_equal_width"])} |
| calibration error, {told["bins"]} bins of equal mass | {_bracketed(told["ece_equal_mass"])} |
| errors | {points} |
| surer than any error | {percent(curve["without_error"])} of pictures |
| area under risk against coverage, and the least that so many errors allow | {curve["area"]:.1e}, {curve["least_area"]:.1e} |

These intervals draw whole writers. The bootstrap of a calibration error begins above nothing, since gaps that are noise add up.
Figures: [reliability](evidence/trust-reliability.png), [risk against coverage](evidence/trust-risk-coverage.png)."""


def _rejection(trust: dict[str, Any]) -> str:
    rejection, score = trust["rejection"], trust["served"]["score"]
    names = [row["score"] for row in rejection["validation"]["scores"]]
    head = f"| what is no digit | n | {' | '.join(f'AUROC {name}' for name in names)} | refused by the score | by anything |"
    rows = [
        f"| {row['name']} | {_count(row)} | "
        + " | ".join(_area(row["auroc"][name], exact=name == score) for name in names)
        + f" | {percent(row['refused']['score'])} | {percent(row['refused']['any'])} |"
        for row in rejection["sets"]
    ]
    digits = rejection["digits"]
    series = ", ".join(f"{row['who']} {percent(row['refused'])}" for row in digits["series"])
    compared = "; ".join(
        f"{row['score']} {row['mean_auroc']:.4f} ({row['microseconds']:.0f} us a picture, {row['numbers']:,} numbers)"
        for row in rejection["validation"]["scores"]
    )
    return f"""### What is no digit

A picture whose `{score}` is under {trust["served"]["threshold"]:g} nats is answered with `accepted` false and the reason `not_a_digit`.
Score and threshold are by validation pictures against other letters, noise, sheets and digits than these. Filled shapes joined these
pictures, and the sum of two scores those that were compared, after a trial that looked at small samples of the sets below, 300 pictures of
Fashion-MNIST among them. Mean AUROC by validation pictures: {compared}. Served is the best of those that need no more than the
logits, which any network answers. Of the digits below, it refuses
{within(digits["refused"]["score"], digits["interval"])} ({series}); with the confidence and preprocessing,
{percent(digits["refused"]["any"])}.

{head}
|---|---|{"---|" * len(names)}---|---|
{chr(10).join(rows)}

{_clothes(rejection["sets"], score)}
All went through our own preprocessing but the second row, which is the data set as others measure it. By anything: by the score, by a
confidence under {trust["calibration"]["accept_threshold"]:g}, or by preprocessing: what is served asks all three.
Intervals here, of digits refused as well, take pictures for independent. Those of one writer, font or kind are not, and some are the
same picture, so these intervals are too narrow.
Figures: [scores](evidence/trust-scores.png), [pictures](evidence/trust-outliers.png)."""


def _clothes(sets: list[dict[str, Any]], score: str) -> str:
    """Whether what was asked is met, each way."""
    areas = {way: next(row["auroc"][score]["value"] for row in sets if row["name"] == name) for way, name in CLOTHES.items()}
    told = " and ".join(f"{'met' if area >= WANTED_AUROC else 'not met'} {way} ({area:.4f})" for way, area in areas.items())
    return f"An AUROC of {WANTED_AUROC:g} was asked on Fashion-MNIST; by the `{score}` it is\n{told}."


def _sets(trust: dict[str, Any]) -> str:
    sets = trust["prediction_sets"]
    rows = "\n".join(
        f"| {100 * row['level']:g} % | {row['quantile']:g} | {_covered(row['held_out'])} | {_covered(row['test'])} | "
        f"{percent(row['halvings']['mean'])} +- {100 * row['halvings']['sd']:.2f} | {row['test']['mean_size']:.3f} | "
        f"{percent(row['test']['more_than_one'])} |"
        for row in sets["levels"]
    )
    held_out, halvings = sets["levels"][0]["held_out"], sets["levels"][0]["halvings"]["n"]
    return f"""### Prediction sets

Every digit at least as probable as the quantile, and always the most probable one. Quantiles are of {sets["calibration"]["n"]:,} validation
pictures by {sets["calibration"]["writers"]} writers; held out are {held_out["n"]:,} by the other {held_out["writers"]} writers.

| promised | quantile | held right on writers held out | on the panel | over {halvings} draws of writers | mean size | more than one |
|---|---|---|---|---|---|---|
{rows}

Served as `candidates`: {100 * trust["served"]["level"]:g} %. The promise is of an average over pictures like those of validation, not
of a digit or a writer."""


def _served(trust: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| {row['arithmetic']} | {percent(row['validation']['refused'])} | {percent(row['test']['refused'])} | "
        f"{percent(row['test']['accepted'])} | {_covered(row['test'])} | {row['test']['mean_size']:.3f} |"
        for row in trust["arithmetics"]
    )
    return f"""### As it is served

The tables above are of single precision. The same limits in each arithmetic that serves, compiled for the processor:

| arithmetic | refused by the score, validation | refused, panel | accepted by score and confidence | sets hold the digit | mean size |
|---|---|---|---|---|---|
{rows}"""


def _source(trust: dict[str, Any]) -> str:
    made = trust["generated"]
    return f"""Measured on {made["date"]} by `{made["command"]}`, seed {trust["seed"]}, in {made["seconds"]:.0f} s on
{made["machine"]["processor"]}, of which one thread was used."""


def _count(row: dict[str, Any]) -> str:
    """Preprocessing makes the same black picture of most that hold no ink."""
    return f"{row['n']:,}" if row["distinct"] > row["n"] / 2 else f"{row['n']:,}, {row['distinct']:,} different"


def _area(area: dict[str, float], *, exact: bool) -> str:
    return f"{area['value']:.4f} [{area['low']:.4f}, {area['high']:.4f}]" if exact else f"{area['value']:.4f}"


def _bracketed(told: dict[str, float]) -> str:
    return within(told["value"], [told["low"], told["high"]])


def _covered(told: dict[str, Any]) -> str:
    return within(told["coverage"], told["interval"])
