"""Where Redis is, by one URL: a server alone, one that sentinels watch over, or a cluster. One that cannot be used is told at once."""

import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

import redis.asyncio
from redis.asyncio.connection import AbstractConnection, SSLConnection
from redis.exceptions import RedisError

Host = tuple[str, int]
"""Name or IP address, and port."""

ALONE, WATCHED, SPREAD = ("redis", "rediss", "unix"), ("redis+sentinel", "rediss+sentinel"), ("redis+cluster", "rediss+cluster")
REDIS_PORT, SENTINEL_PORT = 6379, 26379
BEFORE_THE_QUERY = {"db", "host", "path", "password", "port", "username"}
"""What redis-py takes from the query too, where every server, sentinels included, would be told the same."""


@dataclass(frozen=True)
class ServerAddress:
    """One server."""

    url: str


@dataclass(frozen=True)
class Access:
    """What a URL says of every server that is meant."""

    scheme: str
    login: str
    """As it stands before a host; empty for nobody."""
    query: str
    db: int = 0

    def url(self, host: Host) -> str:
        """That of one server, as redis-py takes it."""
        name, port = host
        return f"{self.scheme}://{self.login}{f'[{name}]' if ':' in name else name}:{port}/{self.db}?{self.query}"


@dataclass(frozen=True)
class SentinelAddress:
    """The primary that these sentinels know by the name of `service`."""

    service: str
    sentinels: tuple[str, ...]
    """Their URLs, each as that of a server."""
    access: Access
    """To the primary."""


@dataclass(frozen=True)
class ClusterAddress:
    """The cluster of which these are nodes."""

    hosts: tuple[Host, ...]
    access: Access


Address = ServerAddress | SentinelAddress | ClusterAddress


def read_address(url: str) -> Address:
    """What `url` means, with options that redis-py knows. Raises ValueError with one line that shows no password."""
    if "#" in url:
        raise ValueError("a # in it is written %23")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError("it is no URL") from error
    if parts.scheme != "unix" and ("@" in parts.path or "@" in parts.query.partition("=")[0]):
        raise ValueError("a / or ? in a password is written %2F or %3F")
    if parts.scheme in ALONE:
        return _server(url, parts)
    if parts.scheme in WATCHED:
        return _sentinels(parts)
    if parts.scheme in SPREAD:
        return _cluster(parts)
    known = ", ".join(f"{scheme}://" for scheme in (*ALONE, *WATCHED, *SPREAD))
    raise ValueError(f"it begins with one of {known}")


def connection_to(url: str) -> AbstractConnection:
    """One that is never connected: it knows address, names and certificates of a server. Raises ValueError."""
    try:
        pool = redis.asyncio.ConnectionPool.from_url(url, protocol=2)
        connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, RedisError) as error:
        raise ValueError(f"an option in it cannot be used: {error}") from error
    if isinstance(connection, SSLConnection):
        try:
            connection.ssl_context.context = _encryption(urlsplit(url).query, _changed(connection))
        except OSError as error:
            raise ValueError(f"a certificate or key that it names cannot be read: {error}") from error
    return connection


@lru_cache(8)
def _encryption(query: str, changed: tuple[int, ...]) -> ssl.SSLContext:
    """What these options mean, for all servers: the system's own certificates alone take a tenth of a second to read, in which nothing else
    is done. Read again when a file that they name has changed."""
    connection = redis.asyncio.ConnectionPool.from_url(f"rediss://any?{query}", protocol=2).make_connection()  # type: ignore[no-untyped-call]
    context: ssl.SSLContext = connection.ssl_context.get()
    return context


def _changed(connection: SSLConnection) -> tuple[int, ...]:
    """When each file or folder did that the connection's options name."""
    named = connection.ssl_context
    files = (named.ca_certs, named.ca_path, named.certfile, named.keyfile)
    return tuple(Path(file).stat().st_mtime_ns for file in files if file)


def without_password(url: str) -> str:
    """For people to read: neither who logs in nor options."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _server(url: str, parts: SplitResult) -> ServerAddress:
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("the path of a socket follows unix://")
    else:
        if "," in parts.netloc.rpartition("@")[2]:
            raise ValueError("for several servers it begins with redis+sentinel:// or redis+cluster://")
        if (database := unquote(parts.path).strip("/")) and not database.isdecimal():
            raise ValueError("its path is the number of a database")
    connection_to(url)
    return ServerAddress(url)


def _sentinels(parts: SplitResult) -> SentinelAddress:
    login, hosts = _login_and_hosts(parts, SENTINEL_PORT)
    service, _, db = (unquote(word) for word in parts.path.strip("/").partition("/"))
    if not service or not (db or "0").isdecimal():
        raise ValueError("after the sentinels comes the name by which they know the primary, and perhaps a database: /service-name[/db]")
    options = _options(parts)
    username, password = options.pop("sentinel_username", ""), options.pop("sentinel_password", "")
    if username and not password:
        raise ValueError("sentinel_username comes with sentinel_password")
    scheme, query = parts.scheme.partition("+")[0], urlencode(options)
    for_sentinels = Access(scheme, f"{quote(username, safe='')}:{quote(password, safe='')}@" if password else "", query)
    access = Access(scheme, login, query, int(db or "0"))
    connection_to(access.url(hosts[0]))
    return SentinelAddress(service, tuple(for_sentinels.url(host) for host in hosts), access)


def _cluster(parts: SplitResult) -> ClusterAddress:
    login, hosts = _login_and_hosts(parts, REDIS_PORT)
    if parts.path.strip("/") not in ("", "0"):
        raise ValueError("a cluster has no databases and no service name: nothing follows its nodes")
    access = Access(parts.scheme.partition("+")[0], login, urlencode(_options(parts)))
    connection_to(access.url(hosts[0]))
    return ClusterAddress(hosts, access)


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query))
    if misplaced := BEFORE_THE_QUERY & options.keys():
        raise ValueError(f"{', '.join(sorted(misplaced))} cannot stand behind the ?")
    return options


def _login_and_hosts(parts: SplitResult, default_port: int) -> tuple[str, tuple[Host, ...]]:
    login, at, listed = parts.netloc.rpartition("@")
    return login + at, tuple(_host(each.strip(), default_port) for each in listed.split(","))


def _host(text: str, default_port: int) -> Host:
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError:
        name, port = None, None
    if not name or port == 0:
        raise ValueError(f"{text!r} in it is no host:port")
    return name, port or default_port
