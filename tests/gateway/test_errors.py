import orjson

from gateway.errors import NotAnImage, OverCapacity, Problem, problem_response


def subclasses(kind: type[Problem]) -> list[type[Problem]]:
    return [each for sub in kind.__subclasses__() for each in (sub, *subclasses(sub))]


def test_a_problem_is_told_as_rfc_9457_says() -> None:
    response = problem_response(NotAnImage("this is no picture"), "abc")
    assert response.status_code == 415
    assert response.media_type == "application/problem+json"
    assert orjson.loads(response.body) == {
        "type": "urn:digitserve:problem:not-an-image",
        "title": "Unsupported Media Type",
        "status": 415,
        "detail": "this is no picture",
        "request_id": "abc",
    }


def test_retry_after_is_whole_seconds_and_never_none() -> None:
    assert problem_response(OverCapacity("full", retry_after_seconds=0.2), "a").headers["Retry-After"] == "1"
    assert problem_response(OverCapacity("full", retry_after_seconds=2.1), "a").headers["Retry-After"] == "3"
    assert "Retry-After" not in problem_response(NotAnImage("no"), "a").headers


def test_no_two_problems_share_a_name() -> None:
    slugs = [kind.slug for kind in subclasses(Problem) if kind.__name__ != "HttpProblem"]
    assert len(slugs) == len(set(slugs))
    assert "internal" not in slugs
