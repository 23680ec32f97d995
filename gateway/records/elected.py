"""Of all processes on one SQLite file one is elected to write; the others hand it their batches through a socket, and one takes its place.

SQLite before 3.51.3 can corrupt a write-ahead log that two connections write or checkpoint, so there is never a second one.
"""

import fcntl
import hashlib
import os
import socket
import struct
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from gateway.records.batch import Batch, LabelOutcome, LabelState
from gateway.records.store import RecordsUnavailable, Retention, RowsRefused, Sink, Store, in_a_line, open_sqlite

LENGTH = struct.Struct("!I")
LARGEST_MESSAGE = 64 * 2**20
ANSWER_SECONDS = 5.0
ACCEPT_AGAIN_SECONDS = 0.05
LONGEST_ADDRESS = 100
"""Bytes that the path of a socket may have on every system."""

WRITE, PRUNE = b"w", b"p"
"""What a follower asks for: a message's first byte. After it, a batch or a retention."""


def open_elected(path: Path) -> Sink:
    """The writer, if this process is it now, else a way to it. Raises RecordsUnavailable, also in the moment without a writer."""
    lock = _lock(path)
    if lock is None:
        return _Follower(_address(path))
    try:
        return _Leader(open_sqlite(path), lock, _address(path))
    except BaseException:
        os.close(lock)
        raise


def migrate_unwritten(path: Path) -> None:
    """Bring a file that no process writes to the newest revision. Raises RecordsUnavailable, also where one does."""
    lock = _lock(path)
    if lock is None:
        raise RecordsUnavailable(f"a running gateway writes {path}; it migrates by itself when it starts")
    try:
        open_sqlite(path).close()
    finally:
        os.close(lock)


class _Leader:
    """Writes what its own process and the followers hand it, one batch at a time."""

    def __init__(self, store: Store, lock: int, address: str) -> None:
        self._store, self._lock, self._address = store, lock, address
        self._one_at_a_time = threading.Lock()
        self._followers: set[socket.socket] = set()
        self._closed = False
        try:
            with suppress(FileNotFoundError):
                Path(address).unlink()  # a leader that was killed left it
            self._door = socket.socket(socket.AF_UNIX)
            old = os.umask(0o177)
            try:
                self._door.bind(address)
            finally:
                os.umask(old)
            self._door.listen()
        except OSError as error:
            store.close()
            raise RecordsUnavailable(f"{address}: {in_a_line(error)}") from error
        threading.Thread(target=self._receive, name="records-door", daemon=True).start()

    def write(self, batch: Batch) -> list[LabelOutcome]:
        with self._one_at_a_time:
            if self._closed:
                raise RecordsUnavailable("the process that writes records is gone")
            return self._store.write(batch)

    def tidy(self, retention: Retention) -> int:
        return self.prune(retention)

    def prune(self, retention: Retention) -> int:
        with self._one_at_a_time:
            if self._closed:
                raise RecordsUnavailable("the process that writes records is gone")
            return self._store.prune(retention)

    def close(self) -> None:
        with self._one_at_a_time:
            self._closed = True
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        with suppress(OSError):
            Path(self._address).unlink()
        for follower in list(self._followers):
            with suppress(OSError):
                follower.shutdown(socket.SHUT_RDWR)
        self._store.close()
        os.close(self._lock)

    def _receive(self) -> None:
        while not self._closed:
            try:
                follower, _ = self._door.accept()
            except OSError:  # closed, or out of descriptors for a moment
                time.sleep(ACCEPT_AGAIN_SECONDS)
                continue
            self._followers.add(follower)
            threading.Thread(target=self._serve, args=(follower,), name="records-follower", daemon=True).start()

    def _serve(self, follower: socket.socket) -> None:
        try:
            with follower, suppress(OSError, EOFError, ValueError, KeyError, TypeError):
                while not self._closed:
                    _send(follower, self._answer(_receive(follower)))
        finally:
            self._followers.discard(follower)

    def _answer(self, wire: bytes) -> bytes:
        asked, told = wire[:1], wire[1:]
        try:
            if asked == PRUNE:
                return orjson.dumps({"deleted": self.prune(Retention(*orjson.loads(told)))})
            return orjson.dumps({"outcomes": [[state, previous] for state, previous in self.write(Batch.from_wire(told))]})
        except RecordsUnavailable as error:
            return orjson.dumps({"error": str(error)})
        except RowsRefused as error:
            return orjson.dumps({"refused": str(error)})


class _Follower:
    """Hands batches to the leader."""

    def __init__(self, address: str) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(ANSWER_SECONDS)
        try:
            self._line.connect(address)
        except OSError as error:
            self._line.close()
            raise RecordsUnavailable(f"the process that writes records does not answer: {in_a_line(error)}") from error

    def write(self, batch: Batch) -> list[LabelOutcome]:
        try:
            wire = batch.to_wire()
        except TypeError as error:  # orjson's, for text that is none
            raise RowsRefused(in_a_line(error)) from error
        if len(wire) >= LARGEST_MESSAGE:
            raise RowsRefused(f"a batch of {len(wire)} bytes")
        answer = self._ask(WRITE, wire)
        return [LabelOutcome(LabelState(state), previous) for state, previous in answer["outcomes"]]

    def tidy(self, retention: Retention) -> int:
        """The leader does."""
        return 0

    def prune(self, retention: Retention) -> int:
        return int(self._ask(PRUNE, orjson.dumps([retention.days, retention.bytes]))["deleted"])

    def _ask(self, what: bytes, told: bytes) -> dict[str, Any]:
        try:
            _send(self._line, what + told)
            answer: dict[str, Any] = orjson.loads(_receive(self._line))
        except (OSError, EOFError, ValueError) as error:
            raise RecordsUnavailable(f"the process that writes records is gone: {in_a_line(error)}") from error
        if "error" in answer:
            raise RecordsUnavailable(str(answer["error"]))
        if "refused" in answer:
            raise RowsRefused(str(answer["refused"]))
        return answer

    def close(self) -> None:
        self._line.close()


def _lock(path: Path) -> int | None:
    """The descriptor that holds the lock, or None where another process (or another sink of this one) holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(f"{path.name}.writer"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RecordsUnavailable(f"{path}: {in_a_line(error)}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _address(path: Path) -> str:
    """The socket beside the database or, where its path would be too long, one in the folder for temporary files."""
    beside = str(path.resolve()) + ".socket"
    if len(os.fsencode(beside)) <= LONGEST_ADDRESS:
        return beside
    name = hashlib.sha256(os.fsencode(beside)).hexdigest()[:16]
    return f"{tempfile.gettempdir()}/digitserve-{os.getuid()}-{name}.socket"


def _send(line: socket.socket, message: bytes) -> None:
    line.sendall(LENGTH.pack(len(message)) + message)


def _receive(line: socket.socket) -> bytes:
    (length,) = LENGTH.unpack(_exactly(line, LENGTH.size))
    if length > LARGEST_MESSAGE:
        raise ValueError(f"a message of {length} bytes")
    return _exactly(line, length)


def _exactly(line: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        chunk = line.recv(min(size - len(received), 2**20))
        if not chunk:
            raise EOFError("the other end has left")
        received += chunk
    return bytes(received)
