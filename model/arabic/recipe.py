"""What is compared, and every number that it is trained by: one recipe for all, chosen by writers that its network did not learn from."""

from dataclasses import dataclass, replace

from model.augment import Augmentation
from model.preprocess.place import SIDE
from model.recipes import Cosine, Recipe


@dataclass(frozen=True)
class Cell:
    """A network and the side of the pictures that it takes."""

    shape: str
    side: int
    network: str


CELLS = (
    Cell("released", 28, "residual-deep"),
    Cell("deeper", 28, "residual-deeper"),
    Cell("released", 48, "residual-deep-48"),
    Cell("deeper", 48, "residual-deeper-48"),
)
"""The released network's shape against a deeper one, and 28 x 28 against 48 x 48."""

SERVED = CELLS[-1]
"""What `--out` releases. Said beforehand, not chosen from the table."""

CHOSEN_ON = CELLS[1]
"""Candidates are tried on this one: the cheapest."""

EPOCHS_TRIED, EPOCHS = 4, 5
"""Of a candidate, and of what is measured and released: as many as there was time for."""

_FIRST = Recipe(
    name="arabic",
    network=CHOSEN_ON.network,
    epochs=EPOCHS_TRIED,
    optimizer="adamw",
    learning_rate=3e-3,
    weight_decay=0.02,
    schedule=Cosine(),
    augmentation=Augmentation(rotation_degrees=15, shift_pixels=2.5, zoom=0.12, shear_degrees=10, elastic_pixels=1.0),
    dropouts=(0.2,),
    ema_decay=0.99,
    precision="bfloat16",
)
"""The teachers' recipe, shorter. Neither strokes nor patches are varied: those are counted in pixels, of which 48 x 48 has more."""

_MILDER = Augmentation(rotation_degrees=8, shift_pixels=1.5, zoom=0.08, shear_degrees=6, elastic_pixels=0.7)
_MILDEST = Augmentation(rotation_degrees=5, shift_pixels=1.0, zoom=0.05, shear_degrees=3, elastic_pixels=0.4)

CANDIDATES = {
    "as the teachers": _FIRST,
    "half the batch": replace(_FIRST, batch_size=64),
    "half the batch, twice the rate": replace(_FIRST, batch_size=64, learning_rate=6e-3),
    "half the batch, milder variations": replace(_FIRST, batch_size=64, augmentation=_MILDER),
    "a quarter of the batch, twice the rate, milder variations": replace(_FIRST, batch_size=32, learning_rate=6e-3, augmentation=_MILDER),
    "a quarter of the batch, twice the rate, mildest variations": replace(_FIRST, batch_size=32, learning_rate=6e-3, augmentation=_MILDEST),
    "a quarter of the batch, mildest variations": replace(_FIRST, batch_size=32, augmentation=_MILDEST),
    "a quarter of the batch, no variations": replace(_FIRST, batch_size=32, augmentation=Augmentation()),
    "a quarter of the batch, mildest variations, no dropout": replace(_FIRST, batch_size=32, augmentation=_MILDEST, dropouts=(0.0,)),
}

CHOSEN = "a quarter of the batch, mildest variations"
"""The candidate with the lowest loss in `evidence/arabic-choice.json`."""

RECIPE = replace(CANDIDATES[CHOSEN], epochs=EPOCHS)
"""Frozen before any fold was read."""


def recipe_for(cell: Cell, recipe: Recipe) -> Recipe:
    """The recipe with this cell's network; what counts in pixels of 28 x 28 is in proportion."""
    by, larger = recipe.augmentation, cell.side / SIDE
    scaled = replace(by, shift_pixels=by.shift_pixels * larger, elastic_pixels=by.elastic_pixels * larger)
    return replace(recipe, network=cell.network, augmentation=scaled)
