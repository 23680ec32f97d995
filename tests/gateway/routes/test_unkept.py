from gateway.routes.unkept import unkept


def test_a_body_of_the_moment_is_json_that_nobody_keeps() -> None:
    answer = unkept({"ready": False}, 503)
    assert (answer.status_code, answer.body) == (503, b'{"ready":false}')
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
