"""Every objective over the window that it is promised for."""

from collections.abc import Callable

from mooring.rollout.objectives.measure import Measured, measure, measured
from mooring.rollout.objectives.window import Window
from mooring.spec import Objectives

__all__ = ["Measured", "Window", "measure", "measure_each"]


def measure_each(objectives: Objectives, window_of: Callable[[float], Window]) -> list[Measured]:
    """`window_of` gives a window of so many seconds until now, or as much of it as there is."""
    return [measured(objective, window_of(objective.seconds)) for objective in objectives.objectives]
