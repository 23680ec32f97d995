"""The parent: a worker that ends is started again, what cannot start is one line, and nothing is left, however it ends."""

import os
import signal
import socket

import pytest

from tests.gateway.embedded.processes import all_gone, wait_until
from tests.gateway.workers.parents import Parents


def both_listen(parents: Parents) -> None:
    wait_until(lambda: None not in (parents.noted(1), parents.noted(2)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_of_it(parents: Parents, number: signal.Signals) -> None:
    parent = parents.of_doubles("serving")
    both_listen(parents)
    descendants = parent.descendants()
    assert len(descendants) == 4  # two leashes, two workers
    parent.process.send_signal(number)
    assert parent.process.wait(timeout=20) == 0
    assert all_gone(descendants)()
    assert parent.said == ""
    assert list((parent.state_dir / "run").iterdir()) == []


def test_a_second_signal_ends_workers_that_do_not_hear_the_first(parents: Parents) -> None:
    parent = parents.of_doubles("deaf")
    both_listen(parents)
    descendants = parent.descendants()
    parent.process.send_signal(signal.SIGINT)
    parent.process.send_signal(signal.SIGTERM)  # of the same kind it might be one with the first
    assert parent.process.wait(timeout=3) == 0
    assert all_gone(descendants)()


@pytest.mark.parametrize(("worker", "seconds"), [("serving", 6), ("deaf", 8)])
def test_nothing_outlives_a_parent_that_is_killed(parents: Parents, worker: str, seconds: float) -> None:
    parent = parents.of_doubles(worker)
    both_listen(parents)
    descendants = parent.descendants()
    parent.process.kill()
    wait_until(all_gone(descendants), seconds=seconds)


def test_a_worker_that_is_killed_is_replaced_and_its_gauges_are_forgotten(parents: Parents) -> None:
    parent = parents.of_doubles("serving")
    both_listen(parents)
    folder, killed = parent.folder(), parents.noted(2)
    assert killed is not None
    (folder / "gauge_livesum_2.db").write_text("of the dead")
    (folder / "counter_2.db").write_text("of the dead")
    os.kill(killed, signal.SIGKILL)
    parent.wait_for("worker 2 was ended by SIGKILL; starting it again in 0.5 s\n")
    wait_until(lambda: parents.noted(2) != killed)
    assert (folder / "gauge_livesum_2.db").read_text() == ""
    assert (folder / "counter_2.db").read_text() == "of the dead"
    assert accepts(parent.port)


def test_a_worker_that_cannot_be_replaced_is_tried_again_later_each_time(parents: Parents) -> None:
    parent = parents.of_doubles("shy")
    for seconds in ("0.5", "1", "2"):
        parent.wait_for(f"worker 2 ended with exit code 3; starting it again in {seconds} s\n")
    assert accepts(parent.port)


def test_workers_that_cannot_start_end_the_parent_in_one_line(parents: Parents) -> None:
    parent = parents.of_doubles("dying")
    assert parent.process.wait(timeout=20) == 1
    said, why = parent.said.splitlines()
    assert said == "the double is unwell"
    assert why == "digitserve: worker 1 ended with exit code 3 before it served; what it said is above"


def test_a_worker_that_says_itself_why_it_cannot_start_is_the_one_line(parents: Parents) -> None:
    parent = parents.of_doubles("refusing")
    assert parent.process.wait(timeout=20) == 1
    assert parent.said == "digitserve: the double does not like this setting\n"


def test_a_taken_port_is_one_line(parents: Parents) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        parent = parents.of_doubles("serving", port=port)
        assert parent.process.wait(timeout=20) == 1
    assert parent.said == f"digitserve: port {port} on 127.0.0.1 is taken (by another program); set GATEWAY_PORT to a free one\n"


def test_a_port_that_other_workers_share_is_taken(parents: Parents) -> None:
    first = parents.of_doubles("serving")
    both_listen(parents)
    second = parents.of_doubles("serving", port=first.port)
    assert second.process.wait(timeout=20) == 1
    assert second.said.startswith(f"digitserve: port {first.port} on 127.0.0.1 is taken")
    assert len(second.said.splitlines()) == 1


def test_a_port_is_taken_while_no_worker_listens_yet(parents: Parents) -> None:
    first = parents.of_doubles("slow")
    wait_until(lambda: parents.noted(1) is not None)
    second = parents.of_doubles("serving", port=first.port)
    assert second.process.wait(timeout=20) == 1
    assert second.said.startswith(f"digitserve: port {first.port} on 127.0.0.1 is taken")


def test_a_state_folder_that_may_not_be_written_to_is_one_line(parents: Parents) -> None:
    (parents.tmp_path / "state").touch()
    parent = parents.of_doubles("serving")
    assert parent.process.wait(timeout=20) == 1
    [line] = parent.said.splitlines()
    assert line.startswith("digitserve: cannot run: ")


def accepts(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
