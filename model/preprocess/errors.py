"""Why an upload was refused: one small family, every message fit for the client that sent the bytes."""


class ImageError(ValueError):
    """The upload cannot be turned into a picture. The message says what is wrong and what to do."""


class EmptyUpload(ImageError):
    """There were no bytes."""


class UnsupportedImage(ImageError):
    """The first bytes are those of no picture type that is taken."""


class UnreadableImage(ImageError):
    """The bytes begin as a picture of a known type and then are broken, cut off or beyond what is read."""


class ImageTooLarge(ImageError):
    """The picture has more pixels than are decoded."""
