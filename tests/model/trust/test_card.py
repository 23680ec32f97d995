"""The card's section on trust says of its choices and intervals no more than is so."""

import json

import pytest

from model.committed import EVIDENCE
from model.trust.card import trust_section


@pytest.fixture(scope="module")
def told() -> str:
    return " ".join(trust_section(json.loads((EVIDENCE / "trust.json").read_text())).split())


def test_it_says_that_some_of_the_reported_sets_were_looked_at_before(told: str) -> None:
    assert "after a trial that looked at small samples of the sets below, 300 pictures of Fashion-MNIST among them." in told


def test_it_says_by_which_way_what_was_asked_is_met(told: str) -> None:
    trust = json.loads((EVIDENCE / "trust.json").read_text())
    asked = "An AUROC of 0.99 was asked on Fashion-MNIST; by the `energy` it is "
    assert f"{asked}met through preprocessing, as served (0.9913) and not met on pixels as they are (0.9866)." in told
    next(row for row in trust["rejection"]["sets"] if row["name"] == "Fashion-MNIST")["auroc"]["energy"]["value"] = 0.98
    assert "not met through preprocessing, as served (0.9800) and" in trust_section(trust)


def test_it_says_which_intervals_are_too_narrow(told: str) -> None:
    _, _, rejection = told.partition("### What is no digit")
    assert "of digits refused as well, take pictures for independent." in rejection
    assert "so these intervals are too narrow." in rejection


def test_it_says_what_is_served_and_by_which_limits(told: str) -> None:
    assert "A picture whose `energy` is under 4.20308 nats is answered with `accepted` false and the reason `not_a_digit`." in told
    assert "Served as `candidates`: 99.9 %." in told
    assert "Served is the best of those that need no more than the logits" in told


def test_shares_carry_their_intervals(told: str) -> None:
    assert "it refuses 0.36 % [0.26 %, 0.50 %] (census staff 0.28 %, students 0.44 %); with" in told
