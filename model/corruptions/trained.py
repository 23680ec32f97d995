"""Which corruptions a network has seen of a kind in training: a figure on these says less than one on the others."""

from collections.abc import Mapping

ALIKE = {
    "rotation_degrees": ("rotate",),
    "shift_pixels": ("translate",),
    "zoom": ("scale",),
    "shear_degrees": ("shear",),
    "filters": ("glass blur", "motion blur", "canny edges"),
    "tones": ("brightness",),
    "lighting": ("fog",),
    "grain": ("shot noise", "impulse noise"),
    "resolution": ("glass blur",),
}
"""By fields of `model.augment.Augmentation` and `model.spoiling.Spoiling`, the corruptions that vary a picture in the same way, though
perhaps by more, or in the nearest way: no noise of training is of photons or of stuck pixels, no light is fog, and of random kernels some
blur and some find edges, but none shuffles pixels or thins what it found."""


def seen_in_training(varied: Mapping[str, object]) -> list[str]:
    """Names of corruptions whose kind is among these fields; the values of fields that did nothing are false."""
    return list(dict.fromkeys(corruption for field, alike in ALIKE.items() if varied.get(field) for corruption in alike))
