import pytest

from gateway.stage import Stage, StageRefused

OLD, NEW, OTHER = "00000000000a", "00000000000b", "00000000000c"


def shadowed() -> Stage:
    return Stage.first("digits").shadow(NEW, OLD)


def promoted() -> Stage:
    return shadowed().share(100).promote()


def test_a_candidate_looks_on_then_shares_then_is_current() -> None:
    assert Stage.first("digits").name == "settled"
    stage = shadowed()
    assert (stage.name, stage.current, stage.candidate, stage.percent) == ("shadow", OLD, NEW, 0)
    stage = stage.share(10)
    assert (stage.name, stage.current, stage.candidate, stage.percent) == ("share", OLD, NEW, 10)
    stage = stage.promote()
    assert (stage.name, stage.current, stage.candidate, stage.previous) == ("settled", NEW, None, OLD)


def test_each_change_has_the_next_number() -> None:
    assert [stage.number for stage in (Stage.first("digits"), shadowed(), promoted(), promoted().rollback())] == [0, 1, 3, 4]


def test_a_share_may_go_back_to_looking_on() -> None:
    assert shadowed().share(10).share(0).name == "shadow"


@pytest.mark.parametrize("candidate", [shadowed(), shadowed().share(50)])
def test_a_rollback_leaves_the_current_version_without_a_candidate(candidate: Stage) -> None:
    stage = candidate.rollback()
    assert (stage.name, stage.current, stage.candidate, stage.percent) == ("settled", OLD, None, 0)


def test_a_rollback_of_a_promotion_goes_back_once() -> None:
    stage = promoted().rollback()
    assert (stage.current, stage.candidate, stage.previous) == (OLD, None, None)
    with pytest.raises(StageRefused, match="nothing to roll back"):
        stage.rollback()


def test_a_rollback_of_a_later_candidate_keeps_the_way_back_behind_it() -> None:
    assert promoted().shadow(OTHER, NEW).rollback().rollback().current == OLD


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_is_a_percentage(percent: int) -> None:
    with pytest.raises(StageRefused, match=f"not {percent}"):
        shadowed().share(percent)


def test_what_cannot_be_is_refused_with_the_reason() -> None:
    with pytest.raises(StageRefused, match="nothing to compare"):
        Stage.first("digits").shadow(OLD, OLD)
    with pytest.raises(StageRefused, match=f"{NEW} is the candidate now"):
        shadowed().shadow(OTHER, OLD)
    with pytest.raises(StageRefused, match="no candidate"):
        Stage.first("digits").share(10)
    with pytest.raises(StageRefused, match="no candidate"):
        Stage.first("digits").promote()
    with pytest.raises(StageRefused, match="answered nothing yet"):
        shadowed().promote()
