"""Where the articles are wrong: each claim beside what counting, adding up or training shows."""

from model.articles import claims
from model.articles.document import Heading, Paragraph, Part, Table
from model.articles.results import UNMEASURED, Results, percent
from model.data import validation_indices
from model.network import build, parameter_count


def wrong(results: Results) -> list[Part]:
    """A table of parameters, and a row for every other claim that does not hold."""
    rows = (_confusion_sums, _confusion_recall, _confusion_example, _validation, _synthetic, _classes, _leak, _converged, _reversed, _input)
    return [
        Heading(2, "Where the articles are wrong"),
        Paragraph("The first article's table of parameters, against the layers that it draws:"),
        _parameters(),
        Table(("it says", "it is", "so"), [row(results) for row in rows]),
    ]


def _parameters() -> Table:
    sizes = [parameter_count(layer) for layer in build("article-as-drawn").layers if parameter_count(layer)]
    counted = (sizes[0] + sizes[1], sizes[2] + sizes[3], *sizes[4:])
    rows = [(name, f"{said:,}", f"{found:,}") for (name, said), found in zip(claims.PARAMETERS.items(), counted, strict=True)]
    rows.append(("its rows added up", f"{sum(claims.PARAMETERS.values()):,}", f"{sum(counted):,}"))
    rows.append(("its total", f"about {claims.PARAMETERS_TOTAL:,}", f"{sum(counted):,}"))
    return Table(("layers", "it says", "counted"), rows)


def _confusion_sums(results: Results) -> tuple[str, ...]:
    sums = " and ".join(f"{sum(row)} pictures of the digit {digit}" for digit, row in claims.CONFUSION_ROWS.items())
    known = results.explore["test"]
    counted = " and ".join(f"{known['digits'][digit]:,}" for digit in claims.CONFUSION_ROWS)
    return (f"confusion rows that sum to {sums}", f"{counted} in the test set of {known['n']:,}", "they are of no MNIST test set")


def _confusion_recall(results: Results) -> tuple[str, ...]:
    recalls = " and ".join(percent(row[digit] / sum(row)) for digit, row in claims.CONFUSION_ROWS.items())
    return (
        f"test accuracy {percent(claims.FIRST['test_accuracy'])}, confusion is minimal",
        f"its own rows have a recall of {recalls}",
        "the matrix is not of the network that its benchmarks are of",
    )


def _confusion_example(results: Results) -> tuple[str, ...]:
    first, second = claims.CONFUSED
    row = claims.CONFUSION_ROWS[first]
    most = max((digit for digit in range(10) if digit != first), key=lambda digit: row[digit])
    return (
        f"errors between similar digits, as {first} and {second}",
        f"its row has {row[second]} of {first} read as {second}, and {row[most]} read as {most}",
        "the example is not in the table that it explains",
    )


def _validation(results: Results) -> tuple[str, ...]:
    training, held_out = results.explore["training"]["n"], len(validation_indices())
    return (
        f"{training:,} to train on and {results.explore['test']['n']:,} to test; dropout, rate and stopping go by validation loss",
        f"nothing is left to validate on; here it is {held_out:,} of the {training:,}, of writers of their own",
        "as written there is nothing but the test set to choose by",
    )


def _synthetic(results: Results) -> tuple[str, ...]:
    known = results.explore
    return (
        "MNIST is synthetic",
        f"{known['training']['writers']} people wrote the training pictures and {known['test']['writers']} others the test pictures",
        "it is handwriting, and whose is known: groups of writers can be compared",
    )


def _classes(results: Results) -> tuple[str, ...]:
    both = [ones + others for ones, others in zip(results.explore["training"]["digits"], results.explore["test"]["digits"], strict=True)]
    least, most = both.index(min(both)), both.index(max(both))
    off = max(abs(count - claims.PER_DIGIT) for count in both) / claims.PER_DIGIT
    return (
        f"about {claims.PER_DIGIT:,} pictures of each digit",
        f"from {both[least]:,} of the digit {least} to {both[most]:,} of the digit {most}",
        f"up to {percent(off, 0)} off",
    )


def _leak(results: Results) -> tuple[str, ...]:
    said = (
        f"the second article's folds: {percent(claims.SECOND['first_fold'], 0)}, then all above {percent(claims.SECOND['other_folds'], 0)}"
    )
    published, right = results.cross_validation("published"), results.cross_validation("pictures")
    if published is None or right is None:
        return (said, UNMEASURED, "")
    first, *others = (fold["accuracy"] for fold in published["folds"])
    return (
        said,
        f"its protocol here: {percent(first)}, then {', '.join(map(percent, others))}; a fresh network each fold: mean "
        f"{percent(right['accuracy']['mean'])}",
        "one network, fitted on all pictures first, is measured on what it was fitted on",
    )


def _converged(results: Results) -> tuple[str, ...]:
    said = "training and test curves converge in all folds but one"
    published, right = results.cross_validation("published"), results.cross_validation("pictures")
    if published is None or right is None:
        return (said, UNMEASURED, "")
    met = {name: sum(fold["curves_met"] for fold in result["folds"]) for name, result in (("p", published), ("r", right))}
    gap = sum(fold["gap_points"] for fold in right["folds"]) / len(right["folds"])
    return (
        said,
        f"by its protocol they meet in {met['p']} of {len(published['folds'])}, with a fresh network in {met['r']} of "
        f"{len(right['folds'])}, where training is {gap:.2f} points above",
        "they meet because both sides are training pictures",
    )


def _reversed(results: Results) -> tuple[str, ...]:
    said = "the lesser the accuracy, the better the model"
    right = results.cross_validation("pictures")
    if right is None:
        return (said, UNMEASURED, "")
    first, last = ({key: _mean(right, place, key) for key in ("test_loss", "test_accuracy")} for place in (0, -1))
    return (
        said,
        f"from the first epoch to the last the held-out loss goes from {first['test_loss']:.4f} to {last['test_loss']:.4f} nats and "
        f"accuracy from {percent(first['test_accuracy'])} to {percent(last['test_accuracy'])}",
        "reversed: it is true of the loss",
    )


def _input(results: Results) -> tuple[str, ...]:
    weights = next(parameter for parameter in build("dense512").parameters() if parameter.ndim == 2)
    outputs, inputs = weights.shape
    return (f"the first layer's input size is {claims.SECOND['input']}", f"{inputs} in, {outputs} out", "outputs are taken for inputs")


def _mean(result: dict[str, list[dict[str, list[dict[str, float]]]]], place: int, key: str) -> float:
    return sum(fold["epochs"][place][key] for fold in result["folds"]) / len(result["folds"])
