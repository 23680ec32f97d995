"""Ports of this machine: whether the front one is free, and free ones for the children."""

import errno
import itertools
import random
import socket

from gateway.embedded.failure import CannotStart

LOOPBACK = "127.0.0.1"
CHILDREN = range(20_000, 30_000)
"""Below every system's range for outgoing connections, so a child that is started again finds its port still free."""


def check_front(host: str, port: int) -> None:
    """Raise CannotStart where the gateway could not listen on this address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what the server sets: TIME_WAIT is not taken
                probe.bind(address)
                probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} on {host} is taken (by another program); set GATEWAY_PORT to a free one"
        elif error.errno == errno.EACCES:
            message = f"port {port} on {host} is reserved for the system; set GATEWAY_PORT to one above 1023"
        else:
            message = f"cannot listen on {host} ({error.strerror}); set GATEWAY_HOST to an address of this machine"
        raise CannotStart(message) from None


def free_ports(count: int) -> list[int]:
    """Different ports on the loopback address, free now."""
    free = list(itertools.islice(filter(is_free, random.sample(CHILDREN, k=len(CHILDREN))), count))
    if len(free) < count:
        raise CannotStart(f"no free port on {LOOPBACK} from {CHILDREN.start} to {CHILDREN.stop - 1}; end a program that holds some")
    return free


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
