"""The front port, taken in each way it can be, and ports for children."""

import socket

import pytest

from gateway.embedded.failure import CannotStart
from gateway.embedded.ports import CHILDREN, check_front, free_ports


def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotStart) as raised:
            check_front("127.0.0.1", port)
    assert str(raised.value) == f"port {port} on 127.0.0.1 is taken (by another program); set GATEWAY_PORT to a free one"


def test_a_port_taken_on_one_address_is_taken_for_all_of_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(CannotStart, match="is taken"):
        check_front("0.0.0.0", other.getsockname()[1])


def test_a_free_port_stays_free() -> None:
    (port,) = free_ports(1)
    check_front("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_port_that_was_just_closed_is_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()  # first, so this end waits in TIME_WAIT
            assert client.recv(1) == b""
    check_front("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_one_line(host: str) -> None:
    with pytest.raises(CannotStart, match=r"^cannot listen on .*; set GATEWAY_HOST to an address of this machine$"):
        check_front(host, 8000)


def test_free_ports_are_different_and_never_used_for_outgoing_connections() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert set(ports) <= set(CHILDREN)
    assert CHILDREN.stop <= 32_768


def test_a_taken_port_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    (taken,) = free_ports(1)
    with socket.create_server(("127.0.0.1", taken)):
        monkeypatch.setattr("gateway.embedded.ports.CHILDREN", range(taken, taken + 1))
        with pytest.raises(CannotStart, match=f"no free port on 127.0.0.1 from {taken} to {taken}"):
            free_ports(1)
