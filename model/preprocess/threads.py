"""How many threads the image decoders use."""

import cv2


def keep_to_one_thread() -> None:
    """For servers, in the whole process: OpenCV shares even a picture of 40 x 40 pixels out to threads, which then wait by spinning.

    A small picture costs a third less so, and large ones leave the other processors to other requests.
    """
    cv2.setNumThreads(1)
