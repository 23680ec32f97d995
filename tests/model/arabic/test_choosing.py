"""Candidates are judged by writers of the first fold's training alone: its held-out writers are read by none."""

from pathlib import Path

import numpy as np

from model.arabic.choosing import try_candidates
from model.arabic.fitting import canonical
from model.arabic.reading import Written
from model.arabic.recipe import CANDIDATES, CHOSEN_ON
from model.articles.folds import writer_folds
from model.data import Digits
from tests.model.arabic.written import by_heart


def test_the_first_fold_s_held_out_writers_are_read_by_no_candidate(written: Written, tmp_path: Path) -> None:
    told: list[Digits] = []
    result = try_candidates(written, CANDIDATES, 2, 1, tmp_path, by_heart(told))
    held_out = writer_folds(written.writer, 2, 1)[0]
    kept_back = {picture.tobytes() for picture in canonical(written.pictures[held_out], CHOSEN_ON.side)[0]}
    assert not any(pixels.tobytes() in kept_back for training in told for pixels in training.pixels)
    read = (result["training_n"], result["validation_n"])
    assert sum(read) == len(written) - len(held_out)
    assert all(len(training) == result["training_n"] for training in told)
    assert result["training_writers"] + result["validation_writers"] == len(np.unique(written.writer)) - len(held_out) // 100


def test_the_lowest_loss_is_chosen(written: Written, tmp_path: Path) -> None:
    result = try_candidates(written, CANDIDATES, 2, 1, tmp_path, by_heart([]))
    assert [row["name"] for row in result["candidates"]] == list(CANDIDATES)
    assert result["chosen"] == min(result["candidates"], key=lambda row: row["validation_loss"])["name"]
