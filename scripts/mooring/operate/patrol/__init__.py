"""Patrol: what an environment depends on is looked at, judged over time, and kept."""
