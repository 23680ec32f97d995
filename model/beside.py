"""The card's section on the first article: what it says, what its recipe gives when it is trained here, and the released network."""

from typing import Any

from model.wording import percent


def beside_the_article(e: dict[str, Any], article: dict[str, Any] | None) -> str:
    """Markdown from what `evaluate` wrote of the released network, and of the article's recipe; None: that was not evaluated."""
    claims = e["article_claims"]
    gpu = "not measured" if e["latency"]["cuda"] is None else f"{e['latency']['cuda']['batches'][0]['median_ms']:.2f} ms"
    rows = [
        ("training accuracy, evaluation mode", percent(claims["training_accuracy"]), _mean(article, "training_accuracy"), "not measured"),
        ("test accuracy", percent(claims["test_accuracy"]), _mean(article, "test_accuracy"), percent(e["accuracy"])),
        ("macro F1", f"at least {claims['macro_f1']:g}", _mean(article, "macro_f1"), f"{e['macro']['f1']:.4f}"),
        ("CPU, one picture", f"{claims['cpu_latency_ms']:g} ms", _first_latency(article), _first_latency(e)),
        ("GPU, one picture", f"under {claims['gpu_latency_ms']:g} ms", "not measured", gpu),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"""### Beside the article

| | the article says | its recipe, trained here | released |
|---|---|---|---|
{table}

{_article_runs(article)}"""


def _mean(article: dict[str, Any] | None, key: str) -> str:
    if article is None:
        return "not measured"
    value = article["mean"][key]
    wanted = (lambda number: f"{number:.4f}") if key == "macro_f1" else percent
    return wanted(value["mean"]) + ("" if value["sd"] is None else f" +- {wanted(value['sd'])} (n = {value['n']})")


def _first_latency(report: dict[str, Any] | None) -> str:
    return "not measured" if report is None else f"{report['latency']['cpu']['batches'][0]['median_ms']:.2f} ms"


def _article_runs(article: dict[str, Any] | None) -> str:
    if article is None:
        return "The article's recipe was not evaluated."
    network = f"network `{article['network']}`, {article['parameters']:,} parameters"
    lines = [f"The article's recipe: {network}, trained on {article['training_n']:,} pictures.", ""]
    for seed in article["seeds"]:
        halved = ", ".join(str(epoch) for epoch in seed["rate_halved_after"])
        lines.append(
            f"- Seed {seed['seed']}: dropout {seed['dropout']:g} had the lowest validation loss ({seed['validation_loss']:.4f}); "
            f"test {percent(seed['test_accuracy'])}; {seed['epochs']} epochs, the best was {seed['best_epoch']}; "
            f"{f'the rate was halved after epoch {halved}' if halved else 'the rate was never halved'}; "
            + (
                "early stopping never acted."
                if seed["stopped_early_after"] is None
                else f"stopped early after epoch {seed['stopped_early_after']}."
            )
        )
    return "\n".join(lines)
