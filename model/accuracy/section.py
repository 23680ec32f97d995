"""The report's part on all seeds and on the student, from committed results alone. Without results it says so."""

import json
from pathlib import Path
from typing import Any

from model.accuracy.published import BEST_MEAN
from model.articles.document import Figure, Heading, Paragraph, Part, Table
from model.articles.results import UNMEASURED, percent, source, spread
from model.metrics import spread as mean_and_spread
from model.network import PARAMETER_LIMIT

WAYS = (("as_is", ""), ("moved_about", ", each picture moved about"))


def beyond(evidence: Path) -> list[Part]:
    """Its parts, a table for each `seeds-RECIPE.json` in the folder."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(evidence.glob("seeds-*.json"))]
    parts: list[Part] = [
        Heading(2, "Beyond the articles: all seeds, and a student"),
        Paragraph(
            "A recipe is judged by the mean of its seeds, none of them chosen. Seeds together are the mean of their probabilities; moved "
            "about is the mean over a picture and its copies a pixel off in each direction. Neither is served: both stand beside what is."
        ),
    ]
    if not results:
        return [*parts, Paragraph(UNMEASURED)]
    for result in results:
        parts += _seeds(result, evidence)
        if result.get("against"):
            parts += _gained(result)
    return [*parts, *_ceilings(results)]


def _seeds(result: dict[str, Any], evidence: Path) -> list[Part]:
    n, rows = len(result["seeds"]), []
    for way, words in WAYS:
        mean = result["mean"][way]
        test = mean["test_accuracy"]
        rows.append(
            (
                f"one network{words}",
                spread(mean["validation_accuracy"]),
                spread(test),
                f"{percent(test['lowest'])} to {percent(test['highest'])}",
                spread(mean["test_accuracy_without_label_errors"]),
            )
        )
    for way, words in WAYS if n > 1 else ():
        one = result["ensemble"][way]
        low, high = one["test_interval"]
        rows.append(
            (
                f"{n} together{words}",
                percent(one["validation_accuracy"]),
                percent(one["test_accuracy"]),
                f"interval {percent(low)} to {percent(high)}",
                percent(one["test_accuracy_without_label_errors"]),
            )
        )
    few = "" if n >= result["seeds_claimed"] else f" No claim is made of a mean over fewer than {result['seeds_claimed']} seeds."
    errors = result["errors"]
    return [
        Heading(3, f"Recipe {result['recipe']}: {result['parameters']:,} parameters, seeds: {n}"),
        Table(("", "validation", "test", "lowest to highest", f"without the {result['label_errors']} known label errors"), rows),
        Paragraph(f"{source(result)}. {result['validation_n']:,} validation and {result['test_n']:,} test pictures.{few}"),
        *_chosen(result),
        Figure(
            f"{evidence.name}/seeds-{result['recipe']}-errors.png",
            f"Pictures that a seed of {result['recipe']} reads wrong: {errors['by_any']}, every seed {errors['by_all']}.",
        ),
    ]


def _chosen(result: dict[str, Any]) -> list[Part]:
    chosen = result["chosen"]
    if chosen is None:
        return []
    row = next(row for row in result["seeds"] if row["seed"] == chosen["seed"])["as_is"]
    low, high = row["test_interval"]
    first = chosen["latency"]["batches"][0]
    return [
        Paragraph(
            f"Committed: seed {chosen['seed']}, the lowest validation loss of {len(result['seeds'])}; {chosen['bytes']:,} bytes; "
            f"validation {percent(row['validation_accuracy'])}, test {percent(row['test_accuracy'])} [{percent(low)}, {percent(high)}], "
            f"{row['test_errors']} errors; {1000 * first['median_ms']:.0f} us a picture on one thread, uncompiled."
        )
    ]


def _gained(result: dict[str, Any]) -> list[Part]:
    other, more = result["against"], result["gained"]
    n = len(more["seeds"])
    equal = [row["as_is"] for row in result["seeds"] if row["seed"] in more["seeds"]]
    rows = [
        (name, *(_mean(value, name) for value in (_column(equal, key), other["mean"]["as_is"][key], more[key])))
        for name, key in (("validation loss, nats", "validation_loss"), ("validation", "validation_accuracy"), ("test", "test_accuracy"))
    ]
    return [
        Heading(3, f"What the teacher gained: {result['recipe']} and {other['recipe']}"),
        Paragraph(
            f"The same network on the very same varied pictures in the same order, with what the teacher says of them and without; equal "
            f"seeds, {n} of them: {', '.join(map(str, more['seeds']))}."
        ),
        Table(("mean over seeds", f"{result['recipe']}", f"{other['recipe']}", "the first minus the second, seed by seed"), rows),
    ]


def _column(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return mean_and_spread([row[key] for row in rows])


def _mean(value: dict[str, Any], name: str) -> str:
    if "nats" not in name:
        return spread(value)
    return f"{value['mean']:.4f}" + ("" if value["sd"] is None else f" +- {value['sd']:.4f} (ddof 1, n = {value['n']})")


def _ceilings(results: list[dict[str, Any]]) -> list[Part]:
    first = results[0]
    agreed = 1 - first["label_errors"] / first["test_n"]
    parts: list[Part] = [
        Heading(3, "Ceilings"),
        Paragraph(
            f"Of {first['label_errors']} test labels no majority of human raters agrees with the label that is given. A reader that always "
            f"says what the majority says has at most {percent(agreed)} of the given labels: going well above that means to have learnt "
            "their errors. That is why both figures stand here, with these labels and without."
        ),
    ]
    for result in results:
        errors, n = result["errors"], result["test_n"]
        vote = f" No majority of these seeds can pass {percent(1 - errors['by_all'] / n)}." if len(result["seeds"]) > 1 else ""
        parts.append(
            Paragraph(
                f"Recipe {result['recipe']}: {errors['by_all']} pictures are read wrong by every seed, "
                f"{errors['by_all_with_wrong_label']} of them with a label known to be wrong.{vote}"
            )
        )
    parts.append(
        Paragraph(
            f"The best mean that we found published under {PARAMETER_LIMIT:,} parameters is {BEST_MEAN['name']}'s "
            f"{percent(BEST_MEAN['test_accuracy'])} with about {BEST_MEAN['parameters']:,} ({BEST_MEAN['source']})."
        )
    )
    return parts
