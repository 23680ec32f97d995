"""How a network is trained anew: quickly, from what serves now, and held to what that says of the pictures it was made for."""

from dataclasses import dataclass, replace

from model.augment import Augmentation
from model.recipes import RELEASED_NETWORK, TEACHER, Cosine, Distillation, Recipe


@dataclass(frozen=True)
class Plan:
    """A recipe, how many pictures an epoch draws by their weights, and whether training begins from what serves now."""

    recipe: Recipe
    draws: int
    from_current: bool = True


CURRENT = Distillation(teacher=RELEASED_NETWORK, teacher_seeds=(), weight=0.9)
"""Of MNIST's pictures the current network is the teacher, so that what it knows is not unlearnt (Li and Hoiem 2016, Learning without
forgetting); of labelled ones the label is, since there the current network is what is to be mended."""

SURE = 0.99
"""What a label is taken to say of its digit, before it is softened as the teacher is. Of more the network would learn to be surer than it
should be, also of MNIST's pictures; and some labels are wrong."""

GENTLE = Augmentation(
    rotation_degrees=7, shift_pixels=1.5, zoom=0.06, shear_degrees=5, elastic_pixels=0.6, stroke_probability=0.15, erase_probability=0.2
)
"""Half of the recipe's: what is labelled may already lie at the end of what its full range makes, and would be pushed beyond it."""

TUNED = Plan(
    replace(
        TEACHER,
        name="renewal",
        epochs=3,
        learning_rate=6e-4,
        schedule=Cosine(warm_up=0.1),
        augmentation=GENTLE,
        dropouts=(0.2,),
        ema_decay=0.99,
        distillation=CURRENT,
    ),
    draws=12_800,
)
"""From what serves now: less than a minute of one processor's time."""

SCRATCH = Plan(replace(TEACHER, name="renewal-scratch", dropouts=(0.2,), distillation=CURRENT), draws=54_912, from_current=False)
"""From nothing, with the numbers of recipe `teacher`, and a draw as large as the training split: hours."""
