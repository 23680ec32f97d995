"""Several listen on one port, nobody else gets it, and it is free when they are gone."""

import socket

import pytest

from gateway.embedded.failure import CannotStart
from gateway.embedded.ports import check_front
from gateway.workers.port import reserved, shared
from tests.ports import free_port

HOST = "127.0.0.1"


def test_a_port_is_refused_to_others_before_anybody_listens() -> None:
    port = free_port()
    with reserved(HOST, port):
        with pytest.raises(CannotStart, match="is taken"):
            check_front(HOST, port)
        with pytest.raises(OSError, match="in use"), socket.create_server((HOST, port)):
            pass
    check_front(HOST, port)


def test_a_port_that_another_holds_cannot_be_reserved() -> None:
    with socket.create_server((HOST, 0)) as other, pytest.raises(OSError, match="in use"), reserved(HOST, other.getsockname()[1]):
        pass


def test_nobody_answers_on_a_port_that_is_only_reserved() -> None:
    port = free_port()
    with reserved(HOST, port), pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port))


def test_connections_are_spread_over_all_who_listen() -> None:
    port = free_port()
    with reserved(HOST, port):
        [one], [other] = shared(HOST, port), shared(HOST, port)
        with one, other:
            for listener in (one, other):
                listener.listen(200)
                listener.setblocking(False)
            clients = [socket.create_connection((HOST, port)) for _ in range(100)]
            counts = [accepted(listener) for listener in (one, other)]
            for client in clients:
                client.close()
    assert sum(counts) == 100
    assert min(counts) >= 20


def accepted(listener: socket.socket) -> int:
    """How many connections it was given."""
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_a_port_that_was_just_closed_can_be_shared() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)) as client:
            server.accept()[0].close()  # first, so this end waits in TIME_WAIT
            assert client.recv(1) == b""
    with reserved(HOST, port):
        [listener] = shared(HOST, port)
        with listener:
            listener.listen()


def test_a_name_is_each_of_its_addresses() -> None:
    port = free_port()
    listeners = shared("localhost", port)
    assert len(listeners) == len({info[4] for info in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)})
    for listener in listeners:
        listener.close()
