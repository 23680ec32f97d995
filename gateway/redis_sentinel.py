"""The primary that sentinels name. They are asked again for each connection, so after a failure it is found where it went."""

from collections.abc import Sequence

from hiredis import HiredisError

from gateway.redis_address import Host, SentinelAddress
from gateway.redis_asking import ask, soonest
from gateway.redis_pipe import Command, RedisPipe

READONLY = "READONLY"
"""Begins what a server answers to a write when it is primary no more."""


class Sentinels:
    """Who is asked where the primary is: any that answers will do."""

    def __init__(self, address: SentinelAddress) -> None:
        self._address = address

    def pipe(self) -> "PrimaryPipe":
        return PrimaryPipe(self.primary)

    async def primary(self) -> str:
        """Its URL. Raises ConnectionError where no sentinel knows."""
        try:
            host = await soonest(self._named_by(sentinel) for sentinel in self._address.sentinels)
        except ConnectionError as error:
            raise ConnectionError(f"no sentinel says where {self._address.service!r} is ({error})") from error
        return self._address.access.url(host)

    async def _named_by(self, sentinel: str) -> Host:
        named = await ask(sentinel, ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._address.service))
        if named is None:
            raise ConnectionError("one knows no such primary")
        match named:
            case [bytes(name), bytes(port)]:
                return name.decode(), int(port)
        raise ValueError(f"a sentinel answered {named!r}")


class PrimaryPipe(RedisPipe):
    """A pipe to the primary; a server that is primary no more has failed.

    A frozen one still takes connections, and a sentinel may go on naming it for some seconds: it is used once it has answered.
    """

    greeting = ("PING",)

    async def run(self, commands: Sequence[Command], seconds: float) -> list[object]:
        answers = await super().run(commands, seconds)
        for answer in answers:
            if isinstance(answer, HiredisError) and str(answer).startswith(READONLY):
                self.close()
                raise ConnectionError(str(answer))
        return answers
