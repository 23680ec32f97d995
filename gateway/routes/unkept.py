"""Answers that are true now and at no other time: JSON that no cache on the way keeps."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response


def unkept(body: Mapping[str, object], status: int) -> Response:
    """This body, with `Cache-Control: no-store`."""
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"Cache-Control": "no-store"})
