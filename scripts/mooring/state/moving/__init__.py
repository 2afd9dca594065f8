"""Moves the state of an environment from one database to another while it serves."""
