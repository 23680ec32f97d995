"""The whole service on one machine, out of Python packages alone. The gateway it starts cannot tell: it is told URLs, as anywhere."""

from gateway.embedded.embedding import Embedding
from gateway.embedded.stack import run

__all__ = ["Embedding", "run"]
