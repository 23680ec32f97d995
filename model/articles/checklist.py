"""The first article's checklist, line by line: what does it here, a figure, and whether it is kept."""

from model.articles import claims
from model.articles.document import Heading, Paragraph, Part, Table
from model.articles.results import Results, percent
from model.network import build, parameter_count
from model.recipes import ARTICLE


def checklist(results: Results) -> list[Part]:
    """Its seven lines, in its order."""
    rows = (_data, _network, _training, _metrics, _deployment, _monitoring, _card)
    return [
        Heading(2, "The first article's checklist"),
        Table(("its line", "command", "figure", "verdict"), [row(results) for row in rows]),
        Paragraph("A figure is of the newest run of its command whose results are committed under `model/evidence/`."),
    ]


def _data(results: Results) -> tuple[str, ...]:
    known, varied = results.explore, ARTICLE.augmentation
    return (
        "Dataset loading & augmentation",
        "`python -m model fetch`, `explore`, `train`",
        f"{known['training']['n']:,} and {known['test']['n']:,} pictures, each file held against its SHA-256; rotated by up to "
        f"{varied.rotation_degrees:g} degrees, shifted by {varied.shift_pixels:g} pixels, zoomed by {percent(varied.zoom, 0)}",
        "kept; how far to vary is ours, for it does not say",
    )


def _network(results: Results) -> tuple[str, ...]:
    drawn, kept = parameter_count(build("article-as-drawn")), results.article["parameters"]
    limit = claims.PARAMETER_LIMIT
    return (
        f"Efficient CNN (at most {limit:,} parameters)",
        "`python -m model train --recipe article`",
        f"{drawn:,} as drawn, {kept:,} with a third pooling, {results.evaluation['model']['parameters']:,} released",
        f"{_verdict(kept <= limit)} with the third pooling; {_verdict(drawn <= limit)} by its own drawing",
    )


def _training(results: Results) -> tuple[str, ...]:
    seed = results.article["seeds"][0]
    halved, stopped = seed["rate_halved_after"], seed["stopped_early_after"]
    return (
        "Optimiser, LR schedule, early stopping",
        "`python -m model train --recipe article`",
        f"Adam; of {seed['epochs']} epochs the rate was halved after {', '.join(map(str, halved)) or 'none'}; "
        + ("never stopped early" if stopped is None else f"stopped early after epoch {stopped}")
        + f"; best epoch {seed['best_epoch']}, test accuracy {percent(seed['test_accuracy'])}",
        "kept" if halved and stopped is not None else "kept, though early stopping never acted" if halved else "kept, though neither acted",
    )


def _metrics(results: Results) -> tuple[str, ...]:
    found, claimed = results.evaluation["macro"]["f1"], claims.FIRST["macro_f1"]
    return (
        "Confusion matrix & class-level metrics",
        "`python -m model evaluate`",
        f"macro F1 {found:.4f}, it asks for {claimed:g}; precision, recall and F1 of each digit are in CARD.md",
        _verdict(found >= claimed),
    )


def _deployment(results: Results) -> tuple[str, ...]:
    cpu = results.evaluation["latency"]["cpu"]
    one = cpu["batches"][0]["median_ms"]
    return (
        "Edge & cloud deployment pipelines",
        "`make run`, `docker compose up`, `python -m model archive`",
        f"one picture in {one:.2f} ms on one thread of {cpu['processor']}; it says {claims.FIRST['cpu_latency_ms']:g} ms",
        f"cloud: {_verdict(one <= claims.FIRST['cpu_latency_ms'])}; its {claims.RASPBERRY_MS:g} ms on a Raspberry Pi are theirs, "
        "not measured here",
    )


def _monitoring(results: Results) -> tuple[str, ...]:
    asked = claims.MONITORED
    return (
        "Monitoring & alerting",
        "`make monitor`, `make drills-monitoring`",
        f"alerts at its thresholds: {100 * asked['accuracy drop']:g} points of accuracy, {asked['latency, times the baseline']:g} times "
        f"the latency, {percent(asked['error on one digit'], 0)} error on a digit",
        "kept; every alert is tested to fire and to stay silent",
    )


def _card(results: Results) -> tuple[str, ...]:
    difference = results.evaluation["series"]["difference"]
    told = "not measured" if difference is None else f"{100 * difference['estimate']:+.2f} points"
    return (
        "Model card & audit logs",
        "`python -m model card`, `GET /v1/audit`",
        f"accuracy with interval, calibration, and {told} between {' and '.join(g['who'] for g in results.evaluation['series']['groups'])}",
        "kept; the card is generated, every answer is recorded",
    )


def _verdict(holds: bool) -> str:
    return "kept" if holds else "broken"
