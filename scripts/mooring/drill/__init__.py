"""Drills: the real runtime in virtual time against the simulator with a fault trace, and what can be said of it."""
