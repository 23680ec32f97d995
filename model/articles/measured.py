"""What was measured of both articles' networks and of what stood before them, each figure beside the article's."""

from collections.abc import Callable
from typing import Any

from model.articles import claims
from model.articles.cross_validation import MET_POINTS
from model.articles.document import Figure, Heading, Paragraph, Part, Table
from model.articles.drawing import boxes_path, curves_path
from model.articles.results import UNMEASURED, Results, percent, source, spread
from model.recipes import ARTICLE, DENSE512


def first_article(results: Results) -> list[Part]:
    """Its benchmarks, and whether its small network passes hand-crafted features."""
    means, released = results.article["mean"], results.evaluation
    rows = [
        ("training accuracy", percent(claims.FIRST["training_accuracy"]), spread(means["training_accuracy"]), UNMEASURED),
        ("test accuracy", percent(claims.FIRST["test_accuracy"]), spread(means["test_accuracy"]), percent(released["accuracy"])),
        (
            "one picture on a CPU",
            f"{claims.FIRST['cpu_latency_ms']:g} ms",
            f"{results.article['latency']['cpu']['batches'][0]['median_ms']:.2f} ms",
            f"{released['latency']['cpu']['batches'][0]['median_ms']:.2f} ms",
        ),
    ]
    return [
        Heading(2, "The first article's network"),
        Table(("", "it says", f"its recipe, seeds: {len(results.article['seeds'])}", "released"), rows),
        Paragraph(
            f"{source(results.article)}, after {sum(seed['training_seconds'] for seed in results.article['seeds']):,.0f} s of training. A "
            f"test set of {results.article['test_n']:,} pictures; what was chosen, by validation alone."
        ),
        _article_folds(results),
        *_handcrafted(results),
    ]


def _article_folds(results: Results) -> Paragraph:
    measured = [result for way in ("pictures", "writers") if (result := results.cross_validation(way, ARTICLE.network, ARTICLE.optimizer))]
    if not measured:
        return Paragraph(f"Cross-validated: {UNMEASURED}.")
    told = "; ".join(f"{result['protocol']}: {spread(result['accuracy'])}" for result in measured)
    recipe = measured[0]["recipe"]
    return Paragraph(
        f"Cross-validated, a fresh network each fold: {told}. No fold may choose anything, so the rate stays what it is at the beginning, "
        f"the dropout is {recipe['dropouts'][0]:g} and the last of {recipe['epochs']} epochs is measured, all of them trained in "
        f"{recipe['precision']} (see below)."
    )


def second_article(results: Results) -> list[Part]:
    """Its network on the test set, by either optimizer."""
    said = claims.SECOND
    rows: list[tuple[str, str, Callable[[dict[str, Any]], str]]] = [
        ("parameters", f"{said['parameters']:,}", lambda result: f"{result['parameters']:,}"),
        ("test accuracy", percent(said["test_accuracy"]), lambda result: spread(result["mean"]["test_accuracy"])),
        ("lowest and highest", "", lambda result: f"{percent(result['lowest'])} to {percent(result['highest'])}"),
        ("training accuracy, running", percent(said["training_accuracy"]), lambda result: spread(result["mean"]["running_accuracy"])),
        ("training accuracy, at the end", "", lambda result: spread(result["mean"]["training_accuracy"])),
        ("training loss, running", f"{said['training_loss']:.4f}", lambda result: f"{result['mean']['running_loss']['mean']:.4f}"),
        ("training loss, at the end", "", lambda result: f"{result['mean']['training_loss']['mean']:.4f}"),
    ]
    parts: list[Part] = [
        Heading(2, "The second article's network"),
        Paragraph(
            f"One dense layer of {said['width']}, {DENSE512.epochs} epochs, batches of {DENSE512.batch_size}, all training pictures. Its "
            f"compile line is lost: RMSprop with a rate of {DENSE512.learning_rate:g}, its source book's choice, is an assumption, so Adam "
            "stands beside it. The training figures that Keras prints are the running mean over the last epoch, while the network still "
            "learnt; those at its end are of evaluation mode."
        ),
    ]
    found = [(name, results.all_dense512[name]) for name in ("rmsprop", "adam") if name in results.all_dense512]
    if not found:
        return [*parts, Paragraph(UNMEASURED)]
    header = ("", "it says", *(f"{name}, seeds: {len(result['seeds'])}" for name, result in found))
    parts.append(Table(header, [(name, said_, *(tell(result) for _, result in found)) for name, said_, tell in rows]))
    parts.append(Paragraph("; ".join(source(result) for _, result in found) + ". No epoch and no seed was chosen."))
    return parts


def cross_validation(results: Results) -> list[Part]:
    """Every cross-validation in one table with its figures, and why the published one estimates nothing."""
    rows = [_cross_row(result) for result in results.cross.values()]
    parts: list[Part] = [
        Heading(2, "Cross-validation"),
        Paragraph(
            "`pictures` is KFold with shuffling, `writers` the same writer by writer, so that nobody's pictures are on both sides; both "
            "begin every fold with a fresh network. `published` is what the second article does. No fold was used to choose anything."
        ),
        Table(("recipe", "folds", "accuracy of each, %", "mean", "sd (ddof 1)", "sd (ddof 0)", "curves met in", "time"), rows),
        Paragraph(
            f"Curves have met where training and held-out accuracy differ by no more than {MET_POINTS:g} points at the end, both in "
            "evaluation mode. The spread of folds is no standard error: their training pictures overlap."
        ),
        *_leak(results),
    ]
    for recipe in dict.fromkeys(result["recipe"]["name"] for result in results.cross.values()):
        parts.append(Figure(_beside(results, boxes_path(results.folder, recipe)), f"{recipe}: accuracy of every fold."))
    for name, result in results.cross.items():
        parts.append(Figure(_beside(results, curves_path(results.folder, name)), f"Learning curves. {source(result)}."))
    return parts


def _leak(results: Results) -> list[Part]:
    published, right = results.cross_validation("published"), results.cross_validation("pictures")
    if published is None or right is None:
        return []
    first, last = published["folds"][0], published["folds"][-1]
    epochs = len(first["epochs"])
    writers = results.cross_validation("writers")
    parts: list[Part] = [
        Heading(3, "Why the published protocol estimates nothing"),
        Paragraph(
            f"Before its first fold the one network had been fitted to all {published['n']:,} pictures for {epochs} epochs: of the "
            f"{first['test_n']:,} that fold 1 holds out it had seen {first['test_pictures_seen_before']:,}. It then goes on from fold to "
            f"fold, so that what a fold holds out was trained on in all others, and fold {last['fold']} is measured after "
            f"{epochs * (len(published['folds']) + 1)} epochs. So accuracy goes from {percent(first['accuracy'])} in the first fold to "
            f"{percent(last['accuracy'])} in the last, while fresh networks on the very same folds have a mean of "
            f"{percent(right['accuracy']['mean'])}. What it measures is how well a network remembers. On pictures of noise with labels "
            "drawn by lot it reads nearly all, where a fresh network reads one in ten (`tests/model/articles/test_cross_validation.py`)."
        ),
    ]
    if writers is not None:
        shared = {fold["writers_on_both_sides"] for fold in right["folds"]}
        lost = 100 * (right["accuracy"]["mean"] - writers["accuracy"]["mean"])
        parts.append(
            Paragraph(
                f"The right protocol has a smaller leak of its own: {min(shared)} to {max(shared)} writers are on both sides of a fold. "
                f"Held out writer by writer, the mean is {percent(writers['accuracy']['mean'])}, {lost:.2f} points less."
            )
        )
    return parts


def _cross_row(result: dict[str, Any]) -> tuple[str, ...]:
    told, folds = result["accuracy"], result["folds"]
    return (
        result["recipe"]["name"],
        f"{len(folds)}, {result['protocol']}",
        " ".join(f"{100 * fold['accuracy']:.2f}" for fold in folds),
        percent(told["mean"]),
        f"{100 * told['sd']:.2f}",
        f"{100 * told['sd_ddof_0']:.2f}",
        f"{sum(fold['curves_met'] for fold in folds)} of {len(folds)}",
        f"{result['seconds']:,.0f} s",
    )


def _handcrafted(results: Results) -> list[Part]:
    if not results.handcrafted:
        return [Paragraph(f"It says that a small CNN passes hand-crafted features: {UNMEASURED}.")]
    article = results.article
    network = article["latency"]["cpu"]["batches"]
    accuracy = article["mean"]["test_accuracy"]["mean"]
    rows = [("its network", percent(accuracy), _microseconds(network[0]), _microseconds(network[-1]), _size(4 * article["parameters"]))]
    for row in results.handcrafted:
        batches = row["latency"]["batches"]
        each = (_microseconds(batches[0]), _microseconds(batches[-1]))
        chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row["chosen"].items())
        rows.append((f"{row['name']} ({chosen})", f"{percent(row['test_accuracy'])}, {row['errors']} errors", *each, _size(row["bytes"])))
    best = max(row["test_accuracy"] for row in results.handcrafted)
    verdict = "true here" if accuracy > best else "not so here"
    return [
        Paragraph(f"It says that a small CNN passes hand-crafted features: {verdict}."),
        Table(("reader", "test accuracy", "one picture", f"a picture of {network[-1]['batch']}", "size"), rows),
        Paragraph(
            f"All learnt the same {results.handcrafted[0]['training_n']:,} training pictures; what was chosen, by validation alone. Times "
            f"are of one thread of {article['latency']['cpu']['processor']}, those of the last two beside other work."
        ),
    ]


def _microseconds(batch: dict[str, Any]) -> str:
    return f"{1_000 * batch['median_ms'] / batch['batch']:,.0f} us"


def _size(held: int) -> str:
    return f"{held / 2**20:,.2f} MiB"


def _beside(results: Results, path: Any) -> str:
    return f"{results.folder.name}/{path.name}"
