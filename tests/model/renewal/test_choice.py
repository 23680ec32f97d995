"""What is chosen reads labelled pictures best among what does no harm to the validation pictures; where all harm, the least harmful."""

from model.renewal.choice import Option, best

CURRENT = 0.9954


def option(share: float, validation: float, labelled_loss: float | None) -> Option:
    return Option(1, share, 0.02 - validation / 100, validation, labelled_loss, None if labelled_loss is None else 0.97)


def test_of_what_does_no_harm_the_one_that_learnt_most() -> None:
    options = [option(0.25, 0.9954, 0.15), option(0.5, 0.9950, 0.10), option(1.0, 0.9920, 0.05)]
    assert best(options, CURRENT).share == 0.5


def test_where_all_harm_the_most_accurate() -> None:
    assert best([option(0.5, 0.9900, 0.10), option(1.0, 0.9800, 0.05)], CURRENT).share == 0.5


def test_without_labelled_pictures_to_choose_by_the_validation_loss_decides() -> None:
    assert best([option(0.5, 0.9954, None), option(1.0, 0.9960, None)], CURRENT).share == 1.0
