"""A run begins with the weights that it is given, its running mean too, or says why it cannot."""

from pathlib import Path

import pytest
import torch

from model.course import Course
from model.network import build
from tests.model.test_train import AVERAGED


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(AVERAGED, 1, 0.2, tmp_path, "cpu", steps_per_epoch=1)


def test_network_and_running_mean_begin_with_the_same_weights(course: Course) -> None:
    torch.manual_seed(7)
    given = build(AVERAGED.network).state_dict()
    course.begin_with(given, otherwise="")
    assert course.average is not None
    for begun in (course.network, course.average):
        assert all(torch.equal(value, given[name]) for name, value in begun.state_dict().items())


def test_weights_of_another_kind_of_network_are_refused_in_the_caller_s_words(course: Course) -> None:
    with pytest.raises(ValueError, match="name another network"):
        course.begin_with(build("student").state_dict(), otherwise="name another network")
