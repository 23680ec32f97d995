"""Any picture of one digit to canonical pixels. Imports numpy and the image decoders alone, and importing it does nothing."""

from model.preprocess.canonical import Canonical, canonicalise, canonicalise_picture, canonicalise_several
from model.preprocess.decode import Limits
from model.preprocess.errors import EmptyUpload, ImageError, ImageTooLarge, UnreadableImage, UnsupportedImage
from model.preprocess.features import Features, measure
from model.preprocess.header import Header, read_header
from model.preprocess.judge import REASONS
from model.preprocess.place import is_canonical
from model.preprocess.threads import keep_to_one_thread

__all__ = [
    "REASONS",
    "Canonical",
    "EmptyUpload",
    "Features",
    "Header",
    "ImageError",
    "ImageTooLarge",
    "Limits",
    "UnreadableImage",
    "UnsupportedImage",
    "canonicalise",
    "canonicalise_picture",
    "canonicalise_several",
    "is_canonical",
    "keep_to_one_thread",
    "measure",
    "read_header",
]
