"""How a recipe moves the weights: its optimizer, its rate over the run, and the running mean of the weights."""

import math

import torch
from torch import nn

from model.recipes import Plateau, Recipe

RMSPROP_ALPHA, RMSPROP_EPS = 0.9, 1e-7
"""What Keras takes unless told otherwise; PyTorch takes 0.99 and 1e-8."""


def optimizer_for(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's, over all weights; decay that is decoupled from the rate spares biases and normalisation."""
    decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    if recipe.optimizer == "adam":  # L2 on everything, as the article writes it
        return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(
            network.parameters(), lr=recipe.learning_rate, alpha=RMSPROP_ALPHA, eps=RMSPROP_EPS, weight_decay=recipe.weight_decay
        )
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def plateau_for(recipe: Recipe, optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.ReduceLROnPlateau | None:
    """What lowers the rate where the validation loss no longer falls; None of a recipe with another schedule."""
    if not isinstance(recipe.schedule, Plateau):
        return None
    return torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=recipe.schedule.factor, patience=recipe.schedule.epochs - 1, threshold=0.0
    )


def cosine_factor(progress: float, warm_up: float) -> float:
    """The rate's factor at `progress` in 0..1: a line up to 1 at `warm_up`, then half a cosine down to 0."""
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average towards the network: its weights by 1 - decay of the way, its counts of batches at once."""
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)
