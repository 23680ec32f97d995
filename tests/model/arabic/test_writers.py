"""Writers who write alike within a hundred and unlike between two are seen as such, and nothing is seen where there is nothing."""

from dataclasses import replace

import numpy as np

from model.arabic.reading import Written
from model.arabic.writers import repetitions_apart


def test_the_next_writer_s_digit_is_further_than_the_same_one_s(written: Written) -> None:
    apart = repetitions_apart(written)
    assert apart["between"] > 1.5 * apart["within"]
    assert apart["between"] == apart["by_place"][-1]


def test_pictures_in_another_order_do_not_bear_it_out(written: Written) -> None:
    places = np.arange(len(written)).reshape(-1, 10)
    mixed = places[np.random.default_rng(0).permutation(len(places))].ravel()
    apart = repetitions_apart(replace(written, pictures=written.pictures[mixed]))
    assert apart["between"] < 1.5 * apart["within"]


def test_of_one_writer_there_is_no_next(written: Written) -> None:
    alone = Written(written.pictures[:100], written.labels[:100], written.writer[:100])
    assert repetitions_apart(alone)["between"] is None
