"""Limits are of validation pictures alone, and say nothing where there were too few of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.inference import energy, softmax
from model.limits import FILE, Limits, limits_of, read_limits, write_limits
from model.metrics import Labels
from model.refused import Refused
from model.splitting import Writers
from model.trust.sets import candidates, half_of

N = 4_000
LABELS = (np.arange(N) % 10).astype(np.uint8)
WRITERS = Writers((np.arange(N) // 100).astype(np.uint16), np.where(np.arange(N) < N // 2, 0, 4).astype(np.uint8))


@pytest.fixture(scope="module")
def logits() -> NDArray[np.float32]:
    """Of a reader that is mostly right and errs with every confidence."""
    told: NDArray[np.float32] = (6 * np.eye(10)[LABELS] + np.random.default_rng(0).standard_normal((N, 10)) * 1.2).astype(np.float32)
    return told


def test_few_of_the_digits_that_they_are_of_lie_under_the_least_energy(logits: NDArray[np.float32]) -> None:
    limits = limits_of(logits, LABELS, WRITERS)
    assert limits.least is not None
    assert 0 < (energy(logits) < limits.least).mean() <= 0.005


def test_the_writers_who_did_not_calibrate_have_their_digits_among_the_candidates(logits: NDArray[np.float32]) -> None:
    quantile = limits_of(logits, LABELS, WRITERS, seed=3).quantile
    others = ~half_of(WRITERS, np.random.default_rng(3))
    held = candidates(softmax(logits), quantile)[np.arange(N), LABELS]
    assert held[others].mean() >= 0.998
    assert quantile > 0


def test_too_few_pictures_refuse_nothing_and_leave_every_digit_possible(logits: NDArray[np.float32]) -> None:
    few = np.arange(0, N, 40)
    limits = limits_of(logits[few], LABELS[few], Writers(WRITERS.writer[few], WRITERS.series[few]))
    assert (limits.least, limits.quantile) == (None, 0.0)


def test_where_no_writer_is_known_all_pictures_calibrate(logits: NDArray[np.float32]) -> None:
    limits = limits_of(logits, LABELS)
    held = candidates(softmax(logits), limits.quantile)[np.arange(N), LABELS]
    assert 0.999 <= held.mean() < 1
    assert limits.least == limits_of(logits, LABELS, WRITERS).least


def test_what_is_written_is_read_and_a_network_may_be_without(logits: NDArray[np.float32], tmp_path: Path) -> None:
    assert read_limits(tmp_path) is None
    written = write_limits(tmp_path, logits, LABELS, WRITERS)
    assert read_limits(tmp_path) == written == limits_of(logits, LABELS, WRITERS)


SAID = {"score": "energy", "least": 3.5, "level": 0.999, "quantile": 0.01}


def test_only_the_four_names_are_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({**SAID, "remark": "by hand"}))
    assert read_limits(tmp_path) == Limits(**SAID)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "[]",
        "7",
        "{}",
        b"\xff",
        *(json.dumps({name: said for name, said in SAID.items() if name != gone}) for gone in SAID),
        *(json.dumps({**SAID, name: said}) for name, said in [("score", 7), ("least", "3"), ("level", None), ("quantile", True)]),
        json.dumps({**SAID, "quantile": float("nan")}),
    ],
)
def test_a_damaged_file_is_refused_in_one_line_that_names_it(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Refused, match=FILE) as refused:
        read_limits(tmp_path)
    assert len(str(refused.value).splitlines()) == 1


def test_other_labels_are_other_candidates_but_the_same_energy(logits: NDArray[np.float32]) -> None:
    shifted: Labels = np.roll(LABELS, 1)
    right, wrong = limits_of(logits, LABELS, WRITERS), limits_of(logits, shifted, WRITERS)
    assert isinstance(right, Limits)
    assert right.least == wrong.least
    assert wrong.quantile < right.quantile
