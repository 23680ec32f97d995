"""Every number a training run depends on, one frozen value a recipe. Weights come from a recipe and a seed and nothing else."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from model.augment import Augmentation
from model.spoiling import UNSPOILT, Spoiling


@dataclass(frozen=True)
class Plateau:
    """Halve the rate when validation loss has not improved for `epochs` epochs in a row; stop and go back to the best after `stop_after`.

    PyTorch's ReduceLROnPlateau acts one epoch later than its `patience` says: 3 epochs without improvement are `patience=2`.
    """

    epochs: int = 3
    factor: float = 0.5
    stop_after: int = 5


@dataclass(frozen=True)
class Cosine:
    """Warm up over a fraction of all steps, then fall to nothing along half a cosine (Loshchilov and Hutter 2017)."""

    warm_up: float = 0.05


RELEASED_NETWORK: Final = "released"
"""As a teacher, or to begin with: the committed network, where there are no runs."""


@dataclass(frozen=True)
class Distillation:
    """Learn what finished runs of another recipe say of varied pictures (Hinton et al. 2015), teacher and student seeing the very same
    ones (Beyer et al. 2022)."""

    teacher: str
    """The recipe whose runs teach, by the mean of their probabilities; or `RELEASED_NETWORK`, which has no seeds."""
    teacher_seeds: tuple[int, ...] = (1, 2, 3)
    temperature: float = 2.0
    """Both sides' logits are divided by it, so that what the teacher thinks of wrong digits counts."""
    weight: float = 0.9
    """Of the loss; the rest is cross-entropy with the labels."""
    views: int = 40
    """How many variations of the training set the teachers are asked about; longer training comes back to them."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. `dropouts` with several values: one run each, the lowest validation loss is kept."""

    name: str
    network: str
    epochs: int
    optimizer: Literal["adam", "adamw", "rmsprop"]
    learning_rate: float
    weight_decay: float
    schedule: Plateau | Cosine | None
    """`None`: one rate to the end, and the last epoch is kept."""
    augmentation: Augmentation
    dropouts: tuple[float, ...] = (0.5,)
    batch_size: int = 128
    ema_decay: float | None = None
    """Exponential average of the weights, one step a batch, warmed up as min(decay, (1 + n) / (10 + n)); None: the weights themselves."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the forward pass while training; validation is always float32."""
    distillation: Distillation | None = None


@dataclass(frozen=True)
class Adversary:
    """Every batch is first perturbed against the network that learns it, by projected gradient ascent of the loss (Madry et al. 2018)."""

    epsilon: float = 0.3
    """No pixel moves further than this, of 0..1. 0.3 is what MNIST's leaderboards take."""
    steps: int = 7
    step: float = 0.1
    """How far each pixel moves in a step: 2.5 epsilon over the steps, as Madry et al. have it."""
    warm_up: float = 0.3
    """Over this part of all batches epsilon grows from 0: a network that meets the whole of it at once may learn nothing."""


@dataclass(frozen=True)
class HardenedRecipe(Recipe):
    """A recipe of `model.adversarial`. Not fields of every recipe: finished runs name each number of theirs, and know none of these."""

    adversary: Adversary | None = None
    temperature: float = 1.0
    """Training divides logits by it, and nothing does afterwards (Papernot et al. 2016)."""


@dataclass(frozen=True)
class SpoiltRecipe(Recipe):
    """A share of every batch is spoilt, after the teachers have spoken of it unspoilt. Not fields of every recipe, as above."""

    spoilt: float = 0.0
    """The share. The rest are there so that nothing is lost on clean pictures."""
    spoiling: Spoiling = UNSPOILT
    begin: Literal["fresh", "released"] = "fresh"
    """The weights that a run begins with: drawn by its seed, or the committed network's, which is to be of the same kind."""


ARTICLE = Recipe(
    name="article",
    network="article",
    epochs=20,
    optimizer="adam",
    learning_rate=1e-3,
    weight_decay=1e-4,
    schedule=Plateau(),
    augmentation=Augmentation(rotation_degrees=10, shift_pixels=2, zoom=0.1),
    dropouts=(0.2, 0.3, 0.4, 0.5),
)
"""The first article's recipe as written: Adam with L2 (not decoupled), batch 128, 15 to 25 epochs.

Its epochs are the middle of what it gives. It asks for rotations, shifts and zooms and does not say how far: these ranges are ours.
"""

DENSE512 = Recipe(
    name="dense512",
    network="dense512",
    epochs=5,
    optimizer="rmsprop",
    learning_rate=1e-3,
    weight_decay=0.0,
    schedule=None,
    augmentation=Augmentation(),
    dropouts=(0.0,),
)
"""The second article's recipe: 5 epochs, batch 128. Its compile line is lost: RMSprop at 1e-3 is an assumption, taken from the book that
it follows (Chollet 2018)."""

TEACHER = Recipe(
    name="teacher",
    network="residual-deep",
    epochs=64,
    optimizer="adamw",
    learning_rate=3e-3,
    weight_decay=0.02,
    schedule=Cosine(),
    augmentation=Augmentation(
        rotation_degrees=15,
        shift_pixels=2.5,
        zoom=0.12,
        shear_degrees=10,
        elastic_pixels=1.0,
        stroke_probability=0.15,
        erase_probability=0.2,
    ),
    dropouts=(0.3,),
    ema_decay=0.999,
    precision="bfloat16",
)

RELEASE = replace(TEACHER, name="release", epochs=40, dropouts=(0.2,), distillation=Distillation(teacher=TEACHER.name))
"""A student no larger than its three teachers (born again, Furlanello et al. 2018), which is told how much each digit looks like others."""

STUDENT = replace(
    TEACHER,
    name="student",
    network="student",
    epochs=24,
    learning_rate=6e-3,
    dropouts=(0.0,),
    batch_size=256,
    ema_decay=0.995,
    distillation=Distillation(teacher=RELEASED_NETWORK, teacher_seeds=(), views=12),
)
"""A tenth of the parameters, taught by what is committed: it needs no run but its own. So small a network has nothing to drop."""

STUDENT_ALONE = replace(STUDENT, name="student-alone", distillation=Distillation(RELEASED_NETWORK, (), weight=0.0, views=12))
"""The same student on the very same pictures in the same order, told the labels alone: what differs is the teacher."""

STURDY = SpoiltRecipe(
    name="sturdy",
    network=RELEASE.network,
    epochs=4,
    optimizer="adamw",
    learning_rate=5e-4,
    weight_decay=TEACHER.weight_decay,
    schedule=Cosine(),
    augmentation=TEACHER.augmentation,
    dropouts=(0.2,),
    ema_decay=0.998,
    precision="bfloat16",
    distillation=Distillation(RELEASED_NETWORK, (), views=12),
    spoilt=0.25,
    spoiling=Spoiling(clutter=0.2, blocks=0.2, filters=0.2, tones=0.2, lighting=0.2, grain=0.2, resolution=0.1),
    begin=RELEASED_NETWORK,
)
"""The committed network taught by itself to say of a spoilt picture what it says of the same one unspoilt. Its teacher never sees one
spoilt."""

STRIDED = HardenedRecipe(
    name="strided",
    network="strided",
    epochs=15,
    optimizer="adam",
    learning_rate=2e-3,
    weight_decay=0.0,
    schedule=Cosine(),
    augmentation=Augmentation(),
    dropouts=(0.0,),
)
"""Undefended: what the three after it are compared with. No augmentation, so that nothing but the defence differs."""

DEFENSIVE_TEMPERATURE = 100.0
"""The highest that Papernot et al. try, and the one that they find the strongest."""

DEFENSIVE_TEACHER = replace(STRIDED, name="defensive-teacher", temperature=DEFENSIVE_TEMPERATURE)

DEFENSIVE = replace(
    STRIDED,
    name="defensive",
    temperature=DEFENSIVE_TEMPERATURE,
    distillation=Distillation(teacher=DEFENSIVE_TEACHER.name, teacher_seeds=(1,), temperature=DEFENSIVE_TEMPERATURE, weight=1.0, views=1),
)
"""Defensive distillation (Papernot et al. 2016): the same network twice, the second taught what the first says and nothing else, both at
the temperature. Here that is the distillation's: where a network is told by a teacher alone, the recipe's own acts on nothing. It stays
since finished runs name it, and a run of another recipe is not taken for this one's."""

ROBUST = replace(STRIDED, name="robust", adversary=Adversary())
"""Adversarial training (Madry et al. 2018)."""

_EVERY = (ARTICLE, DENSE512, TEACHER, RELEASE, STUDENT, STUDENT_ALONE, STURDY, STRIDED, DEFENSIVE_TEACHER, DEFENSIVE, ROBUST)
RECIPES = {recipe.name: recipe for recipe in _EVERY}
