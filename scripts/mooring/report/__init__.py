"""Renderers of values made below: for a terminal, a pipe, a machine, a pull request."""
