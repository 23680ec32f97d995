"""One port for several processes: each listens on a socket of its own, and the system spreads connections over them.

Linux does; elsewhere one of them may get all, which is right and no faster.
"""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def reserved(host: str, port: int) -> Iterator[None]:
    """Hold the address without listening on it, so that no other program gets it before a worker listens or while none does.

    Raises OSError where that is too late.
    """
    with contextlib.ExitStack() as held:
        for bound in _bound(host, port):
            held.enter_context(bound)
            # Whoever else wants the address and sets this too would share it while nobody listens. With it off they are refused.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        yield


def shared(host: str, port: int) -> list[socket.socket]:
    """Sockets for one worker to listen on, one for each address that the host has. Raises OSError."""
    return list(_bound(host, port))


def _bound(host: str, port: int) -> Iterator[socket.socket]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, address in dict.fromkeys(found):
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that ended lately don't hold it
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
        yield bound
