"""Ends a child, and all that it started, when the parent goes away, however it goes.

A program of its own, so that it outlives a killed parent: `python -I -S leash.py GRACE_SECONDS COMMAND [ARGUMENT ...]`, started as
the leader of a new session. Its standard input is a socket that only the parent holds the other end of. The end of that stream is the
order to stop, whether the parent gives it or dies: the whole process group gets SIGTERM, and SIGKILL when the command is over or the
grace is. When the command ends by itself, what it left behind is killed at once. Just before it goes, the leash says on the same socket
how the command ended: `exit 3`, `signal 9` or `cannot start: REASON`.

Nothing but small standard modules is imported: one of these lives beside each child.
"""

import contextlib
import os
import select
import signal
import sys
import time

PARENT = 0


def main(arguments: list[str]) -> None:
    """Run the command on the leash; ends by killing its own process group, so it does not return where that is possible."""
    grace_seconds = float(arguments[0])
    wakeups = wakeups_by_signals()
    try:
        child = spawn(arguments[1:])
    except OSError as error:
        tell(f"cannot start: {error.strerror}")
        return
    ended = wait(child, wakeups, deadline=None)
    if ended is None:
        os.killpg(os.getpid(), signal.SIGTERM)
        ended = wait(child, wakeups, deadline=time.monotonic() + grace_seconds)
    if ended is None:
        ended = -signal.SIGKILL  # in a moment
    tell(f"exit {ended}" if ended >= 0 else f"signal {-ended}")
    os.killpg(os.getpid(), signal.SIGKILL)


def wakeups_by_signals() -> int:
    """A file descriptor that becomes readable with each signal.

    Handlers, not SIG_IGN: a command inherits what is ignored, but never a handler.
    """
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: None)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def spawn(command: list[str]) -> int:
    return os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, PARENT, os.devnull, os.O_RDONLY, 0)],
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # the two that Python ignores
    )


def wait(child: int, wakeups: int, deadline: float | None) -> int | None:
    """The child's exit code, negative for a signal; None when the leash is to be pulled first.

    It is pulled by the end of the parent's stream or by a signal to this process, or, where there is a deadline, by that alone.
    """
    watched = [wakeups] if deadline is not None else [wakeups, PARENT]
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            return os.waitstatus_to_exitcode(status)
        remaining = None if deadline is None else deadline - time.monotonic()
        if remaining is not None and remaining <= 0:
            return None
        readable, _, _ = select.select(watched, [], [], remaining)
        if PARENT in readable and not received():
            return None
        if wakeups in readable and set(os.read(wakeups, 512)) - {signal.SIGCHLD} and deadline is None:
            return None


def received() -> bytes:
    try:
        return os.read(PARENT, 512)
    except OSError:
        return b""


def tell(message: str) -> None:
    with contextlib.suppress(OSError):  # the parent may be gone
        os.write(PARENT, message.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
