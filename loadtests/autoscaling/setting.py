"""What a HorizontalPodAutoscaler of ours is told."""

from dataclasses import dataclass

from loadtests.autoscaling.hpa import Behavior


@dataclass(frozen=True)
class Setting:
    """Of the gateway, or of TorchServe."""

    cpu_percent: int
    """Of the CPU that a pod requests."""
    waiting: int
    """A pod: requests in flight in a gateway, or of all pictures that wait for the model."""
    behavior: Behavior
    least: int
    most: int
