"""EMNIST's pictures lie transposed, in IDX and in CSV, and nothing but the name of their file says so: these come out upright."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from model.formats.labelled import Labelled

ON_ITS_SIDE = "emnist"


def upright(found: Labelled, file: Path) -> Labelled:
    """What was read of `file`, turned where its own name is EMNIST's; what the folder is called says nothing."""
    if ON_ITS_SIDE not in file.name.lower():
        return found
    turned = (np.ascontiguousarray(picture.T) for picture in found.pictures)
    return replace(found, form=f"{found.form}, turned upright", pictures=turned)
