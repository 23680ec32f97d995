"""What goes on meanwhile is told to end, is waited for, and does not fail unheard."""

from threading import Event

import pytest

from loadtests.meanwhile import meanwhile


def test_it_goes_on_until_the_block_ends() -> None:
    begun, ended = Event(), Event()

    def act(over: Event) -> None:
        begun.set()
        assert over.wait(5)
        ended.set()

    with meanwhile(act):
        assert begun.wait(5)
        assert not ended.is_set()
    assert ended.is_set()


def test_what_goes_wrong_with_it_is_raised_at_the_end() -> None:
    def act(over: Event) -> None:
        raise ValueError("gone wrong")

    with pytest.raises(ValueError, match="gone wrong"), meanwhile(act):
        pass


def test_what_goes_wrong_with_it_is_raised_also_where_the_block_fails_for_it() -> None:
    def act(over: Event) -> None:
        raise ValueError("gone wrong")

    with pytest.raises(ValueError, match="gone wrong") as raised, meanwhile(act):
        raise RuntimeError("waited in vain")
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_a_block_that_fails_by_itself_says_so() -> None:
    with pytest.raises(RuntimeError, match="in vain"), meanwhile(lambda over: over.wait(5)):
        raise RuntimeError("waited in vain")
