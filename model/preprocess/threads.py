"""How many threads the image decoders use."""

import cv2


def keep_to_one_thread() -> None:
    """For servers, in the whole process: OpenCV shares even a picture of 40 x 40 pixels out to threads, which then wait by spinning.

    Large ones leave the other processors to other requests so.
    """
    cv2.setNumThreads(1)
