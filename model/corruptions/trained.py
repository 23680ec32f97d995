"""Which corruptions a network has seen of a kind in training: a figure on these says less than one on the others."""

from collections.abc import Mapping

ALIKE = {"rotation_degrees": "rotate", "shift_pixels": "translate", "zoom": "scale", "shear_degrees": "shear"}
"""By fields of `model.augment.Augmentation`, the corruption that varies a picture in the same way, though perhaps by more."""

UNLIKE = ("elastic_pixels", "stroke_probability", "erase_probability")
"""Fields that vary a picture as no corruption does."""


def seen_in_training(varied: Mapping[str, object]) -> list[str]:
    """Names of corruptions whose kind is among these fields; the values of fields that did nothing are false."""
    return [corruption for field, corruption in ALIKE.items() if varied.get(field)]
