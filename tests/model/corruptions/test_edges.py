"""Edges are thin, closed about a shape, found at every angle, and kept where they are steep somewhere."""

import cv2
import numpy as np

from model.corruptions.edges import canny_edges
from model.corruptions.levels import Pixels


def test_a_disc_has_one_thin_closed_edge(rng: np.random.Generator) -> None:
    disc = np.zeros((1, 28, 28), np.uint8)
    cv2.circle(disc[0], (14, 14), 8, 255, -1)
    edge = canny_edges(disc, rng)[0]
    assert set(np.unique(edge).tolist()) == {0, 255}
    y, x = np.nonzero(edge)
    away = np.hypot(y - 14, x - 14)
    assert away.min() > 6.5
    assert away.max() < 9.5
    assert 40 <= edge.astype(bool).sum() <= 64
    outside = cv2.connectedComponents((edge == 0).astype(np.uint8), connectivity=4)[1]
    assert outside[14, 14] != outside[0, 0]


def test_what_is_steep_nowhere_is_no_edge_and_what_is_steep_somewhere_is_one_to_its_end(rng: np.random.Generator) -> None:
    """A step of levels is 2.5 times as steep as it is high, in shares: 10 levels are the low threshold, 20 the high one."""
    rising, weak = np.zeros((2, 28, 28), np.uint8)
    rising[14:] = np.linspace(12, 60, 28).astype(np.uint8)
    weak[14:] = np.linspace(12, 18, 28).astype(np.uint8)
    edges = canny_edges(np.stack([rising, weak]), rng)
    assert np.flatnonzero(edges[0].any(axis=0)).tolist() == list(range(1, 27))
    assert not edges[1].any()


def test_edges_of_digits_are_on_the_border_of_ink_and_never_on_that_of_the_picture(pixels: Pixels, rng: np.random.Generator) -> None:
    edges = canny_edges(pixels, rng)
    assert edges.any(axis=(1, 2)).all()
    near = np.stack([cv2.dilate(picture, np.ones((5, 5), np.uint8)) for picture in pixels])
    assert near[edges > 0].min() > 0
    assert not edges[:, [0, -1]].any()
    assert not edges[:, :, [0, -1]].any()
