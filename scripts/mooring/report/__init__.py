"""Renders values for terminals, pipes, machines and pull requests."""
