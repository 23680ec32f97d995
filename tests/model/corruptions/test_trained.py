"""Every way in which training varies pictures is compared with the corruptions: one that nobody placed fails here."""

from dataclasses import fields

from model.augment import Augmentation
from model.corruptions.table import CORRUPTIONS
from model.corruptions.trained import ALIKE, seen_in_training
from model.recipes import RECIPES
from model.spoiling import Spoiling

UNLIKE = ("elastic_pixels", "stroke_probability", "erase_probability", "clutter", "blocks")
"""Fields that vary a picture as no corruption does. Clutter is other digits' ink, no line or zigzag; a block is of one level, where mud is
a stain and a stripe the negative. Tones turn whole pictures to the negative, never sides."""


def test_every_way_of_varying_is_like_a_corruption_or_said_not_to_be() -> None:
    assert {*ALIKE, *UNLIKE} == {field.name for field in (*fields(Augmentation), *fields(Spoiling))}
    assert {corruption for alike in ALIKE.values() for corruption in alike} <= set(CORRUPTIONS)


def test_what_training_did_not_vary_was_not_seen() -> None:
    assert seen_in_training({"zoom": 0.1, "rotation_degrees": 0.0, "erase_probability": 0.2}) == ["scale"]
    assert seen_in_training(vars(RECIPES["dense512"].augmentation)) == []
