"""Whoever answers the questions of a drill: the slot of a release, and what people build without one."""
