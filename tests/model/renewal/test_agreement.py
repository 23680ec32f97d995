"""A picture is trained on with the label that all agree on, or an auditor gave; else it is set aside with who said what."""

from model.renewal.agreement import AUDITORS_DISAGREE, CALLERS_DISAGREE, UNKNOWN, agreed
from tests.model.renewal.records import picture, record


def test_one_picture_labelled_alike_by_two_callers_belongs_to_both() -> None:
    pictures, aside = agreed([record(picture(1), 3, "b"), record(picture(1), 3, "a"), record(picture(1), 3, "a")])
    assert (len(pictures), pictures.digits.labels.tolist(), pictures.callers, aside) == (1, [3], (("a", "b"),), [])


def test_a_picture_on_which_callers_disagree_is_set_aside_and_told() -> None:
    pictures, (aside,) = agreed([record(picture(1), 3, "a", id="x"), record(picture(1), 5, "b", id="y"), record(picture(2), 5, "b")])
    assert len(pictures) == 1
    assert aside.told() == {"digest": aside.digest, "why": CALLERS_DISAGREE, "ids": ["x", "y"], "labels": {"a": [3], "b": [5]}}


def test_a_caller_who_disagrees_with_himself_is_no_better() -> None:
    pictures, (aside,) = agreed([record(picture(1), 3, "a"), record(picture(1), 5, "a")])
    assert (len(pictures), aside.labels) == (0, {"a": [3, 5]})


def test_an_auditor_supersedes_whoever_else_answered() -> None:
    crowd = [record(picture(1), 3, caller) for caller in ("a", "b", "c")]
    pictures, aside = agreed([*crowd, record(picture(1), 8, "auditor", source="audit")])
    assert (pictures.digits.labels.tolist(), pictures.callers, aside) == ([8], (("auditor",),), [])


def test_auditors_who_disagree_settle_nothing() -> None:
    _, (aside,) = agreed([record(picture(1), label, source="audit") for label in (3, 8)])
    assert (aside.why, aside.labels) == (AUDITORS_DISAGREE, {UNKNOWN: [3, 8]})


def test_all_who_say_nothing_of_themselves_are_one_caller() -> None:
    pictures, _ = agreed([record(picture(number), 3) for number in range(4)])
    assert pictures.callers == ((UNKNOWN,),) * 4


def test_of_no_records_there_are_no_pictures() -> None:
    pictures, aside = agreed([])
    assert (len(pictures), pictures.digits.pixels.shape, aside) == (0, (0, 28, 28), [])
