"""Which uploads a candidate answers: always the same ones, in every process, and no fewer of them while its share grows."""

from typing import NamedTuple

from gateway.contract import ModelVersion


class Share(NamedTuple):
    """`percent` of a hundred uploads, by a number that the digest of their bytes gives.

    The digest is of the bytes as they came, which is known before anything is decoded or looked up in any cache: equal uploads get the same
    version, other encodings of one picture may get either, and each answer is kept under the key of the version that gave it.
    """

    candidate: ModelVersion
    percent: int

    def takes(self, digest: bytes) -> bool:
        """Whether the candidate answers the upload of this SHA-256."""
        return int.from_bytes(digest[:8]) % 100 < self.percent
