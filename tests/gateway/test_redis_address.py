import pytest
from redis.asyncio.connection import Connection, SSLConnection

from gateway.redis_address import ClusterAddress, SentinelAddress, ServerAddress, connection_to, read_address, without_password


def connection(url: str) -> Connection:
    told = connection_to(url)
    assert isinstance(told, Connection)
    return told


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache:6379/0",
        "redis://cache",
        "redis://user:p%40ss@cache:6379/3?health_check_interval=0",
        "rediss://:secret@cache:6380",
        "unix:///run/redis.sock?db=3&password=secret",
    ],
)
def test_one_server_is_told_as_redis_py_takes_it(url: str) -> None:
    assert read_address(url) == ServerAddress(url)


def test_sentinels_have_a_login_of_their_own_and_the_primary_has_the_database() -> None:
    url = "redis+sentinel://user:p%40ss@a:26380,b,[::1]:26381/digits/3?sentinel_username=watcher&sentinel_password=s%2Fecret"
    address = read_address(url)
    assert isinstance(address, SentinelAddress)
    assert address.service == "digits"
    sentinels = [connection(each) for each in address.sentinels]
    assert [(each.host, each.port, each.username, each.password, each.db) for each in sentinels] == [
        ("a", 26380, "watcher", "s/ecret", 0),
        ("b", 26379, "watcher", "s/ecret", 0),
        ("::1", 26381, "watcher", "s/ecret", 0),
    ]
    primary = connection(address.access.url(("10.0.0.1", 6379)))
    assert (primary.host, primary.port, primary.username, primary.password, primary.db) == ("10.0.0.1", 6379, "user", "p@ss", 3)


def test_sentinels_that_ask_for_nothing_are_told_nothing() -> None:
    address = read_address("redis+sentinel://user:secret@a,b/digits")
    assert isinstance(address, SentinelAddress)
    assert [connection_to(each).password for each in address.sentinels] == [None, None]
    assert connection_to(address.access.url(("c", 1))).db == 0


def test_nodes_of_a_cluster_share_a_login() -> None:
    address = read_address("redis+cluster://user:secret@a:7000,b:7001")
    assert isinstance(address, ClusterAddress)
    assert address.hosts == (("a", 7000), ("b", 7001))
    node = connection(address.access.url(("fe80::1", 7002)))
    assert (node.host, node.port, node.username, node.password) == ("fe80::1", 7002, "user", "secret")


@pytest.mark.parametrize("form", ["rediss+sentinel://a,b/digits?ssl_cert_reqs=none", "rediss+cluster://a,b?ssl_cert_reqs=none"])
def test_tls_is_spoken_with_every_server(form: str) -> None:
    address = read_address(form)
    assert isinstance(address, SentinelAddress | ClusterAddress)
    urls = [address.access.url(("c", 1)), *(address.sentinels if isinstance(address, SentinelAddress) else ())]
    for url in urls:
        told = connection_to(url)
        assert isinstance(told, SSLConnection)
        assert told.cert_reqs == 0


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("cache:6379", "it begins with one of redis://"),
        ("http://cache:6379", r"redis\+cluster://"),
        ("redis://cache:80a80", "Port"),
        ("redis://cache:6379/first", "its path is the number of a database"),
        ("redis://a:1,b:2", r"for several servers it begins with redis\+sentinel:// or redis\+cluster://"),
        ("redis://cache?nonsense=1", "an option in it cannot be used: .*'nonsense'"),
        ("redis://cache?socket_timeout=soon", "socket_timeout"),
        ("redis://:s3#cret@cache", "a # in it is written %23"),
        ("redis://:s3/cret@cache", r"a / or \? in a password is written %2F or %3F"),
        ("redis+sentinel://:s3?cret@a,b/digits", r"a / or \? in a password is written %2F or %3F"),
        ("rediss://cache?ssl_ca_certs=/not/there.pem", "a certificate or key that it names cannot be read"),
        ("rediss://cache?ssl_cert_reqs=perhaps", "an option in it cannot be used: .*perhaps"),
        ("redis://[::1", "it is no URL"),
        ("unix://", "the path of a socket"),
        ("redis+sentinel://a,b", "/service-name"),
        ("redis+sentinel://a,b/", "/service-name"),
        ("redis+sentinel://a,b/digits/first", "/service-name"),
        ("redis+sentinel:///digits", "'' in it is no host:port"),
        ("redis+sentinel://a,b:x/digits", "'b:x' in it is no host:port"),
        ("redis+sentinel://a,,b/digits", "'' in it is no host:port"),
        ("redis+sentinel://a/digits?sentinel_username=w", "sentinel_username comes with sentinel_password"),
        ("redis+sentinel://a/digits?password=secret", "password cannot stand behind"),
        ("redis+sentinel://a/digits?nonsense=1", "'nonsense'"),
        ("redis+cluster://a:7000/3", "a cluster has no databases"),
        ("redis+cluster://a:0", "'a:0' in it is no host:port"),
        ("redis+cluster://", "'' in it is no host:port"),
        ("rediss+cluster://a?ssl_certfile=/not/there.pem", "a certificate or key that it names cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as told:
        read_address(url)
    assert "\n" not in str(told.value)
    assert "s3" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:secret@cache:6379/0", "redis://cache:6379/0"),
        ("redis+sentinel://:se@cret@a,b/digits?sentinel_password=secret", "redis+sentinel://a,b/digits"),
        ("unix:///run/redis.sock?password=secret", "unix:///run/redis.sock"),
    ],
)
def test_people_are_shown_no_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_what_encrypts_is_made_once_for_all_servers_with_the_same_options() -> None:
    first, second, other = [connection_to(url) for url in ("rediss://a", "rediss://b:1/3", "rediss://a?ssl_check_hostname=no")]
    assert isinstance(first, SSLConnection)
    assert isinstance(second, SSLConnection)
    assert isinstance(other, SSLConnection)
    assert first.ssl_context.get() is second.ssl_context.get()
    assert first.ssl_context.get() is not other.ssl_context.get()
