"""Ports for servers that tests start."""

from gateway.embedded.ports import free_ports


def free_port() -> int:
    """A port on loopback, outside the range that connections take theirs from."""
    return free_ports(1)[0]
