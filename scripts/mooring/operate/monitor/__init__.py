"""Watches an environment from a process beside it: metrics that survive a switch, and its status as data."""
